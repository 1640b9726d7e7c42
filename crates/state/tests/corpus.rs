//! The broken states of `tests/corpus`: each is refused with what the index says, and none is taken for another.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use state::{Error, State, StateIdentity};
use std::{collections::BTreeMap, fs, path::PathBuf};
use vocabulary::Place;

const PLACE: &str = "s3://bucket/state.json";

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus")
}

/// Of the golden files, from which most of the corpus was made.
fn identity() -> StateIdentity {
    let tags = [("Project", "mlops-pipeline"), ("Environment", "dev")].into_iter().collect();
    let place = Place::new("123456789012", "ap-south-1");
    StateIdentity::new(&tags, &place, "mlops-pipeline-dev-mlopsctl-state-123456789012")
}

/// The expected error of each file, by its name.
fn index() -> BTreeMap<String, String> {
    toml_edit::de::from_str(&fs::read_to_string(corpus().join("states.toml")).unwrap()).unwrap()
}

#[test]
fn each_broken_state_is_refused_by_what_is_wrong_with_it() {
    for (name, says) in index() {
        let bytes = fs::read(corpus().join(format!("states/{name}.json"))).unwrap();
        let error = State::read(&bytes, PLACE, &identity()).expect_err(&name);
        match error {
            // It names this version, which changes.
            Error::Newer { .. } => assert!(error.to_string().contains(&says), "{name}: {error}"),
            _ => assert_eq!(error.to_string(), format!("the state at {PLACE} is damaged: {says}"), "{name}"),
        }
    }
}

#[test]
fn each_file_of_the_corpus_is_in_its_index() {
    let there = fs::read_dir(corpus().join("states")).unwrap().map(|entry| entry.unwrap().path());
    let mut there: Vec<String> = there.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    there.sort();
    assert_eq!(there, index().into_keys().collect::<Vec<_>>());
}
