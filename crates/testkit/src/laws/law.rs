//! A law of AWS over the embedded cloud.

use super::world::World;
use crate::wire::Asked;
use async_trait::async_trait;
use local::Response;

/// A law. It sees every call, one at a time.
#[async_trait]
pub(crate) trait Law: Send {
    /// Lets happen what is due.
    async fn tick(&mut self, _: &World<'_>) {}
    /// Answers in the cloud's stead, or lets the call through.
    async fn before(&mut self, _: &Asked, _: &World<'_>) -> Option<Response> {
        None
    }
    /// Takes note of what was done, and changes how it is shown.
    async fn after(&mut self, _: &Asked, _: &mut Response, _: &World<'_>) {}
    /// The same law, with all it has noted.
    fn copy(&self) -> Box<dyn Law>;
}
