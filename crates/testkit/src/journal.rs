//! The requests in their order, and the moment at which the process that sends them is killed.

use crate::wire::Asked;
use async_trait::async_trait;
use futures::future::BoxFuture;
use local::{Call, Layer, LostAnswer, Next, Response};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::{sync::Notify, time::Instant};

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCall {
    /// The signing name of the service.
    pub service: String,
    /// The operation as AWS names it; for S3 the method and what it addresses (`PUT bucket?versioning`).
    pub operation: String,
    /// The region.
    pub region: String,
    /// True if it cannot have changed anything.
    pub reads: bool,
    /// When, in virtual time.
    pub at: Instant,
}

/// The moment at which a process is killed. Calls are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// Before that call takes effect.
    Before(usize),
    /// After it took effect, before its answer arrives.
    After(usize),
}

#[derive(Default)]
struct Pages {
    made: Vec<MadeCall>,
    /// The number of calls in this run.
    counted: usize,
    kill: Option<Kill>,
    dead: bool,
}

/// Shows the moments of a run.
pub(crate) struct Watch {
    every: bool,
    /// True if the last moment shown has passed.
    changed: bool,
    show: Box<dyn FnMut(Kill) -> BoxFuture<'static, ()> + Send>,
}

impl Watch {
    pub(crate) fn new(every: bool, show: impl FnMut(Kill) -> BoxFuture<'static, ()> + Send + 'static) -> Self {
        Self { every, changed: true, show: Box::new(show) }
    }

    async fn report(&mut self, at: Kill) {
        if std::mem::take(&mut self.changed) || self.every {
            (self.show)(at).await;
        }
    }
}

/// The outermost layer: what the process itself sends and gets.
#[derive(Default)]
pub(crate) struct Journal {
    pages: Mutex<Pages>,
    killed: Notify,
    watch: tokio::sync::Mutex<Option<Watch>>,
}

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn made(&self) -> Vec<MadeCall> {
        self.pages().made.clone()
    }

    /// A process begins.
    pub(crate) fn begin(&self, kill: Option<Kill>) {
        let mut pages = self.pages();
        pages.counted = 0;
        pages.kill = kill;
        pages.dead = false;
    }

    /// Shows the moments of what comes next, or no longer.
    pub(crate) fn watch(&self, watch: Option<Watch>) {
        *self.watch.try_lock().expect("nothing happens between two processes") = watch;
    }

    /// Resolves when the process is killed.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    /// True if the process is killed now.
    fn dies(&self, at: Kill) -> bool {
        let mut pages = self.pages();
        if pages.kill == Some(at) {
            pages.dead = true;
            self.killed.notify_one();
        }
        pages.dead
    }

    /// The number of a call, unless the process is dead already.
    fn note(&self, asked: &Asked) -> Option<usize> {
        let mut pages = self.pages();
        if pages.dead {
            return None;
        }
        pages.counted += 1;
        let (service, operation) = (asked.service.clone(), asked.operation.clone());
        let (region, reads) = (asked.call.region.clone(), asked.call.is_read());
        pages.made.push(MadeCall { service, operation, region, reads, at: Instant::now() });
        Some(pages.counted)
    }
}

#[async_trait]
impl Layer for Journal {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        let asked = Asked::new(call.clone());
        let number = match self.note(&asked) {
            Some(number) if !self.dies(Kill::Before(number)) => number,
            _ => std::future::pending().await,
        };
        if let Some(watch) = &mut *self.watch.lock().await {
            watch.report(Kill::Before(number)).await;
        }
        let response = next.run(call).await;
        if let Some(watch) = &mut *self.watch.lock().await {
            watch.changed |= !asked.call.is_read();
            watch.report(Kill::After(number)).await;
        }
        if self.dies(Kill::After(number)) {
            std::future::pending::<()>().await;
        }
        response
    }
}
