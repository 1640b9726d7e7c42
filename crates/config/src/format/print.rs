//! Statements as text.

use super::statement::{Entry, Group, Statement, Value};

/// Beyond this many characters a list is spread over lines.
const WIDTH: usize = 100;
const INDENT: &str = "  ";

pub(super) fn print(statements: &[Statement]) -> String {
    let mut out = String::new();
    let mut blank = false;
    let mut after_header = false;
    for (index, statement) in statements.iter().enumerate() {
        let Some(text) = line(statement) else {
            blank = true;
            continue;
        };
        let continues_comment = !blank && index > 0 && matches!(statements[index - 1], Statement::Comment(_));
        let separated = introduces_header(&statements[index..]) && !continues_comment || blank && !after_header;
        if separated && !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&text);
        out.push('\n');
        blank = false;
        after_header = matches!(statement, Statement::Header { .. });
    }
    out
}

/// True if a header follows, with nothing but its own comments before it.
fn introduces_header(statements: &[Statement]) -> bool {
    statements
        .iter()
        .find(|statement| !matches!(statement, Statement::Comment(_)))
        .is_some_and(|statement| matches!(statement, Statement::Header { .. }))
}

fn line(statement: &Statement) -> Option<String> {
    let (text, comment) = match statement {
        Statement::Blank => return None,
        Statement::Comment(text) => (text.clone(), &None),
        Statement::Header { text, comment } => (text.clone(), comment),
        Statement::Pair { key, value, comment } => (pair(key, value, 0), comment),
    };
    Some(text + &suffix(comment))
}

fn suffix(comment: &Option<String>) -> String {
    comment.as_ref().map(|comment| format!(" {comment}")).unwrap_or_default()
}

fn pair(key: &str, value: &Value, depth: usize) -> String {
    let room = WIDTH.saturating_sub(key.chars().count() + 3);
    format!("{key} = {}", print_value(value, depth, room))
}

fn print_value(value: &Value, depth: usize, room: usize) -> String {
    match value {
        Value::Scalar(text) => text.clone(),
        Value::Group(group) if group.must_spread() => group.spread(depth),
        Value::Group(group) => {
            let flat = group.flat();
            // An inline table is kept on its line: it is meant to be read as one thing.
            let too_long = !group.table && !group.entries.is_empty() && flat.chars().count() > room;
            if too_long { group.spread(depth) } else { flat }
        }
    }
}

impl Group {
    fn must_spread(&self) -> bool {
        let comments = !self.trailing.is_empty()
            || self.entries.iter().any(|entry| !entry.before.is_empty() || entry.after.is_some());
        let inner = self.entries.iter().any(|entry| matches!(&entry.value, Value::Group(group) if group.must_spread()));
        comments || inner || self.spread && !self.table && !self.entries.is_empty()
    }

    fn flat(&self) -> String {
        let entries: Vec<String> = self.entries.iter().map(Entry::flat).collect();
        let entries = entries.join(", ");
        match self.table {
            true if self.entries.is_empty() => "{}".to_owned(),
            true => format!("{{ {entries} }}"),
            false => format!("[{entries}]"),
        }
    }

    fn spread(&self, depth: usize) -> String {
        let indent = INDENT.repeat(depth + 1);
        let (open, close) = if self.table { ('{', '}') } else { ('[', ']') };
        let mut out = format!("{open}\n");
        for entry in &self.entries {
            for comment in &entry.before {
                out += &format!("{indent}{comment}\n");
            }
            let text = entry.spread(depth + 1);
            out += &format!("{indent}{text},{}\n", suffix(&entry.after));
        }
        for comment in &self.trailing {
            out += &format!("{indent}{comment}\n");
        }
        out + &INDENT.repeat(depth) + &close.to_string()
    }
}

impl Entry {
    fn flat(&self) -> String {
        let value = match &self.value {
            Value::Scalar(text) => text.clone(),
            Value::Group(group) => group.flat(),
        };
        self.key.as_ref().map_or(value.clone(), |key| format!("{key} = {value}"))
    }

    fn spread(&self, depth: usize) -> String {
        match &self.key {
            Some(key) => pair(key, &self.value, depth),
            None => print_value(&self.value, depth, WIDTH.saturating_sub(depth * INDENT.len())),
        }
    }
}
