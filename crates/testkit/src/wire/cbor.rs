//! Documents in CBOR as values. CBOR tells times from numbers by a tag, documents do by name.

use ciborium::Value as Cbor;
use serde_json::Value;

/// The tag of seconds since 1970.
const TIME: u64 = 1;

pub(super) fn read(body: &[u8]) -> Value {
    let document = ciborium::from_reader(body).map(untagged).ok();
    document.and_then(|document| document.deserialized().ok()).unwrap_or_default()
}

pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut document = Cbor::serialized(value).expect("every value can be a document");
    tag_times(&mut document);
    let mut body = Vec::new();
    ciborium::into_writer(&document, &mut body).expect("every document can be written to memory");
    body
}

fn untagged(value: Cbor) -> Cbor {
    match value {
        Cbor::Tag(_, inner) => untagged(*inner),
        Cbor::Array(items) => Cbor::Array(items.into_iter().map(untagged).collect()),
        Cbor::Map(members) => Cbor::Map(members.into_iter().map(|(name, value)| (name, untagged(value))).collect()),
        other => other,
    }
}

fn tag_times(value: &mut Cbor) {
    match value {
        Cbor::Array(items) => items.iter_mut().for_each(tag_times),
        Cbor::Map(members) => {
            for (name, value) in members {
                let is_time = name.as_text().is_some_and(|name| name.ends_with("Timestamp"));
                match value {
                    Cbor::Integer(_) | Cbor::Float(_) if is_time => *value = Cbor::Tag(TIME, Box::new(value.clone())),
                    _ => tag_times(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_keep_their_tag() {
        let alarms = json!({ "MetricAlarms": [{ "AlarmName": "a", "Period": 60, "StateUpdatedTimestamp": 1.5 }] });
        let body = write(&alarms);
        assert_eq!(read(&body), alarms);
        let tagged: Cbor = ciborium::from_reader(&*body).unwrap();
        assert!(format!("{tagged:?}").contains("Tag(1, Float(1.5))"), "{tagged:?}");
    }
}
