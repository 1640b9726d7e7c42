//! The protocols that other SDKs speak with CloudWatch: JSON, and forms that are answered in XML. What lies behind speaks
//! CBOR.

use ciborium::Value as Cbor;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use winterbaume_core::{parse_query_string, xml_escape};

use super::wire::Wire;
use crate::call::header;
use crate::service::{Over, Service};
use crate::{Call, Response};

const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";
const SERVICE: &str = "GraniteServiceVersion20100801";

/// Members that are not text, which a form does not tell.
const INTEGERS: [&str; 5] =
    ["DatapointsToAlarm", "EvaluationPeriods", "MaxRecords", "Period", "ActionsSuppressorWaitPeriod"];
const NUMBERS: [&str; 1] = ["Threshold"];
const FLAGS: [&str; 2] = ["ActionsEnabled", "ReturnData"];

/// Items of one list that are read; CloudWatch takes fewer.
const MOST_ITEMS: usize = 1000;

/// A service that speaks CBOR, for those who do not.
pub(crate) struct Queried {
    pub(crate) inner: Box<dyn Service>,
}

impl Over for Queried {
    fn inner(&self) -> &dyn Service {
        self.inner.as_ref()
    }

    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let kind = header(&call.request.headers, "content-type").unwrap_or_default();
            if kind.starts_with("application/x-amz-json") {
                return self.answer_json(call).await;
            }
            if !kind.starts_with("application/x-www-form-urlencoded") {
                return self.inner.answer(call).await;
            }
            let operation = call.operation.clone();
            let form = parse_query_string(&String::from_utf8_lossy(&call.request.body));
            let answer = self.inner.answer(in_cbor(call, &read(form))).await;
            match Wire::Cbor.read(&answer.body) {
                Ok(body) if answer.status < 300 => Response::xml(200, result(&operation, &body)),
                Ok(body) => Response::xml(answer.status, refusal(&body)),
                Err(reason) => Response::error(500, "InternalFailure", &reason),
            }
        })
    }
}

impl Queried {
    async fn answer_json(&self, call: Call) -> Response {
        let asked = match Wire::Json.read(&call.request.body) {
            Ok(asked) => asked,
            Err(reason) => return Wire::Json.refusal("SerializationException", &reason),
        };
        let answer = self.inner.answer(in_cbor(call, &asked)).await;
        match Wire::Cbor.read(&answer.body) {
            Ok(body) => Response::json(answer.status, body.to_string()),
            Err(reason) => Wire::Json.failure(500, "InternalFailure", &reason),
        }
    }
}

/// The same call as a newer SDK would make it.
fn in_cbor(mut call: Call, body: &Value) -> Call {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = ciborium::into_writer(&cbor(body), &mut bytes);
    call.request.body = bytes.into();
    call.request.headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    call.request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    let host = format!("https://monitoring.{}.amazonaws.com", call.region);
    call.request.uri = format!("{host}/service/{SERVICE}/operation/{}", call.operation);
    call
}

fn cbor(value: &Value) -> Cbor {
    match value {
        Value::Array(items) => Cbor::Array(items.iter().map(cbor).collect()),
        Value::Object(members) => {
            Cbor::Map(members.iter().map(|(name, value)| (Cbor::Text(name.clone()), cbor(value))).collect())
        }
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cbor::Integer(integer.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Null => Cbor::Null,
    }
}

/// `Dimensions.member.1.Name=x&…` as a document.
fn read(form: impl IntoIterator<Item = (String, String)>) -> Value {
    let mut document = json!({});
    for (name, text) in form.into_iter().filter(|(name, _)| name != "Action" && name != "Version") {
        let path: Vec<&str> = name.split('.').collect();
        let value = typed(path.iter().rev().find(|part| part.parse::<usize>().is_err() && **part != "member"), text);
        put(&mut document, &path, value);
    }
    document
}

fn typed(name: Option<&&str>, text: String) -> Value {
    let name = name.copied().unwrap_or_default();
    let value = if INTEGERS.contains(&name) {
        text.parse::<i64>().ok().map(Value::from)
    } else if NUMBERS.contains(&name) {
        text.parse::<f64>().ok().map(Value::from)
    } else if FLAGS.contains(&name) {
        text.parse::<bool>().ok().map(Value::from)
    } else {
        None
    };
    value.unwrap_or_else(|| text.into())
}

/// Puts a value where a path leads; `member.N` is the item N of a list.
fn put(at: &mut Value, path: &[&str], value: Value) {
    match path {
        [] => *at = value,
        // A list that is given empty.
        ["member"] => *at = json!([]),
        ["member", number, rest @ ..] => {
            if !at.is_array() {
                *at = json!([]);
            }
            let number = number.parse::<usize>().ok().filter(|number| (1..=MOST_ITEMS).contains(number));
            if let (Some(items), Some(number)) = (at.as_array_mut(), number) {
                items.resize(items.len().max(number), Value::Null);
                put(&mut items[number - 1], rest, value);
            }
        }
        [name, rest @ ..] => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            put(&mut at[*name], rest, value);
        }
    }
}

fn result(operation: &str, body: &Value) -> String {
    let mut text = format!("<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>");
    write(&mut text, "", body);
    text + &format!("</{operation}Result><ResponseMetadata/></{operation}Response>")
}

fn refusal(body: &Value) -> String {
    let member = |name: &str| body[name].as_str().unwrap_or_default();
    let code = member("__type").rsplit('#').next().unwrap_or_default();
    let message = [member("message"), member("Message")].concat();
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error></ErrorResponse>",
        xml_escape(&message)
    )
}

fn write(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                text.push_str(&format!("<{name}>"));
                write(text, name, value);
                text.push_str(&format!("</{name}>"));
            }
        }
        Value::Array(items) => {
            for item in items {
                text.push_str("<member>");
                write(text, name, item);
                text.push_str("</member>");
            }
        }
        // Seconds since 1970, which XML tells in words.
        Value::Number(number) if name.ends_with("Timestamp") || name == "LastModified" => {
            let time = Timestamp::from_millisecond((number.as_f64().unwrap_or_default() * 1000.0) as i64);
            text.push_str(&time.unwrap_or_default().to_string());
        }
        Value::String(string) => text.push_str(&xml_escape(string)),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_the_document_it_means() {
        let form = "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=a&Period=300&Threshold=1&ActionsEnabled=true\
                    &Dimensions.member.1.Name=n&Dimensions.member.1.Value=v&Dimensions.member.2.Name=m\
                    &AlarmActions.member.1=x&AlarmActions.member.2=y&OKActions.member=";
        let expected = json!({
            "AlarmName": "a", "Period": 300, "Threshold": 1.0, "ActionsEnabled": true,
            "Dimensions": [{"Name": "n", "Value": "v"}, {"Name": "m"}], "AlarmActions": ["x", "y"], "OKActions": [],
        });
        assert_eq!(read(parse_query_string(form)), expected);
    }

    #[test]
    fn lists_of_more_than_nine_keep_their_order() {
        let form: String = (1..=12).map(|n| format!("AlarmNames.member.{n}=alarm-{n}&")).collect();
        let names: Vec<String> = (1..=12).map(|n| format!("alarm-{n}")).collect();
        assert_eq!(read(parse_query_string(&form)), json!({ "AlarmNames": names }));
    }

    #[test]
    fn an_answer_is_written_with_its_times_in_words() {
        let answer = json!({"MetricAlarms": [{"AlarmName": "a & b", "StateUpdatedTimestamp": 1.5, "Unit": null}]});
        let expected = "<DescribeAlarmsResult><MetricAlarms><member><AlarmName>a &amp; b</AlarmName>\
                        <StateUpdatedTimestamp>1970-01-01T00:00:01.5Z</StateUpdatedTimestamp></member></MetricAlarms></DescribeAlarmsResult>";
        let written = result("DescribeAlarms", &answer);
        assert!(written.contains(expected), "{written}");
    }
}
