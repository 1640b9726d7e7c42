//! A service that forgets part of a create call is told the forgotten part by the calls it
//! understands.

use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use winterbaume_core::parse_query_string;

use crate::call::header;
use crate::service::{Over, Service};
use crate::{Call, Response};

/// The calls that follow a successful one.
pub(crate) type Follow = fn(&Call, &Response) -> Vec<Call>;

/// A service whose calls have others follow them.
pub(crate) struct Completed {
    pub(crate) inner: Box<dyn Service>,
    pub(crate) follow: Follow,
}

impl Over for Completed {
    fn inner(&self) -> &dyn Service {
        self.inner.as_ref()
    }

    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let answer = self.inner.answer(call.clone()).await;
            if answer.status >= 300 {
                return answer;
            }
            for next in (self.follow)(&call, &answer) {
                let done = self.inner.answer(next).await;
                if done.status >= 300 {
                    return done;
                }
            }
            answer
        })
    }
}

/// ECR: tags.
pub(crate) fn ecr(call: &Call, answer: &Response) -> Vec<Call> {
    let (given, made) = (body(&call.request.body), body(&answer.body));
    if call.operation != "CreateRepository" || given["tags"].is_null() {
        return Vec::new();
    }
    let arn = &made["repository"]["repositoryArn"];
    vec![json_call(call, "TagResource", &json!({ "resourceArn": arn, "tags": given["tags"] }))]
}

/// KMS: the key policy.
pub(crate) fn kms(call: &Call, answer: &Response) -> Vec<Call> {
    let (given, made) = (body(&call.request.body), body(&answer.body));
    if call.operation != "CreateKey" || given["Policy"].is_null() {
        return Vec::new();
    }
    let policy = json!({
        "KeyId": made["KeyMetadata"]["KeyId"], "PolicyName": "default", "Policy": given["Policy"],
    });
    vec![json_call(call, "PutKeyPolicy", &policy)]
}

/// SNS: the attributes of a topic.
pub(crate) fn sns(call: &Call, answer: &Response) -> Vec<Call> {
    if call.operation != "CreateTopic" {
        return Vec::new();
    }
    let given = parse_query_string(&String::from_utf8_lossy(&call.request.body));
    let made = String::from_utf8_lossy(&answer.body);
    let arn = element(&made, "TopicArn").unwrap_or_default();
    (1..)
        .map_while(|n| {
            let name = given.get(&format!("Attributes.entry.{n}.key"))?;
            let value = given.get(&format!("Attributes.entry.{n}.value"))?;
            Some(query_call(
                call,
                "SetTopicAttributes",
                &[("TopicArn", arn), ("AttributeName", name), ("AttributeValue", value)],
            ))
        })
        .collect()
}

/// IAM: the permissions boundary of a role.
pub(crate) fn iam(call: &Call, _: &Response) -> Vec<Call> {
    let given = parse_query_string(&String::from_utf8_lossy(&call.request.body));
    match (given.get("RoleName"), given.get("PermissionsBoundary")) {
        (Some(role), Some(boundary)) if call.operation == "CreateRole" => vec![query_call(
            call,
            "PutRolePermissionsBoundary",
            &[("RoleName", role), ("PermissionsBoundary", boundary)],
        )],
        _ => Vec::new(),
    }
}

fn body(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

/// The text of the first element of that name. The emulator's own answers have no attributes, comments or CDATA, so no
/// parser is needed for them.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

/// The same, with references resolved.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    let raw = element(xml, name)?.replace("&quot;", "\"").replace("&apos;", "'");
    Some(raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn json_call(call: &Call, operation: &str, body: &Value) -> Call {
    let mut next = call.clone();
    let target = header(&call.request.headers, "x-amz-target").unwrap_or_default();
    let prefix = target.rsplit_once('.').map_or("", |(prefix, _)| prefix);
    if let Ok(target) = HeaderValue::from_str(&format!("{prefix}.{operation}")) {
        next.request.headers.insert("x-amz-target", target);
    }
    next.operation = operation.to_owned();
    next.request.body = body.to_string().into();
    next
}

fn query_call(call: &Call, operation: &str, fields: &[(&str, &str)]) -> Call {
    let mut next = call.clone();
    let mut body = format!("Action={operation}");
    for (name, value) in fields {
        body.push_str(&format!("&{name}={}", percent_encode(value)));
    }
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    next.request.headers.insert(CONTENT_TYPE, form);
    next.operation = operation.to_owned();
    next.request.body = body.into();
    next
}

/// All but the characters that RFC 3986 reserves for no purpose.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
