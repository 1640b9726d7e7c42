//! The folder of the environment files, and the choice of an environment as far as it needs no AWS.

use crate::Error;
use aws_client::{Operation, Remedy};
use config::Environment;
use std::{
    env::VarError,
    path::{Path, PathBuf},
    time::Duration,
};

/// The settings for every operation on environments.
#[derive(Clone, Debug)]
pub struct Settings {
    /// True if operations work on the embedded AWS.
    pub local: bool,
    /// The folder of the environment files.
    pub environments: PathBuf,
    /// The time to wait for the lock of another run.
    pub lock_timeout: Duration,
}

impl Settings {
    /// The folder that the paths of environment files start from.
    pub fn root(&self) -> PathBuf {
        match self.environments.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// The path of an environment's file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.environments.join(format!("{name}.toml"))
    }

    /// The folder with the data of the embedded AWS.
    pub fn data_folder(&self) -> PathBuf {
        self.root().join("state/local")
    }

    /// True if an environment has a file.
    pub fn is_described(&self, name: &str) -> bool {
        config::discover(&self.environments).iter().any(|known| known == name)
    }

    /// Reads an environment file.
    ///
    /// # Errors
    /// When there is none, or it is invalid.
    pub fn read(&self, name: &str) -> Result<Environment, Error> {
        if !self.is_described(name) {
            refuse_file(name)?;
            let similar = config::discover(&self.environments);
            let help = match config::nearest(name, similar.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? there are: {}", similar.join(", ")).into(),
                None => self.list(),
            };
            return Err(Error::usage(self.missing(name), help));
        }
        config::load(&self.file(name), &self.root()).map_err(|invalid| Error::Invalid(Box::new(invalid)))
    }

    /// The environment to change: the one that was named, or the only one with a file. Which one has a state does not
    /// count, since that changes, and with it what would be meant.
    ///
    /// # Errors
    /// When no single environment is meant.
    pub fn choose_to_change(&self, named: Option<&str>) -> Result<String, Error> {
        self.named_or_only(named)?.ok_or_else(|| self.ask_which())
    }

    /// The environment that was named, or the only one with a file.
    ///
    /// # Errors
    /// When the variable that names it is not text, or a file is named.
    pub fn named_or_only(&self, named: Option<&str>) -> Result<Option<String>, Error> {
        let from_variable = match std::env::var("MLOPSCTL_ENV") {
            // Files and the secrets of pipelines bring line breaks along.
            Ok(name) => Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(name)) => {
                let what = format!("MLOPSCTL_ENV is not the name of an environment: {}", name.display());
                return Err(Error::usage(what, self.list()));
            }
        };
        let names = config::discover(&self.environments);
        let only = || names.first().filter(|_| names.len() == 1).cloned();
        let chosen = named.map(str::to_owned).or(from_variable).or_else(only);
        chosen.iter().try_for_each(|name| refuse_file(name))?;
        Ok(chosen)
    }

    /// The error where no environment was named, and several or none could be meant.
    pub fn ask_which(&self) -> Error {
        let help = Remedy::Several(vec!["name one, or set MLOPSCTL_ENV".into(), self.list()]);
        Error::usage("which environment?", help)
    }

    pub(crate) fn missing(&self, name: &str) -> String {
        let file = self.file(name);
        // A link that leads nowhere is there as well.
        let what = if file.symlink_metadata().is_ok() { "is not a file" } else { "does not exist" };
        format!("there is no environment `{name}`: {} {what}", file.display())
    }

    /// The environments that have a file, as advice.
    pub(crate) fn list(&self) -> Remedy {
        let names = config::discover(&self.environments);
        match names.as_slice() {
            [] => Remedy::Several(vec![
                format!("there are none in {}", self.environments.display()).into(),
                Remedy::perform(Operation::Init, None, "writes some"),
            ]),
            _ => format!("there are: {}", names.join(", ")).into(),
        }
    }
}

/// Refuses the path of a file where an environment is to be named.
fn refuse_file(name: &str) -> Result<(), Error> {
    let path = Path::new(name);
    let is_file = name.contains('/') || path.extension().is_some_and(|extension| extension == "toml");
    match path.file_stem().filter(|_| is_file) {
        None => Ok(()),
        Some(stem) => Err(Error::usage(
            format!("`{}` is no name of an environment", name.escape_debug()),
            format!("name the environment, not its file: `{}`", stem.to_string_lossy().escape_debug()),
        )),
    }
}

/// The error for settings of a file that AWS would refuse, with their lines.
pub fn refused_settings(file: &Path, root: &Path, findings: Vec<blueprint::Finding>) -> Error {
    let problem = |finding: blueprint::Finding| config::SettingProblem {
        setting: finding.setting,
        message: finding.message,
        help: finding.help,
    };
    let problems = findings.into_iter().map(problem).collect();
    Error::Invalid(Box::new(config::at_settings(file, root, problems)))
}

/// Refuses an account that an environment does not allow, be it that of the credentials or one that is named.
pub fn refuse_other_account(environment: &Environment, name: &str, account: &str) -> Result<(), Error> {
    let allowed = &environment.allowed_accounts;
    if allowed.is_empty() || allowed.iter().any(|one| one == account) {
        return Ok(());
    }
    Err(Error::usage(
        format!("the account is {account}, but {name} allows only {}", allowed.join(", ")),
        "use other credentials (AWS_PROFILE), or change `allowed_accounts`",
    ))
}
