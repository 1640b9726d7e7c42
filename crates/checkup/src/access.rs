//! Who is asking.

use crate::{Finding, Patient};
use resource::Attempt as _;

const CHECK: &str = "credentials";

pub(crate) async fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let sts = aws_sdk_sts::Client::new(patient.sdk);
    let caller = match sts.get_caller_identity().send().await.during("GetCallerIdentity") {
        Ok(identity) => identity.arn.unwrap_or_default(),
        Err(failure) => return vec![Finding::unknown(CHECK, "who is asking", &failure)],
    };
    vec![match caller.ends_with(":root") {
        true => Finding::warning(
            CHECK,
            format!("{caller}: the account's root user, whom no policy limits"),
            "use a role; `mlopsctl permissions` prints what it needs",
        ),
        false => Finding::ok(CHECK, format!("{caller}, region {}", patient.place.region)),
    }]
}
