//! Policy documents as IAM gives them back: URL-encoded, in whatever spelling they were written.

use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use vocabulary::policy_spelling;

/// A document from an answer. IAM encodes it as RFC 3986 says: a plus is a plus.
pub(crate) fn decode(encoded: &str) -> Value {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}

/// Writes each document in its canonical spelling, so that a map of them shows little where one differs.
pub(crate) fn in_one_spelling<S: Serializer>(
    documents: &BTreeMap<String, Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let canonical: BTreeMap<&str, Value> =
        documents.iter().map(|(name, document)| (name.as_str(), policy_spelling(document))).collect();
    canonical.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_encoded_document_is_read_and_a_plus_stays_a_plus() {
        assert_eq!(
            decode("%7B%22Action%22%3A%22s3%3A%2A%22%2C%22Sid%22%3A%22a+b%22%7D"),
            json!({"Action": "s3:*", "Sid": "a+b"})
        );
    }

    #[test]
    fn what_is_not_json_is_kept_as_text_so_that_it_differs() {
        assert_eq!(decode("no%20policy"), json!("no policy"));
    }
}
