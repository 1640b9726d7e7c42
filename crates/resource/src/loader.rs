use crate::{Failure, FailureKind, Result};
use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// How long a batch gathers. Long enough for every reconciler of a refresh to ask, far below one
/// round trip to AWS.
const WINDOW: Duration = Duration::from_millis(2);

/// Coalesces reads that AWS can answer together: callers that ask at the same time share one call.
///
/// Nothing is cached: a caller that comes after the batch has left starts the next one.
pub struct Loader<K, V> {
    waiting: Mutex<Vec<Asked<K, V>>>,
}

/// A key, and who waits for its value.
type Asked<K, V> = (K, oneshot::Sender<Result<Option<V>>>);

impl<K, V> Default for Loader<K, V> {
    fn default() -> Self {
        Self { waiting: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone + Send, V: Clone + Send> Loader<K, V> {
    /// The value under `key`, or `None` if the batch's answer lacks it. `fetch` is used by whichever
    /// caller happens to lead the batch; it gets each key once.
    ///
    /// # Errors
    /// That of `fetch`, given to every caller of the batch.
    pub async fn load<F, Fut>(&self, key: K, fetch: F) -> Result<Option<V>>
    where
        F: FnOnce(Vec<K>) -> Fut + Send,
        Fut: Future<Output = Result<HashMap<K, V>>> + Send,
    {
        let (sender, receiver) = oneshot::channel();
        let leads = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push((key, sender));
            waiting.len() == 1
        };
        if leads {
            tokio::time::sleep(WINDOW).await;
            let batch = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            let mut keys: Vec<K> = Vec::with_capacity(batch.len());
            let mut seen = std::collections::HashSet::with_capacity(batch.len());
            keys.extend(batch.iter().map(|(key, _)| key.clone()).filter(|key| seen.insert(key.clone())));
            let answer = fetch(keys).await;
            for (key, sender) in batch {
                // A caller that was cancelled no longer listens; that is fine.
                let _ = sender.send(answer.as_ref().map(|found| found.get(&key).cloned()).map_err(Clone::clone));
            }
        }
        receiver.await.unwrap_or_else(|_| Err(Failure::of(FailureKind::Ambiguous, "the batched read was interrupted")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn callers_at_the_same_time_share_one_call() {
        let loader = Loader::<u32, u32>::default();
        let calls = AtomicUsize::new(0);
        let ask = |key: u32| {
            loader.load(key, |keys| {
                calls.fetch_add(1, Ordering::Relaxed);
                async move { Ok(keys.into_iter().filter(|key| *key != 3).map(|key| (key, key * 10)).collect()) }
            })
        };
        let answers = futures::future::join_all([ask(1), ask(2), ask(2), ask(3)]).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [Some(10), Some(20), Some(20), None]);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(ask(4).await.unwrap(), Some(40));
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
