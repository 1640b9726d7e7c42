//! What is being done: on a terminal one live line per running step, elsewhere one line per event.

use super::live::{FRAME, Live};
use crate::printer::{Printer, Style};
use engine::{Event, StepPhase};
use resource::Address;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::task::JoinHandle;

/// More running steps than this are counted only.
const MOST_LINES: usize = 12;

/// Shows events as they come.
pub(crate) struct Progress {
    printer: Printer,
    board: Arc<Mutex<Board>>,
    drawing: Option<JoinHandle<()>>,
}

struct Board {
    total: usize,
    done: usize,
    running: BTreeMap<Address, Running>,
    live: Live,
}

struct Running {
    since: Instant,
    verb: &'static str,
    waits_for: Option<String>,
}

impl Progress {
    pub(crate) fn start(printer: Printer, total: usize) -> Self {
        let board = Board { total, done: 0, running: BTreeMap::new(), live: Live::new(printer) };
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
                let running = Running { since: Instant::now(), verb: doing(event), waits_for: None };
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
            let text = format!("  … {} {address} {} s{waits}", running.verb, running.since.elapsed().as_secs());
            lines.push(text);
        }
        if longest.len() > MOST_LINES {
            lines.push(format!("  … and {} more", longest.len() - MOST_LINES));
        }
        lines.push(format!("  {} of {} done", self.done, self.total));
        self.live.draw(&lines);
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

fn line_json(event: &Event) -> serde_json::Value {
    let (phase, detail) = match &event.phase {
        StepPhase::Started => ("started", None),
        StepPhase::Waiting(what) => ("waiting", Some(("waiting_for", json!(what)))),
        StepPhase::Done => ("done", None),
        StepPhase::Failed(failure) => {
            let error = json!({"operation": failure.operation, "code": failure.code, "message": failure.message,
                               "request_id": failure.request_id, "residue": failure.residue, "help": failure.help});
            ("failed", Some(("error", error)))
        }
    };
    let elapsed = u64::try_from(event.elapsed.as_millis()).unwrap_or(u64::MAX);
    let mut line = json!({"event": "step", "address": event.address, "action": event.action.as_str(), "phase": phase,
                          "at": jiff::Timestamp::now().to_string(), "elapsed_ms": elapsed});
    if let Some((key, value)) = detail {
        line[key] = value;
    }
    line
}
