//! Notes when steps begin and end, and finds the chain of steps that decided how long the run took.

use crate::{
    ChainLink, StepTime, Timeline,
    order::Step,
    schedule::{Schedule, StepId},
};
use resource::Edge;
use tokio::time::Instant;

/// The moments of one step.
#[derive(Clone, Copy, Default)]
struct Moments {
    began: Option<Instant>,
    identified: Option<Instant>,
    ended: Option<Instant>,
}

/// Notes the moments of steps while a run goes on.
pub(crate) struct Recorder {
    began: Instant,
    moments: Vec<Moments>,
}

impl Recorder {
    pub(crate) fn new(began: Instant, steps: usize) -> Self {
        Self { began, moments: vec![Moments::default(); steps] }
    }

    /// The step begins. A repetition belongs to its first attempt.
    pub(crate) fn began(&mut self, step: StepId) {
        self.moments[step].began.get_or_insert_with(Instant::now);
    }

    /// The resource of the step exists.
    pub(crate) fn identified(&mut self, step: StepId) {
        self.moments[step].identified.get_or_insert_with(Instant::now);
    }

    /// The step is done or has failed.
    pub(crate) fn ended(&mut self, step: StepId) {
        self.moments[step].ended = Some(Instant::now());
    }

    /// The timeline of the run so far.
    pub(crate) fn timeline(&self, steps: &[Step], schedule: &Schedule) -> Timeline {
        let time = |(moments, step): (&Moments, &Step)| {
            Some(StepTime {
                address: step.address.clone(),
                action: step.action,
                began: moments.began? - self.began,
                ended: moments.ended? - self.began,
            })
        };
        let mut times: Vec<StepTime> = self.moments.iter().zip(steps).filter_map(time).collect();
        times.sort_by(|one, other| (one.began, &one.address).cmp(&(other.began, &other.address)));
        Timeline { steps: times, longest_chain: self.longest_chain(steps, schedule) }
    }

    fn longest_chain(&self, steps: &[Step], schedule: &Schedule) -> Vec<ChainLink> {
        let ended = |step: StepId| self.moments[step].ended;
        let mut next = (0..steps.len()).filter(|step| ended(*step).is_some()).max_by_key(|step| ended(*step));
        let mut released = next.and_then(ended);
        let mut chain = Vec::new();
        while let (Some(step), Some(until)) = (next, released) {
            let Some(began) = self.moments[step].began else { break };
            chain.push(ChainLink {
                address: steps[step].address.clone(),
                action: steps[step].action,
                took: until.saturating_duration_since(began),
            });
            let before = schedule.needs(step).filter_map(|(needed, edge)| Some((self.release(needed, edge)?, needed)));
            let last = before.filter(|(moment, _)| *moment <= began).max();
            (released, next) = last.map_or((None, None), |(moment, needed)| (Some(moment), Some(needed)));
        }
        chain.reverse();
        chain
    }

    /// When a step let the steps behind such an edge begin.
    fn release(&self, step: StepId, edge: Edge) -> Option<Instant> {
        let Moments { identified, ended, .. } = self.moments[step];
        match edge {
            Edge::Identity => identified.or(ended),
            Edge::Ready => ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, order::Work};
    use resource::Address;
    use std::time::Duration;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    fn step(name: &str) -> Step {
        let address = Address::parse(&format!("network.{name}")).expect("it is an address");
        Step {
            address,
            kind: "ec2:vpc".to_owned(),
            action: Action::Create,
            work: Work::Apply { node: 0 },
            is_conditional: false,
        }
    }

    /// A VPC whose subnet needs only its id, a gateway that needs the subnet, and a slow key beside them.
    #[tokio::test(start_paused = true)]
    async fn longest_chain_counts_each_step_until_the_next_could_begin() {
        let steps = ["vpc", "subnet", "gateway", "key"].map(step);
        let edges = [(0, 1, Edge::Identity), (1, 2, Edge::Ready)];
        let schedule = Schedule::new(&[SECOND; 4], &edges, &[]).expect("it has no circle");
        let mut recorder = Recorder::new(Instant::now(), 4);
        recorder.began(0);
        recorder.began(3);
        advance(SECOND).await;
        recorder.identified(0);
        recorder.began(1);
        advance(SECOND * 4).await;
        recorder.ended(0);
        recorder.ended(1);
        recorder.began(2);
        advance(SECOND * 30).await;
        recorder.ended(3);
        advance(SECOND * 60).await;
        recorder.ended(2);
        let timeline = recorder.timeline(&steps, &schedule);
        let chain: Vec<_> =
            timeline.longest_chain.iter().map(|link| (link.address.as_str(), link.took.as_secs())).collect();
        assert_eq!(chain, [("network.vpc", 1), ("network.subnet", 4), ("network.gateway", 90)]);
        let times: Vec<_> = timeline
            .steps
            .iter()
            .map(|time| (time.address.as_str(), time.began.as_secs(), time.ended.as_secs()))
            .collect();
        let expected =
            [("network.key", 0, 35), ("network.vpc", 0, 5), ("network.subnet", 1, 5), ("network.gateway", 5, 95)];
        assert_eq!(times, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn run_without_a_finished_step_has_no_chain() {
        let schedule = Schedule::new(&[SECOND], &[], &[]).expect("it has no circle");
        let mut recorder = Recorder::new(Instant::now(), 1);
        recorder.began(0);
        assert_eq!(recorder.timeline(&[step("vpc")], &schedule), Timeline::default());
    }
}
