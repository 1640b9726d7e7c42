//! The format of the state, as others may rely on it: golden files, schema, and what damage is called.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use serde_json::{Value, json};
use state::{Error, State};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../state")
}

fn golden() -> String {
    std::fs::read_to_string(folder().join("golden/format-1.json")).unwrap()
}

/// What is said of a damaged state.
fn damage(bytes: &[u8]) -> String {
    match State::read(bytes, "s3://bucket/state.json") {
        Err(Error::Damaged { place, what }) => {
            assert_eq!(place, "s3://bucket/state.json");
            what
        }
        other => panic!("not recognised as damage: {other:?}"),
    }
}

fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut state: Value = serde_json::from_str(&golden()).unwrap();
    change(&mut state);
    serde_json::to_vec(&state).unwrap()
}

#[test]
fn a_state_of_every_format_is_read_and_the_newest_written_as_it_was() {
    let state = State::read(golden().as_bytes(), "golden").unwrap();
    assert_eq!(state.resources.len(), 4);
    assert_eq!(String::from_utf8(state.write()).unwrap(), golden());
}

#[test]
fn the_schema_file_is_the_schema_of_the_code() {
    let path = folder().join("schemas/state.schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&state::schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == generated, "the schema has changed; regenerate it: UPDATE_SCHEMA=1 cargo test -p state");
}

#[test]
fn a_state_cut_short_anywhere_is_damaged() {
    let whole = golden();
    // The last byte is the line's end.
    for length in 0..whole.len() - 1 {
        assert!(damage(&whole.as_bytes()[..length]).contains("not JSON"), "cut at {length}");
    }
}

#[test]
fn damage_is_named_with_the_resource_it_is_in() {
    let cases: [(&str, Vec<u8>); 8] = [
        ("not JSON", b"\0\0\0\0".to_vec()),
        ("no format", changed(|state| state["format"] = json!("1"))),
        ("serial: invalid type", changed(|state| state["serial"] = json!("42"))),
        ("`lineage`", changed(|state| drop(state.as_object_mut().unwrap().remove("lineage")))),
        (
            "resources.storage.data.phase: unknown variant `done`",
            changed(|state| state["resources"]["storage.data"]["phase"] = json!("done")),
        ),
        (
            "resources.network.nat-1: missing field `token`",
            changed(|state| {
                state["resources"]["network.nat-1"].as_object_mut().unwrap().remove("token");
            }),
        ),
        (
            "resources.storage.data.colour: unknown field `colour`",
            changed(|state| state["resources"]["storage.data"]["colour"] = json!(1)),
        ),
        (
            "`nonsense` is not an address",
            changed(|state| state["resources"]["nonsense"] = state["resources"]["storage.data"].clone()),
        ),
    ];
    for (said, bytes) in cases {
        let what = damage(&bytes);
        assert!(what.contains(said), "{said:?} is not in {what:?}");
    }
}

#[test]
fn a_later_format_is_refused_whatever_is_in_it() {
    let later = changed(|state| {
        state["format"] = json!(2);
        state["resources"] = json!([]);
    });
    let error = State::read(&later, "s3://bucket/state.json").unwrap_err();
    assert!(matches!(error, Error::Newer { found: 2, known: 1 }));
    assert!(error.to_string().contains("use a newer mlopsctl"), "{error}");
}

#[test]
fn nesting_without_end_is_damage_and_no_overflow() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(damage(deep.as_bytes()).contains("not JSON"));
}
