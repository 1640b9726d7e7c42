//! The actions and resources that AWS checks against policies for each call, service by service.

mod ec2;
mod given_tags;
mod iam;
mod kms;
mod named;
mod rest;
mod s3;
mod sagemaker;

use super::{demand::Demand, tags::Tags};
use crate::wire::Asked;

/// A call that no table knows asks for itself on a resource that no policy names, so that it is denied and shows.
fn unknown(asked: &Asked) -> Vec<Demand> {
    vec![Demand::new(format!("{}:{}", asked.service, asked.operation), "no table knows this call")]
}

pub(super) async fn demands(asked: &Asked, tags: &Tags) -> Vec<Demand> {
    let demands = match asked.service.as_str() {
        "ec2" => ec2::demands(asked, tags).await,
        "iam" => iam::demands(asked, tags).await,
        "kms" => kms::demands(asked, tags).await,
        "sagemaker" => sagemaker::demands(asked, tags).await,
        "s3" => s3::demands(asked),
        "lambda" | "elasticfilesystem" => rest::demands(asked),
        _ => named::demands(asked),
    };
    let demands = demands.unwrap_or_else(|| unknown(asked));
    demands.into_iter().map(|demand| demand.with("aws:RequestedRegion", asked.call.region.as_str())).collect()
}

/// The values of a numbered member of a form: `Name.1`, `Name.2`, ….
fn numbered<'a>(asked: &'a Asked, member: &str) -> impl Iterator<Item = &'a str> {
    let start = format!("{member}.");
    let members = asked.given.as_object().into_iter().flatten();
    members.filter_map(move |(name, value)| {
        let rest = name.strip_prefix(&start)?;
        rest.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.as_str()).flatten()
    })
}
