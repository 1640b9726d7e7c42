//! Makes characters visible that do something to a terminal, or hide something from the reader.
//!
//! Names, messages, ids and values come from AWS, from the state, from the lock and from files, and other people write
//! those. An escape sequence among them could hide a line of a plan before it is confirmed, or write to the clipboard.

use super::colour;
use std::{borrow::Cow, fmt::Write as _};

/// A tab is shown as so many spaces.
const TAB: &str = "    ";

/// True if a character acts instead of being shown: controls, characters that change the direction of text, those
/// without width, those that separate lines without being a newline, and code points that are no character.
///
/// <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>, <https://trojansource.codes>
pub(crate) fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Lines for a terminal: newlines and our own colours stay, everything else that acts is written as `\u{…}`.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c != '\n' && acts(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some((sequence, after)) = colour::sequence(rest) {
            shown.push_str(&sequence);
            rest = after;
            continue;
        }
        let after = &rest[character.len_utf8()..];
        match character {
            '\n' => shown.push('\n'),
            '\t' => shown.push_str(TAB),
            // The end of a line as Windows writes it.
            '\r' if after.starts_with('\n') => {}
            _ => show(character, &mut shown),
        }
        rest = after;
    }
    Cow::Owned(shown)
}

/// A value within a line. It cannot begin another line, which could be taken for one of ours.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    text.chars().for_each(|character| show(character, &mut shown));
    Cow::Owned(shown)
}

/// JSON text with the same meaning, whose strings hold nothing that acts: `\u202e` instead of the character itself.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    let is_space = |c: char| matches!(c, '\n' | '\t');
    if !text.contains(|c: char| !is_space(c) && acts(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            // Between values; JSON has no carriage return within a string.
            '\r' => shown.push('\n'),
            _ if acts(character) && !is_space(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
            _ => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

fn show(character: char, shown: &mut String) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ if acts(character) => shown.extend(character.escape_unicode()),
        _ => shown.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Text of any characters, among them many that act.
    fn text() -> impl Strategy<Value = String> {
        let hostile = prop::sample::select(vec![
            "\u{1b}[2J",
            "\u{1b}]52;c;cHduZWQ=\u{7}",
            "\r",
            "\u{8}",
            "\u{9b}8m",
            "\u{202e}",
            "\u{200b}",
            "\u{feff}",
            "\u{e0041}",
            "\u{fdd0}",
            "\u{fdd1}",
            "\n",
            "\t",
            "\\",
            "\"",
            "é",
        ]);
        let part = prop_oneof![any::<String>(), hostile.prop_map(str::to_owned)];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left_in_lines_but_newlines(text in text()) {
            let shown = lines(&text);
            prop_assert!(!shown.contains(|c: char| c != '\n' && acts(c)), "{shown:?}");
            prop_assert_eq!(lines(&shown), &*shown, "what is shown is shown the same again");
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }

        #[test]
        fn nothing_that_acts_is_left_in_a_word(text in text()) {
            prop_assert!(!word(&text).contains(acts), "{:?}", word(&text));
        }

        #[test]
        fn json_keeps_its_meaning_and_holds_nothing_that_acts(text in text(), pretty in any::<bool>()) {
            let value = serde_json::json!({ text.clone(): [text] });
            let shown = if pretty { format!("{value:#}") } else { value.to_string() };
            let shown = json(&shown);
            prop_assert!(!shown.contains(|c: char| c != '\n' && acts(c)), "{shown:?}");
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(lines("a\u{1b}[2Jb\u{9b}c\u{202e}d"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}d");
        assert_eq!(lines("one\r\ntwo\tthree\rfour"), "one\ntwo    three\\rfour");
        assert_eq!(word("one\ntwo\u{1b}"), "one\\ntwo\\u{1b}");
        assert_eq!(json("[\"\u{202e}\u{e0041}\"]"), "[\"\\u202e\\udb40\\udc41\"]");
        assert_eq!(json("[1,\r\n\t2]"), "[1,\n\n\t2]");
    }

    #[test]
    fn words_of_every_language_stay_as_they_are() {
        for text in ["schön – ⟦network.vpc⟧ …", "模型", "модель", "نموذج", "✓ ✗ ↻ ±"] {
            assert_eq!(lines(text), text);
            assert_eq!(json(text), text);
        }
    }
}
