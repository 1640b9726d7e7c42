//! The laws of the lock and of the state behind it, for any store that claims to be one.

mod hand;
mod outage;
mod setup;
mod shelf;

use crate::Lossy;
use resource::Address;
use setup::{STALE_AFTER, acquire, entry, fresh, identity, left_by, locked_by, read, taken, there, written};
use shelf::Shelf;
use state::{Error, Holder, LivenessFile, Lock, Process, State, Store, Writer};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// All that can be shown without waiting for minutes. `many` work at once.
///
/// # Panics
/// When a law does not hold.
pub async fn hold(store: Arc<dyn Store>, many: usize) {
    writes_name_what_they_replace(&*store).await;
    one_holds_it_and_the_next_hears_who(Shelf::new(store.clone())).await;
    of_many_at_once_one_gets_it(Shelf::new(store.clone()), many).await;
    many_in_turn_lose_no_update(Shelf::new(store.clone()), many).await;
    an_abandoned_one_is_taken_over_at_its_time_and_not_before(Shelf::new(store.clone())).await;
    of_many_that_take_over_one_does(Shelf::new(store.clone()), many).await;
    whoever_lost_it_writes_nothing(Shelf::new(store.clone())).await;
    whoever_lost_it_before_there_was_a_state_writes_nothing(Shelf::new(store.clone())).await;
    giving_back_what_was_lost_leaves_the_new_one(Shelf::new(store.clone())).await;
    only_the_one_that_is_named_is_removed(Shelf::new(store.clone())).await;
    a_dead_process_is_succeeded_at_once_here_and_only_in_time_elsewhere(Shelf::new(store)).await;
}

/// The tests that take hours, in virtual time.
///
/// # Panics
/// When a law does not hold.
pub async fn hold_for_hours(store: Arc<dyn Store>) {
    a_holder_at_work_keeps_it(Shelf::new(store.clone())).await;
    hand::hold(&store).await;
    outage::hold(&store).await;
    a_night_asleep_costs_nobody_anything(Shelf::new(store.clone())).await;
    without_the_store_nobody_is_certain_for_long(Shelf::new(store)).await;
}

/// The further tests for S3: the answer to each change may be lost, and the SDK sends the request again.
///
/// # Panics
/// When a law does not hold.
pub async fn hold_although_answers_are_lost(store: Arc<dyn Store>, lossy: &Lossy) {
    let store = Shelf::new(store);
    let lost = || assert_eq!(lossy.left(), 0, "no answer was lost");
    lossy.lose(1);
    let lock = taken(&store, "lossy").await;
    lost();
    assert!(lock.lease().is_certain().await);
    assert_eq!(locked_by(acquire(&store, "lossy").await), lock.holder().id);

    lossy.lose(2);
    let begun = fresh();
    let first = store.put("lossy-state", begun.write().into(), None).await.expect("it is one's own");
    let writer = Writer::start(store.clone(), "lossy-state", begun.clone(), Some(first));
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(writer.flush().await, "the writer took its own write for that of another run");
    lost();
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-2")));
    let (written, result) = writer.finish().await;
    result.expect("the version is known");
    assert_eq!((written.serial, read(&*store, "lossy-state").await.0), (begun.serial + 2, written));

    lossy.lose(1);
    lock.release().await.expect("what is gone is given back");
    lost();
    left_by(&store, "lossy", None).await;
    store.backdate("lossy", STALE_AFTER).await;
    lossy.lose(1);
    let lock = taken(&store, "lossy").await;
    lost();
    assert!(lock.succeeds().is_some());
    lossy.lose(1);
    let id = lock.holder().id.clone();
    Lock::remove(&*store, "lossy", &id, true).await.expect("a mark is one's own");
    lost();
}

async fn writes_name_what_they_replace(store: &dyn Store) {
    let moved = |result: Result<(), Error>| matches!(result, Err(Error::Moved));
    let first = store.put("fence", "1".into(), None).await.expect("there is none");
    assert!(moved(store.put("fence", "2".into(), None).await.map(drop)), "written where there is one");
    let second = store.put("fence", "2".into(), Some(&first)).await.expect("nobody was there");
    assert!(moved(store.put("fence", "3".into(), Some(&first)).await.map(drop)), "written on an old version");
    assert!(moved(store.delete("fence", &first).await), "removed by an old version");
    store.delete("fence", &second).await.expect("nobody was there");
    assert!(store.get("fence").await.expect("it can be read").is_none());
    assert!(moved(store.put("fence", "4".into(), Some(&second)).await.map(drop)), "written on what is gone");
    store.put("fence", "5".into(), None).await.expect("there is none again");
}

async fn one_holds_it_and_the_next_hears_who(store: Arc<Shelf>) {
    let lock = taken(&store, "one").await;
    assert_eq!(locked_by(acquire(&store, "one").await), lock.holder().id);
    assert!(lock.succeeds().is_none() && lock.lease().is_certain().await);
    lock.release().await.expect("it can be given back");
    taken(&store, "one").await.release().await.expect("it can be given back");
    assert!(Lock::holder_of(&*store, "one").await.expect("it can be read").is_none());
}

async fn of_many_at_once_one_gets_it(store: Arc<Shelf>, many: usize) {
    let mut all = JoinSet::new();
    for _ in 0..many {
        let store = store.clone();
        all.spawn(async move { acquire(&store, "many").await });
    }
    let (held, refused): (Vec<_>, Vec<_>) = all.join_all().await.into_iter().partition(Result::is_ok);
    let held: Vec<Lock> = held.into_iter().flatten().collect();
    assert_eq!((held.len(), refused.len()), (1, many - 1));
    for refusal in refused {
        assert_eq!(locked_by(refusal), held[0].holder().id);
    }
}

async fn many_in_turn_lose_no_update(store: Arc<Shelf>, many: usize) {
    let first = fresh();
    store.put("turns-state", first.write().into(), None).await.expect("there is none");
    let mut all = JoinSet::new();
    for number in 0..many {
        let store = store.clone();
        all.spawn(async move {
            let lock = Lock::acquire(store.clone(), "turns", "dev", Holder::new("up", None), pending())
                .await
                .expect("in the end");
            let (state, version) = read(&*store, "turns-state").await;
            let writer = Writer::start(store.clone(), "turns-state", state, Some(version));
            writer.record(&Address::new("storage", &format!("bucket-{number}")), Some(entry("b")));
            writer.finish().await.1.expect("nobody else writes");
            lock.release().await.expect("it can be given back");
        });
    }
    all.join_all().await;
    let (state, _) = read(&*store, "turns-state").await;
    assert_eq!((state.serial, state.resources.len()), (many as u64, many));
    assert_eq!(state.lineage, first.lineage);
}

async fn an_abandoned_one_is_taken_over_at_its_time_and_not_before(store: Arc<Shelf>) {
    left_by(&store, "abandoned", None).await;
    // The store's clock counts whole seconds, and goes on meanwhile.
    store.backdate("abandoned", STALE_AFTER - Duration::from_secs(20)).await;
    assert_eq!(locked_by(acquire(&store, "abandoned").await), "theirs");
    store.backdate("abandoned", STALE_AFTER).await;
    let lock = taken(&store, "abandoned").await;
    assert_eq!(lock.succeeds().map(|holder| holder.id.as_str()), Some("theirs"));
}

async fn of_many_that_take_over_one_does(store: Arc<Shelf>, many: usize) {
    left_by(&store, "succession", None).await;
    store.backdate("succession", STALE_AFTER).await;
    let mut all = JoinSet::new();
    for _ in 0..many {
        let store = store.clone();
        all.spawn(async move { acquire(&store, "succession").await });
    }
    let (held, refused): (Vec<_>, Vec<_>) = all.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((held.len(), refused.len()), (1, many - 1));
}

/// A holder at work on a state, whose lock is old enough to be taken over.
async fn overtaken(store: &Arc<Shelf>, key: &str, state: Option<&State>) -> (Lock, Writer) {
    let place = format!("{key}-state");
    if let Some(state) = state {
        store.put(&place, state.write().into(), None).await.expect("there is none");
    }
    let lock = taken(store, key).await;
    let version = store.get(&place).await.expect("it can be read").map(|stored| stored.version);
    let writer = Writer::start(store.clone(), &place, state.cloned().unwrap_or_else(fresh), version);
    store.backdate(key, STALE_AFTER).await;
    (lock, writer)
}

async fn shut_out(store: &Arc<Shelf>, key: &str) -> Lock {
    let lock = taken(store, key).await;
    assert!(lock.succeeds().is_some());
    State::fence(&**store, &format!("{key}-state"), &identity()).await.expect("nobody can prevent it");
    lock
}

async fn whoever_lost_it_writes_nothing(store: Arc<Shelf>) {
    let begun = fresh();
    let (lost, writer) = overtaken(&store, "lost", Some(&begun)).await;
    let _now = shut_out(&store, "lost").await;
    let (fenced, _) = read(&*store, "lost-state").await;
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(!writer.flush().await, "a run that had lost the lock wrote");
    assert!(matches!(writer.finish().await.1, Err(Error::Moved)));
    assert_eq!(read(&*store, "lost-state").await.0, fenced);
    assert!(fenced.serial > begun.serial && State { serial: begun.serial, ..fenced } == begun);
    drop(lost);
}

async fn whoever_lost_it_before_there_was_a_state_writes_nothing(store: Arc<Shelf>) {
    let (lost, writer) = overtaken(&store, "early", None).await;
    let _now = shut_out(&store, "early").await;
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(!writer.flush().await, "a run that had lost the lock wrote");
    assert!(read(&*store, "early-state").await.0.resources.is_empty());
    drop(lost);
}

async fn giving_back_what_was_lost_leaves_the_new_one(store: Arc<Shelf>) {
    let lost = taken(&store, "back").await;
    store.backdate("back", STALE_AFTER).await;
    let now = taken(&store, "back").await;
    lost.release().await.expect("there is nothing to give back");
    assert_eq!(locked_by(acquire(&store, "back").await), now.holder().id);
    now.release().await.expect("it can be given back");
    taken(&store, "back").await;
}

async fn only_the_one_that_is_named_is_removed(store: Arc<Shelf>) {
    assert!(matches!(Lock::remove(&*store, "named", "x", true).await, Err(Error::NotLocked)));
    let lock = taken(&store, "named").await;
    let id = lock.holder().id.clone();
    for wrong in ["", "x", &id[1..], &id.to_uppercase(), &format!("{id} ")] {
        let refused = Lock::remove(&*store, "named", wrong, true).await;
        assert!(matches!(refused, Err(Error::OtherLock { found, .. }) if found == id), "{wrong:?}");
    }
    assert_eq!(locked_by(acquire(&store, "named").await), id);
    lock.release().await.expect("it can be given back");
}

async fn a_dead_process_is_succeeded_at_once_here_and_only_in_time_elsewhere(store: Arc<Shelf>) {
    let Some(here) = Process::current() else { return };
    // No process has this number.
    let dead = Process { pid: u32::MAX, ..here };
    // On another machine that was restored from the same snapshot, all is alike but its file.
    left_by(&store, "dead-in-a-clone", Some(dead.clone())).await;
    assert_eq!(locked_by(acquire(&store, "dead-in-a-clone").await), "theirs");
    store.backdate("dead-in-a-clone", STALE_AFTER).await;
    taken(&store, "dead-in-a-clone").await;

    let living = taken(&store, "living").await;
    let id = living.holder().id.clone();
    let holder = Holder { id: id.clone(), ..left_by(&store, "dead-here", Some(dead.clone())).await };
    let (_, version) = there(&*store, "dead-here").await;
    store.put("dead-here", written(&holder), Some(&version)).await.expect("nobody has it");
    assert_eq!(locked_by(acquire(&store, "dead-here").await), id, "its file is held");
    // As the kernel leaves it after a kill.
    drop(living);
    let file = &LivenessFile::paths(&id)[0];
    std::fs::File::create(file).expect("there is a place for it");
    taken(&store, "dead-here").await;
    assert!(!file.exists(), "the run that took over removed the file");
    left_by(&store, "dead-elsewhere", Some(Process { boot: "another host".into(), ..dead })).await;
    assert_eq!(locked_by(acquire(&store, "dead-elsewhere").await), "theirs");
    store.backdate("dead-elsewhere", STALE_AFTER).await;
    taken(&store, "dead-elsewhere").await;
}

async fn a_holder_at_work_keeps_it(store: Arc<Shelf>) {
    let lock = taken(&store, "work").await;
    for _ in 0..120 {
        sleep(Duration::from_secs(31)).await;
        assert_eq!(locked_by(acquire(&store, "work").await), lock.holder().id);
        assert!(lock.lease().is_certain().await);
    }
    let renewed = Lock::holder_of(&*store, "work").await.expect("it can be read").expect("it is held");
    assert!(renewed.renewed > lock.holder().renewed, "{renewed}");
}

async fn a_night_asleep_costs_nobody_anything(store: Arc<Shelf>) {
    let begun = fresh();
    // Two ways to one store: the laptop's, and everybody else's.
    let laptop = Shelf::new(store.clone());
    let (asleep, writer) = overtaken(&laptop, "night", Some(&begun)).await;
    let sleeping = laptop.reach.write().await;
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    sleep(Duration::from_secs(8 * 3600)).await;
    assert_eq!(locked_by(acquire(&store, "night").await), asleep.holder().id, "its lock is there all night");
    store.backdate("night", Duration::from_secs(8 * 3600)).await;
    let day = shut_out(&store, "night").await;
    let (fenced, _) = read(&*store, "night-state").await;
    drop(sleeping);
    assert!(!asleep.lease().is_certain().await, "certain of a lock that another run holds");
    assert!(!writer.flush().await, "a run that had lost the lock wrote");
    asleep.lost().await;
    asleep.release().await.expect("there is nothing to give back");
    assert_eq!(read(&*store, "night-state").await.0, fenced);
    assert_eq!(locked_by(acquire(&store, "night").await), day.holder().id);
}

async fn without_the_store_nobody_is_certain_for_long(store: Arc<Shelf>) {
    let lock = taken(&store, "certain").await;
    let away = store.reach.write().await;
    sleep(Duration::from_secs(30)).await;
    assert!(lock.lease().is_certain().await, "it was renewed half a minute ago");
    sleep(Duration::from_secs(30)).await;
    let lease = lock.lease();
    let asked = tokio::spawn(async move { lease.is_certain().await });
    sleep(Duration::from_secs(5)).await;
    assert!(!asked.is_finished(), "nobody can know");
    drop(away);
    assert!(asked.await.expect("it does not panic"), "it was nobody else's meanwhile");
}
