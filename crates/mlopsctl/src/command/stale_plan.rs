//! Words for a saved or confirmed plan that differs from the current one.

use crate::{command_error::CommandError, render::value};
use app::{StalePlan, Staleness};
use engine::{Plan, PlannedChange};
use resource::FieldChange;
use std::collections::BTreeMap;

/// The number of differences that are named. The others are only counted.
const MOST_NAMED: usize = 3;

/// The exit of `up --plan` with a stale plan.
pub(crate) fn refused(stale: &StalePlan) -> CommandError {
    CommandError::failed_with(
        format!("the saved plan cannot be applied: {}; nothing was touched", why(stale)),
        "make a new one with `mlopsctl plan`, and look at it",
    )
}

/// The exit of a change whose plan became stale while its confirmation was awaited.
pub(crate) fn overtaken(stale: &StalePlan) -> CommandError {
    CommandError::failed_with(
        format!("the plan that you confirmed cannot be applied: {}; nothing was touched", why(stale)),
        "run the same command again, and look at its plan",
    )
}

fn why(StalePlan { saved, now, reason }: &StalePlan) -> String {
    match reason {
        Staleness::Environment => "it was made for another environment".to_owned(),
        Staleness::Inputs => {
            format!("the environment file or the files it ships have changed{}", named(saved, now))
        }
        Staleness::State(serial) => {
            format!("the state has changed (serial {} → {serial}){}", saved.serial, named(saved, now))
        }
        Staleness::Cloud => format!("the cloud has changed{}", named(saved, now)),
    }
}

/// The first differences between two plans, for the end of a sentence.
fn named(saved: &Plan, now: &Plan) -> String {
    let all = differences(saved, now);
    let more = all.len().saturating_sub(MOST_NAMED);
    let shown = all.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join("; ");
    match (shown.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(": {shown}"),
        (false, more) => format!(": {shown}; and {more} more differences"),
    }
}

fn differences(saved: &Plan, now: &Plan) -> Vec<String> {
    let (before, after) = (by_address(saved), by_address(now));
    let mut addresses: Vec<_> = before.keys().chain(after.keys()).collect();
    addresses.sort();
    addresses.dedup();
    let differing = addresses.into_iter().filter_map(|key| match (before.get(key), after.get(key)) {
        (Some(one), Some(other)) if one == other => None,
        (Some(one), Some(other)) => Some(between(one, other)),
        (Some(one), None) => Some(format!("{} needs no {} any more", one.address, one.action.as_str())),
        (None, Some(other)) => Some(format!("{}{}", planned(other), fields(other))),
        (None, None) => None,
    });
    differing.collect()
}

/// The changes by address. A deposed resource has its own key.
fn by_address(plan: &Plan) -> BTreeMap<(&str, String), &PlannedChange> {
    let key = |change: &'_ PlannedChange| match change.deposed {
        true => change.id.clone().unwrap_or_default(),
        false => String::new(),
    };
    plan.changes.iter().map(|change| ((change.address.as_str(), key(change)), change)).collect()
}

fn planned(change: &PlannedChange) -> String {
    format!("{} has to be {} now", change.address, past(change))
}

fn past(change: &PlannedChange) -> &'static str {
    match change.action {
        engine::Action::Create => "created",
        engine::Action::Update => "updated",
        engine::Action::Replace => "replaced",
        engine::Action::Delete => "deleted",
    }
}

/// The first field of a change, for the end of a clause.
fn fields(change: &PlannedChange) -> String {
    match change.fields.first() {
        Some(field) if change.action == engine::Action::Update => format!(" ({})", one(field)),
        _ => String::new(),
    }
}

fn one(field: &FieldChange) -> String {
    format!("{}: {}", field.path, value::change(&field.before, &field.after))
}

fn between(saved: &PlannedChange, now: &PlannedChange) -> String {
    if saved.action != now.action {
        return format!("{}, and was to be {}", planned(now), past(saved));
    }
    let differs = |field: &&FieldChange| !saved.fields.contains(field);
    if let Some(field) = now.fields.iter().find(differs) {
        let was = saved.fields.iter().find(|one| one.path == field.path);
        let what = match was {
            Some(was) if was.after == field.after => format!(
                "{} is {} in AWS, and was {}",
                field.path,
                value::short(&field.before),
                value::short(&was.before)
            ),
            _ => one(field),
        };
        return format!("{} ({what})", now.address);
    }
    match saved.fields.iter().find(|field| !now.fields.contains(field)) {
        Some(field) => format!("{} ({} does not differ any more)", now.address, field.path),
        None => format!("{} is another resource or has another cause now", now.address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(changes: &Value) -> Plan {
        serde_json::from_value(json!({"format": 1, "environment": "dev", "lineage": "l", "serial": 3, "inputs": "i",
            "unchanged": 0, "changes": changes}))
        .unwrap()
    }

    fn update(address: &str, before: u64, after: u64) -> Value {
        json!({"address": address, "kind": "lambda:function", "action": "update", "id": "f",
               "fields": [{"path": "memory_mb", "before": before, "after": after, "known": true, "forces_replacement": false}]})
    }

    fn said(saved: &Value, now: &Value) -> String {
        match refused(&StalePlan { saved: plan(saved), now: plan(now), reason: Staleness::Cloud }) {
            CommandError::Failed { what, .. } => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn stale_plan_names_the_resources_and_fields_that_changed() {
        let (one, other) = (json!([update("functions.a", 1024, 2048)]), json!([update("functions.a", 3008, 2048)]));
        assert!(
            said(&one, &other).contains("the cloud has changed: functions.a (memory_mb is 3008 in AWS, and was 1024)")
        );
        assert!(said(&one, &json!([])).contains("functions.a needs no update any more"));
        assert!(said(&json!([]), &one).contains("functions.a has to be updated now (memory_mb: 1024 → 2048)"));
    }

    #[test]
    fn stale_plan_names_three_differences_and_counts_the_others() {
        let many: Value =
            ["a", "b", "c", "d", "e"].map(|name| update(&format!("functions.{name}"), 1, 2)).into_iter().collect();
        let said = said(&json!([]), &many);
        assert!(said.contains("functions.c") && !said.contains("functions.d"), "{said}");
        assert!(said.contains("and 2 more differences"), "{said}");
    }
}
