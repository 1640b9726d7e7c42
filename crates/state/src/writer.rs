//! Writes the state during a run, with several changes in one commit.

use crate::{Author, Entry, Error, Lock, LockLease, State, Store, Version, read::other_tool};
use aws_client::{Failure, FailureKind};
use bytes::Bytes;
use resource::Address;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

/// The time that a commit waits for others to join it. Ids need no haste: whatever a crash forgets is found again by
/// its intent.
const GATHER: Duration = Duration::from_millis(200);
/// Each commit of a run keeps this much more distance to the one before: an hour is some thirty commits.
const STRETCH: f64 = 4.0 / 3.0;
/// The average rate of commits, for states so large that writing them is work.
const BYTES_PER_SECOND: f64 = 1e6;

/// The time limit of one write: most states are some hundred kilobytes.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// The time between two attempts of a write that the store did not answer.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The time that the store may be away before the run ends, even if the lock is well.
const OUTAGE_TIME: Duration = Duration::from_secs(600);
/// The time between two warnings that the store is still away.
const TELLS_AGAIN: Duration = Duration::from_secs(60);

enum Message {
    Begin,
    Record(Address, Box<Option<Entry>>),
    ForgetDeposed(Address, String),
    Outputs(BTreeMap<String, Value>),
    Flush(oneshot::Sender<()>),
}

type Seal = Box<dyn Fn(&mut Entry) + Send + Sync>;

/// The one task that writes a state: commits in groups, each on top of the last.
pub struct Writer {
    messages: mpsc::UnboundedSender<Message>,
    seal: Option<Seal>,
    failed: watch::Receiver<bool>,
    is_under_lock: bool,
    task: JoinHandle<WriterEnd>,
}

/// The end of the writing.
#[derive(Debug)]
pub struct WriterEnd {
    /// The state as it should be stored.
    pub state: State,
    /// The first error that a write met; nothing was written after it.
    pub result: Result<(), Error>,
    /// The addresses whose last change the stored state lacks, because it could not be written.
    pub unrecorded: BTreeSet<Address>,
}

/// Under which lock a state is written.
struct LockOfRun {
    id: String,
    author: Author,
    lease: LockLease,
}

impl Writer {
    /// Starts writing `state` to `key`, on top of `version`, and gives up at the first error.
    pub fn start(store: Arc<dyn Store>, key: &str, state: State, version: Option<Version>) -> Self {
        Self::spawn(store, key, state, version, None)
    }

    /// The same under a lock: retries during outages of the store for as long as the lock is surely held, and says in the state
    /// under which lock it is being changed, until [`Writer::end`].
    pub fn under(lock: &Lock, store: Arc<dyn Store>, key: &str, state: State, version: Option<Version>) -> Self {
        let held = LockOfRun { id: lock.holder().id.clone(), author: lock.holder().into(), lease: lock.lease() };
        Self::spawn(store, key, state, version, Some(held))
    }

    fn spawn(
        store: Arc<dyn Store>,
        key: &str,
        state: State,
        version: Option<Version>,
        held: Option<LockOfRun>,
    ) -> Self {
        let (messages, inbox) = mpsc::unbounded_channel();
        let (failure, failed) = watch::channel(false);
        let is_under_lock = held.is_some();
        let stored = VersionedStore { store, key: key.to_owned(), version, held };
        let pending = PendingWrites {
            state,
            dirty: false,
            waiting: Vec::new(),
            forgotten: BTreeSet::new(),
            unsaved: BTreeSet::new(),
        };
        let task = tokio::spawn(run(stored, pending, inbox, failure));
        Self { messages, seal: None, failed, is_under_lock, task }
    }

    /// From now on changes every entry in this way before it is recorded, so that no secret reaches the store.
    #[must_use]
    pub fn sealing(self, seal: impl Fn(&mut Entry) + Send + Sync + 'static) -> Self {
        Self { seal: Some(Box::new(seal)), ..self }
    }

    /// Under a lock, has the next write made even if nothing is recorded: it says who is changing the platform. To be
    /// called before the first change.
    pub fn begin(&self) {
        if self.is_under_lock {
            let _ = self.messages.send(Message::Begin);
        }
    }

    /// Records a resource, or that it is gone. Returns at once.
    pub fn record(&self, address: &Address, mut entry: Option<Entry>) {
        if let (Some(seal), Some(entry)) = (&self.seal, &mut entry) {
            seal(entry);
        }
        // Fails only after the task has ended by an error, which `finish` reports.
        let _ = self.messages.send(Message::Record(address.clone(), Box::new(entry)));
    }

    /// Records that a deposed resource is gone.
    pub fn forget_deposed(&self, address: &Address, id: &str) {
        let _ = self.messages.send(Message::ForgetDeposed(address.clone(), id.to_owned()));
    }

    /// Records the outputs of the platform.
    pub fn outputs(&self, outputs: BTreeMap<String, Value>) {
        let _ = self.messages.send(Message::Outputs(outputs));
    }

    /// Returns when everything recorded so far is durable; false when it cannot be.
    pub async fn flush(&self) -> bool {
        let (done, wait) = oneshot::channel();
        self.messages.send(Message::Flush(done)).is_ok() && wait.await.is_ok()
    }

    /// Resolves when writing has failed for good.
    pub async fn failed(&self) {
        let mut failed = self.failed.clone();
        if failed.wait_for(|failed| *failed).await.is_err() {
            std::future::pending().await
        }
    }

    /// Writes the pending changes and returns the stored state.
    ///
    /// # Errors
    /// The first error that a write met; what came after it was not written.
    pub async fn finish(self) -> (State, Result<(), Error>) {
        let ended = self.end().await;
        (ended.state, ended.result)
    }

    /// Writes the pending changes, and reports those that could not be written.
    pub async fn end(self) -> WriterEnd {
        drop(self.messages);
        match self.task.await {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

/// When commits are due. Each writes the whole state, so that many of a large one, or over a long time, would
/// write far more than the state will ever hold; but what comes after a quiet time is written at once.
struct Pace {
    gap: Duration,
    earliest: Instant,
}

impl Pace {
    fn new() -> Self {
        Self { gap: GATHER, earliest: Instant::now() }
    }

    /// When that is written which comes now.
    fn due(&self) -> Instant {
        self.earliest.max(Instant::now() + GATHER)
    }

    /// That many bytes were written just now.
    fn wrote(&mut self, bytes: usize) {
        self.gap = self.gap.mul_f64(STRETCH);
        let earns = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
        self.earliest = Instant::now() + self.gap.max(earns);
    }
}

/// The store, the key and the version with which a state is written.
struct VersionedStore {
    store: Arc<dyn Store>,
    key: String,
    version: Option<Version>,
    held: Option<LockOfRun>,
}

impl VersionedStore {
    /// Writes on top of what was written last. A store that is away is asked again, with the very same bytes, so that
    /// an earlier attempt that took effect is known as one's own.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let began = Instant::now();
        let mut told: Option<Instant> = None;
        loop {
            let put = self.store.put(&self.key, bytes.clone(), self.version.as_ref());
            let error = match timeout(ANSWERS_WITHIN, put).await {
                Ok(Ok(written)) => {
                    self.version = Some(written);
                    return Ok(());
                }
                Ok(Err(Error::Moved)) => return Err(self.moved().await),
                Ok(Err(error)) => error,
                Err(_elapsed) => self.unanswered(),
            };
            let waits = error.may_have_taken_effect() && began.elapsed() < OUTAGE_TIME;
            let Some(held) = self.held.as_ref().filter(|_| waits) else { return Err(error) };
            if told.is_none_or(|told| told.elapsed() >= TELLS_AGAIN) {
                tracing::warn!(%error, "waiting for the state to be written; trying again each second");
                told = Some(Instant::now());
            }
            sleep(TRY_AGAIN).await;
            if !held.lease.is_certain().await {
                return Err(error);
            }
        }
    }
}

impl VersionedStore {
    /// The error for a state that another run wrote. It names that version of mlopsctl, if it is not this version.
    async fn moved(&self) -> Error {
        let stored = timeout(ANSWERS_WITHIN, self.store.get(&self.key)).await;
        let stored = stored.ok().and_then(Result::ok).flatten();
        match stored.and_then(|stored| other_tool(&stored.bytes)) {
            Some(tool) => Error::MovedBy { tool },
            None => Error::Moved,
        }
    }

    fn unanswered(&self) -> Error {
        let message = format!("no answer within {} s", ANSWERS_WITHIN.as_secs());
        Error::Store { place: self.store.place(&self.key), failure: Failure::new(FailureKind::Ambiguous, message) }
    }
}

/// The state to be written, and the callers that wait for it.
struct PendingWrites {
    state: State,
    dirty: bool,
    waiting: Vec<oneshot::Sender<()>>,
    forgotten: BTreeSet<(Address, String)>,
    /// The addresses recorded since the last write.
    unsaved: BTreeSet<Address>,
}

async fn run(
    mut stored: VersionedStore,
    mut pending: PendingWrites,
    mut inbox: mpsc::UnboundedReceiver<Message>,
    failure: watch::Sender<bool>,
) -> WriterEnd {
    let result = write_all(&mut stored, &mut pending, &mut inbox).await;
    if result.is_err() {
        failure.send_replace(true);
        // Callers that wait for a write learn that there will be none.
        pending.waiting.clear();
        while let Some(message) = inbox.recv().await {
            // Only what it concerns is of interest.
            let _ = pending.take(message);
            pending.waiting.clear();
        }
    }
    WriterEnd { state: pending.state, result, unrecorded: pending.unsaved }
}

async fn write_all(
    stored: &mut VersionedStore,
    pending: &mut PendingWrites,
    inbox: &mut mpsc::UnboundedReceiver<Message>,
) -> Result<(), Error> {
    let mut open = true;
    let mut pace = Pace::new();
    while open {
        match inbox.recv().await {
            Some(message) => pending.take(message)?,
            None => open = false,
        }
        let gathered = timeout_at(pace.due(), async {
            while open && pending.waiting.is_empty() {
                match inbox.recv().await {
                    Some(message) => pending.take(message)?,
                    None => return Ok(false),
                }
            }
            Ok(open)
        });
        match gathered.await {
            Ok(still_open) => open = still_open?,
            Err(_elapsed) => {}
        }
        let changing = stored.held.as_ref().filter(|_| open).map(|held| held.id.clone());
        // The last write says that nobody is at work any more.
        let is_last_word = !open && pending.state.changing.is_some() && stored.held.is_some();
        if pending.dirty || is_last_word {
            pending.state.changing = changing;
            pending.state.advance_by(stored.held.as_ref().map(|held| held.author.clone()));
            let bytes = Bytes::from(pending.state.write());
            pace.wrote(bytes.len());
            stored.write(bytes).await?;
            pending.dirty = false;
            pending.unsaved.clear();
        }
        for done in pending.waiting.drain(..) {
            let _: Result<(), ()> = done.send(());
        }
    }
    Ok(())
}

impl PendingWrites {
    fn take(&mut self, message: Message) -> Result<(), Error> {
        match message {
            Message::Begin => self.dirty = true,
            Message::Record(address, mut entry) => {
                // The sender of the entry may not know yet that a deposed resource is gone.
                if let Some(entry) = &mut *entry {
                    entry.deposed.retain(|old| !self.forgotten.contains(&(address.clone(), old.id.clone())));
                }
                if self.state.resources.get(&address) != entry.as_ref().as_ref() {
                    self.unsaved.insert(address.clone());
                    self.state.record(&address, *entry)?;
                    self.dirty = true;
                }
            }
            Message::ForgetDeposed(address, id) => {
                self.unsaved.insert(address.clone());
                self.state.forget_deposed(&address, &id)?;
                self.dirty = true;
                self.forgotten.insert((address, id));
            }
            Message::Outputs(outputs) => {
                self.dirty |= self.state.outputs != outputs;
                self.state.outputs = outputs;
            }
            Message::Flush(done) => self.waiting.push(done),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Deposed, MemoryStore, Phase, identity::tests::identity};

    fn entry(phase: Phase) -> Entry {
        Entry {
            kind: "ec2:vpc".into(),
            phase,
            token: "t".into(),
            id: Some("vpc-1".into()),
            spec: Value::Null,
            outputs: Value::Null,
            depends_on: vec![],
            protected: false,
            adopting: false,
            unfinished: false,
            deposed: vec![],
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_records_cost_few_writes_and_all_arrive() {
        let store = Arc::new(MemoryStore::default());
        let writer = Writer::start(store.clone(), "state.json", State::new(&identity()), None);
        for n in 0..500 {
            writer.record(&Address::new("network", &format!("subnet-{n}")), Some(entry(Phase::Identified)));
        }
        assert!(writer.flush().await);
        assert_eq!(store.writes(), 1);
        let (state, result) = writer.finish().await;
        result.unwrap();
        assert_eq!(state.resources.len(), 500);
        let stored = store.get("state.json").await.unwrap().unwrap();
        assert_eq!(State::read(&stored.bytes, "memory", &identity()).unwrap(), state);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_replaced_and_is_gone_is_not_remembered_again_by_a_step_that_has_not_heard() {
        let store = Arc::new(MemoryStore::default());
        let writer = Writer::start(store.clone(), "state.json", State::new(&identity()), None);
        let address = Address::new("network", "vpc");
        let old = Deposed { kind: "ec2:vpc".into(), id: "vpc-0".into(), spec: Value::Null, depends_on: vec![] };
        let entry = Entry { deposed: vec![old], ..entry(Phase::Identified) };
        writer.record(&address, Some(entry.clone()));
        writer.forget_deposed(&address, "vpc-0");
        writer.record(&address, Some(Entry { phase: Phase::Ready, ..entry }));
        let (state, result) = writer.finish().await;
        result.unwrap();
        assert_eq!(state.resources[&address].deposed, []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_state_that_takes_an_hour_is_written_less_than_forty_times() {
        let store = Arc::new(MemoryStore::default());
        let state = State::new(&identity());
        let writer = Writer::start(store.clone(), "state.json", state, None);
        let addresses: Vec<Address> = (0..1000).map(|n| Address::new("studio", &format!("features-{n}"))).collect();
        for address in &addresses {
            writer.record(address, Some(Entry { id: None, ..entry(Phase::Intent) }));
        }
        assert!(writer.flush().await);
        for address in &addresses {
            tokio::time::sleep(Duration::from_millis(1800)).await;
            writer.record(address, Some(entry(Phase::Identified)));
            tokio::time::sleep(Duration::from_millis(1800)).await;
            writer.record(address, Some(entry(Phase::Ready)));
        }
        writer.finish().await.1.unwrap();
        let stored = store.get("state.json").await.unwrap().unwrap();
        let (written, size) = (store.bytes_written(), stored.bytes.len());
        assert!(written < 40 * size, "{written} bytes for a state of {size}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_state_that_is_done_in_a_minute_is_written_less_than_twenty_times() {
        let store = Arc::new(MemoryStore::default());
        let state = State::new(&identity());
        let writer = Writer::start(store.clone(), "state.json", state, None);
        let spec = Value::String("x".repeat(2000));
        for n in 0..5000 {
            tokio::time::sleep(Duration::from_millis(12)).await;
            let entry = Entry { spec: spec.clone(), ..entry(Phase::Identified) };
            writer.record(&Address::new("studio", &format!("features-{n}")), Some(entry));
        }
        writer.finish().await.1.unwrap();
        assert!(store.writes() < 20, "{} writes", store.writes());
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_after_a_quiet_time_is_written_at_once() {
        let store = Arc::new(MemoryStore::default());
        let writer = Writer::start(store.clone(), "state.json", State::new(&identity()), None);
        for n in 0..20 {
            writer.record(&Address::new("network", &format!("subnet-{n}")), Some(entry(Phase::Identified)));
            assert!(writer.flush().await);
        }
        tokio::time::sleep(Duration::from_secs(600)).await;
        writer.record(&Address::new("network", "subnet-0"), Some(entry(Phase::Deleting)));
        tokio::time::sleep(GATHER * 2).await;
        assert_eq!(store.writes(), 21);
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_whose_version_is_stale_writes_nothing() {
        let store = Arc::new(MemoryStore::default());
        store.put("state.json", Bytes::from_static(b"theirs"), None).await.unwrap();
        let writer = Writer::start(store.clone(), "state.json", State::new(&identity()), None);
        writer.record(&Address::new("network", "vpc"), Some(entry(Phase::Ready)));
        assert!(!writer.flush().await);
        writer.failed().await;
        assert!(matches!(writer.finish().await.1, Err(Error::Moved)));
        assert_eq!(store.get("state.json").await.unwrap().unwrap().bytes, "theirs");
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_names_another_version_that_wrote_meanwhile() {
        let store = Arc::new(MemoryStore::default());
        let theirs = State { tool: "7.8.9".into(), ..State::new(&identity()) };
        store.put("state.json", theirs.write().into(), None).await.unwrap();
        let writer = Writer::start(store.clone(), "state.json", State::new(&identity()), None);
        writer.record(&Address::new("network", "vpc"), Some(entry(Phase::Ready)));
        let error = writer.finish().await.1.unwrap_err();
        let this = env!("CARGO_PKG_VERSION");
        let words = format!("mlopsctl 7.8.9 wrote the state while this command of mlopsctl {this} was at work");
        assert!(error.to_string().contains(&words), "{error}");
        assert_eq!(store.get("state.json").await.unwrap().unwrap().bytes, theirs.write());
    }
}
