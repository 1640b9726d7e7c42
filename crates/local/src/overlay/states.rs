//! Step Functions: state machines with logging and tracing, whose definitions are checked, and executions.

use super::documented::{Catalog, Tagging};
use super::executions;
use super::state_machine::STATE_MACHINE;

pub(crate) static CATALOG: Catalog = Catalog {
    kinds: &[STATE_MACHINE],
    tagging: Tagging {
        add: "TagResource",
        added: "tags",
        remove: "UntagResource",
        removed: "tagKeys",
        list: "ListTagsForResource",
        arn: "resourceArn",
        tags: "tags",
        pair: Some(("key", "value")),
    },
    actions: executions::actions,
    reopen: executions::end_interrupted,
};
