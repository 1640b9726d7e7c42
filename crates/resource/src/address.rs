//! Addresses of resources, such as `network.vpc`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The place of a resource in the stack: `<area>.<name>`, for example `network.vpc`.
///
/// Addresses are what people type (`--target network.*`) and what the state is keyed by, so they are
/// stable: built from names in the environment file, never from positions in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The address of `name` in `area`.
    pub fn new(area: &str, name: &str) -> Self {
        Self(format!("{area}.{name}"))
    }

    /// Reads an address as a person typed it: letters, digits and `._/-`, as names of AWS have them.
    pub fn parse(text: &str) -> Option<Self> {
        let (area, name) = text.split_once('.')?;
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
        (plain && !area.is_empty() && !name.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The area of the platform the resource belongs to, `network` in `network.vpc`.
    pub fn area(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if a glob (`*` stands for any run of characters) matches this address.
    pub fn matches(&self, glob: &str) -> bool {
        let mut rest = self.0.as_str();
        let mut pieces = glob.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(after) = rest.strip_prefix(first) else {
            return false;
        };
        rest = after;
        let pieces: Vec<&str> = pieces.collect();
        let Some((last, middle)) = pieces.split_last() else {
            return rest.is_empty();
        };
        for piece in middle {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_deceive_a_reader_is_no_address() {
        for text in ["network.vpc", "monitoring.alarm-p99.9", "pipeline.object-a_b/c"] {
            assert_eq!(Address::parse(text).map(|address| address.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", ".", "network", "network.", ".vpc", "network.v pc", "network.vpc\n", "nеtwork.vpc", "a.\u{1b}[2J"]
        {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn globs_match_whole_addresses() {
        let subnet = Address::new("network", "private-1");
        for glob in ["network.private-1", "network.*", "*", "*.private-*", "net*-1"] {
            assert!(subnet.matches(glob), "{glob} should match {subnet}");
        }
        for glob in ["network", "network.private", "storage.*", "*-2", ""] {
            assert!(!subnet.matches(glob), "{glob} should not match {subnet}");
        }
    }
}
