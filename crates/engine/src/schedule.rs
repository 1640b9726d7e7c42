//! The order and the start of steps: a pure state machine, without I/O, clock or runtime.

use petgraph::{
    Direction,
    algo::{has_path_connecting, toposort},
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};
use resource::Edge;
use std::{cmp::Reverse, collections::BTreeSet, time::Duration};

/// A step, by its position in the list the schedule was made from.
pub(crate) type StepId = usize;

/// The progress of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Running,
    /// Running, and what it makes exists already.
    Identified,
    Done,
    Failed,
    /// Not started, because what it needs failed or was skipped: names the step that failed.
    Skipped(StepId),
    /// Not finished, because the run was stopped or need not wait for it.
    Left,
}

/// Steps with their dependencies. Each event costs only what it changes: a platform may have thousands of steps.
#[derive(Debug)]
pub(crate) struct Schedule {
    graph: DiGraph<Progress, Edge>,
    /// Longest expected time from the start of a step to the end of everything after it.
    weight: Vec<Duration>,
    /// The most that each step has offered to its dependants.
    given: Vec<Option<Edge>>,
    /// The number of dependencies that each step still waits for.
    missing: Vec<usize>,
    /// The number of steps not yet started that need each step to be done.
    awaiting: Vec<usize>,
    /// Waiting steps that miss nothing, the longest chains first.
    ready: BTreeSet<(Reverse<Duration>, StepId)>,
    stopped: bool,
}

/// The steps need each other in a circle: names those in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cycle(pub(crate) StepId);

impl Schedule {
    /// A schedule of as many steps as there are durations. An edge `(a, b, needs)` lets `b` start when
    /// `a` exists or is done; a preferred one, when `a` is done, unless `a` waits for `b`.
    pub(crate) fn new(
        durations: &[Duration],
        edges: &[(StepId, StepId, Edge)],
        preferred: &[(StepId, StepId)],
    ) -> Result<Self, Cycle> {
        let mut graph: DiGraph<Progress, Edge> = DiGraph::with_capacity(durations.len(), edges.len());
        for _ in durations {
            graph.add_node(Progress::Waiting);
        }
        for (before, after, needs) in edges {
            // Of two edges between the same steps the stronger one counts.
            match graph.find_edge(NodeIndex::new(*before), NodeIndex::new(*after)) {
                Some(edge) => graph[edge] = graph[edge].max(*needs),
                None => {
                    graph.add_edge(NodeIndex::new(*before), NodeIndex::new(*after), *needs);
                }
            }
        }
        let sort =
            |graph: &DiGraph<Progress, Edge>| toposort(graph, None).map_err(|cycle| Cycle(cycle.node_id().index()));
        let mut order = sort(&graph)?;
        for (before, after) in preferred {
            let (before, after) = (NodeIndex::new(*before), NodeIndex::new(*after));
            if !has_path_connecting(&graph, after, before, None) {
                graph.update_edge(before, after, Edge::Ready);
            }
        }
        if !preferred.is_empty() {
            order = sort(&graph)?;
        }
        let mut weight = vec![Duration::ZERO; durations.len()];
        for node in order.into_iter().rev() {
            let after = graph.neighbors(node).map(|next| weight[next.index()]).max().unwrap_or_default();
            weight[node.index()] = durations[node.index()] + after;
        }
        let mut schedule = Self {
            given: vec![None; durations.len()],
            missing: vec![0; durations.len()],
            awaiting: vec![0; durations.len()],
            ready: BTreeSet::new(),
            stopped: false,
            graph,
            weight,
        };
        for edge in schedule.graph.edge_references() {
            schedule.missing[edge.target().index()] += 1;
            schedule.awaiting[edge.source().index()] += usize::from(*edge.weight() == Edge::Ready);
        }
        for step in (0..durations.len()).filter(|step| schedule.missing[*step] == 0) {
            schedule.ready.insert((Reverse(schedule.weight[step]), step));
        }
        Ok(schedule)
    }

    /// Takes the steps that may start now, the longest chains first, at most `limit`.
    pub(crate) fn take_ready(&mut self, limit: usize) -> Vec<StepId> {
        if self.stopped {
            return Vec::new();
        }
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some((_, step)) = self.ready.pop_first()
        {
            self.no_longer_waits(NodeIndex::new(step), Progress::Running);
            taken.push(step);
        }
        taken
    }

    /// Marks that the step's resource exists; dependants that need only that may start.
    pub(crate) fn identified(&mut self, step: StepId) {
        let node = NodeIndex::new(step);
        if self.graph[node] == Progress::Running {
            self.graph[node] = Progress::Identified;
            self.gives(node, Edge::Identity);
        }
    }

    /// The step is done.
    pub(crate) fn done(&mut self, step: StepId) {
        let node = NodeIndex::new(step);
        self.graph[node] = Progress::Done;
        self.gives(node, Edge::Ready);
    }

    /// Schedules the step again, because one of its dependencies was remade. Its dependants keep what they already
    /// received from it.
    pub(crate) fn repeat(&mut self, step: StepId) {
        let node = NodeIndex::new(step);
        self.graph[node] = Progress::Waiting;
        for edge in self.graph.edges_directed(node, Direction::Incoming).filter(|edge| *edge.weight() == Edge::Ready) {
            self.awaiting[edge.source().index()] += 1;
        }
        self.ready.insert((Reverse(self.weight[step]), step));
    }

    /// The dependants of a step.
    pub(crate) fn dependants(&self, step: StepId) -> Vec<StepId> {
        self.graph.neighbors(NodeIndex::new(step)).map(NodeIndex::index).collect()
    }

    /// The steps that a step needs, and how.
    pub(crate) fn needs(&self, step: StepId) -> impl Iterator<Item = (StepId, Edge)> {
        let edges = self.graph.edges_directed(NodeIndex::new(step), Direction::Incoming);
        edges.map(|edge| (edge.source().index(), *edge.weight()))
    }

    /// True if a dependency of the step exists and has not yet settled, so that it may be remade.
    pub(crate) fn rests_on_unfinished(&self, step: StepId) -> bool {
        self.needs_any(step, |needed| needed == Progress::Identified)
    }

    /// True if a dependency of the step failed.
    pub(crate) fn rests_on_failed(&self, step: StepId) -> bool {
        self.needs_any(step, |needed| needed == Progress::Failed)
    }

    fn needs_any(&self, step: StepId, is: impl Fn(Progress) -> bool) -> bool {
        self.graph.neighbors_directed(NodeIndex::new(step), Direction::Incoming).any(|needed| is(self.graph[needed]))
    }

    /// The step failed: everything that needs it is skipped.
    pub(crate) fn failed(&mut self, step: StepId) {
        self.graph[NodeIndex::new(step)] = Progress::Failed;
        self.skip_after(NodeIndex::new(step), step);
    }

    /// The step is left unfinished on purpose. What needs it to work is skipped; what needs only its
    /// identity goes on if it has one.
    pub(crate) fn leave(&mut self, step: StepId) {
        let node = NodeIndex::new(step);
        let given = self.given[step];
        self.graph[node] = Progress::Left;
        let lacks = |needs: Edge| given.is_none_or(|given| given < needs);
        let blocked: Vec<NodeIndex> =
            self.graph.edges(node).filter(|edge| lacks(*edge.weight())).map(|edge| edge.target()).collect();
        for after in blocked {
            self.skip(after, step);
        }
    }

    /// Offers this much to the step's dependants. Those that need no more may start.
    fn gives(&mut self, node: NodeIndex, now: Edge) {
        let before = self.given[node.index()];
        self.given[node.index()] = before.max(Some(now));
        let is_new = |needs: Edge| needs <= now && before.is_none_or(|before| before < needs);
        for edge in self.graph.edges(node).filter(|edge| is_new(*edge.weight())) {
            let after = edge.target();
            let missing = &mut self.missing[after.index()];
            *missing -= 1;
            if *missing == 0 && self.graph[after] == Progress::Waiting {
                self.ready.insert((Reverse(self.weight[after.index()]), after.index()));
            }
        }
    }

    /// A step starts, or never will.
    fn no_longer_waits(&mut self, node: NodeIndex, progress: Progress) {
        self.graph[node] = progress;
        for edge in self.graph.edges_directed(node, Direction::Incoming).filter(|edge| *edge.weight() == Edge::Ready) {
            self.awaiting[edge.source().index()] -= 1;
        }
    }

    fn skip_after(&mut self, node: NodeIndex, because: StepId) {
        let after: Vec<NodeIndex> = self.graph.neighbors(node).collect();
        for next in after {
            self.skip(next, because);
        }
    }

    fn skip(&mut self, node: NodeIndex, because: StepId) {
        if self.graph[node] == Progress::Waiting {
            self.no_longer_waits(node, Progress::Skipped(because));
            self.ready.remove(&(Reverse(self.weight[node.index()]), node.index()));
            self.skip_after(node, because);
        }
    }

    /// True if a step that has not started needs this one to be finished.
    pub(crate) fn is_awaited(&self, step: StepId) -> bool {
        self.awaiting[step] > 0
    }

    /// The longest expected time from the start of a step to the end of everything after it.
    pub(crate) fn weight(&self, step: StepId) -> Duration {
        self.weight[step]
    }

    /// Starts nothing more.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// The progress of a step.
    pub(crate) fn progress(&self, step: StepId) -> Progress {
        self.graph[NodeIndex::new(step)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn identity_suffices_where_it_should() {
        let edges = [(0, 1, Edge::Identity), (0, 2, Edge::Ready)];
        let mut schedule = Schedule::new(&[S; 3], &edges, &[]).unwrap();
        assert_eq!(schedule.take_ready(9), [0]);
        schedule.identified(0);
        assert_eq!(schedule.take_ready(9), [1]);
        schedule.done(0);
        assert_eq!(schedule.take_ready(9), [2]);
    }

    #[test]
    fn repeated_step_gives_nothing_twice() {
        let edges = [(0, 1, Edge::Identity), (1, 2, Edge::Identity), (1, 3, Edge::Ready)];
        let mut schedule = Schedule::new(&[S; 4], &edges, &[]).unwrap();
        schedule.take_ready(9);
        schedule.identified(0);
        assert_eq!(schedule.take_ready(9), [1]);
        assert!(schedule.rests_on_unfinished(1));
        schedule.done(1);
        assert_eq!(schedule.take_ready(9), [2, 3]);
        assert_eq!(schedule.dependants(0), [1]);
        schedule.repeat(1);
        assert_eq!(schedule.take_ready(9), [1]);
        schedule.identified(1);
        schedule.done(1);
        schedule.done(0);
        assert!(!schedule.rests_on_unfinished(1));
        assert!(schedule.take_ready(9).is_empty());
        assert_eq!(schedule.progress(1), Progress::Done);
    }

    #[test]
    fn the_longest_chain_starts_first() {
        let mut schedule = Schedule::new(&[S, S * 90, S], &[(2, 1, Edge::Ready)], &[]).unwrap();
        assert_eq!(schedule.take_ready(1), [2]);
    }

    #[test]
    fn a_failure_skips_only_what_depends_on_it_and_says_on_what() {
        let edges = [(0, 1, Edge::Identity), (1, 2, Edge::Ready)];
        let mut schedule = Schedule::new(&[S; 4], &edges, &[]).unwrap();
        schedule.take_ready(9);
        schedule.failed(0);
        assert_eq!(schedule.progress(2), Progress::Skipped(0));
        schedule.done(3);
        assert_eq!(schedule.progress(3), Progress::Done);
    }

    #[test]
    fn a_circle_is_refused() {
        assert!(Schedule::new(&[S; 2], &[(0, 1, Edge::Ready), (1, 0, Edge::Identity)], &[]).is_err());
    }

    #[test]
    fn what_is_preferred_holds_unless_it_would_close_a_circle() {
        let mut schedule = Schedule::new(&[S; 3], &[(0, 1, Edge::Ready)], &[(1, 0), (2, 0)]).unwrap();
        assert_eq!(schedule.take_ready(9), [2]);
        schedule.done(2);
        assert_eq!(schedule.take_ready(9), [0]);
    }

    proptest! {
        #[test]
        fn every_order_of_events_ends_with_every_step_settled_and_after_what_it_needs(
            count in 1_usize..20,
            pairs in prop::collection::vec((0_usize..20, 0_usize..20, any::<bool>()), 0..60),
            choices in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 200),
        ) {
            let edges: Vec<_> = pairs
                .into_iter()
                .map(|(a, b, ready)| (a % count, b % count, if ready { Edge::Ready } else { Edge::Identity }))
                .filter(|(a, b, _)| a < b)
                .collect();
            let mut schedule = Schedule::new(&vec![S; count], &edges, &[]).unwrap();
            let mut running = Vec::new();
            let mut choices = choices.into_iter().cycle();
            loop {
                for step in schedule.take_ready(4) {
                    for (before, _, needs) in edges.iter().filter(|(_, after, _)| *after == step) {
                        let progress = schedule.progress(*before);
                        let fits = match needs {
                            Edge::Ready => progress == Progress::Done,
                            Edge::Identity => matches!(progress, Progress::Done | Progress::Identified | Progress::Left),
                        };
                        prop_assert!(fits, "{step} started while {before} was {progress:?}");
                    }
                    running.push(step);
                }
                for step in 0..count {
                    let awaited = edges.iter().any(|(before, after, needs)| {
                        *before == step && *needs == Edge::Ready && schedule.progress(*after) == Progress::Waiting
                    });
                    prop_assert_eq!(schedule.is_awaited(step), awaited);
                }
                let (which, what) = choices.next().unwrap();
                if running.is_empty() {
                    break;
                }
                let at = which.index(running.len());
                match what {
                    0 => schedule.failed(running.swap_remove(at)),
                    1 => schedule.leave(running.swap_remove(at)),
                    2..=4 => schedule.identified(running[at]),
                    _ => schedule.done(running.swap_remove(at)),
                }
            }
            for step in 0..count {
                let progress = schedule.progress(step);
                prop_assert!(!matches!(progress, Progress::Waiting | Progress::Running | Progress::Identified), "{step} is {progress:?}");
            }
        }
    }
}
