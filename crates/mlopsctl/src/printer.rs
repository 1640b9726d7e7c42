use crate::{cli::Global, fault::Fault, paint::Paint};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};

/// The one way out: data to stdout, talk to stderr.
pub(crate) struct Printer {
    json: bool,
    quiet: bool,
    data: Paint,
    talk: Paint,
    live: bool,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
        let plain = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json: global.json,
            quiet: global.quiet,
            data: Paint::new(!plain && io::stdout().is_terminal()),
            talk: Paint::new(!plain && io::stderr().is_terminal()),
            live: io::stderr().is_terminal() && !global.json && !global.quiet && global.verbose == 0,
        }
    }

    /// Whether JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether lines may be rewritten while things go on.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether somebody could answer a question.
    pub(crate) fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    pub(crate) fn data_paint(&self) -> Paint {
        self.data
    }

    pub(crate) fn talk_paint(&self) -> Paint {
        self.talk
    }

    /// Data, as it is.
    ///
    /// A reader that has had enough (`| head`) is no failure; a full disk is.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), Fault> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Fault::failed(format!("stdout cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// A line of data.
    pub(crate) fn line(&self, text: &str) -> Result<(), Fault> {
        self.data(format!("{text}\n").as_bytes())
    }

    /// One JSON document.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(value);
        self.line(&text.map_err(|error| Fault::failed(format!("the answer is no JSON: {error}")))?)
    }

    /// One JSON document on one line, as events are.
    pub(crate) fn event(&self, value: &impl Serialize) -> Result<(), Fault> {
        let text = serde_json::to_string(value);
        self.line(&text.map_err(|error| Fault::failed(format!("the event is no JSON: {error}")))?)
    }

    /// Something people should know. Silent when quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Something people must know.
    pub(crate) fn insist(&self, text: &str) {
        self.raw(&format!("{text}\n"));
    }

    /// To stderr, as it is.
    pub(crate) fn raw(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        // There is nowhere left to complain.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// How many characters fit on a line.
    pub(crate) fn width(&self) -> usize {
        terminal_size::terminal_size_of(io::stderr()).map_or(120, |(width, _)| usize::from(width.0).max(40))
    }

    /// How many lines fit on the screen.
    pub(crate) fn height(&self) -> usize {
        terminal_size::terminal_size_of(io::stderr()).map_or(24, |(_, height)| usize::from(height.0))
    }
}
