//! A run of the binary that something happens to.

use crate::{
    project::{Project, Ran},
    served::Served,
};
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Stdio};

pub(crate) struct Running {
    process: Child,
}

/// Tells a process something.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // It may have ended meanwhile.
    let _ = kill_process(pid, signal);
}

impl Running {
    pub(crate) fn start(served: &Served, project: &Project, arguments: &[&str]) -> Self {
        let mut command = served.command(project, arguments);
        Self { process: command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The output and the exit code.
    pub(crate) fn end(self) -> Ran {
        Ran::of(self.process.wait_with_output().unwrap())
    }
}
