//! What the Resource Groups Tagging API shows may be up to a minute old.

use super::{Law, World};
use crate::wire::Asked;
use async_trait::async_trait;
use bytes::Bytes;
use local::Response;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

const LAGS: Duration = Duration::from_secs(60);

/// The last answers, by request, and when they were true.
#[derive(Clone, Default)]
pub(super) struct TagIndex {
    answers: HashMap<Bytes, (Instant, Response)>,
}

#[async_trait]
impl Law for TagIndex {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if !asked.is("tagging", "GetResources") {
            return None;
        }
        let known = self.answers.get(&asked.call.request.body);
        known.filter(|(at, _)| world.now < *at + LAGS).map(|(_, response)| response.clone())
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.is("tagging", "GetResources") {
            let old = |(at, _): &(Instant, Response)| world.now >= *at + LAGS;
            if self.answers.get(&asked.call.request.body).is_none_or(old) {
                self.answers.insert(asked.call.request.body.clone(), (world.now, response.clone()));
            }
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
