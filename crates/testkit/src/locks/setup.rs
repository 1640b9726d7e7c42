//! The holders, locks and states that the laws of the lock begin with.

use super::shelf::Shelf;
use bytes::Bytes;
use jiff::Timestamp;
use local::ACCOUNT;
use serde_json::Value;
use state::{Entry, Error, Holder, Lock, Phase, Process, State, StateIdentity, Store, Version};
use std::{future::ready, sync::Arc, time::Duration};
use vocabulary::Place;

/// The time after its last renewal when a lock may be taken over, as documented.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(60);

/// The time after its last renewal for which a removed holder may be at work, as documented.
pub(super) const STOPS_AFTER: Duration = Duration::from_secs(45);

pub(super) async fn acquire(store: &Arc<Shelf>, key: &str) -> Result<Lock, Error> {
    Lock::acquire(store.clone(), key, "dev", Holder::new("up", None), ready(())).await
}

pub(super) async fn taken(store: &Arc<Shelf>, key: &str) -> Lock {
    acquire(store, key).await.expect("the lock can be had")
}

/// The lock of a holder that will never renew it.
pub(super) async fn left_by(store: &Shelf, key: &str, process: Option<Process>) -> Holder {
    let now = Timestamp::now();
    let holder = Holder {
        id: "theirs".into(),
        who: "ann@laptop".into(),
        operation: "up".into(),
        started: now,
        renewed: now,
        process,
        removed: None,
    };
    store.put(key, written(&holder), None).await.expect("nobody has it");
    holder
}

pub(super) fn written(holder: &Holder) -> Bytes {
    serde_json::to_vec(holder).expect("a lock can be written").into()
}

/// The lock that is there.
pub(super) async fn there(store: &dyn Store, key: &str) -> (Holder, Version) {
    let stored = store.get(key).await.expect("it can be read").expect("there is a lock");
    (serde_json::from_slice(&stored.bytes).expect("it is one"), stored.version)
}

pub(super) fn locked_by(result: Result<Lock, Error>) -> String {
    match result {
        Err(Error::Locked { holder, .. }) => holder.id,
        Err(error) => panic!("neither held nor refused: {error}"),
        Ok(_) => panic!("held twice"),
    }
}

pub(super) fn fresh() -> State {
    State::new(&identity())
}

pub(super) fn identity() -> StateIdentity {
    let tags = [("Project", "shop"), ("Environment", "dev")].into_iter().collect();
    StateIdentity::new(&tags, &Place::new(ACCOUNT, "ap-south-1"), "states")
}

pub(super) fn entry(id: &str) -> Entry {
    Entry {
        kind: "ec2:vpc".into(),
        phase: Phase::Ready,
        token: "t".into(),
        id: Some(id.into()),
        spec: Value::Null,
        outputs: Value::Null,
        depends_on: Vec::new(),
        protected: false,
        adopting: false,
        unfinished: false,
        deposed: Vec::new(),
    }
}

pub(super) async fn read(store: &dyn Store, key: &str) -> (State, Version) {
    let stored = store.get(key).await.expect("the state can be read").expect("there is a state");
    (State::read(&stored.bytes, key, &identity()).expect("it is one"), stored.version)
}
