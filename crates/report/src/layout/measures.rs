//! The sizes and distances of a drawing, in pixels.

/// Height of a node.
pub(crate) const NODE: f64 = 26.0;
/// From the top of a node to the top of the next one in its frame.
pub(super) const PITCH: f64 = 30.0;
/// Room for the name of an area, at the top of its frame.
pub(crate) const HEAD: f64 = 20.0;
/// Between a frame and what is in it.
pub(crate) const INSET: f64 = 6.0;
/// The room an edge takes where it passes a column.
pub(super) const WIRE: f64 = 7.0;
/// Between columns.
pub(super) const GUTTER: f64 = 84.0;
