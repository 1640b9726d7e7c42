//! CloudWatch Logs: log groups with retention, key and tags, and the events of streams. The streams are the emulated
//! service's, which is told of the groups.

use serde_json::{Value, json};

use super::documented::{Catalog, Tagging};
use super::documents::{Documents, Refusal};
use super::kind::{KIND, Kind, List, Match, default};
use super::log_events;
use crate::service::Scope;

pub(crate) static CATALOG: Catalog = Catalog {
    kinds: &[GROUP],
    tagging: Tagging {
        add: "TagResource",
        added: "tags",
        remove: "UntagResource",
        removed: "tagKeys",
        list: "ListTagsForResource",
        arn: "resourceArn",
        tags: "tags",
        pair: None,
    },
    actions,
    reopen: |_| false,
};

/// The days CloudWatch Logs can keep events.
const RETENTION: [u64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const GROUP: Kind = Kind {
    name: "LogGroup",
    create: "CreateLogGroup",
    delete: "DeleteLogGroup",
    lists: &[List {
        operation: "DescribeLogGroups",
        member: "logGroups",
        only: None,
        filters: &[
            ("logGroupNamePrefix", "logGroupName", Match::Prefix),
            ("logGroupNamePattern", "logGroupName", Match::Contains),
        ],
    }],
    key: &[("logGroupName", &[])],
    arn: Some("arn:aws:logs:{region}:{account}:log-group:{logGroupName}"),
    arn_field: Some("logGroupArn"),
    computed: &[("arn", "arn:aws:logs:{region}:{account}:log-group:{logGroupName}:*")],
    created: None,
    modified: None,
    complete: |_, group| {
        let created = jiff::Timestamp::now().as_millisecond();
        default(
            group,
            json!({
                "creationTime": created, "metricFilterCount": 0, "storedBytes": 0,
                "logGroupClass": "STANDARD",
            }),
        );
    },
    missing: ("ResourceNotFoundException", "The specified log group does not exist."),
    exists: ("ResourceAlreadyExistsException", "The specified log group already exists"),
    mirrored: true,
    contents: &[log_events::KIND],
    ..KIND
};

fn actions(documents: &mut Documents, _: Scope<'_>, operation: &str, body: &Value) -> Option<Result<Value, Refusal>> {
    let (field, member) = match operation {
        "PutRetentionPolicy" => ("retentionInDays", Some("retentionInDays")),
        "DeleteRetentionPolicy" => ("retentionInDays", None),
        "AssociateKmsKey" => ("kmsKeyId", Some("kmsKeyId")),
        "DisassociateKmsKey" => ("kmsKeyId", None),
        _ => return log_events::actions(documents, operation, body),
    };
    let name = body["logGroupName"]
        .as_str()
        .or_else(|| body["resourceIdentifier"].as_str()?.split(":log-group:").nth(1))
        .unwrap_or_default();
    let Some(group) = documents.get_mut("LogGroup", name.trim_end_matches(":*")) else {
        let (code, message) = GROUP.missing;
        return Some(Err(Refusal { code, message: message.to_owned() }));
    };
    match member {
        Some("retentionInDays") if !body["retentionInDays"].as_u64().is_some_and(|days| RETENTION.contains(&days)) => {
            let message = format!("Retention of {} days is not possible", body["retentionInDays"]);
            return Some(Err(Refusal { code: "InvalidParameterException", message }));
        }
        Some(member) => {
            group.insert(field.to_owned(), body[member].clone());
        }
        None => {
            group.remove(field);
        }
    }
    Some(Ok(json!({})))
}
