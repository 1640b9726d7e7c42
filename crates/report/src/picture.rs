//! The resources to draw, with their dependencies and their status.

use std::collections::{BTreeMap, VecDeque};

/// A stack that can be drawn: every edge leads somewhere, and none closes a circle.
#[derive(Debug, Clone)]
pub struct Picture {
    title: String,
    subtitle: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    order: Vec<usize>,
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its address: `network.private-1`.
    pub address: String,
    /// The area it belongs to: `network`.
    pub area: String,
    /// Its name within the area: `private-1`.
    pub name: String,
    /// The kind of resource: `ec2:subnet`.
    pub kind: String,
    /// The word for the kind: `subnet`.
    pub noun: String,
    /// The status, or the planned action.
    pub status: Status,
    /// True if it was changed or deleted outside of mlopsctl since it was applied.
    pub is_drifted: bool,
    /// Further facts about it, in the order in which to show them.
    pub detail: Vec<(String, String)>,
}

/// The words for a resource that was changed or deleted outside of mlopsctl.
pub(crate) const DRIFTED: &str = "changed outside of mlopsctl";

/// The status of a resource, or its planned action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Declared, not made yet.
    Planned,
    /// Made, but does not work yet.
    Settling,
    /// Works as declared.
    Ready,
    /// Will be changed in place.
    Update,
    /// Will be deleted and made anew.
    Replace,
    /// Will be deleted.
    Delete,
}

/// A dependency between two resources. Both are positions in the picture's nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The resource that comes first.
    pub dependency: usize,
    /// The resource that needs it.
    pub dependant: usize,
    /// The extent of the need.
    pub need: Need,
}

/// The extent to which one resource needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Its id. Drawn dashed.
    Identity,
    /// That it works. Drawn solid.
    Ready,
}

/// The reason why a stack cannot be drawn.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An edge names a position at which there is no node.
    #[error("an edge of the picture leads from node {dependency} to node {dependant}, but there are only {nodes}")]
    NoSuchNode {
        /// The start of the edge.
        dependency: usize,
        /// The end of the edge.
        dependant: usize,
        /// The number of nodes.
        nodes: usize,
    },
    /// Some resources need each other, so none of them can come first.
    #[error("{address} needs itself, by way of what it needs")]
    Circle {
        /// One of them.
        address: String,
    },
}

impl Picture {
    /// A picture of these nodes. Of several edges between the same two nodes, the one that asks for more counts.
    ///
    /// # Errors
    /// When an edge leads to no node, or when edges close a circle.
    pub fn new(
        title: impl Into<String>,
        subtitle: impl Into<String>,
        nodes: Vec<Node>,
        edges: Vec<Edge>,
    ) -> Result<Self, Error> {
        let mut needs: BTreeMap<(usize, usize), Need> = BTreeMap::new();
        for Edge { dependency, dependant, need } in edges {
            if dependency.max(dependant) >= nodes.len() {
                return Err(Error::NoSuchNode { dependency, dependant, nodes: nodes.len() });
            }
            let most = needs.entry((dependency, dependant)).or_insert(need);
            *most = need.max(*most);
        }
        let edges: Vec<Edge> =
            needs.into_iter().map(|((dependency, dependant), need)| Edge { dependency, dependant, need }).collect();
        let order = in_order(&nodes, &edges)?;
        Ok(Self { title: title.into(), subtitle: subtitle.into(), nodes, edges, order })
    }

    /// The title of the picture.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The place and time, in one line.
    #[must_use]
    pub fn subtitle(&self) -> &str {
        &self.subtitle
    }

    /// The resources, at the positions they were given.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The dependencies, ordered by dependency and dependant.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The positions of all nodes, each after all that it needs.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }
}

impl Status {
    /// All of them, in the order of a legend.
    pub(crate) const ALL: [Self; 6] =
        [Self::Ready, Self::Planned, Self::Settling, Self::Update, Self::Replace, Self::Delete];

    /// The words for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Planned => "to be created",
            Self::Settling => "settling",
            Self::Ready => "ready",
            Self::Update => "to be updated",
            Self::Replace => "to be replaced",
            Self::Delete => "to be deleted",
        }
    }

    /// The same in one sign, so that a status does not depend on seeing colours.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Planned => "+",
            Self::Settling => "…",
            Self::Ready => "✓",
            Self::Update => "~",
            Self::Replace => "±",
            Self::Delete => "−",
        }
    }

    /// The name by which style sheets know it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Settling => "settling",
            Self::Ready => "ready",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }
}

fn in_order(nodes: &[Node], edges: &[Edge]) -> Result<Vec<usize>, Error> {
    let mut dependants = vec![Vec::new(); nodes.len()];
    let mut open = vec![0_usize; nodes.len()];
    for edge in edges {
        dependants[edge.dependency].push(edge.dependant);
        open[edge.dependant] += 1;
    }
    let mut free: VecDeque<usize> = (0..nodes.len()).filter(|&node| open[node] == 0).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(node) = free.pop_front() {
        order.push(node);
        for &dependant in &dependants[node] {
            open[dependant] -= 1;
            if open[dependant] == 0 {
                free.push_back(dependant);
            }
        }
    }
    match circle(edges, &open) {
        Some(stuck) => Err(Error::Circle { address: nodes[stuck].address.clone() }),
        None => Ok(order),
    }
}

/// A node on a circle, if any are left open: from any of these, whatever keeps it open leads back into a circle.
fn circle(edges: &[Edge], open: &[usize]) -> Option<usize> {
    let mut keeps = vec![None; open.len()];
    for edge in edges.iter().filter(|edge| open[edge.dependency] > 0) {
        keeps[edge.dependant] = Some(edge.dependency);
    }
    let mut node = open.iter().position(|&count| count > 0)?;
    for _ in open {
        node = keeps[node]?;
    }
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{node, ready};

    fn identity(dependency: usize, dependant: usize) -> Edge {
        Edge { dependency, dependant, need: Need::Identity }
    }

    #[test]
    fn an_edge_to_nowhere_is_refused() {
        let refused = Picture::new("t", "s", vec![node("network", "vpc")], vec![ready(0, 7)]);
        assert_eq!(refused.err(), Some(Error::NoSuchNode { dependency: 0, dependant: 7, nodes: 1 }));
    }

    #[test]
    fn a_circle_is_refused_by_a_node_on_it_not_one_behind_it() {
        let nodes = vec![node("a", "behind"), node("a", "one"), node("a", "two"), node("a", "before")];
        let edges = vec![ready(1, 2), identity(2, 1), ready(2, 0), ready(3, 1)];
        let Err(Error::Circle { address }) = Picture::new("t", "s", nodes, edges) else { panic!("must be refused") };
        assert!(["a.one", "a.two"].contains(&address.as_str()), "{address}");
    }

    #[test]
    fn a_resource_that_needs_itself_is_a_circle() {
        assert!(Picture::new("t", "s", vec![node("a", "b")], vec![ready(0, 0)]).is_err());
    }

    #[test]
    fn of_two_edges_between_the_same_nodes_the_stronger_stays() {
        let nodes = vec![node("a", "b"), node("a", "c")];
        let picture = Picture::new("t", "s", nodes, vec![ready(0, 1), identity(0, 1)]).unwrap();
        assert_eq!(picture.edges(), [ready(0, 1)]);
    }
}
