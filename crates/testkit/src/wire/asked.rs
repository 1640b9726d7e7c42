//! The service, operation and parameters of a call, in one form for all protocols.

use super::{Wire, cbor, form, rest, xml};
use bytes::Bytes;
use local::{Call, Request, Response};
use serde_json::{Map, Value, json};

/// A call as laws and faults see it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The signing name of the service.
    pub(crate) service: String,
    /// The operation as AWS names it; for S3 the method and what it addresses (`PUT bucket?versioning`).
    pub(crate) operation: String,
    /// The parameters: the members of the request, for EC2, IAM and SNS the fields of the form.
    pub(crate) given: Value,
    pub(crate) call: Call,
}

impl Asked {
    pub(crate) fn new(call: Call) -> Self {
        let path = call.request.uri.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let (operation, given) = match Wire::new(&call) {
            Wire::Ec2 | Wire::Query => {
                (call.operation.clone(), form::read(&String::from_utf8_lossy(&call.request.body)).into())
            }
            Wire::Json => (call.operation.clone(), json_body(&call)),
            Wire::Cbor => (call.operation.clone(), cbor::read(&call.request.body)),
            Wire::RestXml => {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                (call.operation.clone(), json!({ "Bucket": bucket, "Key": key }))
            }
            Wire::RestJson => by_path(&call, path, query),
        };
        Self { service: call.service.clone(), operation, given, call }
    }

    /// True if it is this operation of this service.
    pub(crate) fn is(&self, service: &str, operation: &str) -> bool {
        self.service == service && self.operation == operation
    }

    /// The text given at `A/B/C`, or nothing.
    pub(crate) fn text(&self, path: &str) -> &str {
        path.split('/').fold(&self.given, |value, member| &value[member]).as_str().unwrap_or_default()
    }

    /// A request of our own, as a service would send it for itself.
    pub(crate) fn own(service: &str, region: &str, operation: &str, fields: Map<String, Value>) -> Call {
        let mut request = Request {
            method: "POST".to_owned(),
            uri: format!("https://{service}.{region}.amazonaws.com/"),
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
        };
        let mut name = operation.to_owned();
        let mut header = |name: &'static str, value: String| {
            request.headers.insert(name, value.parse().expect("names are plain text"));
        };
        match service {
            "lambda" => {
                let (method, path) = rest::request(operation, &fields);
                name = format!("{method} /{path}");
                request.method = method.to_owned();
                request.uri.push_str(&path);
            }
            "monitoring" => {
                header("smithy-protocol", "rpc-v2-cbor".to_owned());
                header("content-type", "application/cbor".to_owned());
                request.uri.push_str(&format!("service/GraniteServiceVersion20100801/operation/{operation}"));
                request.body = cbor::write(&fields.into()).into();
            }
            _ => {
                header("x-amz-target", format!("{service}.{operation}"));
                request.body = match service {
                    "ec2" | "iam" | "sns" => form::write(operation, &fields).into(),
                    _ => Value::Object(fields).to_string().into(),
                };
            }
        }
        Call { service: service.to_owned(), region: region.to_owned(), operation: name, request }
    }
}

fn json_body(call: &Call) -> Value {
    serde_json::from_slice(&call.request.body).unwrap_or_default()
}

/// The operations of Lambda and EFS that laws are about; others keep their method and path.
fn by_path(call: &Call, path: &str, query: &str) -> (String, Value) {
    let mut given = json_body(call);
    if !given.is_object() {
        given = form::read(query).into();
    }
    let Some((operation, members)) = rest::read(&call.request.method, path) else {
        return (call.operation.clone(), given);
    };
    for (member, text) in members {
        given[member] = text;
    }
    (operation.to_owned(), given)
}

/// The answer's content, as far as laws read it.
pub(crate) fn answered(asked: &Asked, response: &Response) -> Value {
    match Wire::new(&asked.call) {
        Wire::Ec2 | Wire::Query => xml::read(&String::from_utf8_lossy(&response.body)),
        Wire::Cbor => cbor::read(&response.body),
        _ => serde_json::from_slice(&response.body).unwrap_or_default(),
    }
}

/// Puts another answer in place of what was answered.
pub(crate) fn show(asked: &Asked, response: &mut Response, answer: &Value) {
    response.body = match Wire::new(&asked.call) {
        Wire::Ec2 => xml::write(&asked.operation, "item", answer).into(),
        Wire::Query => xml::write(&asked.operation, "member", answer).into(),
        Wire::Cbor => cbor::write(answer).into(),
        _ => answer.to_string().into(),
    };
}
