//! A document as the lines a person sees, from the parser's lossless events.

use std::iter::Peekable;
use std::vec::IntoIter;
use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};

/// One line, or one value over several.
#[derive(Debug)]
pub(super) enum Statement {
    Blank,
    Comment(String),
    /// `[a]` or `[[a]]`.
    Header {
        text: String,
        comment: Option<String>,
    },
    Pair {
        key: String,
        value: Value,
        comment: Option<String>,
    },
}

/// The value after the equals sign.
#[derive(Debug)]
pub(super) enum Value {
    /// As written.
    Scalar(String),
    Group(Group),
}

/// A list or an inline table.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) table: bool,
    pub(super) entries: Vec<Entry>,
    /// Comments after the last entry.
    pub(super) trailing: Vec<String>,
    /// True if the file has it over several lines.
    pub(super) spread: bool,
}

/// An element of a list, or a key and value of an inline table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) before: Vec<String>,
    pub(super) key: Option<String>,
    pub(super) value: Value,
    /// On the same line.
    pub(super) after: Option<String>,
}

/// Splits a document that is known to be TOML.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let source = Source::new(text);
    let mut events: Vec<Event> = Vec::new();
    parse_document(&source.lex().into_vec(), &mut events, &mut ());
    let mut reader = Events { text, events: events.into_iter().peekable() };
    let mut statements = Vec::new();
    while let Some(event) = reader.events.next() {
        match event.kind() {
            EventKind::Newline => statements.push(Statement::Blank),
            EventKind::Comment => {
                statements.push(Statement::Comment(reader.comment(&event)));
                reader.end_of_line();
            }
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                let key =
                    reader.key_until(|kind| matches!(kind, EventKind::StdTableClose | EventKind::ArrayTableClose));
                let array = event.kind() == EventKind::ArrayTableOpen;
                let text = if array { format!("[[{key}]]") } else { format!("[{key}]") };
                statements.push(Statement::Header { text, comment: reader.end_of_line() });
            }
            EventKind::SimpleKey => {
                let key = reader.rest_of_key(&event);
                let value = reader.value();
                statements.push(Statement::Pair { key, value, comment: reader.end_of_line() });
            }
            _ => {}
        }
    }
    statements
}

struct Events<'a> {
    text: &'a str,
    events: Peekable<IntoIter<Event>>,
}

impl Events<'_> {
    fn slice(&self, event: &Event) -> &str {
        self.text.get(event.span().start()..event.span().end()).unwrap_or_default()
    }

    fn comment(&self, event: &Event) -> String {
        self.slice(event).trim_end().to_owned()
    }

    /// Reads on to the next line; gives the comment that stood before it.
    fn end_of_line(&mut self) -> Option<String> {
        let mut comment = None;
        while let Some(event) = self
            .events
            .next_if(|event| matches!(event.kind(), EventKind::Whitespace | EventKind::Comment | EventKind::Newline))
        {
            match event.kind() {
                EventKind::Newline => break,
                EventKind::Comment => comment = Some(self.comment(&event)),
                _ => {}
            }
        }
        comment
    }

    fn key_until(&mut self, end: impl Fn(EventKind) -> bool) -> String {
        let mut key = String::new();
        for event in self.events.by_ref() {
            match event.kind() {
                EventKind::SimpleKey => {
                    key += self.text.get(event.span().start()..event.span().end()).unwrap_or_default();
                }
                EventKind::KeySep => key.push('.'),
                kind if end(kind) => break,
                _ => {}
            }
        }
        key
    }

    fn rest_of_key(&mut self, first: &Event) -> String {
        let first = self.slice(first).to_owned();
        first + &self.key_until(|kind| kind == EventKind::KeyValSep)
    }

    fn value(&mut self) -> Value {
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::Scalar => return Value::Scalar(self.slice(&event).to_owned()),
                EventKind::ArrayOpen => return Value::Group(self.group(false)),
                EventKind::InlineTableOpen => return Value::Group(self.group(true)),
                _ => {}
            }
        }
        Value::Scalar(String::new())
    }

    fn group(&mut self, table: bool) -> Group {
        let mut group = Group { table, entries: Vec::new(), trailing: Vec::new(), spread: false };
        // A comment on the line of an entry belongs to that entry, one on a line of its own to what follows.
        let mut new_line = true;
        while let Some(event) = self.events.next() {
            let (key, value) = match event.kind() {
                EventKind::ArrayClose | EventKind::InlineTableClose => break,
                EventKind::Newline => {
                    (group.spread, new_line) = (true, true);
                    continue;
                }
                EventKind::Comment => {
                    let comment = self.comment(&event);
                    match group.entries.last_mut() {
                        Some(entry) if !new_line && entry.after.is_none() => entry.after = Some(comment),
                        _ => group.trailing.push(comment),
                    }
                    continue;
                }
                EventKind::Scalar => (None, Value::Scalar(self.slice(&event).to_owned())),
                EventKind::ArrayOpen => (None, Value::Group(self.group(false))),
                EventKind::InlineTableOpen => (None, Value::Group(self.group(true))),
                EventKind::SimpleKey => (Some(self.rest_of_key(&event)), self.value()),
                _ => continue,
            };
            new_line = false;
            group.entries.push(Entry { before: std::mem::take(&mut group.trailing), key, value, after: None });
        }
        group
    }
}
