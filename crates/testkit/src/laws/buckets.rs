//! A new bucket is not known everywhere, and takes one change at a time; the name of a deleted one is not
//! free at once.
//! <https://github.com/aws/aws-cli/issues/2593> <https://github.com/ansible/ansible/pull/67811>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone)]
struct Young {
    known: Instant,
    /// The number of changes that it still refuses, while it is new.
    conflicts: u32,
}

/// Buckets made or deleted a moment ago.
#[derive(Clone, Default)]
pub(super) struct Buckets {
    young: BTreeMap<String, Young>,
    /// Names given up, and when they are free.
    taken: BTreeMap<String, Instant>,
}

fn conflict(asked: &Asked) -> Response {
    let message =
        "A conflicting conditional operation is currently in progress against this resource. Please try again.";
    Refusal::new("OperationAborted", message).status(409).to(&asked.call)
}

#[async_trait]
impl Law for Buckets {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.service != "s3" {
            return None;
        }
        let bucket = asked.text("Bucket");
        if asked.operation == "PUT bucket" {
            return self.taken.get(bucket).is_some_and(|free| *free > world.now).then(|| conflict(asked));
        }
        let young = self.young.get_mut(bucket)?;
        if young.known > world.now {
            let refusal = Refusal::new("NoSuchBucket", "The specified bucket does not exist").status(404);
            return Some(refusal.to(&asked.call));
        }
        let changes = asked.operation.starts_with("PUT bucket?") && young.conflicts > 0;
        changes.then(|| {
            young.conflicts -= 1;
            conflict(asked)
        })
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "s3" || response.status >= 300 {
            return;
        }
        let bucket = asked.text("Bucket").to_owned();
        match asked.operation.as_str() {
            "PUT bucket" => {
                let known = world.after(0..=4, &format!("{bucket} is known"));
                let conflicts = u32::from(world.chance.once_in(2, &bucket)) * 2;
                self.young.entry(bucket).or_insert(Young { known, conflicts });
            }
            "DELETE bucket" => {
                self.young.remove(&bucket);
                // Mostly a minute or two, sometimes an hour.
                // <https://github.com/aws/aws-cli/issues/2593>
                // <https://aws.amazon.com/premiumsupport/knowledge-center/s3-conflicting-conditional-operation/>
                let within =
                    if world.chance.once_in(3, &format!("{bucket} stays taken")) { 300..=3600 } else { 20..=90 };
                let free = world.after(within, &format!("{bucket} is free"));
                self.taken.insert(bucket, free);
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
