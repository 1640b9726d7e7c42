//! The drift job on AWS Lambda: `reconcile` each time that the schedule calls, in a process of its own.

use crate::{cli::Global, command_error::CommandError, printer::Printer};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::VecDeque,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr, Command},
};

/// The time before Lambda ends a run at which it is asked to stop: it finishes steps under way, and releases the lock.
const STOPS_BEFORE: Duration = Duration::from_secs(60);
/// So much of what was said goes with an error.
const LINES_OF_AN_ERROR: usize = 50;

pub(crate) async fn run(global: &Global, environment: &str, printer: Printer) -> Result<(), CommandError> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return Err(CommandError::usage(
            "`job` is what the drift job runs on AWS Lambda, and this is not Lambda",
            format!("`mlopsctl reconcile {environment}` does the same here"),
        ));
    }
    let answer = |event: LambdaEvent<Value>| {
        let until = event.context.deadline() - STOPS_BEFORE;
        reconcile(&global.environments, environment, until, printer)
    };
    lambda_runtime::run(service_fn(answer))
        .await
        .map_err(|error| CommandError::failed(format!("Lambda's runtime API: {error}")))
}

/// The answer to the schedule.
#[derive(Serialize)]
struct Answer {
    exit_code: i32,
}

/// The end of a run that people must know of.
#[derive(Debug)]
struct Ended {
    how: &'static str,
    said: String,
}

impl From<Ended> for Diagnostic {
    fn from(Ended { how, said }: Ended) -> Self {
        Self { error_type: how.to_owned(), error_message: said }
    }
}

/// A lock of another run is no error: the next run of the job tries again.
async fn reconcile(
    environments: &Path,
    environment: &str,
    until: SystemTime,
    printer: Printer,
) -> Result<Answer, Ended> {
    let failed = |error: io::Error| Ended { how: "Failed", said: format!("mlopsctl could not be run: {error}") };
    let mut child = Command::new(std::env::current_exe().map_err(failed)?)
        .args(["reconcile", environment, "--environments"])
        .arg(environments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let stderr = child.stderr.take();
    let (said, status) = tokio::join!(listen(stderr, printer), end(&mut child, until));
    let status = status.map_err(failed)?;
    match status.code() {
        Some(code @ (0 | 3)) => Ok(Answer { exit_code: code }),
        Some(2) => Err(Ended { how: "DriftIsLeft", said }),
        Some(_) => Err(Ended { how: "Failed", said }),
        // While it only reads, it does not listen.
        None => Err(Ended { how: "Failed", said: format!("{said}\nended by a {status}") }),
    }
}

/// Passes on what a run says, and keeps the end of it.
async fn listen(stderr: Option<ChildStderr>, printer: Printer) -> String {
    let Some(stderr) = stderr else { return String::new() };
    let mut lines = BufReader::new(stderr).lines();
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        printer.say(&line);
        if last.len() == LINES_OF_AN_ERROR {
            last.pop_front();
        }
        last.push_back(line);
    }
    Vec::from(last).join("\n")
}

/// The exit status of a run, after a request to stop if its time was nearly over.
async fn end(run: &mut Child, until: SystemTime) -> io::Result<ExitStatus> {
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    if let Ok(ended) = tokio::time::timeout(left, run.wait()).await {
        return ended;
    }
    ask_to_stop(run);
    run.wait().await
}

#[cfg(unix)]
fn ask_to_stop(run: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = run.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Lambda is Linux.
#[cfg(not(unix))]
fn ask_to_stop(_: &Child) {}
