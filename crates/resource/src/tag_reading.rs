//! Reads the tags of one resource, from the index of the whole stack where it can be believed.

use crate::{Context, Tags};
use aws_client::Result;
use std::future::Future;

impl Context {
    /// The tags of the resource with this ARN: those it was created with a moment ago; in a read of a whole stack those of
    /// the index, see [`Context::tags_from_index`]; otherwise those that `ask` reads.
    ///
    /// # Errors
    /// That of `ask`.
    pub async fn tags(
        &self,
        arn: &str,
        applied: &Tags,
        ask: impl Future<Output = Result<Tags>> + Send,
    ) -> Result<Tags> {
        if self.is_just_made() {
            return Ok(applied.clone());
        }
        self.tags_from_index(arn, applied, ask).await
    }

    /// The same for a resource that may have been created without its tags.
    ///
    /// The tag index is eventually consistent and incomplete. So its answer counts only during a read of the whole stack,
    /// and only if it has all of the `applied` tags.
    ///
    /// # Errors
    /// That of `ask`.
    pub async fn tags_from_index(
        &self,
        arn: &str,
        applied: &Tags,
        ask: impl Future<Output = Result<Tags>> + Send,
    ) -> Result<Tags> {
        if let Some(tag_cache) = self.tag_cache()
            && let Some(tags) = tag_cache.tags(self.tag_index(), self.identity()).await.get(arn)
            && applied.missing_from(tags).0.is_empty()
        {
            return Ok(tags.clone());
        }
        ask.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ADDRESS_TAG, Cloud, TagIndex};
    use aws_client::{Boxed, Failure, FailureKind};
    use aws_types::SdkConfig;
    use std::{
        collections::HashMap,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };
    use vocabulary::Place;

    /// Knows one thing, and counts how often it is asked.
    struct Known(Arc<AtomicUsize>, Option<(&'static str, Tags)>);

    impl TagIndex for Known {
        fn find_tagged<'a>(&'a self, tags: &'a Tags) -> Boxed<'a, Result<HashMap<String, Tags>>> {
            assert_eq!(tags.get(ADDRESS_TAG), None, "a whole stack has no address");
            self.0.fetch_add(1, Ordering::Relaxed);
            let denied = || Failure::new(FailureKind::Denied, "no");
            let known = self.1.clone().map(|(arn, tags)| HashMap::from([(arn.to_owned(), tags)])).ok_or_else(denied);
            Box::pin(std::future::ready(known))
        }
    }

    fn tags(value: &str) -> Tags {
        Tags::from_iter([("Project", "ml"), ("Owner", value)])
    }

    /// The tags that are read while the index knows `known`, and the numbers of reads of index and service.
    async fn read(
        known: Option<(&'static str, Tags)>,
        prepare: impl Fn(Context) -> Context,
    ) -> (Vec<Tags>, usize, usize) {
        let asked = Arc::new(AtomicUsize::new(0));
        let cloud = Cloud::new(SdkConfig::builder().build(), Place::new("123456789012", "eu-west-1"), [])
            .with_tag_index(Arc::new(Known(asked.clone(), known)));
        let address = crate::Address::new("storage", "data");
        let cx = Context::new(Arc::new(cloud), address, Tags::from_iter([("Project", "ml")]), String::new(), false);
        let cx = prepare(cx);
        let (mut found, mut alone) = (Vec::new(), 0);
        for arn in ["arn:known", "arn:other"] {
            let ask = async {
                alone += 1;
                Ok(tags("service"))
            };
            found.push(cx.tags(arn, &tags("us"), ask).await.unwrap());
        }
        (found, asked.load(Ordering::Relaxed), alone)
    }

    fn whole(cx: Context) -> Context {
        cx.with_tag_cache(Arc::default())
    }

    #[tokio::test]
    async fn the_index_is_asked_once_and_the_service_for_what_it_does_not_know() {
        let mut more = tags("us");
        more.0.insert("Added".into(), "by another program".into());
        let (found, index, service) = read(Some(("arn:known", more.clone())), whole).await;
        assert_eq!(found, [more, tags("service")]);
        assert_eq!((index, service), (1, 1));
    }

    #[tokio::test]
    async fn an_index_that_does_not_show_what_was_applied_is_not_believed() {
        let (found, index, service) = read(Some(("arn:known", tags("before"))), whole).await;
        assert_eq!(found, [tags("service"), tags("service")]);
        assert_eq!((index, service), (1, 2));
    }

    #[tokio::test]
    async fn an_index_that_may_not_be_read_changes_nothing() {
        assert_eq!(read(None, whole).await, (vec![tags("service"), tags("service")], 1, 2));
    }

    #[tokio::test]
    async fn tags_are_read_from_the_service_without_a_tag_cache() {
        assert_eq!(
            read(Some(("arn:known", tags("us"))), |cx| cx).await,
            (vec![tags("service"), tags("service")], 0, 2)
        );
    }

    #[tokio::test]
    async fn what_was_created_a_moment_ago_has_the_tags_it_was_created_with() {
        assert_eq!(read(None, Context::just_made).await, (vec![tags("us"), tags("us")], 0, 0));
    }
}
