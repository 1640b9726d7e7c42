//! The tags that a request gives to a resource.

use crate::{iam::tags::pairs, wire::Asked};
use serde_json::Value;

/// The tags that a request gives, however the service spells them.
pub(super) fn given(asked: &Asked) -> Vec<(String, String)> {
    let member = ["Tags", "tags", "TagsToAdd", "ResourceTags"].into_iter().map(|name| &asked.given[name]);
    match member.into_iter().find(|tags| !tags.is_null()) {
        Some(Value::Object(map)) => {
            map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        }
        Some(list) => [pairs(list, "Key", "Value"), pairs(list, "key", "value")].concat(),
        None => form_tags(asked, "Tags.member"),
    }
}

/// The tags of a form, below a member: `<member>.1.Key`, `<member>.1.Value`.
pub(super) fn form_tags(asked: &Asked, member: &str) -> Vec<(String, String)> {
    let given =
        |number: usize, part: &str| asked.given[format!("{member}.{number}.{part}")].as_str().map(str::to_owned);
    (1..).map_while(|number| Some((given(number, "Key")?, given(number, "Value").unwrap_or_default()))).collect()
}
