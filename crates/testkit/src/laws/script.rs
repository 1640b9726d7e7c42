//! A test's own choices, where chance would decide otherwise.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

#[derive(Default)]
pub(crate) struct Script {
    /// The duration of these operations, in seconds; other operations take no time.
    lasting: Option<BTreeMap<String, u64>>,
    /// The number of the next creations by these operations that fail after they were accepted.
    failing: Mutex<BTreeMap<String, u64>>,
    /// The processes that read settings with a lag.
    late_for: Late,
    /// The process at work, by number.
    process: AtomicU64,
}

/// The processes that read settings with a lag.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Late {
    Nobody,
    /// Only the process that wrote the setting: a test's own writes are visible at once.
    #[default]
    Writer,
    Everybody,
    /// All processes, and every write shows late.
    EverybodyAlways,
}

impl Script {
    /// Only these operations take time.
    pub(crate) fn lasting(seconds: &[(&str, u64)]) -> Self {
        let lasting = seconds.iter().map(|(operation, seconds)| ((*operation).to_owned(), *seconds)).collect();
        Self { lasting: Some(lasting), ..Self::default() }
    }

    /// No read lags.
    pub(crate) fn showing_at_once() -> Self {
        Self { late_for: Late::Nobody, ..Self::default() }
    }

    /// Reads of later processes lag as well.
    pub(crate) fn showing_late() -> Self {
        Self { late_for: Late::Everybody, ..Self::default() }
    }

    /// Reads of all processes lag behind every write.
    pub(crate) fn showing_every_write_late() -> Self {
        Self { late_for: Late::EverybodyAlways, ..Self::default() }
    }

    /// The same script for another cloud, whose processes are its own.
    pub(super) fn copy(&self) -> Self {
        Self {
            lasting: self.lasting.clone(),
            failing: Mutex::new(self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            late_for: self.late_for,
            process: AtomicU64::new(self.process()),
        }
    }

    /// Another process begins.
    pub(crate) fn begin(&self) {
        self.process.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn process(&self) -> u64 {
        self.process.load(Ordering::Relaxed)
    }

    /// True if the running process reads settings of that process with a lag.
    pub(super) fn shows_late(&self, process: u64) -> bool {
        match self.late_for {
            Late::Nobody => false,
            Late::Writer => process == self.process(),
            Late::Everybody | Late::EverybodyAlways => true,
        }
    }

    /// True if every write of a setting shows late. Otherwise chance decides which ones do.
    pub(super) fn shows_every_write_late(&self) -> bool {
        self.late_for == Late::EverybodyAlways
    }

    pub(crate) fn fail_next(&self, operation: &str, times: u64) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.to_owned(), times);
    }

    /// No creation fails any more.
    pub(crate) fn spare_all(&self) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The duration of an operation, in seconds.
    pub(super) fn lasts(&self, operation: &str, usual: &RangeInclusive<u64>) -> RangeInclusive<u64> {
        match &self.lasting {
            Some(lasting) => {
                let seconds = lasting.get(operation).copied().unwrap_or_default();
                seconds..=seconds
            }
            None => usual.clone(),
        }
    }

    /// True if the next creation by this operation fails.
    pub(super) fn is_failing(&self, operation: &str) -> bool {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(times) = failing.get_mut(operation).filter(|times| **times > 0) else { return false };
        *times -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_has_processes_and_failures_of_its_own() {
        let script = Script::default();
        script.fail_next("CreateDomain", 1);
        let copy = script.copy();
        copy.begin();
        assert_eq!((script.process(), copy.process()), (0, 1));
        assert!(copy.is_failing("CreateDomain") && !copy.is_failing("CreateDomain"));
        assert!(script.is_failing("CreateDomain"));
    }
}
