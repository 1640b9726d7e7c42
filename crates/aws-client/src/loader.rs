//! Reads many resources by one call.

use crate::{Failure, FailureKind, Result};
use std::{
    collections::{HashMap, HashSet},
    future::Future,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// A batch leaves when nobody has joined it for so long. Reconcilers of a refresh ask one right after the
/// other, and this is far below one round trip to AWS.
const QUIET: Duration = Duration::from_millis(2);

/// Coalesces reads that AWS can answer together: callers that ask at the same time share one call.
///
/// Nothing is cached: a caller that comes after the batch has left starts the next one.
pub struct Loader<K, V> {
    gathering: Mutex<Batch<K, V>>,
}

/// Keys, each with who waits for its value.
struct Batch<K, V> {
    number: u64,
    asked: Vec<(K, oneshot::Sender<Result<Option<V>>>)>,
}

impl<K, V> Default for Loader<K, V> {
    fn default() -> Self {
        Self { gathering: Mutex::new(Batch { number: 0, asked: Vec::new() }) }
    }
}

impl<K, V> Loader<K, V>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The value under `key`, or `None` if the batch's answer lacks it. The `fetch` of one of the callers is
    /// used; it gets each key once.
    ///
    /// # Errors
    /// That of `fetch`, given to every caller of the batch.
    pub async fn load<F, Fut>(&self, key: K, fetch: F) -> Result<Option<V>>
    where
        F: FnOnce(Vec<K>) -> Fut + Send,
        Fut: Future<Output = Result<HashMap<K, V>>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let (number, mut joined) = {
            let mut batch = self.gathering();
            batch.asked.push((key, sender));
            (batch.number, batch.asked.len())
        };
        // Every caller waits, and the first that sees the batch complete sends it, because each may be cancelled.
        loop {
            tokio::time::sleep(QUIET).await;
            let mut batch = self.gathering();
            if batch.number != number {
                break;
            }
            if batch.asked.len() == joined {
                batch.number += 1;
                let asked = std::mem::take(&mut batch.asked);
                let mut seen = HashSet::with_capacity(asked.len());
                let keys = asked.iter().map(|(key, _)| key.clone()).filter(|key| seen.insert(key.clone())).collect();
                // A task of its own, for the same reason.
                tokio::spawn(answer(asked, fetch(keys)));
                break;
            }
            joined = batch.asked.len();
        }
        receiver.await.unwrap_or_else(|_| Err(Failure::new(FailureKind::Ambiguous, "the batched read was interrupted")))
    }

    fn gathering(&self) -> MutexGuard<'_, Batch<K, V>> {
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer<K: Eq + Hash, V: Clone>(
    asked: Vec<(K, oneshot::Sender<Result<Option<V>>>)>,
    fetched: impl Future<Output = Result<HashMap<K, V>>>,
) {
    let answer = fetched.await;
    for (key, sender) in asked {
        // A caller that was cancelled no longer listens; that is fine.
        let _ = sender.send(answer.as_ref().map(|found| found.get(&key).cloned()).map_err(Clone::clone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    #[derive(Clone, Default)]
    struct Tens {
        loader: Arc<Loader<u32, u32>>,
        calls: Arc<AtomicUsize>,
    }

    impl Tens {
        /// Ten times the key, which is not to be had for 3.
        async fn ask(&self, key: u32) -> Option<u32> {
            let calls = self.calls.clone();
            let fetch = move |keys: Vec<u32>| async move {
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(keys.into_iter().filter(|key| *key != 3).map(|key| (key, key * 10)).collect())
            };
            self.loader.load(key, fetch).await.unwrap()
        }

        fn calls(&self) -> usize {
            self.calls.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn callers_at_the_same_time_share_one_call() {
        let tens = Tens::default();
        let answers = futures::future::join_all([tens.ask(1), tens.ask(2), tens.ask(2), tens.ask(3)]).await;
        assert_eq!(answers, [Some(10), Some(20), Some(20), None]);
        assert_eq!(tens.calls(), 1);
        assert_eq!(tens.ask(4).await, Some(40));
        assert_eq!(tens.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_while_others_are_still_coming() {
        let tens = Tens::default();
        let late = |key: u32| {
            let tens = tens.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(u64::from(key))).await;
                tens.ask(key * 10).await
            }
        };
        let answers = futures::future::join_all((0..8).map(late)).await;
        assert!(answers.iter().all(Option::is_some));
        assert_eq!(tens.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asked_first_may_be_cancelled_without_harm_to_the_others() {
        for milliseconds in [1, 20] {
            let tens = Tens::default();
            let cancelled = tokio::time::timeout(Duration::from_millis(milliseconds), tens.ask(1));
            let (first, second) = tokio::join!(cancelled, tens.ask(2));
            assert!(first.is_err());
            assert_eq!(second, Some(20));
            assert_eq!(tens.ask(4).await, Some(40));
        }
    }
}
