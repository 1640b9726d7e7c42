//! The embedded AWS as the AWS SDK sees it: what is given is read back, and what AWS refuses is
//! refused.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod alerts;
mod buckets;
mod budgets;
mod callers;
mod executions;
mod functions;
mod glue;
mod invocations;
mod keeping;
mod network;
mod policies;
mod records;
mod registry;
mod roles;
mod sagemaker;
mod tags;

use local::{ACCOUNT, Cloud};

const REGION: &str = "ap-south-1";

fn cloud() -> Cloud {
    Cloud::open(None, REGION, ACCOUNT).unwrap()
}

/// The error code AWS gave.
fn code<T: std::fmt::Debug, E>(result: Result<T, aws_sdk_sts::error::SdkError<E>>) -> String
where
    E: aws_sdk_sts::error::ProvideErrorMetadata + std::fmt::Debug,
{
    let error = result.expect_err("the call is refused");
    error
        .as_service_error()
        .and_then(|error| error.code())
        .unwrap_or_else(|| panic!("no service error: {error:?}"))
        .to_owned()
}
