//! Buckets have owners, and their names are free once they are deleted: the next account that makes a bucket of that name owns
//! it. A request may name the account that must own the bucket; one that names none succeeds wherever the bucket's
//! policy lets it, which here is everywhere.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;

const OWN: &str = local::ACCOUNT;
/// The prefix of the access keys of other accounts; the account follows.
pub(crate) const ACCESS_KEY: &str = "AKIAOF";

/// The buckets of other accounts, by name.
#[derive(Clone, Default)]
pub(super) struct Owners(BTreeMap<String, String>);

/// The account that signed a request.
fn caller(asked: &Asked) -> String {
    let header = |name: &str| asked.call.request.headers.get(name).and_then(|value| value.to_str().ok());
    let key = header("authorization").and_then(|text| text.split_once("Credential=")).map(|(_, rest)| rest);
    let account = key.and_then(|key| key.strip_prefix(ACCESS_KEY)).and_then(|rest| rest.get(..12));
    account.unwrap_or(OWN).to_owned()
}

/// The account that a request says must own the bucket.
pub(crate) fn expected_owner(asked: &Asked) -> Option<&str> {
    asked.call.request.headers.get("x-amz-expected-bucket-owner").and_then(|value| value.to_str().ok())
}

impl Owners {
    fn of(&self, bucket: &str) -> &str {
        self.0.get(bucket).map_or(OWN, String::as_str)
    }

    /// A list of buckets without those of other accounts than the caller's.
    fn only_of(&self, account: &str, list: &str) -> String {
        let (before, rest) = list.split_once("<Buckets>").unwrap_or((list, ""));
        let (buckets, after) = rest.split_once("</Buckets>").unwrap_or_default();
        let own = buckets.split_inclusive("</Bucket>").filter(|bucket| {
            let name = bucket.split_once("<Name>").and_then(|(_, rest)| rest.split_once("</Name>"));
            name.is_some_and(|(name, _)| self.of(name) == account)
        });
        format!("{before}<Buckets>{}</Buckets>{after}", own.collect::<String>())
    }
}

#[async_trait]
impl Law for Owners {
    async fn before(&mut self, asked: &Asked, _: &World<'_>) -> Option<Response> {
        let bucket = asked.text("Bucket").trim_end_matches('/');
        if asked.service != "s3" || bucket.is_empty() {
            return None;
        }
        let owner = self.of(bucket);
        if asked.operation == "PUT bucket" {
            let taken = Refusal::new("BucketAlreadyExists", "The requested bucket name is not available.");
            return (owner != OWN && owner != caller(asked)).then(|| taken.status(409).to(&asked.call));
        }
        let refused = expected_owner(asked).is_some_and(|expected| expected != owner);
        refused.then(|| Refusal::new("AccessDenied", "Access Denied").status(403).to(&asked.call))
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, _: &World<'_>) {
        if asked.service != "s3" || response.status >= 300 {
            return;
        }
        let (bucket, caller) = (asked.text("Bucket").trim_end_matches('/').to_owned(), caller(asked));
        match asked.operation.as_str() {
            "PUT bucket" if caller != OWN => drop(self.0.insert(bucket, caller)),
            "DELETE bucket" => drop(self.0.remove(&bucket)),
            _ if bucket.is_empty() => {
                let list = String::from_utf8_lossy(&response.body).into_owned();
                response.body = self.only_of(&caller, &list).into();
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_each_account_its_own_buckets() {
        let owners = Owners(BTreeMap::from([("theirs".to_owned(), "210987654321".to_owned())]));
        let bucket = |name: &str| format!("<Bucket><Name>{name}</Name></Bucket>");
        let list = |buckets: String| format!("<L><Buckets>{buckets}</Buckets></L>");
        let all = list(bucket("mine") + &bucket("theirs"));
        assert_eq!(owners.only_of(OWN, &all), list(bucket("mine")));
        assert_eq!(owners.only_of("210987654321", &all), list(bucket("theirs")));
    }
}
