//! Pictures of a stack: what it consists of, what needs what, and what is about to happen to it.
//!
//! Pure functions from a [`Picture`] to text. The same picture always gives the same text, so a drawing that is
//! checked in changes only when the stack does.
//!
//! Names, details and titles may be anything: each format escapes them by its own rules.

mod areas;
mod dot;
mod essential;
mod html;
mod json;
mod layout;
mod mermaid;
mod picture;
mod recognition;
mod svg;
mod text;
mod timeline;
mod xml;

#[cfg(test)]
mod fixture;

pub use dot::dot;
pub use essential::essential;
pub use html::html;
pub use mermaid::mermaid;
pub use picture::{Edge, Error, Need, Node, Picture, Status};
pub use recognition::is_picture;
pub use svg::svg;
pub use timeline::{Bar, Timeline};
