//! Lists that AWS gives in pages. A list that repeats itself, breaks off or does not end is an error: the SDK's paginators
//! stop at a repeated token and give what they have for the whole, and never stop at new ones.

use crate::{Attempt, Failure, FailureKind, Result};
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::{
    collections::{HashSet, VecDeque},
    error::Error,
};

/// The start of a list's next page, as its last page gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPage<'a> {
    /// There is none.
    None,
    /// At this token.
    At(&'a str),
    /// There is one, and the page does not say where it begins.
    Unsaid,
}

impl<'a> From<Option<&'a str>> for NextPage<'a> {
    /// Some services say with an empty token that there is no next page.
    fn from(token: Option<&'a str>) -> Self {
        token.filter(|token| !token.is_empty()).map_or(Self::None, Self::At)
    }
}

impl<'a> NextPage<'a> {
    /// For services that say apart whether a list goes on.
    pub fn if_truncated(truncated: bool, marker: Option<&'a str>) -> Self {
        match (truncated, Self::from(marker)) {
            (false, _) => Self::None,
            (true, Self::None) => Self::Unsaid,
            (true, next) => next,
        }
    }
}

/// The most pages of a list. AWS's quotas let no list of an account have so many.
const MOST_PAGES: usize = 10_000;

/// The tokens that one list has given so far.
#[derive(Debug)]
pub struct Tokens {
    given: HashSet<String>,
    most: usize,
}

impl Default for Tokens {
    fn default() -> Self {
        Self::of_pages(MOST_PAGES)
    }
}

impl Tokens {
    /// Those of a list that may have so many pages.
    pub fn of_pages(most: usize) -> Self {
        Self { given: HashSet::new(), most }
    }

    /// The token of the next page; `None` after the last.
    ///
    /// # Errors
    /// When the list has given that token before, says that it goes on and not where, or has too many pages.
    pub fn follow(&mut self, operation: &str, next: NextPage<'_>) -> Result<Option<String>> {
        let problem = match next {
            NextPage::None => return Ok(None),
            NextPage::At(_) if self.given.len() >= self.most => "the list does not come to an end",
            NextPage::At(token) if self.given.insert(token.to_owned()) => return Ok(Some(token.to_owned())),
            NextPage::At(_) => "the pages of the list repeat",
            NextPage::Unsaid => "the list goes on and does not say where",
        };
        let message = format!("{problem}, so that it is not known what else there is");
        Err(Failure { operation: operation.to_owned(), ..Failure::new(FailureKind::Final, message) })
    }
}

type Stream<O, E> = PaginationStream<Result<O, SdkError<E, HttpResponse>>>;

/// The pages of an SDK's paginator.
pub struct Pages<O, E> {
    operation: &'static str,
    pages: Stream<O, E>,
    next_page: fn(&O) -> NextPage<'_>,
    tokens: Tokens,
}

impl<O, E: Error + ProvideErrorMetadata + 'static> Pages<O, E> {
    /// Those that a paginator sends, of an operation; `next_page` reads from each where the next one begins.
    ///
    /// ```text
    /// Pages::new("DescribeVpcs", client.describe_vpcs().into_paginator().send(), |page| page.next_token().into())
    /// ```
    pub fn new(operation: &'static str, pages: Stream<O, E>, next_page: fn(&O) -> NextPage<'_>) -> Self {
        Self { operation, pages, next_page, tokens: Tokens::default() }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// When AWS refuses, or the list repeats itself or breaks off.
    pub async fn next(&mut self) -> Result<Option<O>> {
        let Some(page) = self.pages.next().await else { return Ok(None) };
        let page = page.during(self.operation)?;
        self.tokens.follow(self.operation, (self.next_page)(&page))?;
        Ok(Some(page))
    }

    /// The items of all pages; `items` takes them out of each.
    pub fn items<T>(self, items: fn(O) -> Option<Vec<T>>) -> Items<O, E, T> {
        Items { pages: self, items, page: VecDeque::new() }
    }
}

/// The items of a list, one by one.
pub struct Items<O, E, T> {
    pages: Pages<O, E>,
    items: fn(O) -> Option<Vec<T>>,
    page: VecDeque<T>,
}

impl<O, E: Error + ProvideErrorMetadata + 'static, T> Items<O, E, T> {
    /// The next one; `None` after the last. A page is asked for once everything before it was taken.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn next(&mut self) -> Result<Option<T>> {
        loop {
            if let Some(item) = self.page.pop_front() {
                return Ok(Some(item));
            }
            let Some(page) = self.pages.next().await? else { return Ok(None) };
            self.page = (self.items)(page).unwrap_or_default().into();
        }
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await? {
            all.push(item);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_async::future::pagination_stream::fn_stream::FnStream;
    use aws_smithy_types::error::ErrorMetadata;

    struct Page(Vec<u32>, &'static str);

    /// A list of these pages, which ends where the SDK's paginators end: at no token, or at the one before.
    fn list(pages: Vec<Page>) -> Items<Page, ErrorMetadata, u32> {
        let stream = FnStream::new(move |sender| {
            Box::pin(async move {
                let mut before = "";
                for page in pages {
                    let token = page.1;
                    let _ = sender.send(Ok(page)).await;
                    if token.is_empty() || token == before {
                        return;
                    }
                    before = token;
                }
            })
        });
        let pages = Pages::new("List", PaginationStream::new(stream), |page: &Page| Some(page.1).into());
        pages.items(|page| Some(page.0))
    }

    #[tokio::test]
    async fn a_list_in_pages_is_read_to_its_end() {
        let pages = vec![Page(vec![1, 2], "a"), Page(vec![], "b"), Page(vec![3], "")];
        assert_eq!(list(pages).all().await.unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_list_whose_token_repeats_is_an_error_and_never_taken_for_complete() {
        let at_once = vec![Page(vec![1], "a"), Page(vec![2], "a")];
        let in_a_circle = vec![Page(vec![1], "a"), Page(vec![2], "b"), Page(vec![3], "a")];
        for pages in [at_once, in_a_circle] {
            let failure = list(pages).all().await.unwrap_err();
            assert_eq!((failure.operation.as_str(), failure.kind), ("List", FailureKind::Final));
            assert!(failure.message.contains("repeat"), "{failure}");
        }
    }

    #[test]
    fn a_list_of_ever_new_pages_ends_with_an_error() {
        let mut tokens = Tokens::default();
        let pages = (0..).map(|page| tokens.follow("ListRoles", NextPage::At(&format!("page-{page}"))));
        let (last, failure) = pages.enumerate().find_map(|(page, next)| Some((page, next.err()?))).unwrap();
        assert_eq!(last, MOST_PAGES);
        assert!(failure.to_string().contains("does not come to an end"), "{failure}");
    }

    #[test]
    fn a_list_that_goes_on_and_does_not_say_where_is_an_error() {
        let follow = |next| Tokens::default().follow("ListRoles", next);
        assert_eq!(follow(NextPage::if_truncated(false, Some("old"))).unwrap(), None);
        assert_eq!(follow(NextPage::if_truncated(true, Some("next"))).unwrap().as_deref(), Some("next"));
        assert!(follow(NextPage::if_truncated(true, None)).is_err());
        assert!(follow(NextPage::if_truncated(true, Some(""))).is_err());
    }
}
