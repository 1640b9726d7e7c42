//! Wraps lines at the width of a terminal: between words, with the rest of a line indented.
//!
//! Text between backticks stays in one line, so that a command can be copied. So does a word that is longer than a line.

use super::colour;
use std::borrow::Cow;

/// The indentation of the rest of a line, relative to the line, where the line has no columns.
const REST: usize = 2;

/// A word with its marks of colour, and the spaces before it.
#[derive(Default)]
struct Word {
    gap: usize,
    text: String,
    /// The number of its characters, without marks.
    columns: usize,
    /// The mark of the style that its end has.
    style: Option<String>,
}

/// Every line of a text, wrapped. `width` is the number of columns; `None` if the text does not go to a terminal.
pub(super) fn lines(text: &str, width: Option<usize>) -> Cow<'_, str> {
    match width {
        Some(width) if text.split('\n').any(|one| columns(one) > width) => {
            let wrapped = text.split('\n').flat_map(|one| line(one, None, width));
            Cow::Owned(wrapped.collect::<Vec<_>>().join("\n"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The lines that one line becomes. `hang` is the indentation of the lines after the first. Without it, they stand
/// below the last column that begins in the left half, or are indented a little.
pub(crate) fn line(text: &str, hang: Option<usize>, width: usize) -> Vec<String> {
    let words = words(text);
    let Some((first, others)) = words.split_first().filter(|_| columns(text) > width) else {
        return vec![text.to_owned()];
    };
    let least = first.gap + REST;
    let hang = hang.unwrap_or_else(|| last_column(&words, width / 2).unwrap_or(least));
    let mut lines = Vec::new();
    let mut line = " ".repeat(first.gap) + &first.text;
    let mut column = first.gap + first.columns;
    let mut style = first.style.as_deref();
    for word in others {
        if column + word.gap + word.columns > width {
            let indent = if hang + word.columns > width { hang.min(least) } else { hang };
            lines.push(line + style.map_or("", |_| colour::end()));
            line = " ".repeat(indent) + style.unwrap_or_default() + &word.text;
            column = indent + word.columns;
        } else {
            line = line + &" ".repeat(word.gap) + &word.text;
            column += word.gap + word.columns;
        }
        style = word.style.as_deref();
    }
    lines.push(line);
    lines
}

/// The number of columns that a line fills.
pub(crate) fn columns(line: &str) -> usize {
    let (mut rest, mut columns) = (line, 0);
    while let Some(character) = rest.chars().next() {
        rest = match colour::mark(rest) {
            Some((_, after)) => after,
            None => {
                columns += 1;
                &rest[character.len_utf8()..]
            }
        };
    }
    columns
}

/// The place of the last word that begins a column, up to `most`. Two spaces or more separate columns.
fn last_column(words: &[Word], most: usize) -> Option<usize> {
    let mut end = 0;
    let mut found = None;
    for (position, word) in words.iter().enumerate() {
        let start = end + word.gap;
        if position > 0 && word.gap > 1 && start <= most {
            found = Some(start);
        }
        end = start + word.columns;
    }
    found
}

fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    let mut style: Option<String> = None;
    let mut is_code = false;
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        if let Some((mark, after)) = colour::mark(rest) {
            style = (mark != colour::end()).then(|| mark.to_owned());
            word.style.clone_from(&style);
            word.text.push_str(mark);
            rest = after;
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match character {
            ' ' if !is_code && word.columns > 0 => {
                words.push(std::mem::take(&mut word));
                (word.gap, word.style) = (1, style.clone());
            }
            ' ' if !is_code => word.gap += 1,
            _ => {
                if character == '`' {
                    // A backtick alone encloses nothing.
                    is_code = !is_code && rest.contains('`');
                }
                word.text.push(character);
                word.columns += 1;
            }
        }
    }
    match words.last_mut() {
        // Spaces at the end are dropped, and marks are not.
        Some(last) if word.columns == 0 => {
            last.text.push_str(&word.text);
            last.style = word.style;
        }
        _ => words.push(word),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::colour::{Style, paint};
    use proptest::prelude::*;

    #[test]
    fn rest_of_a_line_stands_below_its_last_column_or_is_indented() {
        let finding = "✓ quotas   12 endpoints of 20 are free in ap-south-1";
        assert_eq!(
            line(finding, None, 30),
            ["✓ quotas   12 endpoints of 20", "           are free in", "           ap-south-1"]
        );
        assert_eq!(line("  help: name another one", None, 16), ["  help: name", "    another one"]);
        assert_eq!(line("  - aaa bb cc", Some(6), 9), ["  - aaa", "      bb", "      cc"]);
        let right = "the text of the first column  and the second";
        assert_eq!(line(right, None, 32), ["the text of the first column", "  and the second"]);
    }

    #[test]
    fn commands_and_long_words_stay_whole() {
        let advice = "wait, then run `mlopsctl up dev --local` again";
        assert_eq!(line(advice, None, 20), ["wait, then run", "  `mlopsctl up dev --local`", "  again"]);
        assert_eq!(line("a ` alone is no command", None, 12), ["a ` alone is", "  no command"]);
        let arn = "ok      role  arn:aws:iam::000000000000:role/x";
        assert_eq!(line(arn, None, 36), ["ok      role", "  arn:aws:iam::000000000000:role/x"]);
    }

    #[test]
    fn style_ends_with_a_line_and_goes_on_in_the_next() {
        let wrapped = line(&format!("a {} d", paint(Style::Dim, "b c")), None, 3);
        assert_eq!(
            wrapped,
            [format!("a {}", paint(Style::Dim, "b")), format!("  {}", paint(Style::Dim, "c")), "  d".to_owned()]
        );
    }

    proptest! {
        #[test]
        fn wrapping_keeps_every_word_and_no_line_is_too_long_but_for_its_only_word(
            words in prop::collection::vec("[a-z]{1,12}", 1..20), gap in 1..4usize, width in 16..40usize,
        ) {
            let wrapped = line(&words.join(&" ".repeat(gap)), None, width);
            let found: Vec<&str> = wrapped.iter().flat_map(|one| one.split_whitespace()).collect();
            prop_assert_eq!(found, words);
            for one in wrapped {
                prop_assert!(columns(&one) <= width || !one.trim().contains(' '), "{one:?}");
            }
        }
    }
}
