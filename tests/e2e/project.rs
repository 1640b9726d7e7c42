//! A project of its own in a temporary folder, and the binary to use on it.

use aws_config::SdkConfig;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A copy of this repository's environments and pipeline.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a run of the binary printed, and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The run must have ended with this code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

impl Project {
    pub(crate) fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = tempfile::tempdir().unwrap();
        for name in ["environments", "pipeline"] {
            copy(&repository.join(name), &folder.path().join(name));
        }
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The binary with these arguments, in this project, seeing nothing of the machine's AWS settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlopsctl"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("MLOPSCTL_"))
        {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The binary on the embedded AWS.
    pub(crate) fn local(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--local"]].concat())
    }

    fn file(&self, environment: &str) -> PathBuf {
        self.path().join(format!("environments/{environment}.toml"))
    }

    /// Edits an environment file. What is to be replaced must be there.
    #[track_caller]
    pub(crate) fn edit(&self, environment: &str, from: &str, to: &str) {
        let file = self.file(environment);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from:?} is not in {}", file.display());
        std::fs::write(file, text.replacen(from, to, 1)).unwrap();
    }

    pub(crate) fn append(&self, environment: &str, text: &str) {
        let file = self.file(environment);
        std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + text).unwrap();
    }

    /// Works on the embedded AWS behind mlopsctl's back.
    pub(crate) fn behind_its_back<T>(&self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cloud =
                local::Cloud::open(Some(&self.path().join("state/local")), "ap-south-1", local::ACCOUNT).unwrap();
            let done = work(cloud.sdk_config()).await;
            cloud.save().await.unwrap();
            done
        })
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
