//! The questions and messages of this library for the program around it. The library itself neither prints nor reads a
//! terminal.

use crate::UsedParts;
use aws_client::Remedy;
use cost::Comparison;
use engine::{Event, Loss, MeasuredTimes, PlannedChange, Summary};
use futures::future::BoxFuture;
use resource::{Address, IgnoredDifference};
use review::{Names, PlanView};

/// A plan that is about to be applied, with everything a person wants to see of it.
pub struct PlanToApply<'a> {
    /// The common parts of the names of the platform's resources.
    pub names: &'a Names,
    /// The existing resources that the platform uses, if the plan is of the stack that an environment file declares.
    pub uses: &'a UsedParts,
    /// The plan for a reviewer.
    pub view: &'a PlanView,
    /// The costs before and after the plan.
    pub costs: &'a Comparison,
}

/// A question before a change.
#[derive(Clone, Copy, Debug)]
pub struct Confirmation<'a> {
    /// The name of the command, such as `up`.
    pub operation: &'a str,
    /// The name of the environment.
    pub environment: &'a str,
    /// The account of the platform.
    pub account: &'a str,
    /// The region of the platform.
    pub region: &'a str,
    /// The number of changes of each action.
    pub summary: Summary,
    /// The data that the change deletes.
    pub losses: &'a [Loss],
}

/// The answer to a [`Confirmation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Yes,
    /// End without a change.
    No,
}

/// The program around this library: a terminal, a test, a service.
///
/// Every method has a default that says nothing, so a frontend implements only what it shows.
pub trait Frontend: Send + Sync {
    /// Information that a quiet run leaves out.
    fn note(&self, _words: &str) {}

    /// Something that also a quiet run says.
    fn warn(&self, _words: &str) {}

    /// Information that a quiet run leaves out, with what to do next.
    fn advise(&self, _words: &str, _help: &Remedy) {}

    /// An error that does not end the run, with what to do next.
    fn error(&self, _what: &str, _help: Option<&Remedy>) {}

    /// Warns that no resource matches a pattern of addresses to unprotect.
    fn show_unmatched(&self, _pattern: &str) {}

    /// Shows a plan before it is confirmed or, without a question, before it is applied.
    fn show_plan(&self, _plan: &PlanToApply<'_>) {}

    /// Shows which differences an empty plan ignores.
    fn show_ignored(&self, _ignored: &[IgnoredDifference]) {}

    /// Shows the resources that a saved plan with these targets leaves out.
    fn show_left_out(&self, _targets: &[String], _left_out: &[Address]) {}

    /// True if the frontend can answer questions.
    fn can_ask(&self) -> bool {
        false
    }

    /// Asks a question. Called only if [`can_ask`](Self::can_ask) is true.
    fn confirm<'a>(&'a self, _question: Confirmation<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::No })
    }

    /// The steps of a plan begin. `measured` has their durations in earlier runs, as far as they are known.
    fn apply_started(&self, _changes: &[PlannedChange], _measured: &MeasuredTimes) {}

    /// Something happened to one step.
    fn event(&self, _event: &Event) {}

    /// The last step has ended.
    fn apply_ended(&self) {}
}

/// A frontend that says nothing and cannot be asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Frontend for Silent {}
