//! The terminal as the frontend of the library: shows plans and progress, and asks.

use crate::{
    cli::{ChangeArgs, Global},
    printer::{Printer, Style},
    render::{self, page::Form, progress::Progress},
};
use app::{Answer, App, ChangeOptions, Confirmation, Error, Frontend, PlanToApply, Settings};
use engine::Event;
use futures::future::BoxFuture;
use resource::{Address, IgnoredDifference};
use std::sync::{Arc, Mutex, PoisonError};

/// More addresses that a saved plan leaves out are counted only.
const MOST_LEFT_OUT: usize = 10;

impl Global {
    /// The library, with this terminal as its frontend.
    pub(crate) fn app(&self) -> App {
        App::new(self.settings(), Arc::new(Terminal { printer: Printer::new(self), progress: Mutex::default() }))
    }

    /// The settings of the library.
    pub(crate) fn settings(&self) -> Settings {
        Settings { local: self.local, environments: self.environments.clone(), lock_timeout: self.lock_timeout }
    }

    /// The options of a change. The embedded AWS needs no confirmation.
    pub(crate) fn options(&self, args: &ChangeArgs) -> ChangeOptions {
        ChangeOptions {
            is_confirmed: args.yes || self.local,
            delete_data: args.delete_data.clone(),
            unprotect: args.unprotect.clone(),
            parallelism: args.parallelism.into(),
            wait_factor: args.wait_factor,
            no_wait: false,
            removes_state: false,
        }
    }
}

/// The terminal of a command.
struct Terminal {
    printer: Printer,
    progress: Mutex<Option<Progress>>,
}

impl Terminal {
    fn with_progress(&self, act: impl FnOnce(&mut Option<Progress>)) {
        act(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Frontend for Terminal {
    fn note(&self, words: &str) {
        self.printer.note(words);
    }

    fn warn(&self, words: &str) {
        self.printer.say(words);
    }

    fn error(&self, what: &str, help: Option<&str>) {
        self.printer.error(what, help);
    }

    fn show_plan<'a>(&'a self, plan: PlanToApply<'a>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.printer.json {
                return Ok(());
            }
            if let Some(session) = plan.session {
                session.used_parts().await?.lines().iter().for_each(|line| self.printer.note(line));
            }
            self.printer.note(&page(&plan, self.printer));
            Ok(())
        })
    }

    fn show_ignored(&self, ignored: &[IgnoredDifference]) {
        if let Some(ignored) = render::ignored::line(ignored).filter(|_| !self.printer.json) {
            self.printer.note(&ignored);
        }
    }

    /// A saved plan may be about some resources only. Its name does not tell that to whoever applies it.
    fn show_left_out(&self, targets: &[String], left_out: &[Address]) {
        let left_out: Vec<&str> = left_out.iter().map(Address::as_str).collect();
        let (shown, more) = left_out.split_at(left_out.len().min(MOST_LEFT_OUT));
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        if !left_out.is_empty() {
            self.printer.say(&format!(
                "{} this plan is about {} only and leaves out {} resources: {}{more}",
                self.printer.paint(Style::Yellow, "note:"),
                targets.join(", "),
                left_out.len(),
                shown.join(", "),
            ));
        }
    }

    fn can_ask(&self) -> bool {
        self.printer.can_ask()
    }

    fn confirm<'a>(&'a self, question: Confirmation<'a>) -> BoxFuture<'a, Answer> {
        let what = if question.operation == "destroy" { "Destroy" } else { "Apply this to" };
        Box::pin(async move {
            match self.printer.ask(&format!("{what} {}? [y/N]", question.environment)).await {
                true => Answer::Yes,
                false => Answer::No,
            }
        })
    }

    fn apply_started(&self, steps: usize) {
        self.with_progress(|progress| *progress = Some(Progress::start(self.printer, steps)));
    }

    fn event(&self, event: &Event) {
        self.with_progress(|progress| progress.iter().for_each(|progress| progress.event(event)));
    }

    fn apply_ended(&self) {
        self.with_progress(|progress| {
            if let Some(progress) = progress.take() {
                progress.finish();
            }
        });
    }
}

/// The plan as a page on stderr.
fn page(plan: &PlanToApply<'_>, printer: Printer) -> String {
    let names = plan.session.map(app::Session::names).unwrap_or_default();
    let form = Form::new(false, printer.columns());
    render::plan_text::page(plan.view, &names, Some(&render::cost::change(plan.costs)), printer, form)
}
