//! Findings for a text that is not TOML.

use crate::{
    problem::{Finding, Lines},
    redact::redacted,
};
use std::collections::BTreeSet;
use std::ops::Range;
use toml_edit::TomlError;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

/// Deeper nesting than this is refused, as `toml_edit` does.
const DEEPEST: u32 = 80;
/// More of a word is not repeated.
const LONGEST_WORD: usize = 100;

/// Every mistake of syntax, one a line: what follows on the same line follows from the first.
///
/// `first` is what `toml_edit` stopped at. It knows mistakes of meaning too, such as a key given twice.
pub(crate) fn findings(source: &str, first: &TomlError) -> Vec<Finding> {
    let text = Source::new(source);
    let tokens = text.lex().into_vec();
    let (mut events, mut errors): (Vec<Event>, Vec<ParseError>) = (Vec::new(), Vec::new());
    let mut checked = ValidateWhitespace::new(&mut events, text);
    parse_document(&tokens, &mut RecursionGuard::new(&mut checked, DEEPEST), &mut errors);
    for scalar in events.iter().filter(|event| event.kind() == EventKind::Scalar) {
        if let Some(raw) = text.get(scalar) {
            // Only the mistakes matter here, not which kind of scalar it is.
            let _ = raw.decode_scalar(&mut String::new(), &mut errors);
        }
    }
    let others = errors.iter().map(|error| {
        let span = error.unexpected().or(error.context()).map_or(0..0, |span| span.start()..span.end());
        Finding { message: message_of(error), help: None, span }
    });
    let span = first.span().unwrap_or(0..0);
    let message = first.message().lines().collect::<Vec<_>>().join(", ");
    let first = Finding { message, help: None, span };
    let groups = groups(&events);
    let mut findings: Vec<Finding> = std::iter::once(first).chain(others).map(|one| one.within(&groups)).collect();
    findings.sort_by_key(|finding| finding.span.start);
    let lines = Lines::new(source);
    let mut seen = BTreeSet::new();
    findings.retain(|finding| {
        let group = around(&groups, finding.span.start);
        let start = group.map_or(finding.span.start, |group| group.span.start);
        seen.insert(lines.line(start))
    });
    let shown = redacted(source);
    for finding in &mut findings {
        // A group that is never closed needs no other hint.
        if around(&groups, finding.span.start).is_none_or(|group| group.closed) {
            finding.help = help(source, &shown, finding.span.start);
        }
    }
    findings
}

/// A list or inline table that is in no other.
struct Group {
    span: Range<usize>,
    closed: bool,
}

impl Finding {
    /// A list that is never closed swallows the rest of the file, and what is wrong there is wrong because of it.
    fn within(self, groups: &[Group]) -> Self {
        match around(groups, self.span.start).filter(|group| !group.closed) {
            Some(open) => Self {
                message: "what is opened here is never closed".to_owned(),
                span: open.span.start..open.span.start + 1,
                help: None,
            },
            None => self,
        }
    }
}

/// The group that a byte is in. They stand in the order of the text, and none is within another.
fn around(groups: &[Group], at: usize) -> Option<&Group> {
    let after = groups.partition_point(|group| group.span.start <= at);
    groups[..after].last().filter(|group| group.span.contains(&at))
}

fn groups(events: &[Event]) -> Vec<Group> {
    let (mut groups, mut depth) = (Vec::<Group>::new(), 0_u32);
    for event in events {
        match event.kind() {
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                if depth == 0 {
                    groups.push(Group { span: event.span().start()..usize::MAX, closed: false });
                }
                depth += 1;
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                depth = depth.saturating_sub(1);
                if let Some(group) = groups.last_mut().filter(|_| depth == 0) {
                    // The parser makes up what is missing, and gives it no extent.
                    group.closed = !event.span().is_empty();
                    group.span.end = event.span().end() + usize::from(!group.closed);
                }
            }
            _ => {}
        }
    }
    groups
}

fn message_of(error: &ParseError) -> String {
    let expected: Vec<String> = error
        .expected()
        .unwrap_or_default()
        .iter()
        .filter_map(|expected| match expected {
            Expected::Literal("\n") => Some("newline".to_owned()),
            Expected::Literal(text) => Some(format!("`{text}`")),
            Expected::Description(text) => Some((*text).to_owned()),
            _ => None,
        })
        .collect();
    match expected.as_slice() {
        [] => error.description().to_owned(),
        names => format!("{}, expected {}", error.description(), names.join(", ")),
    }
}

/// The help for the most common mistake of people who know other formats. It never repeats a word that `shown` hides.
fn help(source: &str, shown: &str, at: usize) -> Option<String> {
    let line = source.get(..at)?.rsplit('\n').next()?;
    let rest = source.get(at..)?.chars().take(LONGEST_WORD);
    let words: String = rest.take_while(|c| c.is_alphanumeric() || "-_./ ".contains(*c)).collect();
    let word = words.trim_end();
    let truth = match word.to_lowercase().as_str() {
        "yes" | "on" | "true" => Some("true"),
        "no" | "off" | "false" => Some("false"),
        _ => None,
    };
    match line.trim_end().ends_with('=') {
        true if word.is_empty() => Some("write a value after the equals sign".to_owned()),
        true if truth.is_some() => truth.map(|truth| format!("write `{truth}`")),
        true if word.starts_with(char::is_alphabetic) => match shown.get(at..at + word.len()) == Some(word) {
            true => Some(format!("write text in quotes: \"{word}\"")),
            false => Some("write text in quotes".to_owned()),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::findings;

    fn helps(source: &str) -> Vec<Option<String>> {
        let Err(error) = source.parse::<toml_edit::DocumentMut>() else { panic!("it is TOML") };
        findings(source, &error).into_iter().map(|finding| finding.help).collect()
    }

    #[test]
    fn truth_in_the_words_of_other_formats_is_translated() {
        for (line, help) in
            [("spot = yes", "write `true`"), ("spot = True", "write `true`"), ("spot = Off", "write `false`")]
        {
            assert_eq!(helps(&format!("[pipeline.training]\n{line}\n")), [Some(help.to_owned())], "{line}");
        }
    }

    #[test]
    fn text_without_quotes_is_repeated_with_its_spaces() {
        assert_eq!(helps("project = My Project # shop\n"), [Some("write text in quotes: \"My Project\"".to_owned())]);
    }

    #[test]
    fn word_without_quotes_is_repeated_unless_it_may_be_a_secret() {
        assert_eq!(helps("region = eu-west-1\n"), [Some("write text in quotes: \"eu-west-1\"".to_owned())]);
        for line in ["environment = { A = hunter2 }", "client_secret = hunter2", "secrets = { --api = hunter2 }"] {
            let said = helps(&format!("[[functions]]\n{line}\n"));
            assert_eq!(said, [Some("write text in quotes".to_owned())], "{line}");
        }
    }
}
