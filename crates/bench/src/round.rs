//! The measures of one command: of one tool, of both beside each other, and for a number of resources.

use crate::{
    endpoint::Traffic,
    goals::{CPU_TIMES, MEMORY_TIMES},
    process::Usage,
};

/// The usage and the calls of one tool for one command.
pub(crate) struct Round {
    pub(crate) usage: Usage,
    pub(crate) traffic: Traffic,
}

/// A command of both tools.
pub(crate) struct Event {
    pub(crate) name: &'static str,
    /// The goal: Terraform's wall time is at least so many times that of mlopsctl.
    pub(crate) goal: f64,
    pub(crate) ours: Round,
    pub(crate) theirs: Round,
}

impl Event {
    /// The comparisons: name, how many times less it is to be, how many times less it is.
    pub(crate) fn ratios(&self) -> [(&'static str, f64, f64); 3] {
        let (ours, theirs) = (&self.ours.usage, &self.theirs.usage);
        [
            ("time", self.goal, theirs.wall.as_secs_f64() / ours.wall.as_secs_f64()),
            ("CPU", CPU_TIMES, theirs.cpu.as_secs_f64() / ours.cpu.as_secs_f64().max(0.01)),
            ("memory", MEMORY_TIMES, theirs.peak_bytes as f64 / ours.peak_bytes as f64),
        ]
    }
}

/// The measures of a command for a number of resources.
pub(crate) struct Sized {
    pub(crate) resources: usize,
    pub(crate) name: &'static str,
    pub(crate) round: Round,
}

impl Sized {
    /// Seconds of CPU for each resource.
    pub(crate) fn cpu_each(&self) -> f64 {
        self.round.usage.cpu.as_secs_f64() / self.resources as f64
    }
}
