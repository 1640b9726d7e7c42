//! The worker of an embedded AWS: the program that does the work of executions and of endpoints.

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::Call;

/// Works on the executions of an embedded AWS, in processes of its own that reach it on a loopback port.
pub trait Worker: Send + Sync {
    /// Works on an execution until it has ended, and records what happens by `RecordExecution`. When it is dropped, the
    /// work ends.
    ///
    /// # Errors
    /// The reason why it could not go on.
    fn work(&self, execution: String) -> BoxFuture<'static, Result<(), String>>;
    /// Has the model of an endpoint answer a request.
    ///
    /// # Errors
    /// The reason why there is no answer of the model.
    fn invoke(&self, request: Invocation) -> BoxFuture<'static, Result<Answer, String>>;
}

/// A request to an endpoint.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The endpoint's name.
    pub endpoint: String,
    /// The ARN of the configuration that is in service.
    pub config: String,
    /// The content type of the body.
    pub content_type: String,
    /// The request to the model.
    pub body: Bytes,
}

/// The answer of a container.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type of the body.
    pub content_type: String,
    /// The answer.
    pub body: Bytes,
}

/// The endpoint that a call asks.
pub(crate) fn invoked(call: &Call) -> Option<&str> {
    let path = call.operation.strip_prefix("POST /endpoints/").filter(|_| call.service == "sagemaker")?;
    path.strip_suffix("/invocations")
}

/// True if a call starts something when it succeeds.
pub(crate) fn is_followed(call: &Call) -> bool {
    let followed = [("states", "StartExecution"), ("states", "StopExecution"), ("sagemaker", "UpdateModelPackage")];
    followed.contains(&(call.service.as_str(), call.operation.as_str()))
}
