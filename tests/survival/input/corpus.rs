//! The broken files of `tests/corpus` and what is to be said of them.

use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, path::PathBuf};

pub(crate) fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(path)
}

/// By the name of each file, what the index has for it.
pub(crate) fn index<T: DeserializeOwned>(kind: &str) -> BTreeMap<String, T> {
    toml_edit::de::from_str(&std::fs::read_to_string(file(&format!("{kind}.toml"))).unwrap()).unwrap()
}
