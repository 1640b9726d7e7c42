//! Values that may be secrets: what a plan shows of them, and what the state keeps of them.
//!
//! A kind declares with [`As::Sensitive`] which of its fields hold free text of people, for example the environment of
//! a function. Of such a value
//! - a plan, a drift report and an error show [`SENSITIVE`];
//! - the state keeps a seal: HMAC-SHA-256 of the value under a key of its own, with that key beside it.
//!
//! A seal tells whether a value is still the same. It hides the value from readers of a state, of its older versions
//! or a copy of it, and two equal values have different seals. It does not stop a person who has the state from
//! trying likely values: a password that can be guessed belongs into a secret store, with its name in the file.

use crate::As;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use vocabulary::has_unknown;

/// Stands for a value that is not shown.
pub const SENSITIVE: &str = "(sensitive)";
/// Stands for a value that is not shown and differs from [`SENSITIVE`] at the same place of the other document, so that
/// a reader sees where the two differ.
pub const OTHER_SENSITIVE: &str = "(sensitive, another value)";
/// Opens a seal: `(sensitive) hmac-sha256:<key>:<hash>`, both in hexadecimal.
const SEAL: &str = "(sensitive) hmac-sha256:";
/// Bytes of the key of a seal.
const KEY_BYTES: usize = 16;

/// The value with each seal replaced by what `other` holds at the same place, where that is what was sealed. A seal
/// that stays tells that the values differ.
#[must_use]
pub fn unseal(value: &Value, other: &Value) -> Value {
    // Few resources have secrets, and long sets without them would be compared item by item.
    if !holds_seal(value) {
        return value.clone();
    }
    match (value, other) {
        (Value::String(seal), plain) if fits(seal, plain) => plain.clone(),
        (Value::Object(fields), Value::Object(others)) => {
            let opened = fields.iter().map(|(key, value)| {
                (key.clone(), others.get(key).map_or_else(|| value.clone(), |other| unseal(value, other)))
            });
            Value::Object(opened.collect())
        }
        // Sets have no order.
        (Value::Array(items), Value::Array(others)) => {
            let opened = items.iter().enumerate().map(|(index, item)| {
                let same = others.iter().find(|other| unseal(item, other) == **other);
                same.cloned()
                    .unwrap_or_else(|| others.get(index).map_or_else(|| item.clone(), |other| unseal(item, other)))
            });
            opened.collect()
        }
        _ => value.clone(),
    }
}

/// Replaces each sensitive value by its seal. `scope` is random and the same for all that is recorded of one resource:
/// the seal of a value that stays the same stays the same.
///
/// Values that hold a placeholder stay: they come from other resources, and are filled in later.
pub(crate) fn seal(spec: &mut Value, hints: &[(&str, As)], scope: &str) {
    each(spec, hints, "", &mut |path, value| {
        let concealed = value.as_str().is_some_and(is_concealed);
        if !concealed && !has_unknown(value) {
            *value = Value::String(sealed(value, &key(scope, path)));
        }
    });
}

/// Replaces each sensitive value of what stands at `path` in a specification. Returns whether there was one.
pub(crate) fn hide(path: &str, value: &mut Value, hints: &[(&str, As)]) -> bool {
    let mut hidden = false;
    each(value, hints, path, &mut |_, value| {
        hidden = true;
        if !has_unknown(value) {
            *value = SENSITIVE.into();
        }
    });
    hidden
}

/// Hides the sensitive values on both sides of a change of what stands at `path`. Returns whether there was one. Inside
/// of documents, hidden values that differ stay different.
pub(crate) fn hide_both(path: &str, before: &mut Value, after: &mut Value, hints: &[(&str, As)]) -> bool {
    let (plain_before, plain_after) = (before.clone(), after.clone());
    let hidden = [hide(path, before, hints), hide(path, after, hints)].contains(&true);
    if hidden && !after.is_string() {
        tell_apart(&plain_before, &plain_after, before, after);
    }
    hidden
}

fn tell_apart(plain_before: &Value, plain_after: &Value, before: &Value, after: &mut Value) {
    match (plain_before, plain_after, before, after) {
        (Value::Object(old), Value::Object(new), Value::Object(before), Value::Object(after)) => {
            for (key, after) in after {
                if let (Some(old), Some(new), Some(before)) = (old.get(key), new.get(key), before.get(key)) {
                    tell_apart(old, new, before, after);
                }
            }
        }
        (Value::Array(old), Value::Array(new), Value::Array(before), Value::Array(after)) => {
            for (((old, new), before), after) in old.iter().zip(new).zip(before).zip(after) {
                tell_apart(old, new, before, after);
            }
        }
        (old, new, before, after) if old != new && before == SENSITIVE && after == SENSITIVE => {
            *after = OTHER_SENSITIVE.into();
        }
        _ => {}
    }
}

/// True if any sensitive value of a specification is a seal or hidden, and so must never be sent.
pub(crate) fn has_concealed(spec: &Value, hints: &[(&str, As)]) -> bool {
    let mut found = false;
    each(&mut spec.clone(), hints, "", &mut |_, value| found |= value.as_str().is_some_and(is_concealed));
    found
}

/// The text without any of the sensitive values of a specification: AWS's answers may repeat what was sent.
pub(crate) fn redact(text: &str, spec: &Value, hints: &[(&str, As)]) -> String {
    /// A shorter text is part of ordinary words.
    const SHORTEST: usize = 4;
    let mut redacted = text.to_owned();
    each(&mut spec.clone(), hints, "", &mut |_, value| {
        if let Some(secret) = value.as_str().filter(|secret| secret.len() >= SHORTEST && !is_concealed(secret)) {
            redacted = redacted.replace(secret, SENSITIVE);
        }
    });
    redacted
}

/// True if a specification has a seal anywhere: a value that only the file knew.
pub fn holds_seal(spec: &Value) -> bool {
    match spec {
        Value::String(text) => text.starts_with(SEAL),
        Value::Array(items) => items.iter().any(holds_seal),
        Value::Object(fields) => fields.values().any(holds_seal),
        _ => false,
    }
}

fn is_concealed(text: &str) -> bool {
    text == SENSITIVE || text == OTHER_SENSITIVE || text.starts_with(SEAL)
}

fn key(scope: &str, path: &str) -> Vec<u8> {
    Sha256::digest(format!("{scope}\n{path}"))[..KEY_BYTES].to_vec()
}

fn sealed(value: &Value, key: &[u8]) -> String {
    format!("{SEAL}{}:{}", hex(key), hex(&authentication_code(value, key)))
}

/// True if this is the seal of that value.
fn fits(seal: &str, value: &Value) -> bool {
    let parts = seal.strip_prefix(SEAL).and_then(|parts| parts.split_once(':'));
    let Some(key) = parts.and_then(|(key, _)| bytes(key)) else { return false };
    sealed(value, &key) == seal
}

fn authentication_code(value: &Value, key: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    let Ok(mut code) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    code.update(value.to_string().as_bytes());
    code.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    pairs.collect()
}

/// The treatment of a sensitive value at a path.
type Visit<'v> = dyn FnMut(&str, &mut Value) + 'v;

/// Visits each sensitive value of what stands at `path` in a specification.
fn each(value: &mut Value, hints: &[(&str, As)], path: &str, visit: &mut Visit<'_>) {
    let plain: Vec<&str> = hints.iter().filter(|(_, how)| *how == As::Plain).map(|(name, _)| *name).collect();
    let trail: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    for (pattern, _) in hints.iter().filter(|(_, how)| *how == As::Sensitive) {
        let pattern: Vec<&str> = pattern.split('.').collect();
        for rest in remainders(&pattern, &trail) {
            within(value, rest, path, &plain, visit);
        }
    }
}

/// The rests of a pattern after a path; `**` stands for any number of steps. Beyond its end all is sensitive.
fn remainders<'p>(pattern: &'p [&'p str], trail: &[&str]) -> Vec<&'p [&'p str]> {
    match (pattern, trail) {
        (rest, []) => vec![rest],
        ([], _) => vec![&[]],
        (["**", rest @ ..], [_, further @ ..]) => {
            let mut found = remainders(rest, trail);
            found.extend(remainders(pattern, further));
            found
        }
        ([key, rest @ ..], [step, further @ ..]) if is_step(key, step) => remainders(rest, further),
        _ => Vec::new(),
    }
}

/// True if a step of a pattern stands for this key: the key itself, or with a `*` any key like it, whatever its case.
fn is_step(pattern: &str, key: &str) -> bool {
    match pattern.contains('*') {
        true => is_like(&pattern.to_ascii_lowercase(), &key.to_ascii_lowercase()),
        false => pattern == key,
    }
}

/// True if a text matches a pattern in which `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|text| is_like(rest, text))
        }),
    }
}

fn within(value: &mut Value, pattern: &[&str], path: &str, plain: &[&str], visit: &mut Visit<'_>) {
    if plain.contains(&path) {
        return;
    }
    if let ["**", rest @ ..] = pattern {
        within(value, rest, path, plain, visit);
    }
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (value, pattern) {
        (Value::Object(fields), [] | ["**", ..]) => {
            for (key, value) in fields {
                within(value, pattern, &inner(key), plain, visit);
            }
        }
        (Value::Object(fields), [key, rest @ ..]) => {
            for (name, value) in fields.iter_mut().filter(|(name, _)| is_step(key, name)) {
                within(value, rest, &inner(name), plain, visit);
            }
        }
        (Value::Array(items), [] | ["**", ..]) => {
            for (index, item) in items.iter_mut().enumerate() {
                within(item, pattern, &inner(&index.to_string()), plain, visit);
            }
        }
        (Value::Null, _) => {}
        (leaf, []) => visit(path, leaf),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare;
    use serde_json::json;

    const HINTS: &[(&str, As)] = &[
        ("environment", As::Whole),
        ("environment", As::Sensitive),
        ("environment.OPEN", As::Plain),
        ("definition.**.Hidden", As::Sensitive),
        ("definition.**.*api*key*", As::Sensitive),
    ];

    fn spec() -> Value {
        json!({
            "name": "f", "environment": {"A": "hunter2", "B": "hunter2", "OPEN": "said", "LATER": "⟦network.vpc.id⟧"},
            "definition": {"States": [{"Hidden": {"x": 7}, "Shown": "said", "My_API-Key.$": "hunter2"}]},
        })
    }

    fn sealed_spec(scope: &str) -> Value {
        let mut sealed = spec();
        seal(&mut sealed, HINTS, scope);
        sealed
    }

    #[test]
    fn hmac_is_the_one_of_rfc_4231() {
        // Test case 2, whose data are JSON as little as anybody's: the value is hashed in its JSON form.
        let mut code = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        code.update(b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&code.finalize().into_bytes()), expected);
    }

    #[test]
    fn sensitive_values_are_sealed_and_nothing_else_is() {
        let sealed = sealed_spec("token");
        assert!(!sealed.to_string().contains("hunter2") && !sealed.to_string().contains(":7"));
        assert_eq!(sealed["environment"]["OPEN"], "said");
        assert_eq!(sealed["environment"]["LATER"], "⟦network.vpc.id⟧");
        assert_eq!(sealed["definition"]["States"][0]["Shown"], "said");
        assert_ne!(sealed["environment"]["A"], sealed["environment"]["B"], "equal values cannot be told");
        assert!(has_concealed(&sealed, HINTS) && !has_concealed(&spec(), HINTS));
    }

    #[test]
    fn sealed_values_stay_the_same_until_they_change() {
        let sealed = sealed_spec("token");
        assert_eq!(sealed, sealed_spec("token"));
        assert_ne!(sealed, sealed_spec("another token"));
        let mut twice = sealed.clone();
        seal(&mut twice, HINTS, "third token");
        assert_eq!(twice, sealed, "a seal is not sealed");
    }

    #[test]
    fn sealed_values_are_opened_by_what_was_sealed_and_by_nothing_else() {
        let sealed = sealed_spec("token");
        assert_eq!(unseal(&sealed, &spec()), spec());
        let mut other = spec();
        other["environment"]["A"] = json!("hunter3");
        let diff = compare(&unseal(&sealed, &other), None, &other, HINTS);
        assert_eq!(diff.changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["environment.A"]);
    }

    #[test]
    fn sealed_values_are_opened_in_a_list_of_another_order() {
        let hints = &[("list.**.Hidden", As::Sensitive)];
        let mut sealed = json!({"list": [{"Hidden": "a", "n": 1}, {"Hidden": "b", "n": 2}]});
        seal(&mut sealed, hints, "token");
        let turned = json!({"list": [{"Hidden": "b", "n": 2}, {"Hidden": "a", "n": 1}]});
        let opened = json!({"list": [{"Hidden": "a", "n": 1}, {"Hidden": "b", "n": 2}]});
        assert_eq!(unseal(&sealed, &turned), opened);
    }

    #[test]
    fn hidden_values_show_their_keys_only() {
        let mut whole = spec();
        assert!(hide("", &mut whole, HINTS));
        assert_eq!(whole["environment"]["A"], SENSITIVE);
        assert_eq!(
            whole["definition"]["States"][0],
            json!({"Hidden": {"x": SENSITIVE}, "Shown": "said", "My_API-Key.$": SENSITIVE})
        );
        for (path, sensitive) in [
            ("environment.A", true),
            ("environment.A.with.dots", true),
            ("environment.OPEN", false),
            ("definition.States.0.Hidden.x", true),
            ("definition.States.0.My_API-Key.$", true),
            ("definition.States.0.KeyOfAnApi", false),
            ("name", false),
        ] {
            let mut value = json!("hunter2");
            assert_eq!(hide(path, &mut value, HINTS), sensitive, "{path}");
            assert_eq!(value == SENSITIVE, sensitive, "{path}");
        }
        let mut nothing = Value::Null;
        assert!(!hide("environment.A", &mut nothing, HINTS), "that there is no value is no secret");
    }

    #[test]
    fn hidden_values_that_differ_stay_different() {
        let definition = |hidden: &str, shown: &str| json!([{"Hidden": {"a": "same", "b": hidden}, "Shown": shown}]);
        let (mut before, mut after) = (definition("hunter2", "x"), definition("hunter3", "y"));
        let wrapped = |value: &Value| json!({ "States": value });
        let (mut old, mut new) = (wrapped(&before), wrapped(&after));
        assert!(hide_both("definition", &mut old, &mut new, HINTS));
        (before, after) = (definition("", "x"), definition("", "y"));
        before[0]["Hidden"] = json!({"a": SENSITIVE, "b": SENSITIVE});
        after[0]["Hidden"] = json!({"a": SENSITIVE, "b": OTHER_SENSITIVE});
        assert_eq!((old, new), (wrapped(&before), wrapped(&after)));
        let (mut old, mut new) = (json!("hunter2"), json!("hunter3"));
        assert!(hide_both("environment.A", &mut old, &mut new, HINTS));
        assert_eq!((old, new), (SENSITIVE.into(), SENSITIVE.into()), "the path names the value");
    }

    #[test]
    fn errors_that_repeat_a_sensitive_value_are_redacted() {
        let said = "Value 'hunter2' at 'environment' is no good";
        assert_eq!(redact(said, &spec(), HINTS), "Value '(sensitive)' at 'environment' is no good");
    }
}
