//! The answer to a change that the disk did not take: an error in the protocol of its service.

use crate::{Call, Response, overlay::Wire};
use serde_json::json;

/// No status that the SDK tries again: a full disk stays full.
const INSUFFICIENT_STORAGE: u16 = 507;
const CODE: &str = "InternalFailure";

/// The form of a service's errors.
#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    Ec2,
    Query,
    RestXml,
    RestJson,
    Document(Wire),
}

impl Protocol {
    pub(crate) fn new(call: &Call) -> Self {
        match call.service.as_str() {
            "ec2" => Self::Ec2,
            "iam" | "sns" | "sts" => Self::Query,
            "s3" => Self::RestXml,
            "elasticfilesystem" | "lakeformation" | "lambda" => Self::RestJson,
            _ => Self::Document(Wire::new(call)),
        }
    }

    /// The error; `why` names the file and what the system said.
    pub(crate) fn unkept(self, why: &str) -> Response {
        let text = why.replace('&', "&amp;").replace('<', "&lt;");
        let xml = |body: String| Response::xml(INSUFFICIENT_STORAGE, body);
        let error = format!("<Error><Code>{CODE}</Code><Message>{text}</Message></Error>");
        match self {
            Self::Ec2 => xml(format!("<Response><Errors>{error}</Errors></Response>")),
            Self::Query => xml(format!("<ErrorResponse>{error}</ErrorResponse>")),
            Self::RestXml => xml(error),
            Self::RestJson => {
                let body = json!({ "Type": "Service", "Code": CODE, "ErrorCode": CODE, "Message": why });
                let mut response = Response::rest_json(INSUFFICIENT_STORAGE, body.to_string());
                response.headers.insert("x-amzn-errortype", http::HeaderValue::from_static(CODE));
                response
            }
            Self::Document(wire) => wire.failure(INSUFFICIENT_STORAGE, CODE, why),
        }
    }
}
