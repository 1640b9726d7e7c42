//! Which step may start when: a pure state machine, without I/O, clock or runtime.

use petgraph::{
    Direction,
    algo::{has_path_connecting, toposort},
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};
use resource::Edge;
use std::time::Duration;

/// A step, by its position in the list the schedule was made from.
pub(crate) type StepId = usize;

/// How far a step is.
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

/// Steps with their dependencies.
#[derive(Debug)]
pub(crate) struct Schedule {
    graph: DiGraph<Progress, Edge>,
    /// Longest expected time from the start of a step to the end of everything after it.
    weight: Vec<Duration>,
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
        Ok(Self { graph, weight, stopped: false })
    }

    /// Takes the steps that may start now, the longest chains first, at most `limit`.
    pub(crate) fn take_ready(&mut self, limit: usize) -> Vec<StepId> {
        if self.stopped {
            return Vec::new();
        }
        let mut ready: Vec<NodeIndex> = self.graph.node_indices().filter(|node| self.may_start(*node)).collect();
        ready.sort_by_key(|node| (std::cmp::Reverse(self.weight[node.index()]), node.index()));
        ready.truncate(limit);
        for node in &ready {
            self.graph[*node] = Progress::Running;
        }
        ready.into_iter().map(NodeIndex::index).collect()
    }

    fn may_start(&self, node: NodeIndex) -> bool {
        self.graph[node] == Progress::Waiting
            && self.graph.edges_directed(node, Direction::Incoming).all(|edge| match self.graph[edge.source()] {
                Progress::Done => true,
                Progress::Identified | Progress::Left => *edge.weight() == Edge::Identity && self.exists(edge.source()),
                _ => false,
            })
    }

    /// A step that was left counts as existing only if it had been identified; `leave` keeps that by
    /// skipping everything after it otherwise.
    fn exists(&self, node: NodeIndex) -> bool {
        matches!(self.graph[node], Progress::Identified | Progress::Left)
    }

    /// What the step makes exists; dependants that need only that may start.
    pub(crate) fn identified(&mut self, step: StepId) {
        let node = NodeIndex::new(step);
        if self.graph[node] == Progress::Running {
            self.graph[node] = Progress::Identified;
        }
    }

    /// The step is done.
    pub(crate) fn done(&mut self, step: StepId) {
        self.graph[NodeIndex::new(step)] = Progress::Done;
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
        let identified = self.graph[node] == Progress::Identified;
        self.graph[node] = Progress::Left;
        let blocked: Vec<NodeIndex> = self
            .graph
            .edges(node)
            .filter(|edge| !identified || *edge.weight() == Edge::Ready)
            .map(|edge| edge.target())
            .collect();
        for after in blocked {
            self.skip(after, step);
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
            self.graph[node] = Progress::Skipped(because);
            self.skip_after(node, because);
        }
    }

    /// Whether something that has not started needs this step to be finished.
    pub(crate) fn is_awaited(&self, step: StepId) -> bool {
        self.graph
            .edges(NodeIndex::new(step))
            .any(|edge| *edge.weight() == Edge::Ready && self.graph[edge.target()] == Progress::Waiting)
    }

    /// Starts nothing more.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// How far a step is.
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
