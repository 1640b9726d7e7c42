//! The report of a run: finished steps, unfinished ones, and resources that remain in the cloud.

use super::{
    outputs,
    run_summary::{LeftDocument, LinkDocument, RunSummary, UnrecordedDocument, milliseconds},
    took::took,
};
use crate::{
    printer::{Printer, Style},
    remedy,
};
use aws_client::{CallMeter, FailureKind};
use engine::{Action, Applied, ChainLink, Repairs, Timeline};
use jiff::SignedDuration;
use resource::{Address, KindRegistry};
use state::{Entry, WriterEnd};
use std::{collections::BTreeMap, time::Duration};

/// The number of throttled requests that a report does not mention. The first ones only set the pace.
const MANY: u64 = 20;

/// The end of a run.
pub(crate) struct Report<'a> {
    pub(crate) applied: &'a Applied,
    /// The result of writing the state. `None` where nothing was done.
    pub(crate) ended: Option<&'a WriterEnd>,
    /// The drift that a reconciliation was for.
    pub(crate) repairs: Option<&'a Repairs>,
    pub(crate) registry: &'a KindRegistry,
    pub(crate) meter: &'a CallMeter,
    pub(crate) elapsed: Duration,
}

impl Report<'_> {
    fn count(&self, action: Action) -> usize {
        self.applied.done.iter().filter(|(_, done)| *done == action).count()
    }

    /// The last line of a run's JSON.
    pub(crate) fn summary(&self) -> RunSummary<'_> {
        let unwritten = self.unwritten();
        RunSummary {
            created: self.count(Action::Create),
            updated: self.count(Action::Update),
            replaced: self.count(Action::Replace),
            deleted: self.count(Action::Delete),
            failed: self.applied.failed.len(),
            skipped: self.applied.skipped.len(),
            left: Some(self.applied.left.len()),
            elapsed_ms: milliseconds(self.elapsed),
            api_calls: self.meter.requests(),
            calls: Some(self.meter.calls()),
            longest_chain: Some(self.applied.timeline.longest_chain.iter().map(LinkDocument::from).collect()),
            drift_left: self.repairs.map(|repairs| repairs.left.iter().map(LeftDocument::from).collect()),
            pending: self.repairs.map(|repairs| repairs.pending.as_slice()),
            not_recorded: unwritten.map(|(ended, _)| unrecorded(ended).map(UnrecordedDocument::from).collect()),
            state_error: unwritten.map(|(_, error)| error.to_string()),
            ..RunSummary::nothing()
        }
    }

    /// For a person.
    pub(crate) fn say(&self, printer: Printer) {
        self.failures(printer);
        self.unfinished(printer);
        self.not_recorded(printer);
        if let Some(repairs) = self.repairs {
            left_to_person(repairs, printer);
        }
        printer.say(&self.last_line());
        for (address, facts) in &self.applied.aftermath {
            printer.say(&format!("  {address} is deleted: {facts}"));
        }
        if let Some(chain) = longest_chain(&self.applied.timeline) {
            printer.note(&chain);
        }
        let failed = self.applied.failed.iter().any(|failed| failed.failure.kind == FailureKind::Throttled);
        if let Some(help) = throttling(&self.meter.slowed_down(), failed) {
            printer.help(&help);
        }
        let to_be_shown = self.applied.failed.is_empty() && self.repairs.is_none() && !printer.quiet;
        if to_be_shown && !self.applied.outputs.is_empty() {
            self.outputs(printer);
        }
    }

    fn failures(&self, printer: Printer) {
        for failed in &self.applied.failed {
            let noun = self.registry.get(&failed.kind).map_or(failed.kind.as_str(), |reconciler| reconciler.noun());
            let what = format!("{} could not be {}d ({noun})", failed.address, failed.action.as_str());
            printer.error(&format!("{what}\n  {}", failed.failure), None);
            if let Some(residue) = &failed.failure.residue {
                printer.say(&format!("  {} {residue}", printer.paint(Style::Yellow, "remains:")));
            }
            if let Some(help) = remedy::words_of(failed.failure.help.as_ref()) {
                printer.help(&help);
            }
        }
    }

    fn unfinished(&self, printer: Printer) {
        let mut skipped: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for one in &self.applied.skipped {
            let because =
                one.because.as_ref().map_or("the run was stopped".to_owned(), |needed| format!("they need {needed}"));
            skipped.entry((because, one.action.as_str())).or_default().push(one.address.as_str());
        }
        for ((because, action), addresses) in skipped {
            printer.say(&format!("  {} not {action}d, because {because}: {}", addresses.len(), addresses.join(", ")));
        }
        for (address, action) in &self.applied.left {
            printer.say(&format!("  not finished: {address} ({}); the next run goes on with it", action.as_str()));
        }
        if let Some(why) = &self.applied.stopped {
            let recorded =
                self.unwritten().is_none().then_some("what was done is recorded; the same command goes on from here");
            printer.error(&format!("the run ended early: {why}"), recorded);
        }
    }

    /// The error that kept the state from being written, if there was one.
    fn unwritten(&self) -> Option<(&WriterEnd, &state::Error)> {
        let ended = self.ended?;
        Some((ended, ended.result.as_ref().err()?))
    }

    fn not_recorded(&self, printer: Printer) {
        let Some((ended, error)) = self.unwritten() else { return };
        let help = remedy::words_of(error.help().as_ref());
        printer.error(&format!("the state could not be written: {error}"), help.as_deref());
        for (address, entry) in unrecorded(ended) {
            let what = match entry {
                None => "it was deleted".to_owned(),
                Some(Entry { kind, id: Some(id), phase, .. }) => format!("{kind} {id}, {}", phase.as_str()),
                Some(Entry { kind, id: None, .. }) => format!("{kind}, about to be created"),
            };
            printer.say(&format!("  not recorded: {address} ({what})"));
        }
        printer.help("run the same command again: it finds all of this by name, token or tag, and records it");
    }

    fn last_line(&self) -> String {
        let done = [
            (Action::Create, "created"),
            (Action::Update, "updated"),
            (Action::Replace, "replaced"),
            (Action::Delete, "deleted"),
        ];
        let mut parts: Vec<String> = done
            .into_iter()
            .filter(|(action, _)| self.count(*action) > 0)
            .map(|(action, what)| format!("{} {what}", self.count(action)))
            .collect();
        for (count, what) in [
            (self.applied.failed.len(), "failed"),
            (self.applied.skipped.len(), "not started"),
            (self.applied.left.len(), "not finished"),
            (self.repairs.map_or(0, |repairs| repairs.left.len()), "left to a person"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let what = if parts.is_empty() { "Nothing to do".to_owned() } else { parts.join(", ") };
        format!("{what} in {:.1} s, with {} API calls.", self.elapsed.as_secs_f64(), self.meter.requests())
    }

    fn outputs(&self, printer: Printer) {
        printer.say("");
        printer.page(&outputs::text(&self.applied.outputs, printer.columns_of_data()));
    }
}

/// The slow steps of the chain that decided how long the run took. `None` if the run was short.
fn longest_chain(Timeline { longest_chain, .. }: &Timeline) -> Option<String> {
    const SHORT: Duration = Duration::from_secs(60);
    const MOST_NAMED: usize = 4;
    let whole: Duration = longest_chain.iter().map(|link| link.took).sum();
    if whole < SHORT {
        return None;
    }
    let took = |span: Duration| SignedDuration::try_from(span).map(took).unwrap_or_default();
    // Steps that took next to nothing explain nothing.
    let mut slow: Vec<&ChainLink> = longest_chain.iter().filter(|link| link.took * 20 >= whole).collect();
    while slow.len() > MOST_NAMED
        && let Some((fastest, _)) = slow.iter().enumerate().min_by_key(|(_, link)| link.took)
    {
        slow.remove(fastest);
    }
    let named: Vec<String> = slow.iter().map(|link| format!("{} {}", link.address, took(link.took))).collect();
    Some(format!("The longest chain took {}: {}.", took(whole), named.join(", then ")))
}

/// The addresses whose step the stored state lacks, each with its entry: `None` for a deletion.
fn unrecorded(ended: &WriterEnd) -> impl Iterator<Item = (&Address, Option<&Entry>)> {
    ended.unrecorded.iter().map(|address| (address, ended.state.resources.get(address)))
}

/// Drift that stays, and differences between the environment file and the applied specs.
fn left_to_person(repairs: &Repairs, printer: Printer) {
    for left in &repairs.left {
        let what = format!("{} ({}): {}", left.address, left.kind, left.reason);
        let help = remedy::words_of(left.help.as_ref()).map(|help| format!("; {}", printer.advice(&help)));
        let title = printer.paint(Style::Yellow, "left:");
        printer.say(&format!("  {title} {what}{}", help.unwrap_or_default()));
    }
    if !repairs.pending.is_empty() {
        let pending: Vec<&str> = repairs.pending.iter().map(|address| address.as_str()).collect();
        printer.say(&format!(
            "  {} {}: {}",
            printer.paint(Style::Dim, "pending:"),
            pending.join(", "),
            printer.advice("the environment file asks for another value than was applied; `mlopsctl plan` shows it")
        ));
    }
}

/// The advice about throttling, if it was frequent or a step failed by it.
fn throttling(slowed_down: &BTreeMap<String, u64>, failed: bool) -> Option<String> {
    let times: u64 = slowed_down.values().sum();
    let (most, _) = slowed_down.iter().max_by_key(|(_, times)| **times)?;
    let what = format!("AWS asked to slow down {times} times, mostly {most}");
    let quota = "if it happens often, spread what works in this account and region over time, or ask for a higher rate \
                 in Service Quotas";
    match failed {
        true => Some(format!("{what}: run the same command again in some minutes, it goes on from here; {quota}")),
        false => (times >= MANY).then(|| format!("{what}, which made this run slower; {quota}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_told_if_a_step_failed_by_it_or_it_was_frequent() {
        let times = |glue: u64| BTreeMap::from([("CreateRole".to_owned(), 1), ("GetJob".to_owned(), glue)]);
        let failed = throttling(&times(3), true).unwrap();
        assert!(
            failed.starts_with("AWS asked to slow down 4 times, mostly GetJob: run the same command again"),
            "{failed}"
        );
        let slow = throttling(&times(MANY), false).unwrap();
        assert!(slow.contains("which made this run slower") && slow.contains("Service Quotas"), "{slow}");
        assert_eq!((throttling(&times(3), false), throttling(&BTreeMap::new(), true)), (None, None));
    }

    fn chain(links: &[(&str, u64)]) -> Option<String> {
        let link = |(address, seconds): &(&str, u64)| ChainLink {
            address: Address::parse(address).expect("it is an address"),
            action: Action::Create,
            took: Duration::from_secs(*seconds),
        };
        longest_chain(&Timeline { longest_chain: links.iter().map(link).collect(), ..Timeline::default() })
    }

    #[test]
    fn longest_chain_of_a_slow_run_names_its_slow_steps() {
        let slow = chain(&[("network.vpc", 2), ("network.nat", 95), ("studio.domain", 240), ("studio.user-a", 17)]);
        assert_eq!(
            slow.as_deref(),
            Some("The longest chain took 5 min 54 s: network.nat 1 min 35 s, then studio.domain 4 min 0 s.")
        );
        assert_eq!(chain(&[("network.vpc", 2), ("network.nat", 7)]), None);
        let many = ["a.a", "a.b", "a.c", "a.d", "a.e"].map(|address| (address, 20));
        assert!(chain(&many).is_some_and(|said| said.matches(", then ").count() == 3));
    }
}
