use crate::printer::{Printer, Style};
use std::{io::Write, time::Duration};

/// How often live lines are drawn anew.
pub(crate) const FRAME: Duration = Duration::from_millis(200);
/// A line that wraps could not be taken back.
const WIDEST: usize = 110;

/// Lines at the bottom of a terminal that are taken back and drawn anew.
pub(crate) struct Live {
    printer: Printer,
    drawn: usize,
}

impl Live {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, drawn: 0 }
    }

    /// Whether somebody looks at them.
    pub(crate) fn is_wanted(printer: Printer) -> bool {
        printer.terminal && !printer.json && !printer.quiet
    }

    pub(crate) fn erase(&mut self) {
        if self.drawn > 0 {
            let _ = write!(std::io::stderr().lock(), "\u{1b}[{}A\u{1b}[J", self.drawn);
            self.drawn = 0;
        }
    }

    pub(crate) fn draw(&mut self, lines: &[String]) {
        self.erase();
        for line in lines {
            let line: String = line.chars().take(WIDEST).collect();
            self.printer.say(&self.printer.paint(Style::Dim, &line));
        }
        self.drawn = lines.len();
    }
}
