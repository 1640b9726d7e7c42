//! Every environment's life: it is built, edited, changed by others, repaired and removed, and nothing is left.

use crate::{
    data_at_risk, editing, inventory,
    platform::{Platform, paths, text},
    tampering,
};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn dev_is_built_edited_repaired_and_removed() {
    let platform = Platform::new("churn", "dev");
    is_built(&platform, &[]);
    is_edited_in_place(&platform);
    is_handed_over_to_another_owner(&platform);
    is_repaired(&platform);
    keeps_data_unless_told_otherwise(&platform);
    is_removed(&platform);
}

#[test]
fn staging_is_built_repaired_and_removed() {
    let platform = Platform::new("risk", "staging");
    is_built(&platform, &["flow logs", "keys", "security configurations"]);
    is_repaired(&platform);
    is_removed(&platform);
}

#[test]
fn prod_is_built_repaired_and_removed() {
    let platform = Platform::new("fraud", "prod").with_a_drift_job();
    let more = ["flow logs", "keys", "security configurations", "composite alarms", "budgets", "managed policies"];
    is_built(&platform, &more);
    is_repaired(&platform);
    is_removed(&platform);
}

#[test]
fn dev_is_built_edited_repaired_and_removed_on_moto_alone() {
    let platform = Platform::new("fleet", "dev").on_moto_alone();
    is_built(&platform, &[]);
    is_edited_in_place(&platform);
    // moto takes no change of a state machine's tracing.
    is_repaired_except(&platform, &["pipeline.training"]);
    keeps_data_unless_told_otherwise(&platform);
    is_removed(&platform);
}

/// `more`: kinds that this environment has and not every one.
#[track_caller]
fn is_built(platform: &Platform, more: &[&str]) {
    let summary = last_event(&platform.up().stdout);
    assert!(summary["created"].as_u64().unwrap() > 50, "{summary}");
    assert!(summary["api_calls"].as_u64().unwrap() > 100, "{summary}");
    let outputs = platform.run("output", &["--json"]).ends_with(0).json();
    let there = platform.in_the_cloud();
    assert_eq!(there["VPCs"], [text(&outputs["vpc_id"])]);
    assert!(there["buckets"].contains(&text(&outputs["data_bucket_name"])), "{there:#?}");
    for kind in inventory::IN_EVERY_ENVIRONMENT.iter().chain(more) {
        assert!(there.contains_key(kind), "there are no {kind}: {there:#?}");
    }
}

fn last_event(lines: &str) -> Value {
    serde_json::from_str(lines.lines().last().unwrap()).unwrap()
}

fn is_edited_in_place(platform: &Platform) {
    editing::everywhere(&platform.files);
    assert_eq!(platform.plan(), editing::changes());
    platform.up();
    assert_eq!(editing::observed(platform), editing::expected());
}

/// A tag of everything that can have tags.
fn is_handed_over_to_another_owner(platform: &Platform) {
    platform.files.edit("dev", "Owner = \"DataTeam\"", "Owner = \"Platform\"");
    let plan = platform.plan();
    assert!(plan.len() > 40, "{plan:#?}");
    for (address, (action, fields)) in plan {
        assert_eq!((action.as_str(), fields), ("update", vec!["tags.Owner".to_owned()]), "{address}");
    }
    platform.up();
}

fn is_repaired(platform: &Platform) {
    is_repaired_except(platform, &[]);
}

/// `kept`: what the emulator does not let anybody change.
fn is_repaired_except(platform: &Platform, kept: &[&str]) {
    let mut expected = tampering::everywhere(platform);
    expected.retain(|address, _| !kept.contains(&address.as_str()));
    let drift = platform.run("drift", &["--json"]).ends_with(2).json();
    let drifted = drift["drifted"].as_array().unwrap();
    let seen: BTreeMap<_, _> = drifted.iter().map(|one| (text(&one["address"]), paths(one))).collect();
    assert_eq!(seen, expected);
    for one in drifted {
        let missing = paths(one).is_empty();
        assert_eq!(one["change"], if missing { "missing" } else { "modified" }, "{one}");
    }
    platform.up();
}

fn keeps_data_unless_told_otherwise(platform: &Platform) {
    data_at_risk::put(platform);
    let refused = platform.run("destroy", &[]).ends_with(1);
    for part in data_at_risk::HOLDERS.into_iter().chain(["--delete-data"]) {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
    platform.is_as_declared();
}

fn is_removed(platform: &Platform) {
    platform.run("destroy", &["--delete-data", "--unprotect", "*"]).ends_with(0);
    let state = platform.bucket("mlopsctl-state");
    assert_eq!(platform.in_the_cloud(), BTreeMap::from([("buckets", vec![state])]));
    let again = platform.run("destroy", &[]).ends_with(0);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    platform.run("destroy", &["--with-state"]).ends_with(0);
    assert_eq!(platform.in_the_cloud(), BTreeMap::new());
}
