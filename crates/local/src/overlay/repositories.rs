//! ECR: a repository that is not there is missing. The emulated service takes its ARN for a wrong one where tags are
//! asked for.

use futures::future::BoxFuture;
use serde_json::Value;

use super::wire::Wire;
use crate::service::{Over, Service};
use crate::{Call, Response};

/// ECR that tells what is missing from what is wrong.
pub(crate) struct Repositories {
    pub(crate) inner: Box<dyn Service>,
}

impl Over for Repositories {
    fn inner(&self) -> &dyn Service {
        self.inner.as_ref()
    }

    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let answer = self.inner.answer(call.clone()).await;
            match missing(&call) {
                Some(name) if answer.status == 400 && says_wrong_arn(&answer) => {
                    let message = format!("The repository with name '{name}' does not exist in the registry");
                    Wire::new(&call).refusal("RepositoryNotFoundException", &message)
                }
                _ => answer,
            }
        })
    }
}

/// The repository whose tags are asked about, if its ARN is one.
fn missing(call: &Call) -> Option<String> {
    if !["ListTagsForResource", "TagResource", "UntagResource"].contains(&call.operation.as_str()) {
        return None;
    }
    let given: Value = serde_json::from_slice(&call.request.body).ok()?;
    let (registry, name) = given["resourceArn"].as_str()?.split_once(":repository/")?;
    (registry.starts_with("arn:aws:ecr:") && !name.is_empty()).then(|| name.to_owned())
}

fn says_wrong_arn(answer: &Response) -> bool {
    String::from_utf8_lossy(&answer.body).contains("Invalid ARN")
}
