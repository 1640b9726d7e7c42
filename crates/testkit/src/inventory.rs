//! The content of a cloud, in a form that is the same for the same resources.
//!
//! Ids that AWS chooses give way to the address of their owner, where a tag tells it, and to `*` where
//! none does. Times and counters go. Lists and maps by such ids become sorted lists, so that a thing too
//! many or too few, and one that refers to the wrong other, shows.

use regex::Regex;
use resource::ADDRESS_TAG;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// Ids as AWS chooses them: of EC2, EFS and domains, UUIDs, of IAM, of versions of objects.
static CHOSEN: LazyLock<Regex> = LazyLock::new(|| {
    let ids = [
        r"\b[a-z]{1,16}-0[0-9a-f]{16}\b",
        r"\b(d|fs|fsmt)-[0-9a-f]{12,17}\b",
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        r"\b(AROA|AIDA|ANPA)[A-Z0-9]+\b",
        r"\b[0-9]{20,}_[0-9a-f]{8}\b",
    ];
    Regex::new(&ids.join("|")).expect("the pattern is well-formed")
});
/// The description of an interface that functions share. It has the name of the function that came first.
static SHARED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(AWS Lambda VPC ENI)-.*").expect("the pattern is well-formed"));
static MOMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d").expect("the pattern is well-formed"));
/// Members that differ from run to run and say nothing of the resources: times, addresses, tokens, counters;
/// and the contents of objects, whose digests are there; winterbaume's digest of changed code, which is made up beside
/// the real one.
static PASSING: LazyLock<Regex> = LazyLock::new(|| {
    let times = ".*(time|date|timestamp|created|modified|updated)(_at|on)?";
    let others = "contents|key_material|tokens|counters|private_?ip_?(address)?|public_?ip|role_?id|revision_?id|\
                  code_sha256";
    Regex::new(&format!("(?i)^({times}|{others})$")).expect("the pattern is well-formed")
});

/// The inventory of an export of the embedded AWS, without what the bucket `apart` holds.
pub fn of(export: &Value, apart: &str) -> Value {
    let (mut owners, mut gone) = (BTreeMap::new(), BTreeSet::new());
    owners_within(export, &mut owners);
    keys_awaiting_deletion(export, &mut gone);
    normal(export, &View { owners, gone, apart })
}

/// The names of the resources of one cloud.
struct View<'a> {
    /// The text that replaces ids.
    owners: BTreeMap<String, String>,
    /// Ids of keys that await deletion: their policies are kept beside them.
    gone: BTreeSet<String>,
    /// The bucket that is left out.
    apart: &'a str,
}

/// The places in the inventory that belong to a platform: those with its name or its tags, and any part of a network.
pub(crate) fn left(inventory: &Value, name: &str) -> Vec<String> {
    let mut left = Vec::new();
    let mine = |text: &str| text.contains(name) || text.contains(ADDRESS_TAG);
    walk(inventory, "", &mut |path, text| {
        if mine(text) || path.contains("/network/items/") {
            left.push(format!("{path}: {text}"));
        }
    });
    left
}

/// Calls `see` with every entry of every map in a value.
pub(crate) fn entries(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                see(name, member);
                entries(member, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| entries(item, see)),
        _ => {}
    }
}

fn walk(value: &Value, path: &str, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                see(path, name);
                walk(member, &format!("{path}/{name}"), see);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| walk(item, &format!("{path}/{at}"), see));
        }
        Value::String(text) => see(path, text),
        _ => {}
    }
}

/// The ids of things that have the address of a resource as a tag.
fn owners_within(value: &Value, owners: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let address = member["tags"][ADDRESS_TAG].as_str();
                if let Some(address) = address.filter(|_| CHOSEN.is_match(name)) {
                    owners.insert(name.clone(), format!("<{address}>"));
                }
                owners_within(member, owners);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| owners_within(item, owners)),
        _ => {}
    }
}

fn keys_awaiting_deletion(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if is_awaiting_deletion(member) {
                    found.insert(name.clone());
                }
                keys_awaiting_deletion(member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_awaiting_deletion(item, found)),
        _ => {}
    }
}

fn is_awaiting_deletion(value: &Value) -> bool {
    value["key_state"] == "PendingDeletion"
}

fn normal(value: &Value, view: &View<'_>) -> Value {
    let text = |text: &str| {
        let named = |found: &regex::Captures<'_>| view.owners.get(&found[0]).cloned().unwrap_or_else(|| "*".to_owned());
        SHARED.replace(&CHOSEN.replace_all(text, named), "$1").into_owned()
    };
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(name, member)| {
                !passes(name, member) && !name.contains(view.apart) && !view.gone.contains(*name)
            });
            if members.keys().any(|name| CHOSEN.is_match(name)) {
                return sorted(there.map(|(_, member)| normal(member, view)).collect());
            }
            let there = there.map(|(name, member)| (name.clone(), normal(member, view)));
            Value::Object(there.filter(|(_, member)| !is_empty(member)).collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let there = items.iter().filter(|item| !passes("", item));
            sorted(there.map(|item| normal(item, view)).collect())
        }
        // A document within a document, as policies are.
        Value::String(string) => match serde_json::from_str::<Value>(string) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => normal(&inner, view),
            _ => Value::String(text(string)),
        },
        other => other.clone(),
    }
}

/// True if the value does not matter: a time, a token, or a deleted resource that is still shown.
fn passes(name: &str, value: &Value) -> bool {
    let moment = value.as_str().is_some_and(|text| MOMENT.is_match(text));
    let gone = value["document"]["state"] == "deleted" || is_awaiting_deletion(value);
    moment || gone || PASSING.is_match(name)
}

/// Services differ in how they show that there is nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A put that is repeated after a lost answer leaves another version of the same content, which is no more than one.
fn sorted(mut items: Vec<Value>) -> Value {
    items.sort_by_cached_key(Value::to_string);
    items.dedup_by(|one, other| one == other && !one["blob_version_id"].is_null());
    Value::Array(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cloud(vpc: &str, subnets: &[&str]) -> Value {
        let tagged = |address: &str| json!({ ADDRESS_TAG: address });
        let mut items = json!({ vpc: { "document": { "vpcId": vpc }, "tags": tagged("network.vpc") } });
        for subnet in subnets {
            items[*subnet] =
                json!({ "document": { "vpcId": vpc, "at": 1, "createTime": 5 }, "tags": tagged("network.a") });
        }
        json!({ "ec2": { "eu-west-1": { "items": items } } })
    }

    #[test]
    fn the_same_things_under_other_ids_are_the_same() {
        let one = of(&cloud("vpc-0aaaaaaaaaaaaaaaa", &["subnet-0aaaaaaaaaaaaaaaa"]), "state");
        let other = of(&cloud("vpc-0bbbbbbbbbbbbbbbb", &["subnet-0cccccccccccccccc"]), "state");
        assert_eq!(one, other);
        assert!(one.to_string().contains("<network.vpc>"), "{one}");
    }

    #[test]
    fn the_same_content_put_twice_is_the_same_and_other_content_is_not() {
        let versions = |etags: &[&str]| {
            let version =
                |(at, etag): (usize, &&str)| json!({"blob_version_id": format!("{at:020}_0000000{at}"), "etag": etag});
            of(&json!({"s3": {"r": {"versions": etags.iter().enumerate().map(version).collect::<Vec<_>>()}}}), "state")
        };
        assert_eq!(versions(&["a", "a"]), versions(&["a"]));
        assert_ne!(versions(&["a", "b"]), versions(&["a"]));
    }

    #[test]
    fn policy_of_a_key_goes_with_the_key_that_awaits_deletion() {
        let id = "01234567-89ab-cdef-0123-456789abcdef";
        let kms = |state: &str| json!({"keys": {id: {"key_state": state}}, "key_policies": {id: "{\"name\": \"ml\"}"}});
        assert_eq!(left(&of(&kms("PendingDeletion"), "state"), "ml"), Vec::<String>::new());
        assert!(!left(&of(&kms("Enabled"), "state"), "ml").is_empty());
    }

    #[test]
    fn a_thing_too_many_shows_even_if_it_looks_the_same() {
        let vpc = "vpc-0aaaaaaaaaaaaaaaa";
        let one = of(&cloud(vpc, &["subnet-0aaaaaaaaaaaaaaaa"]), "state");
        let two = of(&cloud(vpc, &["subnet-0aaaaaaaaaaaaaaaa", "subnet-0cccccccccccccccc"]), "state");
        assert_ne!(one, two);
    }
}
