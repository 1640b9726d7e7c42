//! Interventions in a lock by hand while a run is at work: `unlock`, or deleting it.

use super::{
    setup::{STALE_AFTER, STOPS_AFTER, acquire, entry, fresh, identity, left_by, locked_by, read, taken, there},
    shelf::Shelf,
};
use aws_client::RequestCheck;
use resource::Address;
use state::{Error, Holder, Lock, State, Store, Writer};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

pub(super) async fn hold(store: &Arc<dyn Store>) {
    removing_a_lock_that_was_just_renewed_needs_force(Shelf::new(store.clone())).await;
    removed_while_held_fences_the_holder_and_keeps_others_out_until_it_stops(Shelf::new(store.clone())).await;
    removed_after_its_time_is_free_at_once_and_still_fences(Shelf::new(store.clone())).await;
    deleted_while_held_leaves_the_holder_uncertain_and_the_state_says_so(Shelf::new(store.clone())).await;
    state_says_who_changes_it_from_before_the_first_change_to_the_end(Shelf::new(store.clone())).await;
}

/// A holder at work on a state.
async fn at_work(store: &Arc<Shelf>, key: &str) -> (Lock, Writer) {
    let place = format!("{key}-state");
    let begun = fresh();
    let version = store.put(&place, begun.write().into(), None).await.expect("there is none");
    let lock = taken(store, key).await;
    let writer = Writer::under(&lock, store.clone(), &place, begun, Some(version));
    writer.begin();
    assert!(writer.flush().await);
    (lock, writer)
}

async fn removing_a_lock_that_was_just_renewed_needs_force(store: Arc<Shelf>) {
    let lock = taken(&store, "fresh").await;
    let id = lock.holder().id.clone();
    let refused = Lock::remove(&*store, "fresh", &id, false).await;
    assert!(matches!(refused, Err(Error::AtWork { holder, .. }) if holder.id == id && holder.is_alive_here()));
    assert!(lock.lease().is_certain().await && there(&*store, "fresh").await.0.removed.is_none());
    lock.release().await.expect("it can be given back");
}

async fn removed_while_held_fences_the_holder_and_keeps_others_out_until_it_stops(store: Arc<Shelf>) {
    let (lock, writer) = at_work(&store, "removed").await;
    let id = lock.holder().id.clone();
    let (holder, wait) = Lock::remove(&*store, "removed", &id, true).await.expect("it is the right one");
    let removed = Instant::now();
    assert!(holder.id == id && wait <= STOPS_AFTER && wait > STOPS_AFTER / 2, "{wait:?}");
    assert_eq!(locked_by(acquire(&store, "removed").await), id, "its holder may be at work");
    // To remove it again changes nothing.
    assert!(Lock::remove(&*store, "removed", &id, false).await.expect("it is removed").1 <= wait);
    // The holder hears of it with its next renewal, and its lease is over before anybody gets the lock.
    lock.lost().await;
    assert!(removed.elapsed() < wait, "the holder did not hear of it");
    assert!(!lock.lease().still_holds() && !lock.lease().is_certain().await);
    lock.release().await.expect("there is nothing to give back");
    assert!(there(&*store, "removed").await.0.removed.is_some(), "the mark was given back");
    store.backdate("removed", wait).await;
    let next = taken(&store, "removed").await;
    assert_eq!(next.succeeds().map(|holder| &holder.id), Some(&id), "the run that takes it must fence");
    State::fence(&*store, "removed-state", &identity()).await.expect("nobody can prevent it");
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(!writer.flush().await, "a run whose lock was removed wrote");
    assert!(matches!(writer.finish().await.1, Err(Error::Moved)));
    assert!(read(&*store, "removed-state").await.0.resources.is_empty());
    next.release().await.expect("it can be given back");
}

async fn removed_after_its_time_is_free_at_once_and_still_fences(store: Arc<Shelf>) {
    let Holder { id, .. } = left_by(&store, "silent", None).await;
    store.backdate("silent", STALE_AFTER).await;
    let (_, wait) = Lock::remove(&*store, "silent", &id, false).await.expect("it was not renewed for a minute");
    assert_eq!(wait, Duration::ZERO);
    let next = taken(&store, "silent").await;
    assert_eq!(next.succeeds().map(|holder| holder.id.as_str()), Some("theirs"));
    next.release().await.expect("it can be given back");
}

async fn deleted_while_held_leaves_the_holder_uncertain_and_the_state_says_so(store: Arc<Shelf>) {
    let (lock, writer) = at_work(&store, "deleted").await;
    let id = lock.holder().id.clone();
    let (_, version) = there(&*store, "deleted").await;
    store.delete("deleted", &version).await.expect("it can be deleted by hand");
    let next = taken(&store, "deleted").await;
    let began = Instant::now();
    assert!(next.succeeds().is_none(), "nothing is there that tells");
    let (state, _) = read(&*store, "deleted-state").await;
    assert_eq!(state.changing, Some(id), "the state tells that a run is at work");
    State::fence(&*store, "deleted-state", &identity()).await.expect("nobody can prevent it");
    assert_eq!(read(&*store, "deleted-state").await.0.changing, None);
    next.wait_for_old_holder().await.expect("the lock is still there");
    assert!(!lock.lease().still_holds(), "it relies on a lock that another run holds, after {:?}", began.elapsed());
    lock.lost().await;
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    assert!(!writer.flush().await, "a run whose lock was deleted wrote");
    let ended = writer.end().await;
    assert!(matches!(ended.result, Err(Error::Moved)));
    assert_eq!(ended.unrecorded.into_iter().collect::<Vec<_>>(), [Address::new("network", "vpc")]);
    lock.release().await.expect("there is nothing to give back");
    assert_eq!(locked_by(acquire(&store, "deleted").await), next.holder().id);
    next.release().await.expect("it can be given back");
}

async fn state_says_who_changes_it_from_before_the_first_change_to_the_end(store: Arc<Shelf>) {
    let (lock, writer) = at_work(&store, "changing").await;
    let during = read(&*store, "changing-state").await.0;
    assert_eq!((during.serial, during.changing.as_ref()), (1, Some(&lock.holder().id)));
    // The last entries are written together with the end of the run.
    writer.record(&Address::new("network", "vpc"), Some(entry("vpc-1")));
    writer.finish().await.1.expect("nobody else writes");
    let after = read(&*store, "changing-state").await.0;
    assert_eq!((after.serial, after.changing, after.resources.len()), (2, None, 1));
    lock.release().await.expect("it can be given back");
}
