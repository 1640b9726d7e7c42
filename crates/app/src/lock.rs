//! The lock of an environment: taken, and made certain that no earlier holder still works.

use crate::{Error, Workspace};
use futures::FutureExt as _;
use state::{Holder, Lock, State, Store as _, Version};
use std::{pin::pin, sync::PoisonError};
use tokio::time::sleep;

impl Workspace {
    /// Takes the lock of the environment. Waits for the lock of another run until the time-out, or until `stop`.
    ///
    /// # Errors
    /// When another run keeps the lock, or the store does not answer.
    pub async fn lock(&self, operation: &str, stop: impl Future<Output = ()>) -> Result<Lock, Error> {
        let mut stop = pin!(stop.fuse());
        let timeout = async {
            tokio::select! {
                () = sleep(self.lock_timeout) => {}
                () = stop.as_mut() => {}
            }
        };
        let holder = Holder::new(operation, Some(self.caller.as_str()).filter(|arn| !arn.is_empty()));
        let lock = Lock::acquire(self.store.clone(), &self.keys.lock, &self.name, holder, timeout).await?;
        let shut_out = tokio::select! {
            done = self.shut_out_others(&lock) => done,
            () = stop => Err(Error::failed("stopped; nothing was done")),
        };
        match shut_out {
            Ok(()) => Ok(lock),
            Err(end) => {
                // It expires by itself if it cannot be given back.
                let _ = lock.release().await;
                Err(end)
            }
        }
    }

    /// Sees to it that nobody else writes the state or changes the platform any more. Costs a read of the state, which
    /// the caller needs anyway; a write and the time of a lease only after a lock was deleted by hand; a write after
    /// one was taken over; two where there is no state yet, to see that the store honours conditions.
    async fn shut_out_others(&self, lock: &Lock) -> Result<(), Error> {
        if lock.succeeds().is_some() {
            return self.fence(None).await;
        }
        match self.state().await {
            Ok((state, _)) if state.changing.is_some() => {
                self.fence(Some(state.serial)).await?;
                if !self.store.is_exclusive() {
                    tracing::warn!(
                        "the state says that a run is changing {}, but there is no lock, because it was deleted; waiting \
                         until that run has surely stopped",
                        self.name
                    );
                    lock.wait_for_old_holder().await?;
                }
                Ok(())
            }
            Ok(read) => {
                if read.1.is_none() {
                    self.store.refuse_unconditional(&self.keys.lock).await?;
                }
                *self.read_under_lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
                Ok(())
            }
            // A later read of the state reports the failure; `state push` replaces an unreadable state.
            Err(_) => Ok(()),
        }
    }

    /// The state that was read when the lock was taken, once.
    pub(crate) fn take_read_under_lock(&self) -> Option<(State, Option<Version>)> {
        self.read_under_lock.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn fence(&self, serial: Option<u64>) -> Result<(), Error> {
        let before = match serial {
            Some(serial) => serial,
            None => self.state().await.map_or(0, |(state, _)| state.serial),
        };
        State::fence(&*self.store, &self.keys.state, &self.state_identity).await?;
        let _ = self.serial_before_fence.set(before);
        Ok(())
    }

    /// The serial that a state had before this run fenced an earlier lock holder, which changed nothing else in it.
    pub fn unfenced(&self, serial: u64) -> u64 {
        match self.serial_before_fence.get() {
            Some(before) if before + State::FENCE == serial => *before,
            _ => serial,
        }
    }
}
