//! Layers around each call to the embedded AWS, for faults, recordings and laws of AWS.

use async_trait::async_trait;
use std::sync::Arc;

use crate::{Call, Response};

/// Something laid around every call: fault injection, recording, a law of AWS.
///
/// A layer may answer itself, change the call, refuse it before or lose the answer after
/// [`Next::run`].
#[async_trait]
pub trait Layer: Send + Sync {
    /// Answers `call`, usually by running `next`.
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer>;
}

/// No answer reached the caller, who cannot know whether the call took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LostAnswer {
    /// The caller gave up waiting.
    #[error("the call timed out")]
    Timeout,
    /// The connection broke.
    #[error("the connection was reset")]
    Reset,
}

/// The layers that remain, and the services behind them. A layer may run it more than once.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) layers: &'a [Arc<dyn Layer>],
}

/// The services behind all layers.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Answers `call`.
    async fn dispatch(&self, call: Call) -> Response;
}

impl Next<'_> {
    /// Passes the call on.
    pub async fn run(self, call: Call) -> Result<Response, LostAnswer> {
        match self.layers.split_last() {
            Some((outermost, layers)) => {
                let next = Next { backend: self.backend, layers };
                outermost.answer(call, next).await
            }
            None => Ok(self.backend.dispatch(call).await),
        }
    }
}
