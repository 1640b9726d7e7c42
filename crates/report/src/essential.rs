//! The edges that say something the others do not.

use crate::picture::{Edge, Need, Picture};

/// The edges of a picture without those that others imply: its transitive reduction.
///
/// Most edges of a real stack are implied (whatever needs a subnet also needs its VPC), and with all of them drawn
/// none can be followed. What is left out changes neither what can be reached from where, nor what has to work
/// before what is begun: an edge that waits until its dependency works is left out only where another path starts
/// with such an edge.
#[must_use]
pub fn essential(picture: &Picture) -> Vec<Edge> {
    let dependants = dependants(picture);
    let reach = Reach::new(picture, &dependants);
    let implied = |edge: &Edge| {
        dependants[edge.dependency].iter().any(|other| {
            let as_strong = edge.need == Need::Identity || other.need == Need::Ready;
            as_strong && other.dependant != edge.dependant && reach.leads(other.dependant, edge.dependant)
        })
    };
    picture.edges().iter().filter(|edge| !implied(edge)).copied().collect()
}

fn dependants(picture: &Picture) -> Vec<Vec<Edge>> {
    let mut dependants = vec![Vec::new(); picture.nodes().len()];
    for edge in picture.edges() {
        dependants[edge.dependency].push(*edge);
    }
    dependants
}

/// The nodes that each node reaches, one bit for each pair: 3 MB for 5,000 nodes.
struct Reach {
    rows: Vec<Vec<u64>>,
}

impl Reach {
    fn new(picture: &Picture, dependants: &[Vec<Edge>]) -> Self {
        let words = picture.nodes().len().div_ceil(64);
        let mut rows: Vec<Vec<u64>> = vec![Vec::new(); picture.nodes().len()];
        for &node in picture.order().iter().rev() {
            let mut row = vec![0; words];
            for Edge { dependant, .. } in &dependants[node] {
                row[dependant / 64] |= 1 << (dependant % 64);
                row.iter_mut().zip(&rows[*dependant]).for_each(|(mine, theirs)| *mine |= theirs);
            }
            rows[node] = row;
        }
        Self { rows }
    }

    fn leads(&self, from: usize, to: usize) -> bool {
        self.rows[from][to / 64] >> (to % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any, node, ready};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    type Pairs = BTreeSet<(usize, usize)>;

    /// All pairs joined by a path, and those joined by a path that starts with waiting until something works.
    fn meaning(count: usize, edges: &[Edge]) -> (Pairs, Pairs) {
        let mut reached: Pairs = edges.iter().map(|edge| (edge.dependency, edge.dependant)).collect();
        for by in 0..count {
            let pairs: Vec<_> = reached.iter().copied().collect();
            for (from, _) in pairs.iter().filter(|(_, to)| *to == by) {
                reached.extend(pairs.iter().filter(|(start, _)| *start == by).map(|(_, to)| (*from, *to)));
            }
        }
        let strong = edges.iter().filter(|edge| edge.need == Need::Ready);
        let waits = strong.flat_map(|edge| {
            let behind = reached.iter().filter(|(from, _)| *from == edge.dependant);
            behind.map(|(_, to)| (edge.dependency, *to)).chain([(edge.dependency, edge.dependant)])
        });
        (reached.clone(), waits.collect())
    }

    fn identity(dependency: usize, dependant: usize) -> Edge {
        Edge { dependency, dependant, need: Need::Identity }
    }

    fn three(edges: Vec<Edge>) -> Vec<Edge> {
        let nodes = vec![node("a", "a"), node("a", "b"), node("a", "c")];
        essential(&Picture::new("t", "s", nodes, edges).unwrap())
    }

    #[test]
    fn what_a_longer_path_says_is_left_out() {
        assert_eq!(three(vec![ready(0, 1), ready(1, 2), ready(0, 2)]), [ready(0, 1), ready(1, 2)]);
    }

    #[test]
    fn waiting_for_something_to_work_is_not_implied_by_a_path_that_needs_only_its_id() {
        let all = vec![identity(0, 1), ready(0, 2), ready(1, 2)];
        assert_eq!(three(all.clone()), all);
    }

    proptest! {
        #[test]
        fn neither_reachability_nor_waiting_changes(picture in any()) {
            let count = picture.nodes().len();
            prop_assert_eq!(meaning(count, picture.edges()), meaning(count, &essential(&picture)));
        }

        #[test]
        fn no_edge_that_is_left_could_be_left_out_too(picture in any()) {
            let count = picture.nodes().len();
            let kept = essential(&picture);
            for gone in 0..kept.len() {
                let mut fewer = kept.clone();
                fewer.remove(gone);
                prop_assert_ne!(meaning(count, &kept), meaning(count, &fewer));
            }
        }
    }
}
