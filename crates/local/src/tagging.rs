//! The Resource Groups Tagging API: the resources of all services that have given tags.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::service::Tagged;
use crate::{Call, Response};

/// Its signing name.
pub(crate) const SERVICE: &str = "tagging";
/// AWS's page where nothing is asked for, and its largest.
const PAGE: usize = 100;

/// Answers from all the tags of the call's region.
pub(crate) fn answer(call: &Call, everything: Tagged) -> Response {
    if call.operation != "GetResources" {
        return Response::error(501, "NotImplemented", "the local cloud reads tags and does not write them here");
    }
    let asked: Value = serde_json::from_slice(&call.request.body).unwrap_or_default();
    let filters = asked["TagFilters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found = everything.into_iter().filter(|(_, tags)| filters.iter().all(|filter| passes(filter, tags)));
    let start: usize = asked["PaginationToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let size = asked["ResourcesPerPage"].as_u64().and_then(|size| usize::try_from(size).ok());
    let end = start + size.unwrap_or(PAGE).clamp(1, PAGE);
    let page: Vec<Value> = found.by_ref().take(end).skip(start).map(|(arn, tags)| resource(&arn, &tags)).collect();
    // The token is the position of the next page.
    let token = found.next().map(|_| end.to_string()).unwrap_or_default();
    Response::json(200, json!({ "ResourceTagMappingList": page, "PaginationToken": token }).to_string())
}

/// A filter asks for a key and, if it names any, for one of its values.
fn passes(filter: &Value, tags: &BTreeMap<String, String>) -> bool {
    let Some(value) = filter["Key"].as_str().and_then(|key| tags.get(key)) else { return false };
    let values = filter["Values"].as_array().map(Vec::as_slice).unwrap_or_default();
    values.is_empty() || values.iter().any(|wanted| wanted == value)
}

fn resource(arn: &str, tags: &BTreeMap<String, String>) -> Value {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    json!({ "ResourceARN": arn, "Tags": tags })
}
