//! The format of the state, as others may rely on it: golden files, schema, and what damage is called.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

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
fn nesting_without_end_is_damage_and_no_overflow() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(damage(deep.as_bytes()).contains("not JSON"));
}
