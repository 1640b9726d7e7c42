//! The callers that changed a resource, read from CloudTrail's event history: the management events of the last 90
//! days.
//!
//! CloudTrail keeps a history in each region, without a trail. An event is there some minutes after its request.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html>

use aws_client::{Pages, Result};
use aws_sdk_cloudtrail::{
    Client,
    types::{Event, LookupAttribute, LookupAttributeKey},
};
use aws_smithy_types::date_time::Format;
use aws_types::{SdkConfig, region::Region};
use serde::Serialize;
use serde_json::Value;
use vocabulary::Place;

/// The name of mlopsctl in the user agent of its requests.
pub const APP_NAME: &str = "mlopsctl";

/// The number of changes that are reported for a resource.
const MOST_CHANGES: usize = 3;
/// The number of events that are read for a resource. CloudTrail answers two requests a second, with at most 50 events
/// each.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>
const MOST_EVENTS: usize = 500;

/// A request that changed a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedChange {
    /// The time of the request, in RFC 3339.
    pub at: String,
    /// The ARN of the identity that sent it, or the service that did.
    pub who: String,
    /// The name of the event, which is the name of the operation.
    pub event: String,
}

/// The newest changes of a resource that mlopsctl did not make, the newest first. `name` is the name by which events
/// name the resource: its id, its name or its ARN.
///
/// # Errors
/// When CloudTrail does not answer or denies the request.
pub async fn changes_by_others(kind: &str, name: &str, place: &Place, sdk: &SdkConfig) -> Result<Vec<RecordedChange>> {
    let attribute = LookupAttribute::builder().attribute_key(LookupAttributeKey::ResourceName).attribute_value(name);
    let sdk = sdk.to_builder().region(Region::new(region(kind, place).to_owned())).build();
    let call = Client::new(&sdk).lookup_events().set_lookup_attributes(attribute.build().ok().map(|one| vec![one]));
    let pages = Pages::new("LookupEvents", call.into_paginator().send(), |page| page.next_token().into());
    let mut events = pages.items(|page| page.events);
    let mut changes = Vec::new();
    for _ in 0..MOST_EVENTS {
        let Some(event) = events.next().await? else { break };
        changes.extend(change_by_others(&event));
        if changes.len() == MOST_CHANGES {
            break;
        }
    }
    Ok(changes)
}

/// The region whose history has the events of a kind. The events of global services are in one region of the partition.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html>
fn region<'a>(kind: &str, place: &'a Place) -> &'a str {
    let is_global = kind.starts_with("iam:") || kind.starts_with("budgets:");
    match place.partition.as_str() {
        "aws" if is_global => "us-east-1",
        "aws-cn" if is_global => "cn-north-1",
        "aws-us-gov" if is_global => "us-gov-west-1",
        _ => &place.region,
    }
}

/// The change that an event records. Reads, requests that failed and mlopsctl's own requests are none.
fn change_by_others(event: &Event) -> Option<RecordedChange> {
    let record: Value = serde_json::from_str(event.cloud_trail_event().unwrap_or_default()).unwrap_or_default();
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let is_own = text("/userAgent").is_some_and(|agent| agent.contains(&format!("app/{APP_NAME}")));
    if event.read_only() == Some("true") || text("/errorCode").is_some() || is_own {
        return None;
    }
    let identity = text("/userIdentity/arn").or(text("/userIdentity/invokedBy"));
    Some(RecordedChange {
        at: event.event_time()?.fmt(Format::DateTime).ok()?,
        who: identity.or(event.username()).unwrap_or("an identity that the event does not name").to_owned(),
        event: event.event_name()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::DateTime;
    use serde_json::json;

    fn event(name: &str, record: &Value) -> Event {
        let event = Event::builder().event_name(name).event_time(DateTime::from_secs(1_795_000_000)).read_only("false");
        event.username("ann").cloud_trail_event(record.to_string()).build()
    }

    #[test]
    fn change_names_the_identity_that_sent_the_request() {
        let ann = "arn:aws:sts::123456789012:assumed-role/admin/ann";
        let by_ann = change_by_others(&event("PutRolePolicy", &json!({"userIdentity": {"arn": ann}}))).unwrap();
        assert_eq!((by_ann.who.as_str(), by_ann.event.as_str()), (ann, "PutRolePolicy"));
        assert_eq!(by_ann.at, "2026-11-18T11:06:40Z");
        let by_service = json!({"userIdentity": {"invokedBy": "config.amazonaws.com"}});
        assert_eq!(change_by_others(&event("PutBucketPolicy", &by_service)).unwrap().who, "config.amazonaws.com");
        assert_eq!(change_by_others(&event("PutBucketPolicy", &json!({}))).unwrap().who, "ann");
    }

    #[test]
    fn reads_failed_requests_and_own_requests_are_no_changes_by_others() {
        let read = Event::builder().event_name("GetBucketPolicy").read_only("true").build();
        assert_eq!(change_by_others(&read), None);
        assert_eq!(change_by_others(&event("PutBucketPolicy", &json!({"errorCode": "AccessDenied"}))), None);
        let own = json!({"userAgent": "[aws-sdk-rust/1.3 ua/2.1 api/s3/1.0 os/linux lang/rust/1.95 app/mlopsctl]"});
        assert_eq!(change_by_others(&event("PutBucketPolicy", &own)), None);
    }

    #[test]
    fn events_of_iam_are_in_one_region_of_the_partition() {
        let mumbai = Place::new("123456789012", "ap-south-1");
        assert_eq!(region("iam:role", &mumbai), "us-east-1");
        assert_eq!(region("s3:bucket", &mumbai), "ap-south-1");
        assert_eq!(region("iam:role", &Place::new("123456789012", "cn-northwest-1")), "cn-north-1");
    }
}
