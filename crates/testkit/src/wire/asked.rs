//! The service, operation and parameters of a call, in one form for all protocols.

use super::{Wire, form, xml};
use local::{Call, Request, Response};
use serde_json::{Map, Value, json};

/// A call as laws and faults see it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The signing name of the service.
    pub(crate) service: String,
    /// The operation as AWS names it; for S3 the method and what it addresses (`PUT bucket?versioning`).
    pub(crate) operation: String,
    /// What is given: the members of the request, for EC2, IAM and SNS the fields of the form.
    pub(crate) given: Value,
    pub(crate) call: Call,
}

impl Asked {
    pub(crate) fn of(call: Call) -> Self {
        let path = call.request.uri.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let parts: Vec<&str> = path.split('/').collect();
        let (operation, given) = match Wire::of(&call) {
            Wire::Ec2 | Wire::Query => {
                (call.operation.clone(), form::read(&String::from_utf8_lossy(&call.request.body)).into())
            }
            Wire::Json => (call.operation.clone(), json_body(&call)),
            Wire::Cbor => (call.operation.clone(), ciborium::from_reader(&*call.request.body).unwrap_or_default()),
            Wire::RestXml => {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                (call.operation.clone(), json!({ "Bucket": bucket, "Key": key }))
            }
            Wire::RestJson => rest(&call, &parts, query),
        };
        Self { service: call.service.clone(), operation, given, call }
    }

    /// Whether it is this operation of this service.
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
            body: match service {
                "ec2" | "iam" => form::write(operation, &fields).into(),
                _ => Value::Object(fields).to_string().into(),
            },
        };
        let target = format!("{service}.{operation}").parse().expect("names are plain text");
        request.headers.insert("x-amz-target", target);
        Call { service: service.to_owned(), region: region.to_owned(), operation: operation.to_owned(), request }
    }
}

fn json_body(call: &Call) -> Value {
    serde_json::from_slice(&call.request.body).unwrap_or_default()
}

/// The operations of Lambda and EFS that laws are about; others keep their method and path.
fn rest(call: &Call, path: &[&str], query: &str) -> (String, Value) {
    let mut given = json_body(call);
    if !given.is_object() {
        given = form::read(query).into();
    }
    let method = call.request.method.as_str();
    let (operation, name) = match (method, path) {
        ("POST", ["2015-03-31", "functions"]) => ("CreateFunction", None),
        ("GET", ["2015-03-31", "functions"] | ["2015-03-31", "functions", ""]) => ("ListFunctions", None),
        ("GET", ["2015-03-31", "functions", name]) => ("GetFunction", Some(("FunctionName", *name))),
        ("DELETE", ["2015-03-31", "functions", name]) => ("DeleteFunction", Some(("FunctionName", *name))),
        ("GET", ["2015-03-31", "functions", name, "configuration"]) => {
            ("GetFunctionConfiguration", Some(("FunctionName", *name)))
        }
        ("PUT", ["2015-03-31", "functions", name, "configuration"]) => {
            ("UpdateFunctionConfiguration", Some(("FunctionName", *name)))
        }
        ("PUT", ["2015-03-31", "functions", name, "code"]) => ("UpdateFunctionCode", Some(("FunctionName", *name))),
        ("POST", ["2015-03-31", "functions", name, "policy"]) => ("AddPermission", Some(("FunctionName", *name))),
        ("GET", ["2015-02-01", "file-systems"]) => ("DescribeFileSystems", None),
        ("DELETE", ["2015-02-01", "mount-targets", id]) => ("DeleteMountTarget", Some(("MountTargetId", *id))),
        _ => return (call.operation.clone(), given),
    };
    if let Some((member, name)) = name {
        given[member] = name.into();
    }
    (operation.to_owned(), given)
}

/// What was answered, as far as laws read it.
pub(crate) fn answered(asked: &Asked, response: &Response) -> Value {
    match Wire::of(&asked.call) {
        Wire::Ec2 | Wire::Query => xml::read(&String::from_utf8_lossy(&response.body)),
        _ => serde_json::from_slice(&response.body).unwrap_or_default(),
    }
}

/// Puts another answer in place of what was answered.
pub(crate) fn show(asked: &Asked, response: &mut Response, answer: &Value) {
    response.body = match Wire::of(&asked.call) {
        Wire::Ec2 => xml::write(&asked.operation, "item", answer).into(),
        Wire::Query => xml::write(&asked.operation, "member", answer).into(),
        _ => answer.to_string().into(),
    };
}
