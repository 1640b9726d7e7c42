//! How things look: what people read, and the JSON that programs read.

pub(crate) mod drift;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod plan_json;
pub(crate) mod progress;
pub(crate) mod report;
mod value;
