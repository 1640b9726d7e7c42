//! Colours, as marks in the text that only this process can write.
//!
//! The printer makes every escape sequence visible, so colours cannot be escape sequences before that. A mark holds a
//! number drawn when the process starts: text from elsewhere cannot contain one.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::LazyLock,
};

/// The purpose of a piece of text.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
    Alarm,
    Cyan,
}

/// A mark is this, a code, and the end. Both ends are no characters, which no text should have.
static START: LazyLock<String> = LazyLock::new(|| format!("\u{fdd0}{:016x}", RandomState::new().hash_one(0)));
const END: char = '\u{fdd1}';

/// The text between marks.
pub(super) fn paint(style: Style, text: &str) -> String {
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Green => "32",
        Style::Yellow => "33",
        Style::Red => "31",
        Style::Alarm => "1;31",
        Style::Cyan => "36",
    };
    let start = &*START;
    format!("{start}{code}{END}{text}{start}0{END}")
}

/// The mark that ends a style.
pub(super) fn end() -> &'static str {
    static LAST: LazyLock<String> = LazyLock::new(|| format!("{}0{END}", *START));
    &LAST
}

/// The mark that a text begins with, and the text after it.
pub(super) fn mark(text: &str) -> Option<(&str, &str)> {
    let (_, after) = text.strip_prefix(START.as_str())?.split_once(END)?;
    Some(text.split_at(text.len() - after.len()))
}

/// The escape sequence for the mark that a text begins with, and what follows the mark.
pub(super) fn sequence(text: &str) -> Option<(String, &str)> {
    let (code, after) = text.strip_prefix(START.as_str())?.split_once(END)?;
    Some((format!("\u{1b}[{code}m"), after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::escape::lines;

    #[test]
    fn only_what_was_painted_is_in_colour() {
        assert_eq!(lines(&paint(Style::Alarm, "error:")), "\u{1b}[1;31merror:\u{1b}[0m");
        let forged = paint(Style::Green, "fine").replace(&START[3..], "0123456789abcdef");
        assert!(!lines(&forged).contains('\u{1b}'), "{forged:?}");
        let within = paint(Style::Dim, "a \u{1b}[8m b");
        assert_eq!(lines(&within), "\u{1b}[2ma \\u{1b}[8m b\u{1b}[0m");
    }
}
