//! The progress of a run: on a terminal one live line per running step, elsewhere one line per event.

use super::{
    live::{FRAME, Live},
    took::took,
};
use crate::{
    printer::{Printer, Style},
    remedy,
};
use aws_client::Failure;
use engine::{Action, Event, StepPhase};
use jiff::SignedDuration;
use resource::Address;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// More running steps than this are counted only.
const MOST_LINES: usize = 12;
/// Shorter times are not told.
const WORTH_TELLING: Duration = Duration::from_secs(10);

/// Shows events as they come.
pub(crate) struct Progress {
    printer: Printer,
    board: Arc<Mutex<Board>>,
    drawing: Option<JoinHandle<()>>,
}

/// The known facts about a run.
pub(crate) struct Run {
    /// The number of its steps.
    pub(crate) steps: usize,
    /// True if the usual durations of its steps are known: on AWS, and on an emulator that did all of them before.
    pub(crate) has_usual_times: bool,
}

struct Board {
    has_usual_times: bool,
    total: usize,
    done: usize,
    running: BTreeMap<Address, Running>,
    live: Live,
}

struct Running {
    since: Instant,
    /// The usual duration of the step, and of what waits for it.
    typical: Duration,
    after: Duration,
    verb: &'static str,
    waits_for: Option<String>,
}

impl Progress {
    pub(crate) fn start(printer: Printer, Run { steps, has_usual_times }: Run) -> Self {
        let live = Live::new(printer);
        let board = Board { has_usual_times, total: steps, done: 0, running: BTreeMap::new(), live };
        let board = Arc::new(Mutex::new(board));
        let drawing = Live::is_wanted(printer).then(|| tokio::spawn(draw(board.clone())));
        Self { printer, board, drawing }
    }

    pub(crate) fn event(&self, event: &Event) {
        if self.printer.json {
            self.printer.line(&line_json(event));
            return;
        }
        let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        board.take(event);
        if self.printer.quiet && !matches!(event.phase, StepPhase::Failed(_)) {
            return;
        }
        let live = self.drawing.is_some();
        if live && !matches!(event.phase, StepPhase::Done | StepPhase::Failed(_)) {
            return;
        }
        board.live.erase();
        self.printer.say(&line(event, self.printer));
        if live {
            board.draw();
        }
    }

    pub(crate) fn finish(self) {
        if let Some(drawing) = self.drawing {
            drawing.abort();
            self.board.lock().unwrap_or_else(PoisonError::into_inner).live.erase();
        }
    }
}

async fn draw(board: Arc<Mutex<Board>>) {
    loop {
        tokio::time::sleep(FRAME).await;
        board.lock().unwrap_or_else(PoisonError::into_inner).draw();
    }
}

impl Board {
    fn take(&mut self, event: &Event) {
        match &event.phase {
            StepPhase::Started => {
                let Event { typical, after, .. } = *event;
                let running = Running { since: Instant::now(), typical, after, verb: doing(event), waits_for: None };
                self.running.insert(event.address.clone(), running);
            }
            StepPhase::Waiting(what) => {
                if let Some(running) = self.running.get_mut(&event.address) {
                    running.waits_for = Some(what.clone());
                }
            }
            StepPhase::Done | StepPhase::Failed(_) => {
                self.running.remove(&event.address);
                self.done += 1;
            }
        }
    }

    fn draw(&mut self) {
        let mut longest: Vec<_> = self.running.iter().collect();
        longest.sort_by_key(|(_, running)| running.since);
        let mut lines = Vec::new();
        for (address, running) in longest.iter().take(MOST_LINES) {
            let waits = running.waits_for.as_deref().map(|what| format!(", waiting: {what}")).unwrap_or_default();
            let usual = running.usual().filter(|_| self.has_usual_times).unwrap_or_default();
            let seconds = running.since.elapsed().as_secs();
            lines.push(format!("  … {} {address} {seconds} s{usual}{waits}", running.verb));
        }
        if longest.len() > MOST_LINES {
            lines.push(format!("  … and {} more", longest.len() - MOST_LINES));
        }
        let left = self.left().filter(|_| self.has_usual_times).unwrap_or_default();
        lines.push(format!("  {} of {} done{left}", self.done, self.total));
        self.live.draw(&lines);
    }

    /// The time that the run still needs if everything takes as long as usual, and the step that it waits for.
    fn left(&self) -> Option<String> {
        let (address, running) = self.running.iter().max_by_key(|(_, running)| running.left())?;
        let left = SignedDuration::try_from(running.left()).ok()?;
        (running.left() >= WORTH_TELLING).then(|| format!(", about {} left: waits for {address}", took(left)))
    }
}

impl Running {
    /// The time until everything that waits for this step is done, if all of it takes as long as usual.
    fn left(&self) -> Duration {
        self.typical.saturating_sub(self.since.elapsed()) + self.after
    }

    /// The usual duration of a step that AWS does slowly.
    fn usual(&self) -> Option<String> {
        let usual = SignedDuration::try_from(self.typical).ok()?;
        (self.typical >= WORTH_TELLING).then(|| format!(" (usually {})", took(usual)))
    }
}

fn doing(event: &Event) -> &'static str {
    match event.action {
        engine::Action::Create => "creating",
        engine::Action::Update => "updating",
        engine::Action::Replace => "replacing",
        engine::Action::Delete => "deleting",
    }
}

fn line(event: &Event, printer: Printer) -> String {
    let seconds = event.elapsed.as_secs_f64();
    let took = if seconds < 0.1 { String::new() } else { printer.paint(Style::Dim, &format!(" {seconds:.1} s")) };
    match &event.phase {
        StepPhase::Started => format!("  {} {}", doing(event), event.address),
        StepPhase::Waiting(what) => format!("  {} {}: waiting: {what}{took}", doing(event), event.address),
        StepPhase::Done => {
            let done = match event.action {
                engine::Action::Create => "created",
                engine::Action::Update => "updated",
                engine::Action::Replace => "replaced",
                engine::Action::Delete => "deleted",
            };
            format!("  {} {}{took}", printer.paint(Style::Green, done), event.address)
        }
        StepPhase::Failed(failure) => {
            format!("  {} {}: {failure}{took}", printer.paint(Style::Alarm, "failed"), event.address)
        }
    }
}

/// An event for a program; the form is part of the command line's contract.
#[derive(Serialize)]
struct StepLine<'a> {
    event: &'static str,
    address: &'a Address,
    action: Action,
    phase: &'static str,
    at: String,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FailureDocument<'a>>,
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    operation: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    request_id: Option<&'a str>,
    residue: Option<&'a str>,
    help: Option<String>,
}

impl<'a> From<&'a Failure> for FailureDocument<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            operation: &failure.operation,
            code: failure.code.as_deref(),
            message: &failure.message,
            request_id: failure.request_id.as_deref(),
            residue: failure.residue.as_deref(),
            help: failure.help.as_ref().map(remedy::words),
        }
    }
}

fn line_json(event: &Event) -> StepLine<'_> {
    let (phase, waiting_for, error) = match &event.phase {
        StepPhase::Started => ("started", None, None),
        StepPhase::Waiting(what) => ("waiting", Some(what.as_str()), None),
        StepPhase::Done => ("done", None, None),
        StepPhase::Failed(failure) => ("failed", None, Some(FailureDocument::from(&**failure))),
    };
    StepLine {
        event: "step",
        address: &event.address,
        action: event.action,
        phase,
        at: jiff::Timestamp::now().to_string(),
        elapsed_ms: u64::try_from(event.elapsed.as_millis()).unwrap_or(u64::MAX),
        waiting_for,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(address: &str, typical: u64, after: u64) -> Event {
        let address = Address::parse(address).expect("it is an address");
        let [typical, after] = [typical, after].map(Duration::from_secs);
        Event { address, action: Action::Create, phase: StepPhase::Started, elapsed: Duration::ZERO, typical, after }
    }

    #[test]
    fn run_waits_for_the_step_with_the_longest_chain() {
        let printer =
            Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false, repeated: "" };
        let live = Live::new(printer);
        let mut board = Board { has_usual_times: true, total: 3, done: 0, running: BTreeMap::new(), live };
        assert_eq!(board.left(), None);
        board.take(&started("storage.data", 1, 2));
        assert_eq!(board.left(), None, "seconds are not worth telling");
        board.take(&started("network.nat", 90, 2));
        board.take(&started("network.vpc", 1, 315));
        let left = board.left().expect("the chain behind the VPC is long");
        assert!(left.starts_with(", about 5 min 1") && left.ends_with("left: waits for network.vpc"), "{left}");
        let usual: Vec<_> = board.running.values().map(Running::usual).collect();
        assert_eq!(usual, [Some(" (usually 1 min 30 s)".to_owned()), None, None]);
        board.take(&Event { phase: StepPhase::Done, ..started("network.vpc", 1, 315) });
        assert!(board.left().expect("the gateway is left").ends_with("left: waits for network.nat"));
    }
}
