//! Files on their way: on a terminal a live line, elsewhere one line per file.

use super::live::{FRAME, Live};
use crate::printer::{Printer, Style};
use runs::{PlannedUpload, UploadOutcome};
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Shows files being sent.
pub(crate) struct Sending {
    printer: Printer,
    board: Mutex<Board>,
}

struct Board {
    live: Option<Live>,
    drawn: Instant,
    files: (usize, usize),
    bytes: (u64, u64),
}

impl Sending {
    pub(crate) fn start(printer: Printer, uploads: &[PlannedUpload]) -> Self {
        let live = Live::is_wanted(printer).then(|| Live::new(printer));
        let files = (0, uploads.len());
        let bytes = (0, uploads.iter().map(|upload| upload.bytes).sum());
        Self { printer, board: Mutex::new(Board { live, drawn: Instant::now(), files, bytes }) }
    }

    /// Bytes have arrived.
    pub(crate) fn sent(&self, bytes: u64) {
        let mut board = self.board();
        board.bytes.0 += bytes;
        board.draw();
    }

    /// A file is there.
    pub(crate) fn settled(&self, upload: &PlannedUpload, outcome: UploadOutcome) {
        let mut board = self.board();
        board.files.0 += 1;
        if outcome == UploadOutcome::Unchanged {
            board.bytes.0 += upload.bytes;
        }
        if board.live.is_some() || self.printer.json {
            board.draw();
            return;
        }
        let (what, style) = match outcome {
            UploadOutcome::Added => ("uploaded", Style::Green),
            UploadOutcome::Replaced => ("replaced", Style::Yellow),
            UploadOutcome::Unchanged => ("unchanged", Style::Dim),
        };
        self.printer.note(&format!("  {} {} ({})", self.printer.paint(style, what), upload.key, size(upload.bytes)));
    }

    pub(crate) fn finish(&self) {
        if let Some(live) = &mut self.board().live {
            live.erase();
        }
    }

    fn board(&self) -> std::sync::MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn draw(&mut self) {
        let Some(live) = &mut self.live else { return };
        if self.drawn.elapsed() >= FRAME {
            self.drawn = Instant::now();
            let ((files, all), (bytes, total)) = (self.files, self.bytes);
            live.draw(&[format!("  {files} of {all} files, {} of {}", size(bytes), size(total))]);
        }
    }
}

/// Bytes as people say them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes / 100 % 10),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_keeps_them_short() {
        assert_eq!([0, 999, 1_250, 3_400_000, 7_000_000_000].map(size), ["0 B", "999 B", "1.2 kB", "3.4 MB", "7.0 GB"]);
    }
}
