//! Fields that the environment file ignores: the rules for the engine, and the findings about them.

use crate::Finding;
use config::{Environment, environment::ignore};
use resource::{Declaration, IgnoreRules, KindRegistry};
use serde_json::Value;

/// The rules of an environment.
pub fn ignore_rules(environment: &Environment) -> IgnoreRules {
    let mut rules = IgnoreRules::default();
    for (addresses, path) in environment.ignore.iter().filter_map(|rule| ignore::parts(rule)) {
        rules.add(addresses, path);
    }
    rules
}

/// Reports rules that match no declared resource, or name a field that no matching resource has or can keep.
pub(crate) fn ignore_findings(rules: &IgnoreRules, declared: &[Declaration], registry: &KindRegistry) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (addresses, path)) in rules.iter().enumerate() {
        let matching: Vec<&Declaration> = declared.iter().filter(|one| one.address.matches(addresses)).collect();
        let wrong = match matching.as_slice() {
            [] => {
                let known = declared.iter().map(|one| one.address.as_str());
                Some((format!("the environment has no resource `{addresses}`"), near(addresses, known)))
            }
            matching => {
                let problems: Option<Vec<(String, String)>> =
                    matching.iter().map(|one| wrong_field(one, path, registry)).collect();
                // One resource that has the field is enough.
                problems.and_then(|problems| problems.into_iter().next())
            }
        };
        if let Some((message, help)) = wrong {
            findings.push(Finding { setting: format!("ignore.{index}"), message, help });
        }
    }
    findings
}

/// The reason why a field of a resource cannot be ignored, with help.
fn wrong_field(declared: &Declaration, path: &str, registry: &KindRegistry) -> Option<(String, String)> {
    let first = path.split('.').next().unwrap_or_default();
    let fields = declared.spec.as_object()?;
    if !fields.contains_key(first) {
        let message = format!("{} ({}) has no field `{first}`", declared.address, declared.kind);
        return Some((message, near(first, fields.keys().map(String::as_str))));
    }
    let reconciler = registry.get(declared.kind).ok()?;
    if reconciler.write_only().contains(&first) {
        let message =
            format!("AWS does not give `{first}` of {} back, so its live value cannot be kept", declared.address);
        return Some((message, String::new()));
    }
    let is_deeper = path.len() > first.len();
    match &fields[first] {
        Value::Object(_) => None,
        _ if is_deeper => {
            let message = format!("`{first}` of {} is compared as a whole", declared.address);
            Some((message, format!("ignore `{}#{first}`", declared.address)))
        }
        _ => None,
    }
}

fn near<'a>(written: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match config::nearest(written, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let few: Vec<&str> = known.take(12).collect();
            format!("there are {}, …; a plan lists addresses and fields", few.join(", "))
        }
    }
}
