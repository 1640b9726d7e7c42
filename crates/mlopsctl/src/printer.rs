//! The one place that prints: data to stdout, everything else to stderr. Nothing that acts on a terminal gets through,
//! wherever it comes from.

mod colour;
pub(crate) mod escape;
mod hints;
mod stream;
pub(crate) mod wrap;

pub(crate) use colour::Style;

use crate::{cli::Global, command_error::CommandError, remedy, render::ending};
use aws_client::Remedy;
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Severity};
use serde::Serialize;
use serde_json::json;
use std::{
    borrow::Cow,
    io::{Error, IsTerminal as _, Write},
};
use tracing_subscriber::fmt::MakeWriter;

/// More problems of a file are counted only.
const MOST_PROBLEMS: usize = 50;
/// Problems of a file are not shown in wider lines, even on a wider terminal.
const WIDEST: usize = 100;
/// A longer line of a file is not shown.
const LONGEST_LINE: usize = 400;

/// The form of all output.
#[derive(Clone, Copy)]
pub(crate) struct Printer {
    /// True if output is in colour: stderr is a terminal, and colours are wanted.
    pub(crate) colour: bool,
    /// True if colours are wanted for terminals.
    pub(crate) colourful: bool,
    /// True if stderr is a terminal.
    pub(crate) terminal: bool,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// The options that commands in texts repeat.
    pub(crate) repeated: &'static str,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
        // Not `anstream`, which strips colours from finished text: pages are laid out without colours from the start.
        let terminal = std::io::stderr().is_terminal();
        let refused = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colourful = !refused;
        let repeated = hints::options(global);
        Self { colour: terminal && colourful, colourful, terminal, json: global.json, quiet: global.quiet, repeated }
    }

    /// For pages that go to stdout, which may lead into a file while stderr is a terminal.
    pub(crate) fn for_data(self) -> Self {
        Self { colour: self.colourful && std::io::stdout().is_terminal(), ..self }
    }

    /// For text that is no page of a terminal.
    pub(crate) fn colourless(self) -> Self {
        Self { colour: false, ..self }
    }

    /// The columns of the terminal on stdout. `None` if stdout is no terminal.
    pub(crate) fn columns_of_data(self) -> Option<usize> {
        stream::columns_of_stdout()
    }

    /// The columns of the terminal on stderr. `None` if stderr is no terminal.
    pub(crate) fn columns(self) -> Option<usize> {
        stream::columns_of_stderr()
    }

    /// A page for a person, on stdout. Its lines are wrapped at the width of the terminal.
    pub(crate) fn page(self, text: &str) {
        stream::data(&escape::lines(&wrap::lines(text, self.columns_of_data())));
    }

    /// Values, files and lines to copy, on stdout. No line is wrapped.
    pub(crate) fn data(self, text: &str) {
        stream::data(&escape::lines(text));
    }

    /// A JSON document, on stdout.
    pub(crate) fn document(self, document: &impl Serialize) {
        self.json(&format!("{:#}", json!(document)));
    }

    /// Prints a JSON document on stdout before the options of the printer are known.
    pub(crate) fn document_of_usage(document: &impl Serialize) {
        stream::data(&escape::json(&format!("{:#}", json!(document))));
    }

    /// A JSON document on a line of its own, on stdout.
    pub(crate) fn line(self, document: &impl Serialize) {
        self.json(&json!(document).to_string());
    }

    /// Advice of ours for a page, with the options to repeat in its commands. What values and other people's texts say
    /// must not come here: it would be altered.
    pub(crate) fn advice<'a>(self, text: &'a str) -> Cow<'a, str> {
        hints::complete(text, self.repeated)
    }

    /// A command of ours, such as `mlopsctl up dev`, with the options to repeat.
    pub(crate) fn command<'a>(self, command: &'a str) -> Cow<'a, str> {
        hints::with(command, self.repeated)
    }

    /// JSON text, on stdout.
    pub(crate) fn json(self, text: &str) {
        stream::data(&escape::json(text));
    }

    /// Text of our own for another program, on stdout, as it is.
    pub(crate) fn verbatim(self, text: &str) {
        stream::data(text.trim_end_matches('\n'));
    }

    /// The error that kept data from stdout, if there was one.
    pub(crate) fn unwritten(self) -> Option<Error> {
        stream::unwritten()
    }

    /// Something for a person, on stderr. Its lines are wrapped at the width of the terminal.
    pub(crate) fn say(self, text: &str) {
        stream::talk(&(escape::lines(&wrap::lines(text, self.columns())).into_owned() + "\n"));
    }

    /// Lines for a person, on stderr, until the next ones or anything else is said.
    pub(crate) fn draw(self, lines: &[String]) {
        stream::draw(&lines.iter().map(|line| escape::lines(line).into_owned()).collect::<Vec<_>>());
    }

    /// Something that -q leaves out.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Advice that -q leaves out.
    pub(crate) fn hint(self, text: &str) {
        self.note(&self.advice(text));
    }

    /// A question, and whether it was answered with yes.
    pub(crate) async fn ask(self, question: &str) -> bool {
        matches!(self.answer(question).await.as_str(), "y" | "Y" | "yes")
    }

    /// A question, and the answer without space around it. Empty if there is none.
    pub(crate) async fn answer(self, question: &str) -> String {
        stream::talk(&(escape::lines(question).into_owned() + " "));
        let read = tokio::task::spawn_blocking(|| {
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer).map(|_| answer)
        });
        read.await.ok().and_then(Result::ok).unwrap_or_default().trim().to_owned()
    }

    /// True if a user can answer questions.
    pub(crate) fn can_ask(self) -> bool {
        self.terminal && std::io::stdin().is_terminal()
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.colour { colour::paint(style, text) } else { text.to_owned() }
    }

    /// `error: …`, with what to do next.
    pub(crate) fn error(self, what: &str, help: Option<&str>) {
        self.say(&format!("{} {what}", self.paint(Style::Alarm, "error:")));
        if let Some(help) = help.filter(|help| !help.is_empty()) {
            self.help(help);
        }
    }

    /// Prints the next step for the user.
    pub(crate) fn help(self, what: &str) {
        self.say(&format!("  {} {}", self.paint(Style::Cyan, "help:"), self.advice(what)));
    }

    /// Prints how a command ended, with --json on stdout as well. There it is one document, or a line of events if
    /// `gives_events` is true.
    pub(crate) fn print_end(self, end: &CommandError, gives_events: bool) {
        match (self.json, gives_events) {
            (true, true) => ending::line(end).iter().for_each(|line| self.line(line)),
            (true, false) if !stream::has_data() => {
                ending::document(end).iter().for_each(|document| self.document(document));
            }
            _ => {}
        }
        self.end(end);
    }

    /// Says how a command ended.
    pub(crate) fn end(self, end: &CommandError) {
        match end {
            CommandError::Invalid(invalid) => self.invalid(invalid),
            CommandError::Usage { what, help } | CommandError::Failed { what, help } => {
                self.error(what, help.as_deref())
            }
            CommandError::Locked(error) => {
                let unlock = match error {
                    state::Error::Locked { holder, .. } if holder.removed.is_some() => {
                        "that run may be at work for another moment: wait for it with --lock-timeout 1m".to_owned()
                    }
                    state::Error::Locked { environment, holder } => remedy::sentence(
                        "wait for it with --lock-timeout 10m",
                        Some(&Remedy::Unlock { environment: environment.clone(), id: holder.id.clone() }),
                    ),
                    _ => String::new(),
                };
                self.error(&escape::word(&error.to_string()), Some(&escape::word(&unlock)));
            }
            CommandError::Said | CommandError::Differences => {}
        }
    }

    fn invalid(self, invalid: &config::Invalid) {
        let theme = if self.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(self.columns().map_or(WIDEST, |columns| columns.min(WIDEST)));
        let shown_source = invalid.shown_source();
        for problem in invalid.problems.iter().take(MOST_PROBLEMS) {
            let file = invalid.file.display().to_string();
            let mut diagnostic = MietteDiagnostic::new(escape::lines(&problem.message)).with_severity(Severity::Error);
            let copied = problem.help.as_ref().filter(|help| help.contains("{\""));
            if let Some(help) = problem.help.as_ref().filter(|_| copied.is_none()) {
                diagnostic = diagnostic.with_help(escape::lines(&self.advice(help)));
            }
            if !invalid.source.is_empty() {
                diagnostic = diagnostic.with_label(LabeledSpan::new_with_span(None, problem.span.clone()));
            }
            let source = NamedSource::new(escape::word(&file), shown_source.clone());
            let report = miette::Report::new(diagnostic).with_source_code(source);
            let mut text = String::new();
            let shown = can_be_shown(&invalid.source, problem.span.start);
            if handler.render_report(&mut text, report.as_ref()).is_err() || !shown {
                self.say(&format!("{file}:{problem}"));
                continue;
            }
            // It has colours of its own, and all that was put into it is safe.
            stream::talk(&(text.trim_end_matches('\n').to_owned() + "\n"));
            // A statement is to be copied: the frame of the report would break its lines.
            copied.iter().for_each(|help| self.help(help));
        }
        let count = invalid.problems.len();
        if count > MOST_PROBLEMS {
            self.say(&format!("… and {} more", count - MOST_PROBLEMS));
        }
        let what = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
        self.error(&format!("{what} in {}; nothing was touched", invalid.file.display()), None);
    }
}

/// True if a place of a file fits on a screen and has no character that acts there.
fn can_be_shown(source: &str, at: usize) -> bool {
    let (before, after) = source.split_at(at);
    let start = before.rsplit('\n').next().map_or(0, str::len);
    let length = start + after.split('\n').next().map_or(0, str::len);
    let acts = |text: &str| text.contains(|c: char| escape::acts(c) && c != '\t');
    !source.is_empty() && length <= LONGEST_LINE && !source.lines().any(acts)
}

/// Traces go where everything else goes.
impl<'a> MakeWriter<'a> for Printer {
    type Writer = Trace;

    fn make_writer(&'a self) -> Trace {
        Trace(*self)
    }
}

/// Writes a trace, which comes whole.
pub(crate) struct Trace(Printer);

impl Write for Trace {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.say(String::from_utf8_lossy(bytes).trim_end_matches('\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
