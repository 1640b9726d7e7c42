//! The seed, the delays and the services that a law of the simulated AWS can use.

use super::script::Script;
use crate::wire::{Asked, answered};
use local::{Call, Next, Response};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The speed of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it is.
    Real,
    /// Much faster, for tests that run a platform hundreds of times.
    Brisk,
}

/// A seed, from which every random choice follows.
#[derive(Clone, Copy)]
pub(crate) struct Chance {
    seed: u64,
    pace: Pace,
}

impl Chance {
    pub(crate) fn new(seed: u64, pace: Pace) -> Self {
        Self { seed, pace }
    }

    fn number(self, what: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, what).hash(&mut hasher);
        hasher.finish()
    }

    /// True for about one event in so many, and always the same for the same `what`.
    pub(crate) fn once_in(self, times: u64, what: &str) -> bool {
        self.number(what).is_multiple_of(times)
    }

    /// A duration in the range, the same for the same `what`.
    pub(crate) fn span(self, seconds: RangeInclusive<u64>, what: &str) -> Duration {
        let (from, to) = (seconds.start() * 1000, seconds.end() * 1000);
        let millis = from + self.number(what) % (to - from + 1);
        match self.pace {
            Pace::Real => Duration::from_millis(millis),
            Pace::Brisk => Duration::from_millis(millis / 10),
        }
    }
}

/// The view of the cloud that a law has while a call is being answered.
pub(crate) struct World<'a> {
    next: Next<'a>,
    region: &'a str,
    pub(crate) now: Instant,
    pub(crate) chance: Chance,
    pub(crate) notes: &'a Notes,
    pub(crate) script: &'a Script,
}

/// Notes of the laws for tests.
#[derive(Default)]
pub(crate) struct Notes {
    /// The time until a created resource works, by name or id.
    spans: Mutex<Vec<(String, Duration)>>,
    /// The reads that have answered with an earlier value, each with its service.
    late_reads: Mutex<BTreeSet<(String, String)>>,
}

impl Notes {
    pub(crate) fn spans(&self) -> Vec<(String, Duration)> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn late_reads(&self) -> BTreeSet<(String, String)> {
        self.late_reads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn span(&self, thing: &str, span: Duration) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).push((thing.to_owned(), span));
    }

    /// Takes note of an answer with an earlier value.
    pub(super) fn late_read(&self, service: &str, read: &str) {
        let read = (service.to_owned(), read.to_owned());
        self.late_reads.lock().unwrap_or_else(PoisonError::into_inner).insert(read);
    }
}

impl<'a> World<'a> {
    pub(crate) fn new(next: Next<'a>, region: &'a str, chance: Chance, notes: &'a Notes, script: &'a Script) -> Self {
        Self { next, region, now: Instant::now(), chance, notes, script }
    }

    /// The moment from which on a thing works, of which note is taken.
    pub(crate) fn works(&self, thing: &str, seconds: RangeInclusive<u64>, what: &str) -> Instant {
        let from = self.after(seconds, what);
        self.notes.span(thing, from - self.now);
        from
    }

    /// The moment after a while that follows from the seed.
    pub(crate) fn after(&self, seconds: RangeInclusive<u64>, what: &str) -> Instant {
        self.now + self.chance.span(seconds, what)
    }

    /// Lets a call through to the cloud beneath the laws.
    pub(crate) async fn pass(&self, call: Call) -> Response {
        self.next.run(call).await.expect("the embedded cloud loses no answers")
    }

    /// Asks the cloud beneath the laws as a service would; `None` when it refuses.
    pub(crate) async fn ask(&self, service: &str, operation: &str, given: Value) -> Option<Value> {
        let fields = given.as_object().cloned().unwrap_or_default();
        let region = if service == "iam" { "us-east-1" } else { self.region };
        let asked = Asked::new(Asked::own(service, region, operation, fields));
        let response = self.pass(asked.call.clone()).await;
        (response.status < 300).then(|| answered(&asked, &response))
    }
}
