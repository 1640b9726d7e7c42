//! Lines for a person: complete in a file, folded and wrapped at the width of a terminal.

use super::value::{self, is_long};
use crate::printer::{Printer, Style, wrap};
use review::Names;
use serde_json::Value;

/// The right edge of amounts, if there is no terminal, or a wider one.
const WIDEST: usize = 100;

/// The layout of a page.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// True if nothing is folded or cut off.
    pub(crate) full: bool,
    /// The columns of the terminal. `None` if lines are not wrapped.
    pub(crate) width: Option<usize>,
}

impl Form {
    /// The layout for a file, or for a terminal of this width.
    pub(crate) fn new(is_full: bool, width: Option<usize>) -> Self {
        Self { full: is_full || width.is_none(), width }
    }
}

/// Text in a style.
pub(super) type Piece<'a> = (Option<Style>, &'a str);

/// The lines of a page so far.
pub(super) struct Page<'a> {
    pub(super) printer: Printer,
    pub(super) form: Form,
    pub(super) names: &'a Names,
    lines: Vec<String>,
    /// The columns of the last line that text fills.
    column: usize,
    folded: usize,
    /// True if a value is not shown whole.
    is_cut: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(printer: Printer, form: Form, names: &'a Names) -> Self {
        Self { printer, form, names, lines: Vec::new(), column: 0, folded: 0, is_cut: false }
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.lines.push(String::new());
    }

    /// Adds a line, wrapped at the width of the terminal. The lines after the first are indented by `hang` columns more
    /// than `indent`.
    pub(super) fn line(&mut self, indent: usize, hang: usize, pieces: &[Piece<'_>]) {
        let mut line = " ".repeat(indent);
        for (style, text) in pieces {
            match style {
                Some(style) if !text.is_empty() => line.push_str(&self.printer.paint(*style, text)),
                _ => line.push_str(text),
            }
        }
        match self.form.width {
            Some(width) => self.lines.extend(wrap::line(&line, Some(indent + hang), width)),
            None => self.lines.push(line),
        }
        self.column = self.lines.last().map_or(0, |line| wrap::columns(line));
    }

    /// Puts an amount at the right edge of the last line. If that is too long for a terminal, it gets a line of its own.
    pub(super) fn amount(&mut self, amount: &str) {
        let edge = self.form.width.map_or(WIDEST, |width| width.min(WIDEST));
        let gap = edge.saturating_sub(self.column + amount.len());
        match self.lines.last_mut() {
            Some(line) if gap >= 2 || self.form.width.is_none() => {
                line.push_str(&" ".repeat(gap.max(2)));
                line.push_str(amount);
            }
            _ => self.lines.push(format!("{amount:>edge$}")),
        }
    }

    /// Adds a line of advice: its commands repeat the options that were given.
    pub(super) fn advice(&mut self, indent: usize, hang: usize, title: Piece<'_>, text: &str) {
        let text = self.printer.advice(text).into_owned();
        self.line(indent, hang, &[title, (None, &text)]);
    }

    /// Adds a line of one style.
    pub(super) fn plain(&mut self, indent: usize, text: &str) {
        self.line(indent, 2, &[(None, text)]);
    }

    /// Adds the number of lines that are not shown.
    pub(super) fn fold(&mut self, lines: usize) {
        self.folded += lines;
    }

    /// A value, whole or its beginning.
    pub(super) fn value(&mut self, value: &Value) -> String {
        self.note_cut(&[value]);
        if self.form.full { value::whole(value) } else { value::short(value) }
    }

    /// A value before and after a change.
    pub(super) fn pair(&mut self, before: &Value, after: &Value) -> (String, String) {
        self.note_cut(&[before, after]);
        value::pair(before, after, self.form.full)
    }

    fn note_cut(&mut self, values: &[&Value]) {
        self.is_cut |= !self.form.full && values.iter().any(|value| is_long(value));
    }

    /// Adds a line if lines are folded or values are cut off. `how` says what shows all.
    pub(super) fn tell_folded(&mut self, how: &str) {
        match (self.folded, self.is_cut) {
            (0, false) => {}
            (0, true) => self.plain(0, &format!("Long values are cut off: {how}")),
            (folded, _) => self.plain(0, &format!("{} not shown: {how}", counted(folded, "line"))),
        }
    }

    pub(super) fn finish(self) -> Vec<String> {
        self.lines
    }
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_at_spaces_and_only_on_terminals() {
        let printer =
            Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false, repeated: "" };
        let names = Names::default();
        let lines = |width| {
            let mut page = Page::new(printer, Form::new(false, width), &names);
            page.line(2, 4, &[(Some(Style::Green), "+"), (None, " may: s3:GetObject on data/raw/*  [Data]")]);
            page.finish()
        };
        assert_eq!(lines(None), ["  + may: s3:GetObject on data/raw/*  [Data]"]);
        assert_eq!(lines(Some(24)), ["  + may: s3:GetObject on", "      data/raw/*  [Data]"]);
    }

    #[test]
    fn amounts_are_at_the_right_edge_and_on_a_line_of_their_own_if_it_is_full() {
        let printer =
            Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false, repeated: "" };
        let names = Names::default();
        let lines = |width| {
            let mut page = Page::new(printer, Form::new(false, width), &names);
            page.line(2, 2, &[(Some(Style::Bold), "nat-1: gateway"), (Some(Style::Dim), "  730 hours")]);
            page.amount("40.88");
            page.finish()
        };
        assert_eq!(lines(Some(40)), ["  nat-1: gateway  730 hours        40.88"]);
        assert_eq!(lines(Some(30)), ["  nat-1: gateway  730 hours", "                         40.88"]);
        assert_eq!(lines(Some(20)), ["  nat-1: gateway", "    730 hours  40.88"]);
        let wide = lines(None);
        assert_eq!((wide.len(), wide[0].chars().count()), (1, 100));
    }
}
