//! Terraform with the configuration under `bench/terraform`.

use crate::{
    endpoint::Endpoint,
    process::{self, Job, Usage},
    project,
};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const PROGRAM: &str = "terraform";
/// The functions of environments/dev.toml.
const FUNCTIONS: [&str; 2] = ["data-validation", "model-evaluation"];

/// A folder of its own with the configuration, initialised.
pub(crate) struct Terraform {
    folder: tempfile::TempDir,
    variables: Vec<String>,
}

pub(crate) fn is_installed() -> bool {
    let version = Command::new(PROGRAM).arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// The versions of Terraform and of its provider, in their own words.
pub(crate) fn version(terraform: &Terraform) -> Result<String, String> {
    let (_, text) = terraform.run(&["version"])?;
    let lines = text.lines().filter(|line| line.starts_with("Terraform v") || line.contains("provider"));
    Ok(lines.map(|line| line.trim_start_matches("+ ")).collect::<Vec<_>>().join(", "))
}

impl Terraform {
    /// The provider is found as the caller's own settings of Terraform say (`TF_CLI_CONFIG_FILE`,
    /// `TF_CLI_ARGS_init`); without any it comes from the registry.
    pub(crate) fn new(endpoint: &Endpoint, region: &str, units: usize) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the configuration could not be copied: {error}");
        let folder = tempfile::tempdir().map_err(failed)?;
        let repository = project::repository();
        project::copy(&repository.join("bench/terraform"), folder.path()).map_err(failed)?;
        for name in FUNCTIONS {
            let archive = package::zip_folder(&repository.join("pipeline/functions").join(name));
            let archive = archive.map_err(|error| error.to_string())?;
            std::fs::write(folder.path().join(format!("{name}.zip")), archive).map_err(failed)?;
        }
        let variables = [
            ("endpoint", endpoint.url.clone()),
            ("region", region.to_owned()),
            ("repository", shown(&repository)),
            ("packages", shown(folder.path())),
            ("units", units.to_string()),
        ];
        let variables = variables.map(|(name, value)| format!("-var={name}={value}")).to_vec();
        let terraform = Self { folder, variables };
        terraform.run(&["init", "-input=false"])?;
        Ok(terraform)
    }

    pub(crate) fn apply(&self) -> Result<Usage, String> {
        self.measure(&["apply", "-auto-approve"])
    }

    /// The same, but much more of it at once than it does by itself.
    pub(crate) fn apply_at_once(&self) -> Result<Usage, String> {
        self.measure(&["apply", "-auto-approve", "-parallelism=40"])
    }

    /// Fails if there is anything to do.
    pub(crate) fn plan(&self) -> Result<Usage, String> {
        self.measure(&["plan", "-detailed-exitcode"])
    }

    pub(crate) fn destroy(&self) -> Result<Usage, String> {
        self.measure(&["destroy", "-auto-approve"])
    }

    fn measure(&self, command: &[&str]) -> Result<Usage, String> {
        let variables = self.variables.iter().map(String::as_str);
        let arguments: Vec<&str> =
            command.iter().copied().chain(["-input=false", "-no-color"]).chain(variables).collect();
        Ok(self.run(&arguments)?.0)
    }

    fn run(&self, arguments: &[&str]) -> Result<(Usage, String), String> {
        process::run(&Job::new(Path::new(PROGRAM), arguments, self.folder.path()))
    }
}

fn shown(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}
