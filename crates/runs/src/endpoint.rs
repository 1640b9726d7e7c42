//! The endpoint of the platform: which model it serves, and what the model answers.

use aws_client::{Attempt, ErrorPattern, Failure, Result};
use aws_sdk_sagemaker::Client;
use aws_types::SdkConfig;

const NOWHERE: &[ErrorPattern] = &[("ValidationException", "Could not find")];
const TYPE: &str = "text/csv";

/// An endpoint with one model behind it.
pub struct Endpoint {
    control: Client,
    runtime: aws_sdk_sagemakerruntime::Client,
    name: String,
}

impl Endpoint {
    /// The endpoint with this name.
    pub fn new(config: &SdkConfig, name: &str) -> Self {
        let runtime = aws_sdk_sagemakerruntime::Client::new(config);
        Self { control: Client::new(config), runtime, name: name.to_owned() }
    }

    /// The ARN of the model package that is in service; `None` if there is no endpoint yet.
    ///
    /// # Errors
    /// When AWS refuses, or the endpoint serves a model that no package holds.
    pub async fn package(&self) -> Result<Option<String>> {
        let call = self.control.describe_endpoint().endpoint_name(&self.name);
        let Some(endpoint) = call.send().await.during("DescribeEndpoint").none_on(NOWHERE)? else { return Ok(None) };
        let call = self.control.describe_endpoint_config().set_endpoint_config_name(endpoint.endpoint_config_name);
        let config = call.send().await.during("DescribeEndpointConfig")?;
        let variant = config.production_variants().first().and_then(|variant| variant.model_name());
        let call = self.control.describe_model().set_model_name(variant.map(str::to_owned));
        let model = call.send().await.during("DescribeModel")?;
        let package = model.primary_container.and_then(|container| container.model_package_name);
        let unknown = || Failure::refused("the endpoint serves a model that is not from the registry", "");
        package.map(Some).ok_or_else(unknown)
    }

    /// Has the model answer rows of CSV, with a line of CSV for each.
    ///
    /// # Errors
    /// When the endpoint is not in service, or the model refuses the rows.
    pub async fn invoke(&self, rows: &str) -> Result<String> {
        const OPERATION: &str = "InvokeEndpoint";
        let body = aws_sdk_sagemakerruntime::primitives::Blob::new(rows);
        let call = self.runtime.invoke_endpoint().endpoint_name(&self.name).content_type(TYPE).accept(TYPE).body(body);
        let answer =
            call.send().await.during(OPERATION)?.body.map(aws_sdk_sagemakerruntime::primitives::Blob::into_inner);
        answer.and_then(|body| String::from_utf8(body).ok()).ok_or_else(|| Failure::incomplete(OPERATION, "text"))
    }
}
