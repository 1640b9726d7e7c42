//! The protocols whose bodies are one document: AWS JSON and RPC v2 CBOR.

use ciborium::Value as Cbor;
use serde_json::{Map, Value, json};

use crate::call::header;
use crate::{Call, Response};

/// The protocol of a call, which is that of its answer.
#[derive(Clone, Copy)]
pub(crate) enum Wire {
    Json,
    Cbor,
}

impl Wire {
    pub(crate) fn new(call: &Call) -> Self {
        match header(&call.request.headers, "smithy-protocol") {
            Some("rpc-v2-cbor") => Self::Cbor,
            _ => Self::Json,
        }
    }

    pub(crate) fn read(self, body: &[u8]) -> Result<Value, String> {
        match self {
            _ if body.is_empty() => Ok(json!({})),
            Self::Json => serde_json::from_slice(body).map_err(|error| error.to_string()),
            Self::Cbor => {
                let value = ciborium::from_reader(body).map_err(|error| error.to_string())?;
                Ok(from_cbor(value))
            }
        }
    }

    pub(crate) fn answer(self, value: &Value) -> Response {
        self.write(200, value)
    }

    pub(crate) fn refusal(self, code: &str, message: &str) -> Response {
        self.failure(400, code, message)
    }

    pub(crate) fn failure(self, status: u16, code: &str, message: &str) -> Response {
        self.write(status, &json!({ "__type": code, "message": message }))
    }

    fn write(self, status: u16, value: &Value) -> Response {
        match self {
            Self::Json => Response::json(status, value.to_string()),
            Self::Cbor => {
                let mut body = Vec::new();
                match ciborium::into_writer(&to_cbor("", value), &mut body) {
                    Ok(()) => Response::cbor(status, body),
                    Err(error) => Response::error(500, "InternalFailure", &error.to_string()),
                }
            }
        }
    }
}

fn from_cbor(value: Cbor) -> Value {
    match value {
        Cbor::Bool(flag) => flag.into(),
        Cbor::Integer(number) => i64::try_from(i128::from(number)).map_or(Value::Null, Value::from),
        Cbor::Float(number) => number.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Array(items) => items.into_iter().map(from_cbor).collect(),
        Cbor::Map(members) => members
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_text().ok()?, from_cbor(value))))
            .collect::<Map<_, _>>()
            .into(),
        Cbor::Tag(_, inner) => from_cbor(*inner),
        _ => Value::Null,
    }
}

/// CBOR tells times from numbers, which documents do by name.
fn to_cbor(name: &str, value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => {
            let plain = match number.as_i64() {
                Some(integer) => Cbor::Integer(integer.into()),
                None => Cbor::Float(number.as_f64().unwrap_or_default()),
            };
            // Tag 1: seconds since 1970.
            if name.ends_with("Timestamp") { Cbor::Tag(1, Box::new(plain)) } else { plain }
        }
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor("", item)).collect()),
        Value::Object(members) => {
            Cbor::Map(members.iter().map(|(name, value)| (Cbor::Text(name.clone()), to_cbor(name, value))).collect())
        }
    }
}
