//! Stores that hang, lose answers, or do later what they were asked: the holder keeps its lock and its state.

use super::{
    setup::{STALE_AFTER, acquire, entry, fresh, identity, left_by, locked_by, read, taken, there, written},
    shelf::{
        Mishap::{Hung, Late, LostAnswer, Refused},
        Shelf,
    },
};
use aws_client::RequestCheck;
use resource::Address;
use state::{Error, State, Store, Writer};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn hold(store: &Arc<dyn Store>) {
    renewal_that_hangs_is_sent_again_before_anybody_waits_for_it(Shelf::new(store.clone())).await;
    renewal_whose_answer_was_lost_is_known_as_ones_own(Shelf::new(store.clone())).await;
    lock_that_is_read_byte_by_byte_is_read_again(Shelf::new(store.clone())).await;
    renewal_that_takes_effect_late_changes_nothing(Shelf::new(store.clone())).await;
    lock_of_a_clone_with_the_same_id_is_not_ones_own(Shelf::new(store.clone())).await;
    acquiring_hangs_no_longer_than_one_attempt(Shelf::new(store.clone())).await;
    takeover_whose_answer_was_lost_still_fences(Shelf::new(store.clone())).await;
    giving_back_hangs_no_longer_than_a_few_attempts(Shelf::new(store.clone())).await;
    writer_bears_an_outage_while_its_lease_is_certain(Shelf::new(store.clone())).await;
    writer_whose_lease_ran_out_tells_what_is_not_recorded(Shelf::new(store.clone())).await;
}

/// For that long no request ever waits for the lock.
async fn nobody_waits(lock: &state::Lock, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        assert!(lock.lease().still_holds(), "requests wait for the lock");
        sleep(SECOND).await;
    }
}

async fn renewal_that_hangs_is_sent_again_before_anybody_waits_for_it(store: Arc<Shelf>) {
    let lock = taken(&store, "hung").await;
    store.strike("hung", [Hung, Hung]);
    nobody_waits(&lock, Duration::from_secs(120)).await;
    assert_eq!(store.left("hung"), 0);
    assert_eq!(locked_by(acquire(&store, "hung").await), lock.holder().id);
    lock.release().await.expect("it can be given back");
}

async fn renewal_whose_answer_was_lost_is_known_as_ones_own(store: Arc<Shelf>) {
    let lock = taken(&store, "unheard").await;
    // The next ones have another time in them, so that they are other bytes.
    store.strike("unheard", [LostAnswer, Refused, Refused, Refused]);
    nobody_waits(&lock, Duration::from_secs(120)).await;
    assert_eq!(store.left("unheard"), 0);
    assert!(timeout(SECOND, lock.lost()).await.is_err(), "nobody took it");
    lock.release().await.expect("it can be given back");
    assert!(store.get("unheard").await.expect("it can be read").is_none());
}

async fn lock_that_is_read_byte_by_byte_is_read_again(store: Arc<Shelf>) {
    let lock = taken(&store, "trickling").await;
    // To know its own renewal, the holder must read the lock.
    store.strike("trickling", [LostAnswer]);
    store.trickle("trickling", 2);
    nobody_waits(&lock, Duration::from_secs(120)).await;
    store.trickle("trickling", 1);
    let began = Instant::now();
    assert_eq!(locked_by(acquire(&store, "trickling").await), lock.holder().id);
    assert!(began.elapsed() < 10 * SECOND, "{:?}", began.elapsed());
    lock.release().await.expect("it can be given back");
}

async fn renewal_that_takes_effect_late_changes_nothing(store: Arc<Shelf>) {
    let lock = taken(&store, "late").await;
    // Before the next one is sent, and after that was answered.
    store.strike("late", [Late(Duration::from_millis(5500)), Late(10 * SECOND)]);
    nobody_waits(&lock, Duration::from_secs(120)).await;
    assert_eq!(store.left("late"), 0);
    // And after it was given back.
    store.strike("late", [Late(30 * SECOND)]);
    sleep(22 * SECOND).await;
    lock.release().await.expect("it can be given back");
    sleep(60 * SECOND).await;
    assert!(store.get("late").await.expect("it can be read").is_none(), "a lock that nobody holds");
}

async fn lock_of_a_clone_with_the_same_id_is_not_ones_own(store: Arc<Shelf>) {
    let lock = taken(&store, "cloned").await;
    // A process on a machine that was restored from a snapshot of this one renews it first.
    let (mut clone, version) = there(&*store, "cloned").await;
    clone.renewed += SECOND;
    store.put("cloned", written(&clone), Some(&version)).await.expect("it names the stored version");
    // There is an attempt whose outcome is not known.
    store.strike("cloned", [Refused]);
    lock.lost().await;
    assert!(!lock.lease().is_certain().await, "two hold one lock");
    lock.release().await.expect("there is nothing to give back");
}

async fn acquiring_hangs_no_longer_than_one_attempt(store: Arc<Shelf>) {
    store.strike("slow", [Hung, LostAnswer]);
    let began = Instant::now();
    let lock = taken(&store, "slow").await;
    assert!(began.elapsed() < 10 * SECOND, "{:?}", began.elapsed());
    assert!(lock.succeeds().is_none() && lock.lease().is_certain().await);
    nobody_waits(&lock, Duration::from_secs(60)).await;
    lock.release().await.expect("it can be given back");
}

async fn takeover_whose_answer_was_lost_still_fences(store: Arc<Shelf>) {
    left_by(&store, "heir", None).await;
    store.backdate("heir", STALE_AFTER).await;
    // The first is the attempt on a free lock, which fails by itself.
    store.strike("heir", [LostAnswer, LostAnswer]);
    let lock = taken(&store, "heir").await;
    assert_eq!(store.left("heir"), 0);
    assert_eq!(lock.succeeds().map(|holder| holder.id.as_str()), Some("theirs"));
    lock.release().await.expect("it can be given back");
}

async fn giving_back_hangs_no_longer_than_a_few_attempts(store: Arc<Shelf>) {
    let lock = taken(&store, "back-hung").await;
    let away = store.reach.write().await;
    let began = Instant::now();
    assert!(lock.release().await.is_err_and(|error| error.may_have_taken_effect()));
    assert!(began.elapsed() <= STALE_AFTER, "{:?}", began.elapsed());
    drop(away);
}

async fn writer_bears_an_outage_while_its_lease_is_certain(store: Arc<Shelf>) {
    let lock = taken(&store, "bears").await;
    let begun = fresh();
    let writer = Writer::under(&lock, store.clone(), "bears-state", begun, None);
    let outage = [Refused; 15].into_iter().chain([LostAnswer, Hung]).chain([Refused; 15]);
    store.strike("bears-state", outage);
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(writer.flush().await, "half a minute without the state's object ended the run");
    assert_eq!(store.left("bears-state"), 0);
    let ended = writer.end().await;
    ended.result.expect("the store is well again");
    assert!(ended.unrecorded.is_empty());
    assert_eq!(read(&*store, "bears-state").await.0, ended.state);
    lock.release().await.expect("it can be given back");
}

async fn writer_whose_lease_ran_out_tells_what_is_not_recorded(store: Arc<Shelf>) {
    let lock = taken(&store, "tells").await;
    let begun = fresh();
    let writer = Writer::under(&lock, store.clone(), "tells-state", begun, None);
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(writer.flush().await);
    store.strike("tells-state", [Refused; 100]);
    writer.record(&Address::new("storage", "data"), Some(entry("data")));
    sleep(5 * SECOND).await;
    store.backdate("tells", STALE_AFTER).await;
    let next = taken(&store, "tells").await;
    State::fence(&*store, "other-state", &identity()).await.expect("nobody can prevent it");
    writer.failed().await;
    // A resource that is made meanwhile is reported as well.
    writer.record(&Address::new("storage", "models"), Some(entry("models")));
    let ended = writer.end().await;
    assert!(matches!(ended.result, Err(Error::Store { .. })));
    let unrecorded: Vec<_> = ended.unrecorded.iter().map(|address| address.as_str()).collect();
    assert_eq!(unrecorded, ["storage.data", "storage.models"]);
    assert_eq!(ended.state.resources.len(), 3);
    drop(lock);
    next.release().await.expect("it can be given back");
}
