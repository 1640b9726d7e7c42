//! The worker of `mlopsctl`: Python programs on this machine play the services that do an execution's work.
//!
//! The programs are part of the binary (`crates/local/runner`). An execution has a process of its own, which reaches the
//! embedded AWS on a loopback port, and ends with everything it started when its stdin is closed. So nothing goes on
//! working after this process is gone, however it ended.

mod files;
mod output;
mod python;
mod serving;

use python::Python;
pub use python::Unprepared;

use futures::future::BoxFuture;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};
use tokio::{
    process::Command,
    sync::{Mutex, OnceCell, Semaphore},
};

use self::{output::last_lines, serving::Serving};
use crate::worker::{Answer, Invocation, Worker};

/// Of Spark's driver, which does all its work here.
const SPARK_MEMORY: &str = "1536m";

/// Works on executions, one at a time. Cheap to clone: clones take turns.
#[derive(Clone)]
pub struct Runner {
    settings: Arc<Settings>,
    turn: Arc<Semaphore>,
    python: Arc<OnceCell<Python>>,
    /// The process that serves each endpoint, by the endpoint's name.
    endpoints: Arc<Mutex<BTreeMap<String, Serving>>>,
}

struct Settings {
    endpoint: String,
    /// The programs of the project's own image.
    image: PathBuf,
    cache: PathBuf,
    say: Box<dyn Fn(&str) + Send + Sync>,
}

impl Runner {
    /// A runner for the embedded AWS that is served at `endpoint`, for the project in `root`. Its Python is kept below
    /// `cache`; `say` is told what goes on while it is made.
    pub fn new(endpoint: &str, root: &Path, cache: &Path, say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let (image, cache) = (root.join("pipeline/image"), cache.to_owned());
        let settings = Settings { endpoint: endpoint.to_owned(), image, cache, say: Box::new(say) };
        Self {
            settings: Arc::new(settings),
            turn: Arc::new(Semaphore::new(1)),
            python: Arc::default(),
            endpoints: Arc::default(),
        }
    }

    /// Makes the Python environment, unless it is there.
    ///
    /// # Errors
    /// [`Unprepared`].
    pub async fn prepare(&self) -> Result<(), Unprepared> {
        self.python().await.map(|_| ())
    }

    async fn python(&self) -> Result<&Python, Unprepared> {
        let Settings { cache, say, .. } = &*self.settings;
        self.python.get_or_try_init(|| Python::prepare(cache, say)).await
    }

    fn command(&self, python: &Python, work: &str, arn: &str) -> Command {
        let mut command = python.command();
        // Ctrl-C is for this process, which then stops the execution.
        #[cfg(unix)]
        command.process_group(0);
        command.args(["-m", "runner", "--endpoint", &self.settings.endpoint, "--memory", SPARK_MEMORY]);
        command.arg("--builtin").arg(python.files().join("image")).arg("--own").arg(&self.settings.image);
        command.args([work, arn]);
        command
    }
}

impl Worker for Runner {
    fn work(&self, execution: String) -> BoxFuture<'static, Result<(), String>> {
        let runner = self.clone();
        Box::pin(async move {
            let _turn = runner.turn.acquire().await.map_err(|error| error.to_string())?;
            let python = runner.python().await.map_err(|error| error.to_string())?;
            let mut command = runner.command(python, "execute", &execution);
            let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
            let mut child = command.spawn().map_err(|error| format!("Python could not be started: {error}"))?;
            // Kept open: the process ends when it is closed.
            let _stdin = child.stdin.take();
            let last = match child.stderr.take() {
                Some(stderr) => last_lines(stderr).await,
                None => String::new(),
            };
            match child.wait().await {
                Ok(status) if status.success() => Ok(()),
                Ok(status) if last.is_empty() => Err(format!("the runner ended with {status}")),
                Ok(status) => Err(format!("the runner ended with {status}: {last}")),
                Err(error) => Err(error.to_string()),
            }
        })
    }

    fn invoke(&self, request: Invocation) -> BoxFuture<'static, Result<Answer, String>> {
        let runner = self.clone();
        Box::pin(async move {
            let Invocation { endpoint, config, content_type, body } = request;
            let python = runner.python().await.map_err(|error| error.to_string())?;
            let mut endpoints = runner.endpoints.lock().await;
            if endpoints.get(&endpoint).is_none_or(|serving| serving.config != config) {
                let started = Serving::start(runner.command(python, "serve", &config), &config)?;
                endpoints.insert(endpoint.clone(), started);
            }
            let Some(serving) = endpoints.get_mut(&endpoint) else { return Err("it is gone".to_owned()) };
            let answer = serving.ask(&content_type, &body).await;
            if answer.is_err() {
                endpoints.remove(&endpoint);
            }
            answer
        })
    }
}
