//! Reads of settings lag behind writes: for a while they answer with the earlier values, or alternately with the
//! earlier and the new ones.
//!
//! - S3: Terraform's provider waits up to three minutes for the lifecycle rules of a bucket, until several reads in a
//!   row agree, and says that some regions need it (`internal/service/s3/bucket_lifecycle_configuration.go`).
//! - KMS: "The KMS API follows an eventual consistency model"
//!   (<https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>).
//! - IAM: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>.
//! - EC2: <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>.
//! - Step Functions: "This operation is eventually consistent. The results are best effort"
//!   (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html>).

mod reads;

use super::{law::Law, world::World};
use crate::wire::{Asked, answered, show};
use async_trait::async_trait;
use local::{Call, Response};
use reads::{Key, LISTED, Listed, SETTINGS, Setting, of_bucket};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, ops::RangeInclusive};
use tokio::time::Instant;

/// How many seconds a write may stay invisible. Half of all writes are visible at once.
fn lag(service: &str) -> RangeInclusive<u64> {
    match service {
        "s3" | "kms" => 1..=60,
        "iam" | "ec2" => 1..=30,
        _ => 1..=10,
    }
}

/// The earlier value.
#[derive(Clone)]
enum Before {
    Answer(Response),
    Item(&'static Listed, Value),
}

#[derive(Clone)]
struct Old {
    before: Before,
    /// Until when reads answer only with the earlier value, and until when alternately with both.
    hidden_until: Instant,
    flaps_until: Instant,
    /// The write, and how often it was read since.
    nth: String,
    looks: u64,
    /// The process that wrote it.
    process: u64,
}

/// Recent writes, by the read that shows them.
#[derive(Clone, Default)]
pub(super) struct Settings {
    old: BTreeMap<Key, Old>,
    /// The settings that the current call may change, with the reads that show them.
    under_way: Vec<(Key, Call, Before)>,
    writes: u64,
}

impl Settings {
    /// Everything that the call may change, as it is.
    async fn look(&self, asked: &Asked, world: &World<'_>) -> Vec<(Key, Call, Before)> {
        let mut found = Vec::new();
        if let Some((key, read)) = of_bucket(asked) {
            let answer = world.pass(read.clone()).await;
            found.push((key, read, Before::Answer(answer)));
        }
        let written =
            |setting: &&Setting| setting.service == asked.service && setting.writes.contains(&asked.operation.as_str());
        for setting in SETTINGS.iter().filter(written) {
            let read = setting.read(asked);
            let answer = world.pass(read.clone()).await;
            found.push((setting.key(setting.names_of(asked)), read, Before::Answer(answer)));
        }
        for listed in LISTED.iter().filter(|_| asked.service == "ec2") {
            let Some(id) = listed.written(asked) else { continue };
            let fields = Map::from_iter([(listed.id.0.to_owned(), id.clone().into())]);
            let read = Asked::of(Asked::own("ec2", &asked.call.region, listed.list, fields));
            let mut answer = answered(&read, &world.pass(read.call.clone()).await);
            if let Some(item) = listed.item(&mut answer, &id) {
                found.push((listed.key(&id), read.call, Before::Item(listed, item.clone())));
            }
        }
        found
    }

    /// Whether this read shows the earlier value.
    fn shows_old(&mut self, key: &Key, world: &World<'_>) -> Option<Before> {
        let old = self.old.get_mut(key).filter(|old| world.script.shows_late(old.process))?;
        old.looks += 1;
        let flaps = || world.chance.once_in(2, &format!("{}, look {}", old.nth, old.looks));
        let is_old = world.now < old.hidden_until || (world.now < old.flaps_until && flaps());
        is_old.then(|| old.before.clone())
    }
}

/// Whether both have the same value.
fn is_same(read: &Call, one: &Before, other: &Response) -> bool {
    match one {
        Before::Answer(answer) => answer.status == other.status && answer.body == other.body,
        Before::Item(listed, item) => {
            let mut answer = answered(&Asked::of(read.clone()), other);
            item[listed.id.1].as_str().is_some_and(|id| listed.item(&mut answer, id).is_some_and(|now| now == item))
        }
    }
}

#[async_trait]
impl Law for Settings {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if !asked.call.is_read() {
            self.under_way = self.look(asked, world).await;
            return None;
        }
        let key = match of_bucket(asked) {
            Some((key, _)) => key,
            None => {
                let setting = SETTINGS.iter().find(|setting| setting.is_read_by(asked))?;
                setting.key(setting.names_of(asked))
            }
        };
        match self.shows_old(&key, world)? {
            Before::Answer(answer) => Some(answer),
            Before::Item(..) => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        let written = std::mem::take(&mut self.under_way);
        if response.status >= 300 {
            return;
        }
        for (key, read, before) in written {
            // A write without an effect hides nothing.
            if is_same(&read, &before, &world.pass(read.clone()).await) {
                continue;
            }
            self.writes += 1;
            let nth = format!("{} {}", asked.operation, self.writes);
            if world.chance.once_in(2, &nth) {
                self.old.remove(&key);
                continue;
            }
            let hides = world.chance.once_in(2, &format!("{nth} hides"));
            let flaps_until = world.after(lag(&asked.service), &nth);
            let hidden_until = if hides { world.now + (flaps_until - world.now) / 2 } else { world.now };
            self.old
                .insert(key, Old { before, hidden_until, flaps_until, nth, looks: 0, process: world.script.process() });
        }
        if asked.service == "ec2"
            && let Some(listed) = LISTED.iter().find(|listed| listed.list == asked.operation)
        {
            let mut answer = answered(asked, response);
            let ids = answer[listed.member].as_array().into_iter().flatten();
            let ids: Vec<String> = ids.filter_map(|item| item[listed.id.1].as_str()).map(str::to_owned).collect();
            let mut changed = false;
            for id in ids {
                if let Some(Before::Item(_, old)) = self.shows_old(&listed.key(&id), world)
                    && let Some(item) = listed.item(&mut answer, &id)
                {
                    *item = old;
                    changed = true;
                }
            }
            if changed {
                show(asked, response, &answer);
            }
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
