//! Changes by hand, each under the lock and on top of what was read.

use super::split;
use crate::{
    cli::Global,
    fault::Fault,
    memory::{self, Remembered},
    printer::Printer,
    session::Session,
};
use bytes::Bytes;
use resource::Address;
use state::{State, StateBucket, Store as _};
use std::path::Path;

pub(super) fn unknown(address: &str) -> Fault {
    Fault::failed(format!("the state has no {address}")).help("`mlopsctl state list` shows what it has")
}

fn address(text: &str) -> Result<Address, Fault> {
    Address::parse(text).ok_or_else(|| Fault::usage(format!("`{text}` is no address")).help("an address is `<area>.<name>`"))
}

pub(super) async fn remove(global: &Global, printer: &Printer, words: &[String]) -> Result<(), Fault> {
    let (environment, rest) = split(global, words, 1);
    let what = address(&rest[0])?;
    let session = Session::open(global, environment).await?;
    let gone = edit(global, &session, "state rm", |state| match state.resources.remove(&what) {
        Some(entry) => Ok(entry.id),
        None => Err(unknown(what.as_str())),
    });
    let id = gone.await?;
    printer.note(&format!("forgot {what}; {} stays in the cloud", id.as_deref().unwrap_or("whatever was begun")));
    Ok(())
}

pub(super) async fn rename(global: &Global, printer: &Printer, words: &[String]) -> Result<(), Fault> {
    let (environment, rest) = split(global, words, 2);
    let (from, to) = (address(&rest[0])?, address(&rest[1])?);
    let session = Session::open(global, environment).await?;
    edit(global, &session, "state mv", |state| renamed(state, &from, &to)).await?;
    printer.note(&format!("{from} is now {to}"));
    Ok(())
}

fn renamed(state: &mut State, from: &Address, to: &Address) -> Result<(), Fault> {
    if state.resources.contains_key(to) {
        return Err(Fault::failed(format!("the state has {to} already")));
    }
    let entry = state.resources.remove(from).ok_or_else(|| unknown(from.as_str()))?;
    state.resources.insert(to.clone(), entry);
    for needed in state.resources.values_mut().flat_map(|entry| &mut entry.depends_on) {
        if needed.address == *from {
            needed.address = to.clone();
        }
    }
    Ok(())
}

pub(super) async fn push(global: &Global, printer: &Printer, words: &[String], force: bool) -> Result<(), Fault> {
    let (environment, rest) = split(global, words, 1);
    let file = Path::new(&rest[0]);
    let bytes = std::fs::read(file).map_err(|error| Fault::usage(format!("{} cannot be read: {error}", file.display())))?;
    let pushed = State::read(&bytes, &file.display().to_string())?;
    let session = Session::open(global, environment).await?;
    memory::belongs(&session, &pushed, &file.display().to_string())?;
    let cloud = session.cloud(&[]);
    let bucket = session.bucket(&cloud);
    if !bucket.exists().await? {
        bucket.make(&session.identity).await?;
    }
    let lock = memory::lock(&session, &bucket, "state push", global.lock_timeout).await?;
    let written = replace(&bucket, pushed, force).await;
    lock.release().await?;
    printer.note(&format!("the state of `{}` has serial {} now", session.name, written?));
    Ok(())
}

/// Puts a state in place of whatever is there; with `force` even of something unreadable.
async fn replace(bucket: &StateBucket, mut pushed: State, force: bool) -> Result<u64, Fault> {
    let store = bucket.store();
    let stored = store.get(memory::STATE).await?;
    let current = match &stored {
        Some(stored) => match State::read(&stored.bytes, &store.place(memory::STATE)) {
            Ok(state) => Some(state),
            Err(_) if force => None,
            Err(error) => return Err(Fault::state(&error).help("`--force` replaces it all the same")),
        },
        None => None,
    };
    if let Some(current) = &current {
        let older = pushed.lineage != current.lineage || pushed.serial < current.serial;
        if older && !force {
            return Err(Fault::failed(format!(
                "the file holds serial {} of lineage {}, the state is serial {} of lineage {}",
                pushed.serial, pushed.lineage, current.serial, current.lineage
            ))
            .help("it would undo what others recorded; `--force` does it all the same"));
        }
        pushed.serial = pushed.serial.max(current.serial) + 1;
    }
    store.put(memory::STATE, Bytes::from(pushed.write()), stored.as_ref().map(|stored| &stored.version)).await?;
    Ok(pushed.serial)
}

async fn edit<T>(
    global: &Global,
    session: &Session,
    operation: &str,
    change: impl FnOnce(&mut State) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let cloud = session.cloud(&[]);
    let bucket = session.bucket(&cloud);
    if memory::stored(session, &bucket).await?.is_none() {
        return Err(super::none(session));
    }
    let lock = memory::lock(session, &bucket, operation, global.lock_timeout).await?;
    let changed = change_locked(session, &bucket, change).await;
    lock.release().await?;
    changed
}

async fn change_locked<T>(
    session: &Session,
    bucket: &StateBucket,
    change: impl FnOnce(&mut State) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let Remembered { mut state, version } = memory::read(session, bucket).await?;
    let changed = change(&mut state)?;
    state.serial += 1;
    bucket.store().put(memory::STATE, Bytes::from(state.write()), version.as_ref()).await?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::Edge;
    use serde_json::Value;
    use state::{Entry, Needed, Phase};

    fn entry(needs: &[&Address]) -> Entry {
        let needed = |address: &&Address| Needed { address: (*address).clone(), edge: Edge::Ready };
        Entry {
            kind: "ec2:vpc".into(),
            phase: Phase::Ready,
            token: String::new(),
            id: Some("vpc-1".into()),
            spec: Value::Null,
            outputs: Value::Null,
            depends_on: needs.iter().map(needed).collect(),
            protected: false,
            deposed: vec![],
        }
    }

    #[test]
    fn what_needs_a_renamed_resource_needs_it_by_its_new_name() {
        let (vpc, main, subnet) = (Address::new("network", "vpc"), Address::new("network", "main"), Address::new("network", "a"));
        let mut state = State::new("dev", "123456789012", "eu-west-1");
        state.resources.insert(vpc.clone(), entry(&[]));
        state.resources.insert(subnet.clone(), entry(&[&vpc]));
        assert!(renamed(&mut state, &vpc, &subnet).is_err(), "a taken address stays as it is");
        renamed(&mut state, &vpc, &main).unwrap();
        assert_eq!(state.resources[&subnet].depends_on[0].address, main);
        assert!(!state.resources.contains_key(&vpc));
    }
}
