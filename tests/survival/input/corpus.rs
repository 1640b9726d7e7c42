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

/// A text in the encodings of editors and shells of Windows, with the name of each.
pub(crate) fn as_windows_writes(text: &str) -> [(&'static str, Vec<u8>); 3] {
    let units = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    [
        ("UTF-8 with a byte order mark", [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat()),
        ("UTF-16, little endian", [b"\xff\xfe".as_slice(), &units(u16::to_le_bytes)].concat()),
        ("UTF-16, big endian", [b"\xfe\xff".as_slice(), &units(u16::to_be_bytes)].concat()),
    ]
}
