//! Brings the tags of a live resource in line: the one way for all kinds.

use crate::{Diff, Tags};
use aws_client::Result;

impl Tags {
    /// Brings the tags of a live resource in line with these, by two calls at most. `add` gets the tags that the
    /// resource lacks or has with another value. `remove` gets the keys of the tags that mlopsctl has set and no longer
    /// declares, as `diff` tells.
    ///
    /// # Errors
    /// That of `add` or `remove`.
    pub async fn converge<A, R>(
        &self,
        live: &Tags,
        diff: &Diff,
        add: impl AsyncFnOnce(Tags) -> Result<A>,
        remove: impl AsyncFnOnce(Vec<String>) -> Result<R>,
    ) -> Result<()> {
        let missing = self.missing_from(live);
        if !missing.0.is_empty() {
            add(missing).await?;
        }
        let removed = diff.removed_tags();
        if !removed.is_empty() {
            remove(removed).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare;
    use serde_json::json;
    use std::cell::RefCell;

    /// The calls that bring `live` in line with `declared`, where mlopsctl has set the recorded tags.
    async fn calls(declared: &Tags, recorded: &Tags, live: &Tags) -> Vec<String> {
        let spec = |tags: &Tags| json!({ "tags": tags });
        let diff = compare(&spec(declared), Some(&spec(recorded)), &spec(live), &[]);
        let calls = RefCell::new(Vec::new());
        let add = async |tags: Tags| {
            calls.borrow_mut().extend(tags.iter().map(|(key, value)| format!("add {key}={value}")));
            Ok(())
        };
        let remove = async |keys: Vec<String>| {
            calls.borrow_mut().extend(keys.into_iter().map(|key| format!("remove {key}")));
            Ok(())
        };
        declared.converge(live, &diff, add, remove).await.unwrap();
        calls.into_inner()
    }

    #[tokio::test]
    async fn tags_are_added_and_removed_only_where_they_differ_and_are_ours() {
        let declared = Tags::from_iter([("Owner", "A"), ("Team", "ml")]);
        let recorded = Tags::from_iter([("Owner", "A"), ("Team", "ml"), ("Old", "x")]);
        let live = Tags::from_iter([("Owner", "B"), ("Team", "ml"), ("Old", "x"), ("cost-centre", "7")]);
        assert_eq!(calls(&declared, &recorded, &live).await, ["add Owner=A", "remove Old"]);
        let same = Tags::from_iter([("Owner", "A"), ("Team", "ml"), ("cost-centre", "7")]);
        assert_eq!(calls(&declared, &declared, &same).await, Vec::<String>::new());
    }
}
