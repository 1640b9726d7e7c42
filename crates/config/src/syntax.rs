//! Where a text is not TOML at all.

use crate::problem::Finding;
use std::collections::BTreeSet;
use std::ops::Range;
use toml_edit::TomlError;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

/// Deeper nesting than this is refused, as `toml_edit` does.
const DEEPEST: u32 = 80;

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
        Finding { message: message_of(error), help: help(source, span.start), span }
    });
    let span = first.span().unwrap_or(0..0);
    let message = first.message().lines().collect::<Vec<_>>().join(", ");
    let first = Finding { message, help: help(source, span.start), span };
    let groups = groups(&events);
    let mut findings: Vec<Finding> = std::iter::once(first).chain(others).map(|one| one.within(&groups)).collect();
    findings.sort_by_key(|finding| finding.span.start);
    let mut lines = BTreeSet::new();
    findings.retain(|finding| {
        let group = groups.iter().find(|group| group.span.contains(&finding.span.start));
        let start = group.map_or(finding.span.start, |group| group.span.start);
        lines.insert(source.bytes().take(start).filter(|byte| *byte == b'\n').count())
    });
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
        match groups.iter().find(|group| !group.closed && group.span.contains(&self.span.start)) {
            Some(open) => Self {
                message: "what is opened here is never closed".to_owned(),
                span: open.span.start..open.span.start + 1,
                help: None,
            },
            None => self,
        }
    }
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

/// The slip that people who come from other formats make most.
fn help(source: &str, at: usize) -> Option<String> {
    let line = source.get(..at)?.rsplit('\n').next()?;
    let word: String = source.get(at..)?.chars().take_while(|c| c.is_alphanumeric() || "-_./".contains(*c)).collect();
    match line.trim_end().ends_with('=') {
        true if word.is_empty() => Some("write a value after the equals sign".to_owned()),
        true if word.starts_with(char::is_alphabetic) => Some(format!("write text in quotes: \"{word}\"")),
        _ => None,
    }
}
