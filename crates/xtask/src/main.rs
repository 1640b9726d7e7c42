//! `cargo xtask`: tasks of developers.

mod checklist;
mod files;
mod names;
mod new_kind;
mod registration;

use names::Names;
use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
cargo xtask new-kind CRATE THING

  Writes the stubs of a new kind of resource, and lists the places that it still lacks. For a kind that exists it only
  lists these places.

  CRATE  the service crate: aws-sns
  THING  AWS's name of the resource, in lower case with hyphens: platform-application
";

fn main() -> ExitCode {
    let (printed, code) = match run() {
        Ok(page) => (io::stdout().write_all(page.as_bytes()), ExitCode::SUCCESS),
        Err(why) => (writeln!(io::stderr(), "error: {why}"), ExitCode::FAILURE),
    };
    printed.map_or(ExitCode::FAILURE, |()| code)
}

fn run() -> Result<String, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (krate, thing) = match arguments.as_slice() {
        ["new-kind", krate, thing] => (*krate, *thing),
        _ => return Err(format!("these arguments are not known\n\n{USAGE}")),
    };
    let root = root()?;
    let names = Names::new(&root, krate, thing)?;
    let mut page = String::new();
    if !names.reconciler(&root).exists() {
        let written = new_kind::write(&root, &names)?;
        page += &written.iter().map(|path| format!("wrote {path}\n")).collect::<String>();
    }
    Ok(page + &checklist::page(&root, &names)?)
}

/// The root of the repository, at or above the current directory.
fn root() -> Result<PathBuf, String> {
    let here = env::current_dir().map_err(|error| format!("the current directory: {error}"))?;
    let found = here.ancestors().find(|folder| folder.join("crates/resource/src/contract.rs").is_file());
    found.map(Path::to_owned).ok_or_else(|| format!("{} is in no clone of the repository", here.display()))
}
