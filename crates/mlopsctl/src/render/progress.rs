//! What is going on: live lines on a terminal, a line per event elsewhere, JSON where it was asked for.

use super::{event, report::time, value::cut};
use crate::printer::Printer;
use engine::{Action, Event, Plan, StepPhase};
use jiff::Timestamp;
use resource::Address;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often live lines are drawn anew.
const FRAME: Duration = Duration::from_millis(120);
const SPINNER: [&str; 8] = ["⣾", "⣽", "⣻", "⢿", "⡿", "⣟", "⣯", "⣷"];

/// Shows the events of one run.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    started: Instant,
    total: usize,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    running: BTreeMap<(Address, Action), Running>,
    done: usize,
    /// Live lines on the screen.
    lines: usize,
    frame: usize,
}

struct Running {
    since: Instant,
    waiting_for: Option<String>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer, plan: &Plan) -> Self {
        Self { printer, started: Instant::now(), total: plan.changes.len(), shown: Mutex::default() }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an event.
    pub(crate) fn hear(&self, event: &Event) {
        if self.printer.is_json() {
            // A reader that went away does not stop the work.
            let _ = self.printer.event(&event::step(event, Timestamp::now()));
            return;
        }
        let mut shown = self.shown();
        let again = shown.note(event);
        if self.printer.is_live() {
            if matches!(event.phase, StepPhase::Done | StepPhase::Failed(_)) {
                let lines = format!("{}{}\n", shown.erase(), self.line(event));
                self.printer.raw(&lines);
            }
        } else if !again {
            self.printer.note(&self.line(event));
        }
    }

    fn line(&self, event: &Event) -> String {
        let paint = self.printer.talk_paint();
        let (symbol, more) = match &event.phase {
            StepPhase::Started => (paint.dim("·"), "started".to_owned()),
            StepPhase::Waiting(what) => (paint.dim("…"), format!("waiting for {what}")),
            StepPhase::Done => (paint.green("✓"), format!("done in {}", time(event.elapsed))),
            StepPhase::Failed(failure) => (paint.red("✗"), paint.red(&format!("failed: {failure}"))),
        };
        let action = event.action.as_str();
        format!("{symbol} {:>7}  {action:7}  {}  {more}", time(self.started.elapsed()), event.address)
    }

    /// Draws the live lines until dropped.
    pub(crate) async fn keep_drawing(&self) {
        if !self.printer.is_live() {
            std::future::pending::<()>().await;
        }
        let mut frames = tokio::time::interval(FRAME);
        loop {
            frames.tick().await;
            let mut shown = self.shown();
            let text = self.frame(&mut shown);
            self.printer.raw(&text);
        }
    }

    fn frame(&self, shown: &mut Shown) -> String {
        let paint = self.printer.talk_paint();
        let mut text = shown.erase();
        if shown.running.is_empty() {
            return text;
        }
        shown.frame += 1;
        let spinner = SPINNER[shown.frame % SPINNER.len()];
        let width = self.printer.width().saturating_sub(1);
        // Lines that scroll out at the top can no longer be erased.
        let room = self.printer.height().saturating_sub(3).clamp(1, 12);
        let mut running: Vec<_> = shown.running.iter().collect();
        running.sort_by_key(|(_, running)| running.since);
        for ((address, action), running) in running.iter().take(room) {
            let what = running.waiting_for.as_ref().map(|what| format!("  waiting for {what}")).unwrap_or_default();
            let line = format!("{spinner} {:>7}  {:7}  {address}{what}", time(running.since.elapsed()), action.as_str());
            let _ = writeln!(text, "{}", paint.cyan(&cut(&line, width)));
        }
        let hidden = running.len().saturating_sub(room);
        let more = if hidden > 0 { format!(", {hidden} more under way") } else { String::new() };
        let foot = format!("  {}/{} done in {}{more}", shown.done, self.total, time(self.started.elapsed()));
        let _ = writeln!(text, "{}", paint.dim(&cut(&foot, width)));
        shown.lines = running.len().min(room) + 1;
        text
    }

    /// Leaves only the lines that stay.
    pub(crate) fn end(&self) {
        let text = self.shown().erase();
        self.printer.raw(&text);
    }
}

impl Shown {
    /// Takes note of an event; true when it says nothing new.
    fn note(&mut self, event: &Event) -> bool {
        let key = (event.address.clone(), event.action);
        match &event.phase {
            StepPhase::Started => {
                self.running.insert(key, Running { since: Instant::now(), waiting_for: None });
            }
            StepPhase::Waiting(what) => {
                let running = self.running.entry(key).or_insert_with(|| Running { since: Instant::now(), waiting_for: None });
                let before = running.waiting_for.replace(what.clone());
                return before.as_ref() == Some(what);
            }
            StepPhase::Done | StepPhase::Failed(_) => {
                self.running.remove(&key);
                self.done += 1;
            }
        }
        false
    }

    /// Moves up over the live lines and clears them.
    fn erase(&mut self) -> String {
        let lines = std::mem::take(&mut self.lines);
        if lines == 0 { String::new() } else { format!("\x1b[{lines}A\x1b[J") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(phase: StepPhase) -> Event {
        Event { address: Address::new("network", "nat"), action: Action::Create, phase, elapsed: Duration::ZERO }
    }

    #[test]
    fn waiting_for_the_same_again_is_no_news() {
        let mut shown = Shown::default();
        assert!(!shown.note(&event(StepPhase::Started)));
        assert!(!shown.note(&event(StepPhase::Waiting("pending".into()))));
        assert!(shown.note(&event(StepPhase::Waiting("pending".into()))));
        assert!(!shown.note(&event(StepPhase::Waiting("available".into()))));
        assert!(!shown.note(&event(StepPhase::Done)));
        assert!(shown.running.is_empty());
    }

    #[test]
    fn live_lines_are_erased_once() {
        let mut shown = Shown { lines: 3, ..Shown::default() };
        assert_eq!(shown.erase(), "\x1b[3A\x1b[J");
        assert_eq!(shown.erase(), "");
    }
}
