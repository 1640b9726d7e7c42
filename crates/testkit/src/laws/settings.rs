//! Reads of settings lag behind writes: for a while they answer with the earlier values, or alternately with the
//! earlier and the new ones.
//!
//! S3 shows the lifecycle rules of a bucket up to three minutes late, in some regions. Terraform's provider waits until
//! several reads in a row agree.
//! <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/s3/bucket_lifecycle_configuration.go>
//! KMS: "The KMS API follows an eventual consistency model".
//! <https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>
//! IAM shows changes late.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
//! EC2 shows changes late.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
//! DescribeStateMachine: "This operation is eventually consistent. The results are best effort".
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html>
//! DescribeLogGroups right after PutRetentionPolicy has the old retention.
//! <https://github.com/aws/aws-sdk-go/issues/650>
//! Lambda: a read after the update of a function may have the old version.
//! <https://github.com/hashicorp/terraform-provider-aws/pull/14578>
//! ECR shows repositories and their policies some time after the write.
//! <https://github.com/hashicorp/terraform-provider-aws/pull/18464>
//! EventBridge: "Allow a short period of time for changes to take effect".
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
//! SNS: changes of a subscription take effect with eventual consistency, in up to 15 minutes.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html>
//! Some services change tags with eventual consistency.
//! <https://github.com/hashicorp/terraform-provider-aws/issues/15572>
//! Other services, such as Glue, SageMaker and CloudWatch: a read right after a write may have the old value of an attribute.
//! <https://hashicorp.github.io/terraform-provider-aws/retries-and-waiters/>

mod reads;

use super::{law::Law, world::World};
use crate::wire::{Asked, answered, show};
use async_trait::async_trait;
use local::{Call, Response};
use reads::{Key, LISTED, Listed, SETTINGS, Setting, of_bucket};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};
use tokio::time::Instant;

/// The range of seconds for which a write may stay invisible. Half of all writes are visible at once, if the script
/// leaves it to chance.
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
    reads: u64,
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
    async fn read_settings(&self, asked: &Asked, world: &World<'_>) -> Vec<(Key, Call, Before)> {
        let mut found = Vec::new();
        if let Some((key, read)) = of_bucket(asked) {
            let answer = world.pass(read.clone()).await;
            found.push((key, read, Before::Answer(answer)));
        }
        let is_written =
            |setting: &&Setting| setting.service == asked.service && setting.writes.contains(&asked.operation.as_str());
        for setting in SETTINGS.iter().filter(is_written) {
            let read = setting.read(asked);
            let answer = world.pass(read.clone()).await;
            found.push((setting.key(setting.written(asked)), read, Before::Answer(answer)));
        }
        for listed in LISTED {
            let Some(id) = listed.written(asked) else { continue };
            let read = Asked::new(listed.read(&id, &asked.call.region));
            let mut answer = answered(&read, &world.pass(read.call.clone()).await);
            if let Some(item) = listed.item(&mut answer, &id) {
                found.push((listed.key(&id), read.call, Before::Item(listed, item.clone())));
            }
        }
        found
    }

    /// The earlier value, if this read shows it.
    fn shows_old(&mut self, key: &Key, world: &World<'_>) -> Option<Before> {
        let old = self.old.get_mut(key).filter(|old| world.script.shows_late(old.process))?;
        old.reads += 1;
        let flaps = || world.chance.once_in(2, &format!("{}, look {}", old.nth, old.reads));
        let is_old = world.now < old.hidden_until || (world.now < old.flaps_until && flaps());
        is_old.then(|| {
            world.notes.late_read(&key.0, &key.1);
            old.before.clone()
        })
    }

    /// Puts the earlier items into a list.
    fn put_old_items(&mut self, listed: &Listed, answer: &mut Value, world: &World<'_>) -> bool {
        let ids = answer[listed.member].as_array().into_iter().flatten();
        let ids: Vec<String> = ids.filter_map(|item| item[listed.id].as_str()).map(str::to_owned).collect();
        let mut has_old = false;
        for id in ids {
            if let Some(Before::Item(_, old)) = self.shows_old(&listed.key(&id), world)
                && let Some(item) = listed.item(answer, &id)
            {
                *item = old;
                has_old = true;
            }
        }
        has_old
    }
}

/// The reads of the table, each with its service: those of buckets, which the table does not have, are left out.
pub(crate) fn reads() -> BTreeSet<(String, String)> {
    reads::all().map(|(service, read)| (service.to_owned(), read.to_owned())).collect()
}

/// True if both have the same value.
fn is_same(read: &Call, one: &Before, other: &Response) -> bool {
    match one {
        Before::Answer(answer) => answer.status == other.status && answer.body == other.body,
        Before::Item(listed, item) => {
            let mut answer = answered(&Asked::new(read.clone()), other);
            item[listed.id].as_str().is_some_and(|id| listed.item(&mut answer, id).is_some_and(|now| now == item))
        }
    }
}

#[async_trait]
impl Law for Settings {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        self.old.retain(|_, old| world.now < old.flaps_until);
        if !asked.call.is_read() {
            self.under_way = self.read_settings(asked, world).await;
            return None;
        }
        let key = match of_bucket(asked) {
            Some((key, _)) => key,
            None => SETTINGS.iter().find_map(|setting| Some(setting.key(setting.asked_for(asked)?)))?,
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
            let lags = world.script.shows_every_write_late();
            if !lags && world.chance.once_in(2, &nth) {
                self.old.remove(&key);
                continue;
            }
            let hides = lags || world.chance.once_in(2, &format!("{nth} hides"));
            let flaps_until = world.after(lag(&asked.service), &nth);
            let hidden_until = if hides { world.now + (flaps_until - world.now) / 2 } else { world.now };
            self.old
                .insert(key, Old { before, hidden_until, flaps_until, nth, reads: 0, process: world.script.process() });
        }
        let lists: Vec<&Listed> = LISTED.iter().filter(|listed| asked.is(listed.service, listed.list)).collect();
        if lists.is_empty() || !self.old.keys().any(|(service, read, _)| asked.is(service, read)) {
            return;
        }
        let mut answer = answered(asked, response);
        let mut has_old = false;
        for listed in lists {
            has_old |= self.put_old_items(listed, &mut answer, world);
        }
        if has_old {
            show(asked, response, &answer);
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
