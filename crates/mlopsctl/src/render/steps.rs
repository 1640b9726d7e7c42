//! The steps of an execution, as they happen: on a terminal a live line for the step under way, elsewhere one line per
//! event.

use super::{
    live::Live,
    took::{clock, milliseconds, took},
};
use crate::printer::{Printer, Style};
use jiff::Timestamp;
use runs::{Event, FailureReason, History, Phase};
use serde::Serialize;

/// Shows an execution that is being followed.
pub(crate) struct Steps {
    printer: Printer,
    live: Option<Live>,
    /// The last event that was told.
    told: i64,
}

impl Steps {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, live: Live::is_wanted(printer).then(|| Live::new(printer)), told: 0 }
    }

    /// Tells what is new.
    pub(crate) fn show(&mut self, history: &History) {
        for event in history.events.iter().filter(|event| event.id > self.told) {
            match &mut self.live {
                _ if self.printer.json => self.printer.line(&document(event)),
                // The live line shows that a step is under way.
                Some(live) if !matches!(event.phase, Phase::Started | Phase::Submitted(_)) => {
                    live.erase();
                    self.printer.say(&lasting(event, self.printer));
                }
                Some(_) => {}
                None => self.printer.note(&line(event, self.printer)),
            }
        }
        self.told = history.events.last().map_or(self.told, |event| event.id);
    }

    /// Draws the step under way anew.
    pub(crate) fn draw(&mut self, history: &History) {
        let Some(live) = &mut self.live else { return };
        let running = history.running().map(|step| {
            let job = step.attempts.last().and_then(|attempt| attempt.task.job());
            let job = job.map(|job| format!("  {job}")).unwrap_or_default();
            format!("  … {} {}{job}", step.name, took(step.took(Timestamp::now())))
        });
        live.draw(&running.into_iter().collect::<Vec<_>>());
    }

    /// Takes back what is not to stay.
    pub(crate) fn end(mut self) {
        if let Some(live) = &mut self.live {
            live.erase();
        }
    }
}

fn what(event: &Event, printer: Printer) -> String {
    let step = &event.step;
    match &event.phase {
        Phase::Started => format!("{step} started"),
        Phase::Submitted(job) => format!("{step} is job {job}"),
        Phase::Failed(why) => format!("{step} {}: {}", printer.paint(Style::Alarm, "failed"), why.words()),
        Phase::Retried(again) => format!("{step} {}, retry {again}", printer.paint(Style::Yellow, "is tried again")),
        Phase::Done(spent) => format!("{step} {} in {}", printer.paint(Style::Green, "done"), took(*spent)),
    }
}

/// One line of a log that is read later.
pub(crate) fn line(event: &Event, printer: Printer) -> String {
    format!("  {} {}", printer.paint(Style::Dim, &clock(event.at)), what(event, printer))
}

/// The line of a step that stays on a terminal.
fn lasting(event: &Event, printer: Printer) -> String {
    let (sign, style) = match event.phase {
        Phase::Failed(_) => ("✗", Style::Alarm),
        Phase::Retried(_) => ("↻", Style::Yellow),
        _ => ("✓", Style::Green),
    };
    format!("  {} {}", printer.paint(style, sign), what(event, printer))
}

/// An event for a program; like the events of `up`, one per line.
#[derive(Serialize)]
pub(crate) struct StepLine<'a> {
    event: &'static str,
    step: &'a str,
    at: String,
    phase: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FailureReasonDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
}

/// The reason why a step failed.
#[derive(Serialize)]
pub(crate) struct FailureReasonDocument<'a> {
    code: &'a str,
    message: String,
}

impl<'a> From<&'a FailureReason> for FailureReasonDocument<'a> {
    fn from(why: &'a FailureReason) -> Self {
        Self { code: &why.error, message: why.sentence() }
    }
}

pub(crate) fn document(event: &Event) -> StepLine<'_> {
    let line = |phase| StepLine {
        event: "step",
        step: &event.step,
        at: event.at.to_string(),
        phase,
        job: None,
        error: None,
        retry: None,
        elapsed_ms: None,
    };
    match &event.phase {
        Phase::Started => line("started"),
        Phase::Submitted(job) => StepLine { job: Some(job), ..line("submitted") },
        Phase::Failed(why) => StepLine { error: Some(why.into()), ..line("failed") },
        Phase::Retried(again) => StepLine { retry: Some(*again), ..line("retried") },
        Phase::Done(spent) => StepLine { elapsed_ms: Some(milliseconds(*spent)), ..line("done") },
    }
}
