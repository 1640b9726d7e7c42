//! The cloud as the HTTP client of the AWS SDK.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use std::fmt;
use winterbaume_core::MockRequest;

use crate::{Cloud, LostAnswer, Response};

impl Cloud {
    /// An SDK configuration whose every call is answered in-process. It reads no environment
    /// variable and no profile, so nothing in them can lead a call elsewhere.
    pub fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIALOCAL", "local", None, None, "local cloud");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SharedHttpClient::new(InProcess(self.clone())))
            .build()
    }
}

/// Answers SDK calls in-process.
#[derive(Clone)]
struct InProcess(Cloud);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let cloud = self.0.clone();
        HttpConnectorFuture::new(async move {
            let response = cloud.answer(read(request).await?).await.map_err(|lost| match lost {
                LostAnswer::Timeout => ConnectorError::timeout(lost.into()),
                LostAnswer::Reset => ConnectorError::io(lost.into()),
            })?;
            write(response)
        })
    }
}

async fn read(request: HttpRequest) -> Result<MockRequest, ConnectorError> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(user)?;
        headers.append(name, HeaderValue::from_str(value).map_err(user)?);
    }
    Ok(MockRequest {
        method: request.method().to_owned(),
        uri: request.uri().to_owned(),
        headers,
        body: request.into_body().collect().await.map_err(ConnectorError::user)?.to_bytes(),
    })
}

fn write(response: Response) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(response.status).map_err(user)?;
    let mut answer = HttpResponse::new(status, SdkBody::from(response.body));
    for (name, value) in &response.headers {
        if let Ok(value) = value.to_str() {
            answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(answer)
}

fn user(error: impl std::error::Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::user(Box::new(error))
}
