//! stdout and stderr. What is written here has been made safe to show.

use std::{
    io::{Error, ErrorKind, IsTerminal as _, Write as _, stderr, stdout},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The first error of a write to stdout.
static UNWRITTEN: Mutex<Option<Error>> = Mutex::new(None);
/// True once anything was written to stdout.
static HAS_DATA: AtomicBool = AtomicBool::new(false);
/// The number of lines at the bottom of the terminal that are taken back before anything else is written.
static LIVE: Mutex<usize> = Mutex::new(0);

/// Writes data. What fails is kept, so that a run goes on, and ends with that error.
pub(super) fn data(text: &str) {
    HAS_DATA.store(true, Ordering::Relaxed);
    let mut out = stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    if let Err(error) = written {
        // A reader that has seen enough, such as `head`, is no failure.
        if error.kind() != ErrorKind::BrokenPipe {
            locked(&UNWRITTEN).get_or_insert(error);
        }
    }
}

/// True once anything was written to stdout.
pub(super) fn has_data() -> bool {
    HAS_DATA.load(Ordering::Relaxed)
}

/// The columns of stdout, if it is a terminal.
pub(super) fn columns_of_stdout() -> Option<usize> {
    stdout().is_terminal().then(|| known_or_usual(terminal_columns(&stdout())))
}

/// The columns of stderr, if it is a terminal.
pub(super) fn columns_of_stderr() -> Option<usize> {
    stderr().is_terminal().then(|| known_or_usual(terminal_columns(&stderr())))
}

fn known_or_usual(columns: Option<usize>) -> usize {
    const USUAL: usize = 80;
    columns.filter(|columns| *columns > 0).unwrap_or(USUAL)
}

#[cfg(unix)]
fn terminal_columns(terminal: &impl std::os::fd::AsFd) -> Option<usize> {
    rustix::termios::tcgetwinsize(terminal).ok().map(|size| usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn terminal_columns<T>(_: &T) -> Option<usize> {
    None
}

/// The error that lost data, if there was one.
pub(super) fn unwritten() -> Option<Error> {
    locked(&UNWRITTEN).take()
}

/// Writes to stderr, above the live lines. The code that drew those lines draws them anew.
pub(super) fn talk(text: &str) {
    let mut live = locked(&LIVE);
    // There is nobody to tell that stderr cannot be written.
    let _ = stderr().lock().write_all((taken_back(&mut live) + text).as_bytes());
}

/// Writes lines to stderr that the next ones take back.
pub(super) fn draw(lines: &[String]) {
    let mut live = locked(&LIVE);
    let mut text = taken_back(&mut live);
    lines.iter().for_each(|line| text.extend([line, "\n"]));
    *live = lines.len();
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// The escape sequence that takes back the live lines.
fn taken_back(live: &mut usize) -> String {
    match std::mem::take(live) {
        0 => String::new(),
        lines => format!("\u{1b}[{lines}A\u{1b}[J"),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
