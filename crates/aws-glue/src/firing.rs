//! When a trigger fires, and what it starts.

use aws_sdk_glue::types::{self as sdk, LogicalOperator, Predicate, TriggerType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When a trigger fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Firing {
    /// When it, or the workflow it begins, is started.
    OnDemand,
    /// At certain times.
    Scheduled {
        /// `cron(15 12 * * ? *)`, in UTC.
        expression: String,
        /// True if the trigger is enabled.
        activated: bool,
    },
    /// When others have ended.
    Conditional {
        /// The operator that combines the conditions.
        logical: Logical,
        /// The ends of jobs and crawls that the trigger waits for.
        conditions: Vec<TriggerCondition>,
        /// True if the trigger is enabled.
        activated: bool,
    },
}

/// The operator that combines conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Logical {
    /// All must hold.
    And,
    /// One must hold.
    Any,
}

/// The end of a job or a crawl that a trigger waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TriggerCondition {
    /// A job's run ended so.
    Job {
        /// Its name.
        name: String,
        /// The state in which the run ended.
        state: JobState,
    },
    /// A crawl ended so.
    Crawler {
        /// Its name.
        name: String,
        /// The state in which the crawl ended.
        state: CrawlState,
    },
}

/// The states in which a job's run can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are AWS's")]
pub enum JobState {
    Succeeded,
    Stopped,
    Failed,
    Timeout,
}

/// The states in which a crawl can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are AWS's")]
pub enum CrawlState {
    Succeeded,
    Cancelled,
    Failed,
}

/// The job or crawler that a trigger starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// A job.
    Job {
        /// Its name.
        name: String,
        /// Arguments instead of its default ones.
        arguments: BTreeMap<String, String>,
    },
    /// A crawler.
    Crawler {
        /// Its name.
        name: String,
    },
}

impl Firing {
    pub(crate) fn as_type(&self) -> TriggerType {
        match self {
            Self::OnDemand => TriggerType::OnDemand,
            Self::Scheduled { .. } => TriggerType::Scheduled,
            Self::Conditional { .. } => TriggerType::Conditional,
        }
    }

    pub(crate) fn expression(&self) -> Option<String> {
        match self {
            Self::Scheduled { expression, .. } => Some(expression.clone()),
            _ => None,
        }
    }

    pub(crate) fn predicate(&self) -> Option<Predicate> {
        let Self::Conditional { logical, conditions, .. } = self else { return None };
        let logical = match logical {
            Logical::And => sdk::Logical::And,
            Logical::Any => sdk::Logical::Any,
        };
        let conditions = conditions.iter().map(TriggerCondition::as_type).collect();
        Some(Predicate::builder().logical(logical).set_conditions(Some(conditions)).build())
    }

    /// True if the trigger is enabled; `None` for one that fires on demand, which has no switch.
    pub(crate) fn activated(&self) -> Option<bool> {
        match self {
            Self::OnDemand => None,
            Self::Scheduled { activated, .. } | Self::Conditional { activated, .. } => Some(*activated),
        }
    }

    /// The same apart from the switch.
    pub(crate) fn same_definition(&self, other: &Self) -> bool {
        self.as_type() == other.as_type()
            && self.expression() == other.expression()
            && self.predicate() == other.predicate()
    }

    pub(crate) fn read(trigger: &sdk::Trigger) -> Self {
        // AWS has more states for something being switched on or off; those are waited for.
        let activated = trigger.state() == Some(&sdk::TriggerState::Activated);
        match trigger.r#type() {
            Some(TriggerType::Scheduled) => {
                Self::Scheduled { expression: trigger.schedule().unwrap_or_default().to_owned(), activated }
            }
            Some(TriggerType::Conditional) => {
                let predicate = trigger.predicate();
                let conditions = predicate.map(|predicate| predicate.conditions()).unwrap_or_default();
                Self::Conditional {
                    logical: match predicate.and_then(|predicate| predicate.logical()) {
                        Some(sdk::Logical::Any) => Logical::Any,
                        _ => Logical::And,
                    },
                    conditions: conditions.iter().filter_map(TriggerCondition::read).collect(),
                    activated,
                }
            }
            _ => Self::OnDemand,
        }
    }
}

impl TriggerCondition {
    fn as_type(&self) -> sdk::Condition {
        let condition = sdk::Condition::builder().logical_operator(LogicalOperator::Equals);
        match self {
            Self::Job { name, state } => condition.job_name(name).state(state.as_type()),
            Self::Crawler { name, state } => condition.crawler_name(name).crawl_state(state.as_type()),
        }
        .build()
    }

    fn read(condition: &sdk::Condition) -> Option<Self> {
        if let Some(name) = condition.job_name() {
            let states = [JobState::Succeeded, JobState::Stopped, JobState::Failed, JobState::Timeout];
            let state = states.into_iter().find(|state| Some(&state.as_type()) == condition.state())?;
            return Some(Self::Job { name: name.to_owned(), state });
        }
        let states = [CrawlState::Succeeded, CrawlState::Cancelled, CrawlState::Failed];
        let state = states.into_iter().find(|state| Some(&state.as_type()) == condition.crawl_state())?;
        Some(Self::Crawler { name: condition.crawler_name()?.to_owned(), state })
    }
}

impl JobState {
    fn as_type(self) -> sdk::JobRunState {
        match self {
            Self::Succeeded => sdk::JobRunState::Succeeded,
            Self::Stopped => sdk::JobRunState::Stopped,
            Self::Failed => sdk::JobRunState::Failed,
            Self::Timeout => sdk::JobRunState::Timeout,
        }
    }
}

impl CrawlState {
    fn as_type(self) -> sdk::CrawlState {
        match self {
            Self::Succeeded => sdk::CrawlState::Succeeded,
            Self::Cancelled => sdk::CrawlState::Cancelled,
            Self::Failed => sdk::CrawlState::Failed,
        }
    }
}

impl Action {
    pub(crate) fn as_type(&self) -> sdk::Action {
        match self {
            Self::Job { name, arguments } => {
                let arguments = (!arguments.is_empty()).then(|| arguments.clone().into_iter().collect());
                sdk::Action::builder().job_name(name).set_arguments(arguments).build()
            }
            Self::Crawler { name } => sdk::Action::builder().crawler_name(name).build(),
        }
    }

    pub(crate) fn read(action: &sdk::Action) -> Option<Self> {
        if let Some(name) = action.job_name() {
            let arguments = action.arguments().cloned().unwrap_or_default().into_iter().collect();
            return Some(Self::Job { name: name.to_owned(), arguments });
        }
        Some(Self::Crawler { name: action.crawler_name()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger(firing: &Firing) -> sdk::Trigger {
        let state =
            if firing.activated() == Some(true) { sdk::TriggerState::Activated } else { sdk::TriggerState::Created };
        sdk::Trigger::builder()
            .r#type(firing.as_type())
            .state(state)
            .set_schedule(firing.expression())
            .set_predicate(firing.predicate())
            .build()
    }

    fn conditional(logical: Logical, activated: bool) -> Firing {
        let conditions = vec![
            TriggerCondition::Job { name: "etl".into(), state: JobState::Succeeded },
            TriggerCondition::Crawler { name: "raw".into(), state: CrawlState::Failed },
        ];
        Firing::Conditional { logical, conditions, activated }
    }

    #[test]
    fn every_way_of_firing_reads_back_as_it_was_sent() {
        let scheduled = Firing::Scheduled { expression: "cron(0 3 * * ? *)".into(), activated: true };
        for firing in [Firing::OnDemand, scheduled, conditional(Logical::Any, false), conditional(Logical::And, true)] {
            assert_eq!(Firing::read(&trigger(&firing)), firing);
        }
    }

    #[test]
    fn switching_on_is_not_a_change_of_definition() {
        assert!(conditional(Logical::And, true).same_definition(&conditional(Logical::And, false)));
        assert!(!conditional(Logical::And, true).same_definition(&conditional(Logical::Any, true)));
    }

    #[test]
    fn actions_read_back_as_they_were_sent() {
        let arguments = BTreeMap::from([("--day".to_owned(), "today".to_owned())]);
        let job = Action::Job { name: "etl".into(), arguments };
        for action in [
            job,
            Action::Job { name: "etl".into(), arguments: BTreeMap::new() },
            Action::Crawler { name: "raw".into() },
        ] {
            assert_eq!(Action::read(&action.as_type()), Some(action));
        }
    }
}
