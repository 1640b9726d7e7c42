//! What a test wants to happen, where chance would decide otherwise.

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
    /// How many seconds what these operations begin lasts; what others begin is over at once.
    lasting: Option<BTreeMap<String, u64>>,
    /// How many of the next creations by these operations are accepted and then fail.
    doomed: Mutex<BTreeMap<String, u64>>,
    /// To whom what was written shows late.
    late_for: Late,
    /// The process at work, by number.
    process: AtomicU64,
}

/// To whom what was written shows late.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Late {
    Nobody,
    /// To who wrote it: what a test does by hand shows at once.
    #[default]
    Writer,
    Everybody,
}

impl Script {
    /// Everything is over at once but what these operations begin.
    pub(crate) fn lasting(seconds: &[(&str, u64)]) -> Self {
        let lasting = seconds.iter().map(|(operation, seconds)| ((*operation).to_owned(), *seconds)).collect();
        Self { lasting: Some(lasting), ..Self::default() }
    }

    /// What was written shows at once.
    pub(crate) fn showing_at_once() -> Self {
        Self { late_for: Late::Nobody, ..Self::default() }
    }

    /// What one process wrote shows late to the next as well.
    pub(crate) fn showing_late() -> Self {
        Self { late_for: Late::Everybody, ..Self::default() }
    }

    /// Another process begins.
    pub(crate) fn begin(&self) {
        self.process.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn process(&self) -> u64 {
        self.process.load(Ordering::Relaxed)
    }

    /// Whether what that process wrote shows late to the one at work.
    pub(super) fn shows_late(&self, process: u64) -> bool {
        match self.late_for {
            Late::Nobody => false,
            Late::Writer => process == self.process(),
            Late::Everybody => true,
        }
    }

    pub(crate) fn doom(&self, operation: &str, times: u64) {
        self.doomed.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.to_owned(), times);
    }

    /// How long what the operation begins lasts.
    pub(super) fn lasts(&self, operation: &str, usual: &RangeInclusive<u64>) -> RangeInclusive<u64> {
        match &self.lasting {
            Some(lasting) => {
                let seconds = lasting.get(operation).copied().unwrap_or_default();
                seconds..=seconds
            }
            None => usual.clone(),
        }
    }

    /// Whether a creation that begins now fails.
    pub(super) fn is_doomed(&self, operation: &str) -> bool {
        let mut doomed = self.doomed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(times) = doomed.get_mut(operation).filter(|times| **times > 0) else { return false };
        *times -= 1;
        true
    }
}
