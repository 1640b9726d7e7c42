//! The places of nodes and edges: a layered drawing from left (made first) to right (made last).
//!
//! Four steps, each in its own module: a column for every node ([`layers`]), the nodes of one area in one column
//! gathered in a frame and long edges led through the columns between ([`grid`]), an order in which few edges cross
//! ([`order`]), and heights at which edges are as level as they can be ([`place`]).
//!
//! Libraries were looked at first: rust-sugiyama says where nodes stand but not how edges run, knows no groups, and did
//! not finish 5,000 nodes in a minute; layout-rs and dagre are several times the code of these modules.

mod grid;
mod layers;
mod measures;
mod order;
mod place;

use crate::{areas::Areas, picture::Edge, picture::Picture};
use grid::{Grid, Unit};
use measures::{GUTTER, WIRE};
pub(crate) use measures::{HEAD, INSET, NODE};

pub(crate) struct Layout {
    /// The place of each node.
    pub(crate) nodes: Vec<Rect>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) routes: Vec<Route>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Around the nodes of one area in one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) area: usize,
    pub(crate) rect: Rect,
}

/// The course of an edge: level through each of these, and freely from one to the next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    pub(crate) edge: Edge,
    /// From the right side of the dependency to the left side of the dependant.
    pub(crate) levels: Vec<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) y: f64,
}

impl Layout {
    /// Lays out a picture of which only these edges are drawn, with nodes as wide as their texts ask for.
    pub(crate) fn new(picture: &Picture, edges: &[Edge], widths: &[f64]) -> Self {
        let areas = Areas::new(picture);
        let layers = layers::layers(picture, edges);
        let mut grid = Grid::new(&layers, edges, &areas);
        order::order(&mut grid);
        let centres = place::centres(&grid);
        Self::measured(&grid, edges, widths, &centres)
    }

    fn measured(grid: &Grid, edges: &[Edge], widths: &[f64], centres: &[f64]) -> Self {
        let (columns, width) = columns(grid, widths);
        let column = |item: usize| columns[grid.layer[item]];
        let inside = |node: usize| Rect {
            x: column(node).from + INSET,
            y: centres[node] - NODE / 2.0,
            width: column(node).to - column(node).from - 2.0 * INSET,
            height: NODE,
        };
        let nodes: Vec<Rect> = (0..widths.len()).map(inside).collect();
        let frames: Vec<Frame> = grid.units().filter_map(|unit| frame(unit, &nodes)).collect();
        let route = |(edge, through): (&Edge, &Vec<usize>)| {
            let (first, last) = (nodes[edge.dependency], nodes[edge.dependant]);
            let start = Level { from: first.right(), to: first.right() + INSET, y: first.middle() };
            let end = Level { from: last.x - INSET, to: last.x, y: last.middle() };
            let passed = through.iter().map(|&item| Level { y: centres[item], ..column(item) });
            Route { edge: *edge, levels: [start].into_iter().chain(passed).chain([end]).collect() }
        };
        let routes: Vec<Route> = edges.iter().zip(&grid.routes).map(route).collect();
        let lowest = routes.iter().flat_map(|route| &route.levels).map(|level| level.y + WIRE / 2.0);
        let height = frames.iter().map(|frame| frame.rect.bottom()).chain(lowest).fold(0.0, f64::max);
        Self { nodes, frames, routes, width, height }
    }
}

/// From where to where each column goes, as wide as its widest node; and where the last one ends.
fn columns(grid: &Grid, widths: &[f64]) -> (Vec<Level>, f64) {
    let mut columns: Vec<Level> = Vec::with_capacity(grid.columns.len());
    let mut end = 0.0;
    for column in &grid.columns {
        let from = if columns.is_empty() { 0.0 } else { end + GUTTER };
        let nodes = column.iter().filter(|unit| unit.area.is_some()).flat_map(|unit| &unit.items);
        end = from + nodes.map(|&node| widths[node]).fold(0.0, f64::max) + 2.0 * INSET;
        columns.push(Level { from, to: end, y: 0.0 });
    }
    (columns, end)
}

/// The frame around nodes that stand below each other.
fn frame(unit: &Unit, nodes: &[Rect]) -> Option<Frame> {
    let area = unit.area?;
    let (first, last) = (nodes[*unit.items.first()?], nodes[*unit.items.last()?]);
    let rect = Rect {
        x: first.x - INSET,
        y: first.y - HEAD,
        width: first.width + 2.0 * INSET,
        height: HEAD + last.bottom() - first.y + INSET,
    };
    Some(Frame { area, rect })
}

impl Rect {
    pub(crate) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub(crate) fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }
}

#[cfg(test)]
mod tests;
