//! The format of the state, as others may rely on it: golden files, schema, and what damage is called.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use serde_json::{Value, json};
use state::{Error, FORMAT, State, StateIdentity};
use std::path::PathBuf;
use vocabulary::Place;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../state")
}

fn golden(format: u64) -> String {
    std::fs::read_to_string(folder().join(format!("golden/format-{format}.json"))).unwrap()
}

/// Of the golden files.
fn identity() -> StateIdentity {
    let tags = [("Project", "mlops-pipeline"), ("Environment", "dev")].into_iter().collect();
    let place = Place::new("123456789012", "ap-south-1");
    StateIdentity::new(&tags, &place, "mlops-pipeline-dev-mlopsctl-state-123456789012")
}

fn read(bytes: &[u8]) -> Result<State, Error> {
    State::read(bytes, "s3://bucket/state.json", &identity())
}

/// A golden file, changed.
fn changed(format: u64, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut state: Value = serde_json::from_str(&golden(format)).unwrap();
    change(&mut state);
    serde_json::to_vec(&state).unwrap()
}

/// The error for a foreign state.
fn foreign(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(error @ Error::Foreign { .. }) => error.to_string(),
        other => panic!("not recognised as foreign: {other:?}"),
    }
}

/// The error for a damaged state.
fn damage(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(Error::Damaged { place, what }) => {
            assert_eq!(place, "s3://bucket/state.json");
            what
        }
        other => panic!("not recognised as damage: {other:?}"),
    }
}

#[test]
fn newest_format_is_written_as_it_was_read() {
    let state = read(golden(FORMAT).as_bytes()).unwrap();
    assert_eq!(state.resources.len(), 4);
    assert_eq!(String::from_utf8(state.write()).unwrap(), golden(FORMAT));
}

#[test]
fn format_1_is_migrated_with_project_and_lineage_of_its_place() {
    let migrated = read(golden(1).as_bytes()).unwrap();
    let newest = read(golden(2).as_bytes()).unwrap();
    assert_eq!(migrated.lineage, identity().lineage());
    assert_eq!(migrated, State { tool: "0.1.0".into(), ..newest });
}

#[test]
fn format_1_takes_its_project_from_the_tags_of_its_recorded_specs() {
    let tagged = |project: &str| {
        changed(1, |state| state["resources"]["storage.data"]["spec"]["tags"] = json!({"Project": project}))
    };
    assert_eq!(read(&tagged("mlops-pipeline")).unwrap().project, "mlops-pipeline");
    assert!(foreign(&tagged("fraud-models")).contains("is of project fraud-models, not mlops-pipeline"));
    // A renaming of the project that was interrupted.
    let both = changed(1, |state| {
        state["resources"]["storage.data"]["spec"]["tags"] = json!({"Project": "fraud-models"});
        state["resources"]["monitoring.alerts"]["spec"]["tags"] = json!({"Project": "mlops-pipeline"});
    });
    assert_eq!(read(&both).unwrap().project, "mlops-pipeline");
}

#[test]
fn state_of_something_else_is_named_as_what_it_is() {
    let cases = [
        ("project", "fraud-models", "is of project fraud-models, not mlops-pipeline"),
        ("environment", "prod", "is of environment prod, not dev"),
        ("account", "999999999999", "is of account 999999999999, not 123456789012"),
        ("region", "us-west-2", "is of region us-west-2, not ap-south-1"),
    ];
    for (field, value, says) in cases {
        assert!(foreign(&changed(2, |state| state[field] = json!(value))).contains(says), "{field}");
        if field != "project" {
            assert!(foreign(&changed(1, |state| state[field] = json!(value))).contains(says), "{field}");
        }
    }
}

#[test]
fn fields_of_specs_that_this_version_does_not_know_are_kept() {
    let later = changed(2, |state| {
        state["tool"] = json!("99.1.0");
        state["resources"]["storage.data"]["spec"]["ipv6"] = json!({"enabled": true});
    });
    let state = read(&later).unwrap();
    let written: Value = serde_json::from_slice(&state.write()).unwrap();
    assert_eq!(written["resources"]["storage.data"]["spec"]["ipv6"], json!({"enabled": true}));
}

#[test]
fn damage_is_named() {
    let cases = [
        (&b"{"[..], "not JSON"),
        (b"{}", "no format"),
        (br#"{"format": 0}"#, "format 0"),
        (br#"{"format": 1}"#, "missing field"),
        (br#"{"format": 2}"#, "missing field"),
        (br#"{"format": -1}"#, "no format"),
    ];
    for (bytes, part) in cases {
        assert!(damage(bytes).contains(part), "{}", damage(bytes));
    }
}

#[test]
fn the_schema_file_is_the_schema_of_the_code() {
    let path = folder().join("schemas/state.schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&state::schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == generated,
        "the schema has changed; regenerate it: UPDATE_SCHEMA=1 cargo test -p mlopsctl-state"
    );
}

#[test]
fn a_state_cut_short_anywhere_is_damaged() {
    let whole = golden(FORMAT);
    // The last byte is the line's end.
    for length in 0..whole.len() - 1 {
        assert!(damage(&whole.as_bytes()[..length]).contains("not JSON"), "cut at {length}");
    }
}

#[test]
fn nesting_without_end_is_damage_and_no_overflow() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(damage(deep.as_bytes()).contains("not JSON"));
}
