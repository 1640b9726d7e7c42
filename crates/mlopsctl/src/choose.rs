//! Which environment is meant.

use crate::{cli::Global, fault::Fault, memory, session::Session};

/// The name given, `$MLOPSCTL_ENV`, the only file there is, or the only environment that has a state.
pub(crate) async fn environment(global: &Global, given: Option<&str>) -> Result<String, Fault> {
    if let Some(name) = given {
        return Ok(name.to_owned());
    }
    if let Ok(name) = std::env::var("MLOPSCTL_ENV")
        && !name.is_empty()
    {
        return Ok(name);
    }
    let names = config::discover(&global.environments);
    match &names[..] {
        [] => Err(none(global)),
        [only] => Ok(only.clone()),
        several => match with_state(global, several).await {
            Some(name) => Ok(name),
            None => Err(Fault::usage("which environment? Several are possible")
                .help(format!("name one of {}, or set MLOPSCTL_ENV", several.join(", ")))),
        },
    }
}

/// What is said about a name that has no file.
pub(crate) fn unknown(global: &Global, name: &str) -> Fault {
    let names = config::discover(&global.environments);
    if names.is_empty() {
        return none(global);
    }
    Fault::usage(format!("there is no environment `{name}` in {}", global.environments.display()))
        .help(format!("there are {}", names.join(", ")))
}

/// What is said when there are no files at all.
pub(crate) fn none(global: &Global) -> Fault {
    Fault::usage(format!("there are no environment files in {}", global.environments.display()))
        .help("`mlopsctl init` writes examples; `--environments DIR` names another folder")
}

/// The one environment with a state, if it is one; a cloud that cannot be asked decides nothing.
async fn with_state(global: &Global, names: &[String]) -> Option<String> {
    let mut found = None;
    for name in names {
        let session = Session::of(global, name).await.ok()?;
        let cloud = session.cloud(&[]);
        let has = memory::stored(&session, &session.bucket(&cloud)).await.ok()?.is_some();
        if has && found.replace(name.clone()).is_some() {
            return None;
        }
    }
    found
}
