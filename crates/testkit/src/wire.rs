//! The protocols of AWS, so that laws and faults need not know them: what is asked of whom, what is
//! answered, and how a refusal looks.

mod asked;
mod cbor;
mod form;
mod refusal;
mod rest;
mod xml;

pub use refusal::Refusal;

pub(crate) use asked::{Asked, answered, show};

use local::Call;

/// The protocol of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Forms in, XML with `item`s out.
    Ec2,
    /// Forms in, XML with `member`s out.
    Query,
    /// Paths, headers and XML.
    RestXml,
    /// JSON with the operation in a header.
    Json,
    /// Paths and JSON.
    RestJson,
    /// CBOR with the operation in the path.
    Cbor,
}

impl Wire {
    pub(crate) fn new(call: &Call) -> Self {
        match call.service.as_str() {
            "ec2" => Self::Ec2,
            "iam" | "sns" | "sts" => Self::Query,
            "s3" => Self::RestXml,
            "lambda" | "elasticfilesystem" => Self::RestJson,
            _ if call.request.headers.contains_key("smithy-protocol") => Self::Cbor,
            _ => Self::Json,
        }
    }
}
