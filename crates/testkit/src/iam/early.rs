//! Policies do not see the tags of a new resource at once: for some seconds they deny actions that the tags allow.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>

use super::demand::Demand;
use crate::wire::{Asked, answered};
use local::Response;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Services that read tags when they judge.
const TAGGED: &[&str] = &["ec2", "kms", "sagemaker"];

/// From when on the tags of new things count, by id.
#[derive(Default)]
pub(super) struct Early(Mutex<BTreeMap<String, Instant>>);

/// Texts of an answer that look like ids which AWS has chosen.
fn ids(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let end = text.rsplit('-').next().unwrap_or_default();
            let is_id =
                text.contains('-') && end.len() >= 8 && text.len() <= 40 && !text.contains([':', '/', '.', ' ']);
            found.extend(is_id.then(|| text.clone()));
        }
        Value::Array(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Object(members) => members.values().for_each(|member| ids(member, found)),
        _ => {}
    }
}

impl Early {
    /// Records a creation. The tags of every second resource take effect at once.
    pub(super) fn note(&self, asked: &Asked, response: &Response) {
        let makes = asked.operation.starts_with("Create") || asked.operation == "AllocateAddress";
        if !makes || response.status >= 300 || !TAGGED.contains(&asked.service.as_str()) {
            return;
        }
        let (mut made, mut named) = (Vec::new(), Vec::new());
        ids(&answered(asked, response), &mut made);
        ids(&asked.given, &mut named);
        let mut counts_from = self.counts_from();
        for id in made.into_iter().filter(|id| !named.contains(id)) {
            let nth = counts_from.len() as u64;
            let seconds = if nth.is_multiple_of(2) { 0 } else { 1 + nth % 8 };
            counts_from.entry(id).or_insert_with(|| Instant::now() + Duration::from_secs(seconds));
        }
    }

    /// The demands as they are judged now.
    pub(super) fn judged(&self, demands: &[Demand]) -> Vec<Demand> {
        let (counts_from, now) = (self.counts_from(), Instant::now());
        let is_early = |demand: &Demand| {
            let id = demand.resource.rsplit('/').next().unwrap_or_default();
            counts_from.get(id).is_some_and(|from| *from > now)
        };
        let judged = |demand: &Demand| match is_early(demand) {
            true => demand.clone().without_resource_tags(),
            false => demand.clone(),
        };
        demands.iter().map(judged).collect()
    }

    fn counts_from(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
