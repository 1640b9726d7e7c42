//! Progress lines at the bottom of a terminal that are erased and drawn again.

use crate::printer::{Printer, Style, escape::word};
use std::time::Duration;

/// The time between two frames of live lines.
pub(crate) const FRAME: Duration = Duration::from_millis(200);
/// No line is longer, even on a wider terminal.
const WIDEST: usize = 110;

/// Lines at the bottom of a terminal that are taken back and drawn anew.
pub(crate) struct Live {
    printer: Printer,
}

impl Live {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer }
    }

    /// True if a person looks at them.
    pub(crate) fn is_wanted(printer: Printer) -> bool {
        printer.terminal && !printer.json && !printer.quiet
    }

    pub(crate) fn erase(&mut self) {
        self.printer.draw(&[]);
    }

    pub(crate) fn draw(&mut self, lines: &[String]) {
        // A line that wraps could not be taken back.
        let width = self.printer.columns().map_or(WIDEST, |columns| columns.saturating_sub(1).min(WIDEST));
        let line = |line: &String| {
            let shown: String = word(line).chars().take(width).collect();
            self.printer.paint(Style::Dim, &shown)
        };
        self.printer.draw(&lines.iter().map(line).collect::<Vec<_>>());
    }
}
