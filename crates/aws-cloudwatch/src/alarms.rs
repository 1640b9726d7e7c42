//! The listing, the name space, the tagging and the deletion that both kinds of alarm share.

use crate::AlarmOutputs;
use aws_client::{Attempt, Loader, Pages, Result};
use aws_sdk_cloudwatch::{
    Client,
    types::{AlarmType, CompositeAlarm, MetricAlarm, Tag},
};
use resource::{Context, Deletion, Diff, Found, Owner, Tags};
use std::{collections::HashMap, time::Duration};
use vocabulary::{Permission, Place};

/// AWS takes at most so many names a call.
const NAMES: usize = 100;

/// An alarm of either kind.
#[derive(Clone)]
pub(crate) enum Alarm {
    Metric(Box<MetricAlarm>),
    Composite(Box<CompositeAlarm>),
}

/// One listing for all alarms that are read in a batch.
#[derive(Default)]
struct Alarms(Loader<String, Alarm>);

/// The alarm of this name.
pub(crate) async fn load(name: &str, cx: &Context) -> Result<Option<Alarm>> {
    let client = cx.client(Client::new);
    cx.shared::<Alarms>().0.load(name.to_owned(), |names| describe(client, names)).await
}

async fn describe(client: Client, names: Vec<String>) -> Result<HashMap<String, Alarm>> {
    let mut found = HashMap::new();
    for names in names.chunks(NAMES) {
        let call = client.describe_alarms().set_alarm_names(Some(names.to_vec()));
        // Without types, AWS answers metric alarms alone.
        let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let pages = call.into_paginator().send();
        let mut pages = Pages::new("DescribeAlarms", pages, |page| page.next_token().into());
        while let Some(page) = pages.next().await? {
            for alarm in page.metric_alarms.unwrap_or_default() {
                if let Some(name) = alarm.alarm_name.clone() {
                    found.insert(name, Alarm::Metric(Box::new(alarm)));
                }
            }
            for alarm in page.composite_alarms.unwrap_or_default() {
                if let Some(name) = alarm.alarm_name.clone() {
                    found.insert(name, Alarm::Composite(Box::new(alarm)));
                }
            }
        }
    }
    Ok(found)
}

/// The alarm of this name with its tags. An alarm of the other kind has taken the name just as well.
pub(crate) async fn find(name: &str, cx: &Context) -> Result<Option<Found>> {
    if load(name, cx).await?.is_none() {
        return Ok(None);
    }
    let tags = read_tags(name, cx).await?;
    Ok(Some(Found { id: name.to_owned(), owner: Owner::Tags(tags) }))
}

pub(crate) async fn delete(name: &str, cx: &Context) -> Result<Deletion> {
    let call = cx.client(Client::new).delete_alarms().alarm_names(name);
    call.send()
        .await
        .during("DeleteAlarms")
        // A composite alarm that refers to it is still going away.
        // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html>
        .retry_on(&[("ValidationError", "composite"), ("ValidationError", "referenced")], Duration::from_secs(60))
        .none_on(&[("ResourceNotFound", ""), ("ResourceNotFoundException", "")])?;
    Ok(Deletion::Gone)
}

pub(crate) fn outputs(name: &str, place: &Place) -> AlarmOutputs {
    AlarmOutputs { name: name.to_owned(), arn: arn(name, place) }
}

pub(crate) fn arn(name: &str, place: &Place) -> String {
    place.arn("cloudwatch", &format!("alarm:{name}"))
}

/// The IAM statements that both kinds need beside the one of their put call. AWS shows composite alarms only to those
/// who may see all.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
pub(crate) fn permissions(name: &str, place: &Place) -> Vec<Permission> {
    let alarm = [arn(name, place)];
    let changes = ["cloudwatch:TagResource", "cloudwatch:UntagResource", "cloudwatch:DeleteAlarms"];
    vec![
        Permission::read(["cloudwatch:DescribeAlarms"]).on_anything(),
        Permission::read(["cloudwatch:ListTagsForResource"]).on(alarm.clone()),
        Permission::change(changes).on(alarm),
    ]
}

pub(crate) fn given(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

/// The tags of an alarm to which `applied` were given.
pub(crate) async fn tags(name: &str, applied: &Tags, cx: &Context) -> Result<Tags> {
    cx.tags(&arn(name, cx.place()), applied, read_tags(name, cx)).await
}

async fn read_tags(name: &str, cx: &Context) -> Result<Tags> {
    let call = cx.client(Client::new).list_tags_for_resource().resource_arn(arn(name, cx.place()));
    let gone = &[("ResourceNotFoundException", ""), ("ResourceNotFound", "")];
    let answer = call.send().await.during("ListTagsForResource").none_on(gone)?;
    let tags = answer.and_then(|answer| answer.tags).unwrap_or_default();
    Ok(tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect())
}

/// Putting an alarm again does not change its tags.
pub(crate) async fn converge_tags(name: &str, tags: &Tags, live: &Tags, diff: &Diff, cx: &Context) -> Result<()> {
    let client = cx.client(Client::new);
    let arn = arn(name, cx.place());
    let add = async |missing: Tags| {
        client.tag_resource().resource_arn(&arn).set_tags(given(&missing)).send().await.during("TagResource")
    };
    let remove = async |removed| {
        client.untag_resource().resource_arn(&arn).set_tag_keys(Some(removed)).send().await.during("UntagResource")
    };
    tags.converge(live, diff, add, remove).await
}
