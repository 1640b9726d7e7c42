//! Asks for a newer release than this one. Only this command asks.

use crate::{command_error::CommandError, printer::Printer, render::versioned::Versioned};
use semver::Version;
use serde::Serialize;

const THIS: &str = env!("CARGO_PKG_VERSION");
/// Empty if the build knew of none.
const COMMIT: &str = env!("MLOPSCTL_COMMIT");

/// This release and the newest one.
#[derive(Serialize)]
struct Releases {
    version: &'static str,
    commit: Option<&'static str>,
    newest: String,
    is_newest: bool,
}

/// # Errors
/// [`CommandError::Differences`] if there is a newer release.
pub(crate) async fn run(releases: &str, printer: Printer) -> Result<(), CommandError> {
    let newest = app::releases::newest(releases).await?;
    let this = Version::parse(THIS).map_err(|error| CommandError::failed(format!("{THIS}: {error}")))?;
    let is_newer = newest > this;
    if printer.json {
        let commit = Some(COMMIT).filter(|commit| !commit.is_empty());
        let newest = newest.to_string();
        printer.document(&Versioned::new(Releases { version: THIS, commit, newest, is_newest: !is_newer }));
    } else if is_newer {
        printer.page(&format!(
            "mlopsctl {newest} is released; this is {THIS}\nget it the way you got this one: `uv tool upgrade mlopsctl`, \
             `pip install --upgrade mlopsctl`, `brew upgrade mlopsctl`, or the installer"
        ));
    } else {
        printer.page(&format!("mlopsctl {THIS} is the newest release"));
    }
    if is_newer { Err(CommandError::Differences) } else { Ok(()) }
}
