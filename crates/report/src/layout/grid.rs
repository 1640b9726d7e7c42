//! The columns with their frames of nodes, and with the waypoints of edges that pass.

use super::measures::{HEAD, INSET, NODE, PITCH, WIRE};
use crate::{areas::Areas, picture::Edge};
use std::collections::BTreeMap;

/// Edges over more columns than this are drawn straight: nobody follows them by eye, and with their waypoints the
/// work would grow with the square of the nodes.
const FAR: usize = 24;

/// Items are nodes, by their positions, and behind them waypoints.
pub(super) struct Grid {
    /// The column of each item.
    pub(super) layer: Vec<usize>,
    /// The neighbours of each item in the column on its left.
    pub(super) left: Vec<Vec<usize>>,
    /// The neighbours of each item in the column on its right.
    pub(super) right: Vec<Vec<usize>>,
    /// From top to bottom.
    pub(super) columns: Vec<Vec<Unit>>,
    /// The waypoints of each edge, from left to right.
    pub(super) routes: Vec<Vec<usize>>,
    nodes: usize,
}

/// A group that moves as one: the nodes of an area in one column, or a waypoint alone.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// The area, if it is a frame.
    pub(super) area: Option<usize>,
    /// From top to bottom.
    pub(super) items: Vec<usize>,
}

impl Grid {
    pub(super) fn new(layers: &[usize], edges: &[Edge], areas: &Areas) -> Self {
        let mut grid = Self {
            layer: layers.to_vec(),
            left: vec![Vec::new(); layers.len()],
            right: vec![Vec::new(); layers.len()],
            columns: vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)],
            routes: Vec::with_capacity(edges.len()),
            nodes: layers.len(),
        };
        let mut frames: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (node, &layer) in layers.iter().enumerate() {
            frames.entry((layer, areas.number(node))).or_default().push(node);
        }
        for ((layer, area), items) in frames {
            grid.columns[layer].push(Unit { area: Some(area), items });
        }
        let mut known = BTreeMap::new();
        for edge in edges {
            let route = grid.lead(edge, &mut known);
            grid.routes.push(route);
        }
        grid
    }

    /// The waypoints of an edge. Edges that start together stay together, so each thing that is needed far away
    /// takes one line through the columns between, not one for each of its dependants.
    fn lead(&mut self, edge: &Edge, known: &mut BTreeMap<(usize, usize), usize>) -> Vec<usize> {
        let (first, last) = (self.layer[edge.dependency], self.layer[edge.dependant]);
        if last - first > FAR {
            return Vec::new();
        }
        let mut route = Vec::new();
        let mut before = edge.dependency;
        for layer in first + 1..last {
            let next = *known.entry((edge.dependency, layer)).or_insert_with(|| self.waypoint(before, layer));
            route.push(next);
            before = next;
        }
        self.join(before, edge.dependant);
        route
    }

    fn waypoint(&mut self, before: usize, layer: usize) -> usize {
        let item = self.layer.len();
        self.layer.push(layer);
        self.left.push(Vec::new());
        self.right.push(Vec::new());
        self.columns[layer].push(Unit { area: None, items: vec![item] });
        self.join(before, item);
        item
    }

    fn join(&mut self, left: usize, right: usize) {
        self.right[left].push(right);
        self.left[right].push(left);
    }

    pub(super) fn is_waypoint(&self, item: usize) -> bool {
        item >= self.nodes
    }

    pub(super) fn units(&self) -> impl Iterator<Item = &Unit> {
        self.columns.iter().flatten()
    }
}

impl Unit {
    pub(super) fn height(&self) -> f64 {
        match self.area {
            Some(_) => self.centre(self.items.len() - 1) + NODE / 2.0 + INSET,
            None => WIRE,
        }
    }

    /// The distance from the unit's top to the middle of one of its items.
    pub(super) fn centre(&self, item: usize) -> f64 {
        match self.area {
            Some(_) => (0..item).fold(HEAD + NODE / 2.0, |top, _| top + PITCH),
            None => WIRE / 2.0,
        }
    }

    /// The least distance from the unit above.
    pub(super) fn gap(&self, above: &Self) -> f64 {
        match (self.area, above.area) {
            (None, None) => 2.0,
            (Some(_), Some(_)) => 14.0,
            _ => 8.0,
        }
    }
}
