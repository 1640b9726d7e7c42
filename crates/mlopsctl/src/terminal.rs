//! The terminal as the frontend of the library: shows plans and progress, and asks.

use crate::{
    cli::{ChangeArgs, Global},
    printer::{Printer, Style},
    remedy,
    render::{
        self,
        page::Form,
        progress::{Progress, Run},
    },
};
use app::{Answer, App, ChangeOptions, Confirmation, Frontend, PlanToApply, Settings};
use aws_client::Remedy;
use engine::{Event, MeasuredTimes, PlannedChange};
use futures::future::BoxFuture;
use resource::{Address, IgnoredDifference};
use std::sync::{Arc, Mutex, PoisonError};

/// More addresses that a saved plan leaves out are counted only.
const MOST_LEFT_OUT: usize = 10;

impl Global {
    /// The library, with this terminal as its frontend.
    pub(crate) fn app(&self) -> App {
        let terminal =
            Terminal { printer: Printer::new(self), is_on_aws: self.is_on_aws(), progress: Mutex::default() };
        App::new(self.settings(), Arc::new(terminal))
    }

    /// True if commands work on AWS itself, and not on an emulator.
    pub(crate) fn is_on_aws(&self) -> bool {
        let endpoint = std::env::var_os("AWS_ENDPOINT_URL");
        !self.local && endpoint.is_none_or(|address| address.is_empty())
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
            measured: MeasuredTimes::default(),
        }
    }
}

/// The terminal of a command.
struct Terminal {
    printer: Printer,
    /// See [`Global::is_on_aws`].
    is_on_aws: bool,
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

    fn advise(&self, words: &str, help: &Remedy) {
        self.printer.note(&format!("{words}; {}", self.printer.advice(&remedy::words(help))));
    }

    fn error(&self, what: &str, help: Option<&Remedy>) {
        self.printer.error(what, remedy::words_of(help).as_deref());
    }

    fn show_unmatched(&self, pattern: &str) {
        self.printer.say(&format!("warning: no resource matches --unprotect '{}'", pattern.escape_debug()));
    }

    fn show_plan(&self, plan: &PlanToApply<'_>) {
        if !self.printer.json {
            plan.uses.lines().iter().for_each(|line| self.printer.note(line));
            self.printer.note(&page(plan, self.is_on_aws, self.printer));
        }
    }

    fn show_ignored(&self, ignored: &[IgnoredDifference]) {
        if let Some(ignored) = render::ignored::line(ignored).filter(|_| !self.printer.json) {
            self.printer.note(&ignored);
        }
    }

    /// A saved plan may be about some resources only. Its name does not tell that to the user who applies it.
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
        Box::pin(async move {
            let form = Form::new(false, self.printer.columns());
            render::question::lines(&question, self.printer, form).iter().for_each(|line| self.printer.say(line));
            let asked = render::question::question(&question);
            let is_yes = match render::question::is_destruction(&question) {
                true => self.printer.answer(&asked).await == question.environment,
                false => self.printer.ask(&asked).await,
            };
            if is_yes { Answer::Yes } else { Answer::No }
        })
    }

    fn apply_started(&self, changes: &[PlannedChange], measured: &MeasuredTimes) {
        let is_measured = changes.iter().all(|change| measured.time_of(&change.address, change.action).is_some());
        let run = Run { steps: changes.len(), has_usual_times: self.is_on_aws || is_measured };
        self.with_progress(|progress| *progress = Some(Progress::start(self.printer, run)));
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
fn page(plan: &PlanToApply<'_>, is_on_aws: bool, printer: Printer) -> String {
    let form = Form::new(false, printer.columns());
    let costs = render::cost::change(plan.costs, is_on_aws);
    render::plan_text::page(plan.view, plan.names, Some(&costs), printer, form)
}
