//! STS: the caller has the ARN of an IAM user. The emulated service puts the user into STS, where AWS has none.

use futures::future::BoxFuture;

use crate::service::{Over, Service};
use crate::{Call, Response};

const EMULATED: &str = "arn:aws:sts::";
const EMULATED_NAME: &str = ":user/moto";
const NAME: &str = ":user/local";

/// The start of the caller's ARN, up to the account.
const ARN: &str = "arn:aws:iam::";

/// STS that says who calls as AWS does.
pub(crate) struct Identity {
    pub(crate) inner: Box<dyn Service>,
}

impl Over for Identity {
    fn inner(&self) -> &dyn Service {
        self.inner.as_ref()
    }

    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let operation = call.operation.clone();
            let mut answer = self.inner.answer(call).await;
            if operation == "GetCallerIdentity" {
                let body = String::from_utf8_lossy(&answer.body);
                answer.body = body.replace(EMULATED, ARN).replace(EMULATED_NAME, NAME).into();
            }
            answer
        })
    }
}

/// True for the ARN of the caller of this cloud, who is no user in it.
pub(crate) fn is_caller(arn: &str) -> bool {
    arn.starts_with(ARN) && arn.ends_with(NAME)
}
