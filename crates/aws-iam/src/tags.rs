//! Tags in IAM's form.

use aws_client::{Failure, FailureKind, Result};
use aws_sdk_iam::types::Tag;
use resource::Tags;

pub(crate) fn read(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key(), tag.value())).collect()
}

pub(crate) fn write(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
}
