//! Tags of every resource.

use super::OwnerTags;
use crate::check::Place;
use std::collections::BTreeMap;

/// Resources have at most 50 tags, and mlopsctl adds four and SageMaker a few of its own.
const MOST: usize = 40;

pub(super) fn check(tags: &BTreeMap<String, String>, owner: &OwnerTags, at: Place<'_>) {
    for key in tags.keys() {
        if owner.keys().iter().any(|ours| ours.eq_ignore_ascii_case(key)) {
            at.get(key).report(format!("the tag `{key}` is set by mlopsctl"), "leave it out");
        }
        if key.to_ascii_lowercase().starts_with("aws:") || key.to_ascii_lowercase().starts_with("mlopsctl:") {
            at.get(key).report(format!("the tag `{key}` has a reserved prefix"), "begin it with another word");
        }
    }
    for (key, _) in tags.iter().filter(|(_, value)| crate::secret_forms::is_credential(value)) {
        at.get(key)
            .report(format!("the tag `{key}` has the form of a credential"), "everybody reads tags; leave it out");
    }
    // IAM takes `Owner` and `owner` for the same key and refuses the second.
    let mut seen = BTreeMap::new();
    for key in tags.keys() {
        if let Some(before) = seen.insert(key.to_ascii_lowercase(), key) {
            at.get(key).report(format!("`{before}` and `{key}` differ in case only, which IAM refuses"), "keep one");
        }
    }
    if tags.len() > MOST {
        at.report(format!("there are {} tags, and room for {MOST}", tags.len()), "");
    }
}
