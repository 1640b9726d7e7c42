//! Runs the command of a tool as a child process of this binary.

use super::line::Line;
use crate::cli::Global;
use engine::StopMode;
use rmcp::{RoleServer, model::ProgressNotificationParam, service::RequestContext};
use serde_json::Value;
use std::{
    io::{Error, ErrorKind},
    path::PathBuf,
    pin::pin,
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines},
    process::{ChildStdout, Command},
    sync::{RwLock, watch},
};

/// An agent may call tools side by side, and one process at a time has the embedded AWS.
const WAITS_LOCALLY: Duration = Duration::from_secs(10 * 60);
/// The events that only say how far a command is.
const PASSING: [&str; 5] = ["started", "waiting", "submitted", "retried", "done"];

/// Runs commands for tools.
pub(super) struct Runner {
    program: PathBuf,
    global: Global,
    stop: watch::Sender<StopMode>,
    /// Each running command holds it for reading.
    running: Arc<RwLock<()>>,
}

/// The exit code and the output of a command that ended.
pub(super) struct Ended {
    /// `None` if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Runner {
    /// A runner whose commands end softly when `stop` says so.
    ///
    /// # Errors
    /// When the system does not tell where this binary is.
    pub(super) fn new(global: &Global, stop: watch::Sender<StopMode>) -> Result<Self, Error> {
        Ok(Self { program: std::env::current_exe()?, global: global.clone(), stop, running: Arc::default() })
    }

    /// The lock that is free for writing once no command is running.
    pub(super) fn running(&self) -> Arc<RwLock<()>> {
        self.running.clone()
    }

    /// Runs a command until it ends. A cancelled call interrupts it once, as Ctrl-C does.
    ///
    /// # Errors
    /// When the process cannot be started or read, or the server is about to end.
    pub(super) async fn run(&self, line: &Line, context: &RequestContext<RoleServer>) -> Result<Ended, Error> {
        let _running = self.running.read().await;
        let mut stop = self.stop.subscribe();
        if *stop.borrow_and_update() != StopMode::Go {
            return Err(Error::new(ErrorKind::Interrupted, "the server is about to end; nothing was started"));
        }
        let mut child = self.command(line).spawn()?;
        let id = child.id();
        let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        let mut work = pin!(async {
            let mut told = Vec::new();
            let (stdout, read) = tokio::join!(output(stdout, line, context), stderr.read_to_end(&mut told));
            read?;
            let stderr = String::from_utf8_lossy(&told).trim_end().to_owned();
            Ok(Ended { stdout: stdout?, stderr, code: child.wait().await?.code() })
        });
        let mut is_cancelled = false;
        loop {
            tokio::select! {
                ended = &mut work => return ended,
                () = context.ct.cancelled(), if !is_cancelled => {
                    is_cancelled = true;
                    interrupt(id);
                }
                Ok(()) = stop.changed() => interrupt(id),
            }
        }
    }

    fn command(&self, line: &Line) -> Command {
        let Global { environments, lock_timeout, .. } = &self.global;
        let platform = line.platform.as_ref();
        let is_local = platform.is_some_and(|platform| platform.local);
        let waits = if is_local { WAITS_LOCALLY.max(*lock_timeout) } else { *lock_timeout };
        let mut command = Command::new(&self.program);
        command.args(["--json", "--quiet", "--no-color"]).arg("--environments").arg(environments);
        command.arg(format!("--lock-timeout={}ms", waits.as_millis()));
        command.args(is_local.then_some("--local")).args(line.words());
        command.envs(platform.map(|platform| ("MLOPSCTL_ENV", &platform.environment)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Reads the output of a command, and tells a client that wants to know how far it is. Of the events of a change, those
/// that matter in the end are left.
async fn output(stdout: ChildStdout, line: &Line, context: &RequestContext<RoleServer>) -> Result<String, Error> {
    let mut lines: Lines<_> = BufReader::new(stdout).lines();
    let (mut kept, mut told) = (Vec::new(), 0.0);
    while let Some(text) = lines.next_line().await? {
        let event: Option<Value> = line.gives_events.then(|| serde_json::from_str(&text).ok()).flatten();
        let Some(event) = event.filter(|event| PASSING.iter().any(|phase| event["phase"] == *phase)) else {
            kept.push(text);
            continue;
        };
        if let Some(token) = context.meta.get_progress_token() {
            told += 1.0;
            let progress = ProgressNotificationParam::new(token, told).with_message(words(&event));
            // A client that is gone is noticed elsewhere.
            let _ = context.peer.notify_progress(progress).await;
        }
    }
    Ok(kept.join("\n").trim_end().to_owned())
}

/// A passing event in words, such as `create network.vpc: done`.
fn words(event: &Value) -> String {
    let part = |name: &str| event[name].as_str();
    let subject: Vec<&str> = ["action", "address", "step"].into_iter().filter_map(part).collect();
    format!("{}: {}", subject.join(" "), part("phase").unwrap_or_default())
}

/// Does to a process what Ctrl-C does.
#[cfg(unix)]
fn interrupt(id: Option<u32>) {
    use rustix::process::{Pid, Signal, kill_process};
    let process = id.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    // A process that has ended needs no signal.
    let _ = process.map(|process| kill_process(process, Signal::INT));
}

/// Elsewhere no process can be interrupted gently, so the command goes on to its end.
#[cfg(not(unix))]
fn interrupt(_: Option<u32>) {}
