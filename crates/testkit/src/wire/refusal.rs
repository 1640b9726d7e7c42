//! An AWS error response, in the protocol of the refused call.

use super::{Wire, cbor, xml};
use http::HeaderValue;
use local::{Call, Response};
use serde_json::json;

/// An error as AWS gives it, whatever the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: String,
    /// The message.
    pub message: String,
}

const REQUEST: &str = "00000000-0000-0000-0000-000000000000";

impl Refusal {
    /// A refusal with status 400, which most are.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into() }
    }

    /// The same with another status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// In the protocol of the call it refuses.
    pub fn to(&self, call: &Call) -> Response {
        let Self { status, code, message } = self;
        let (status, text) = (*status, xml::escape(message));
        match Wire::new(call) {
            Wire::Ec2 => Response::xml(
                status,
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors><RequestID>{REQUEST}</RequestID></Response>"
                ),
            ),
            Wire::Query => Response::xml(
                status,
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error><RequestId>{REQUEST}</RequestId></ErrorResponse>"
                ),
            ),
            // An answer to HEAD has no body, so its code is lost.
            Wire::RestXml if call.request.method == "HEAD" => Response::xml(status, ""),
            Wire::RestXml => Response::xml(
                status,
                format!("<Error><Code>{code}</Code><Message>{text}</Message><RequestId>{REQUEST}</RequestId></Error>"),
            ),
            Wire::Json => {
                with_type(Response::json(status, json!({ "__type": code, "message": message }).to_string()), code)
            }
            Wire::RestJson => {
                let body = json!({ "Type": "User", "Code": code, "ErrorCode": code, "Message": message });
                with_type(Response::rest_json(status, body.to_string()), code)
            }
            Wire::Cbor => Response::cbor(status, cbor::write(&json!({ "__type": code, "message": message }))),
        }
    }
}

fn with_type(mut response: Response, code: &str) -> Response {
    let code = HeaderValue::from_str(code).expect("codes are plain text");
    response.headers.insert("x-amzn-errortype", code);
    response
}
