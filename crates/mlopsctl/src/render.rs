//! What people and programs read.

pub(crate) mod checkup;
mod common;
pub(crate) mod cost;
mod differences;
pub(crate) mod drift;
pub(crate) mod ending;
pub(crate) mod execution;
pub(crate) mod ignored;
pub(crate) mod live;
mod markdown;
pub(crate) mod next_steps;
pub(crate) mod package;
pub(crate) mod page;
pub(crate) mod picture;
mod plan_change;
pub(crate) mod plan_json;
pub(crate) mod plan_markdown;
pub(crate) mod plan_text;
pub(crate) mod predictions;
pub(crate) mod progress;
pub(crate) mod question;
pub(crate) mod report;
pub(crate) mod sending;
pub(crate) mod steps;
pub(crate) mod took;
pub(crate) mod value;
