//! Texts within a JSON value that give way to others.

use serde_json::Value;

/// The value with each occurrence of a replacement's first text turned into its second, in every string and key.
/// A text counts only where it is not part of a longer word. Where several begin at one place, the longest counts;
/// what was put in is not looked at again.
pub fn substitute(value: &Value, replacements: &[(String, String)]) -> Value {
    if replacements.is_empty() {
        return value.clone();
    }
    match value {
        Value::String(text) => Value::String(substitute_text(text, replacements)),
        Value::Array(items) => items.iter().map(|item| substitute(item, replacements)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (substitute_text(key, replacements), substitute(value, replacements)))
            .collect(),
        _ => value.clone(),
    }
}

fn substitute_text(text: &str, replacements: &[(String, String)]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let here = replacements.iter().filter(|(from, _)| is_whole_word(before, from, rest));
        let taken = match here.max_by_key(|(from, _)| from.len()) {
            Some((from, to)) => {
                result.push_str(to);
                from.len()
            }
            None => {
                result.push(first);
                first.len_utf8()
            }
        };
        before = rest[..taken].chars().next_back();
        rest = &rest[taken..];
    }
    result
}

/// True if `rest` begins with the word, and no letter or digit of the word's kind goes on before or after it.
fn is_whole_word(before: Option<char>, word: &str, rest: &str) -> bool {
    let joins = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(char::is_alphanumeric) && outer.is_some_and(char::is_alphanumeric)
    };
    rest.strip_prefix(word).is_some_and(|after| {
        !word.is_empty()
            && !joins(word.chars().next(), before)
            && !joins(word.chars().next_back(), after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn substitution_takes_the_longest_text_and_leaves_what_it_put_in() {
        let replacements = [("vpc-1", "vpc-2"), ("vpc-1/b", "vpc-1"), ("", "nothing")]
            .map(|(from, to)| (from.to_owned(), to.to_owned()));
        let value = json!({"vpc-1": ["vpc-1/b", "arn:vpc-1/x", 1], "é": "é vpc-1, vpc-12, myvpc-1", "none": null});
        let expected = json!({"vpc-2": ["vpc-1", "arn:vpc-2/x", 1], "é": "é vpc-2, vpc-12, myvpc-1", "none": null});
        assert_eq!(substitute(&value, &replacements), expected);
    }
}
