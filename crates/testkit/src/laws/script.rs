//! What a test wants to happen, where chance would decide otherwise.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

#[derive(Default)]
pub(crate) struct Script {
    /// How many seconds what these operations begin lasts; what others begin is over at once.
    lasting: Option<BTreeMap<String, u64>>,
    /// How many of the next creations by these operations are accepted and then fail.
    doomed: Mutex<BTreeMap<String, u64>>,
    /// Whether what was written shows at once.
    pub(super) shows_at_once: bool,
}

impl Script {
    /// Everything is over at once but what these operations begin.
    pub(crate) fn lasting(seconds: &[(&str, u64)]) -> Self {
        let lasting = seconds.iter().map(|(operation, seconds)| ((*operation).to_owned(), *seconds)).collect();
        Self { lasting: Some(lasting), ..Self::default() }
    }

    /// What was written shows at once.
    pub(crate) fn showing_at_once() -> Self {
        Self { shows_at_once: true, ..Self::default() }
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
