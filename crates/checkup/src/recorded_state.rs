//! Findings about the state and its lock.

use crate::{Finding, Verdict};
use aws_client::{Operation, Remedy};
use jiff::Timestamp;
use state::{Error, Holder, Phase, State};

const CHECK: &str = "state";

/// Findings about a state and its lock: a run at work, unfinished changes, and an object in the lock's place that is no
/// lock.
pub fn check_state(
    environment: &str,
    state: Option<&State>,
    lock: &Result<Option<Holder>, Error>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match lock {
        Ok(holder) => findings.extend(holder.iter().map(|holder| locked(environment, holder, now))),
        Err(Error::Store { failure, .. }) => findings.push(Finding::unknown(CHECK, "the lock", failure)),
        Err(error) => findings.push(Finding {
            check: CHECK,
            verdict: Verdict::Problem,
            what: error.to_string(),
            help: error.help(),
        }),
    }
    findings.push(match state {
        None => Finding::ok(CHECK, "there is none yet: nothing has been built"),
        Some(state) => kept(environment, state),
    });
    findings
}

fn locked(environment: &str, holder: &Holder, now: Timestamp) -> Finding {
    if let Some(removed) = &holder.removed {
        let what = format!("{} removed the lock of {}; the next run takes it over", removed.by, holder.who);
        return Finding::ok(CHECK, what);
    }
    match holder.is_at_work(now) {
        false => {
            Finding::ok(CHECK, format!("{holder} has ended without giving its lock back; the next run takes it over"))
        }
        true => Finding::warning(
            CHECK,
            format!("{holder} is at work"),
            Remedy::Either(vec![
                "wait for it".into(),
                Remedy::Unlock { environment: environment.to_owned(), id: holder.id.clone() },
            ]),
        ),
    }
}

/// The finding about a store that accepts a write whose condition does not hold. Nothing is said of one that refused
/// it.
pub fn conditions(refused: &Result<(), Error>) -> Option<Finding> {
    match refused {
        Ok(()) => None,
        Err(error @ Error::IgnoresConditions { .. }) => Some(Finding::problem(
            CHECK,
            error.to_string(),
            "keep the state on AWS itself, or on an S3-compatible store that honours If-Match and If-None-Match",
        )),
        Err(Error::Store { failure, .. }) => {
            Some(Finding::unknown(CHECK, "whether the store honours conditions on PUT", failure))
        }
        Err(error) => Some(Finding::warning(CHECK, error.to_string(), Remedy::Rerun)),
    }
}

fn kept(environment: &str, state: &State) -> Finding {
    let unfinished: Vec<String> = state
        .resources
        .iter()
        .filter(|(_, entry)| entry.phase != Phase::Ready || !entry.deposed.is_empty())
        .map(|(address, entry)| match entry.phase {
            Phase::Ready => format!("{address} (a deposed resource is not deleted yet)"),
            phase => format!("{address} ({})", phase.as_str()),
        })
        .collect();
    match unfinished.as_slice() {
        [] => Finding::ok(CHECK, format!("{} resources, all finished; serial {}", state.resources.len(), state.serial)),
        some => Finding::warning(
            CHECK,
            format!("an interrupted run left {} unfinished: {}", some.len(), listed(some)),
            Remedy::perform(Operation::Up, Some(environment), "goes on from there"),
        ),
    }
}

/// The first of many, in words.
pub(crate) fn listed(all: &[String]) -> String {
    const MOST: usize = 5;
    let shown = all[..all.len().min(MOST)].join(", ");
    match all.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn holder(renewed: Timestamp) -> Holder {
        Holder {
            id: "l-1".to_owned(),
            who: "ana@laptop".to_owned(),
            operation: "up".to_owned(),
            started: renewed,
            renewed,
            process: None,
            removed: None,
        }
    }

    #[test]
    fn a_lock_is_somebodys_until_it_has_not_been_renewed_for_a_minute() {
        let now = Timestamp::now();
        let verdict = |renewed| check_state("dev", None, &Ok(Some(holder(renewed))), now)[0].clone();
        assert_eq!(verdict(now - 10.seconds()).verdict, Verdict::Warning);
        let unlock = Remedy::Unlock { environment: "dev".to_owned(), id: "l-1".to_owned() };
        let either = |help| matches!(help, Some(Remedy::Either(ways)) if ways.contains(&unlock));
        assert!(either(verdict(now - 10.seconds()).help));
        assert_eq!(verdict(now - 10.minutes()).verdict, Verdict::Ok);
    }

    #[test]
    fn of_many_the_first_are_named_and_the_others_counted() {
        let all: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        assert_eq!(listed(&all), "0, 1, 2, 3, 4 and 3 more");
        assert_eq!(listed(&all[..2]), "0, 1");
    }
}
