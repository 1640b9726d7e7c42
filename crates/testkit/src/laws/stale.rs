//! A bulk listing may show an earlier state.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>

use super::{law::Law, world::World};
use crate::wire::Asked;
use async_trait::async_trait;
use bytes::Bytes;
use local::Response;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// The age of a bulk listing, by service and operation.
const LAGS: &[(&str, &str, Duration)] = &[
    ("iam", "GetAccountAuthorizationDetails", Duration::from_secs(10)),
    ("iam", "ListRoles", Duration::from_secs(10)),
    ("tagging", "GetResources", Duration::from_secs(60)),
];

/// The last answers, by request, and when they were true.
#[derive(Clone, Default)]
pub(super) struct Stale {
    answers: HashMap<Bytes, (Instant, Response)>,
}

fn lag(asked: &Asked) -> Option<Duration> {
    LAGS.iter().find(|(service, operation, _)| asked.is(service, operation)).map(|(.., lag)| *lag)
}

#[async_trait]
impl Law for Stale {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        let lag = lag(asked)?;
        let known = self.answers.get(&asked.call.request.body);
        known.filter(|(at, _)| world.now < *at + lag).map(|(_, response)| response.clone())
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        let Some(lag) = lag(asked) else { return };
        let old = |(at, _): &(Instant, Response)| world.now >= *at + lag;
        if self.answers.get(&asked.call.request.body).is_none_or(old) {
            self.answers.insert(asked.call.request.body.clone(), (world.now, response.clone()));
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
