//! The tags of a whole stack, read at once during a read of the whole stack.

use crate::{ADDRESS_TAG, Tags};
use aws_client::{Boxed, Result};
use std::collections::HashMap;
use tokio::sync::OnceCell;

/// An index of resources by their tags.
pub trait TagIndex: Send + Sync {
    /// The tags, by ARN, of the resources that have all of these tags.
    fn find_tagged<'a>(&'a self, tags: &'a Tags) -> Boxed<'a, Result<HashMap<String, Tags>>>;
}

/// One read of a whole stack: its tags are read when the first resource asks for them.
#[derive(Default)]
pub struct StackTagCache(OnceCell<HashMap<String, Tags>>);

impl StackTagCache {
    /// The tags, by ARN, of everything of the stack that `identity` is a member of.
    pub(crate) async fn tags(&self, index: Option<&dyn TagIndex>, identity: &Tags) -> &HashMap<String, Tags> {
        self.0
            .get_or_init(|| async {
                let Some(index) = index else { return HashMap::new() };
                let mut stack = identity.clone();
                stack.0.remove(ADDRESS_TAG);
                index.find_tagged(&stack).await.unwrap_or_else(|failure| {
                    tracing::debug!(%failure, "tags are read one by one");
                    HashMap::new()
                })
            })
            .await
    }
}
