//! The log lines of a step: where its service writes them, and the last of them.

use crate::{Attempt, Task};
use aws_client::{Attempt as _, ErrorPattern, Failure, Pages, Result};
use aws_sdk_cloudwatchlogs::Client;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The place to which an attempt of a step writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The streams of a log group that begin so.
    Streams {
        /// The log group.
        group: String,
        /// The prefix of the streams' names.
        prefix: String,
    },
    /// All that a log group took in during a time: a function's streams are shared by its calls.
    Window {
        /// The log group.
        group: String,
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
    },
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Timestamp,
    /// The log stream.
    pub stream: String,
    /// The message.
    pub text: String,
}

const GONE: &[ErrorPattern] = &[("ResourceNotFoundException", "")];
/// A function's lines arrive under its own clock.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// The log streams of an attempt. `glue_groups` has the log groups of Glue jobs by job name; other jobs use Glue's
/// default groups.
pub fn sources(attempt: &Attempt, now: Timestamp, glue_groups: &BTreeMap<String, Vec<String>>) -> Vec<Source> {
    let Task { service, action, request, .. } = &attempt.task;
    let streams = |group: &str, prefix: String| Source::Streams { group: group.to_owned(), prefix };
    let job = attempt.task.job();
    match (service.as_str(), action.as_str(), job) {
        ("glue", _, Some(run)) => {
            let own = request["JobName"].as_str().and_then(|job| glue_groups.get(job)).into_iter().flatten();
            let shared = ["logs-v2", "error", "output"].map(|last| format!("/aws-glue/jobs/{last}"));
            let mut groups: Vec<String> = own.cloned().collect();
            groups.extend(shared.into_iter().filter(|group| !groups.contains(group)).collect::<Vec<_>>());
            groups.iter().map(|group| streams(group, run.to_owned())).collect()
        }
        ("sagemaker", action, Some(job)) if action.starts_with("createTrainingJob") => {
            vec![streams("/aws/sagemaker/TrainingJobs", format!("{job}/"))]
        }
        ("sagemaker", action, Some(job)) if action.starts_with("createTransformJob") => {
            vec![streams("/aws/sagemaker/TransformJobs", format!("{job}/"))]
        }
        ("lambda", ..) => {
            let named = request["FunctionName"].as_str().unwrap_or_default();
            // A function is named by its ARN, which may end in a version.
            let name = named.split_once(":function:").map_or(named, |(_, rest)| rest);
            let name = name.split(':').next().unwrap_or(name);
            let until = attempt.ended.unwrap_or(now) + SKEW;
            vec![Source::Window { group: format!("/aws/lambda/{name}"), from: attempt.began - SKEW, until }]
        }
        _ => Vec::new(),
    }
}

/// The last lines of a source, in order; none where nothing was written.
///
/// # Errors
/// When they cannot be read.
pub async fn lines(config: &SdkConfig, source: &Source, most: usize) -> Result<Vec<Line>> {
    let client = Client::new(config);
    let read = match source {
        Source::Streams { group, prefix } => streams(&client, group, prefix, most).await,
        Source::Window { group, from, until } => window(&client, group, *from, *until).await,
    };
    let mut lines = read.none_on(GONE)?.unwrap_or_default();
    lines.sort_by_key(|line| line.at);
    lines.drain(..lines.len().saturating_sub(most));
    Ok(lines)
}

async fn streams(client: &Client, group: &str, prefix: &str, most: usize) -> Result<Vec<Line>> {
    let call = client.describe_log_streams().log_group_name(group).log_stream_name_prefix(prefix);
    let mut pages = Pages::new("DescribeLogStreams", call.into_paginator().send(), |page| page.next_token().into());
    let mut lines = Vec::new();
    while let Some(page) = pages.next().await? {
        for stream in page.log_streams() {
            let name = stream.log_stream_name().unwrap_or_default();
            let call = client.get_log_events().log_group_name(group).log_stream_name(name).start_from_head(false);
            let limit = i32::try_from(most).unwrap_or(i32::MAX).min(LARGEST_PAGE);
            let answer = call.limit(limit).send().await.during("GetLogEvents")?;
            lines.extend(answer.events().iter().map(|event| line(event.timestamp(), name, event.message())));
        }
    }
    Ok(lines)
}

/// CloudWatch gives no more in one answer.
const LARGEST_PAGE: i32 = 10_000;

async fn window(client: &Client, group: &str, from: Timestamp, until: Timestamp) -> Result<Vec<Line>, Failure> {
    let call = client.filter_log_events().log_group_name(group);
    let call = call.start_time(from.as_millisecond()).end_time(until.as_millisecond());
    let mut pages = Pages::new("FilterLogEvents", call.into_paginator().send(), |page| page.next_token().into());
    let mut lines = Vec::new();
    while let Some(page) = pages.next().await? {
        let found = page.events().iter();
        lines.extend(
            found.map(|event| line(event.timestamp(), event.log_stream_name().unwrap_or_default(), event.message())),
        );
    }
    Ok(lines)
}

fn line(at: Option<i64>, stream: &str, text: Option<&str>) -> Line {
    let at = at.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default();
    Line { at, stream: stream.to_owned(), text: text.unwrap_or_default().trim_end().to_owned() }
}
