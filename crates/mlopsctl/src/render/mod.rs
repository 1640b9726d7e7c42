//! What people and programs read.

pub(crate) mod drift;
pub(crate) mod plan_json;
pub(crate) mod plan_text;
pub(crate) mod progress;
pub(crate) mod report;
mod value;
