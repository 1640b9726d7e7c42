//! The events of log streams, which the emulated service forgets when it is saved. Streams are that service's.

use serde_json::{Value, json};

use super::documents::{Document, Documents, Refusal};

pub(super) const KIND: &str = "LogEvents";
/// CloudWatch Logs gives no more in one answer.
const MOST: usize = 10_000;

pub(super) fn actions(documents: &mut Documents, operation: &str, body: &Value) -> Option<Result<Value, Refusal>> {
    let group = body["logGroupName"].as_str()?;
    documents.get("LogGroup", group)?;
    match operation {
        "PutLogEvents" => {
            put(documents, group, body);
            // The emulated service answers: it knows the stream.
            None
        }
        "DeleteLogStream" => {
            let stream = body["logStreamName"].as_str()?;
            documents.remove(KIND, &format!("{group}\n{stream}"));
            None
        }
        "GetLogEvents" => {
            let stream = body["logStreamName"].as_str()?;
            let events = events_of(documents, group, |name| name == stream)?;
            Some(Ok(page(events, body)))
        }
        "FilterLogEvents" => {
            let named = body["logStreamNames"].as_array();
            let prefix = body["logStreamNamePrefix"].as_str().unwrap_or_default();
            let is_meant = |name: &str| {
                name.starts_with(prefix) && named.is_none_or(|named| named.iter().any(|stream| stream == name))
            };
            let mut events = events_of(documents, group, is_meant)?;
            retain_between(&mut events, body);
            events.truncate(limit(body));
            Some(Ok(json!({ "events": events, "searchedLogStreams": [] })))
        }
        _ => None,
    }
}

fn put(documents: &mut Documents, group: &str, body: &Value) {
    let stream = body["logStreamName"].as_str().unwrap_or_default();
    let key = format!("{group}\n{stream}");
    let kept = documents.get(KIND, &key);
    let mut events = kept.and_then(|kept| kept.get("events")?.as_array().cloned()).unwrap_or_default();
    let ingested = jiff::Timestamp::now().as_millisecond();
    for event in body["logEvents"].as_array().into_iter().flatten() {
        events.push(json!({
            "timestamp": event["timestamp"], "message": event["message"], "ingestionTime": ingested,
            "logStreamName": stream, "eventId": events.len().to_string(),
        }));
    }
    let document = [("events".to_owned(), events.into())];
    documents.put(KIND, key, Document::from_iter(document));
}

/// The events of the streams that are meant, in order; none where none were kept.
fn events_of(documents: &Documents, group: &str, is_meant: impl Fn(&str) -> bool) -> Option<Vec<Value>> {
    let streams = documents.of(KIND).filter(|(key, _)| {
        let stream = key.split_once('\n').filter(|(of, _)| *of == group).map(|(_, stream)| stream);
        stream.is_some_and(&is_meant)
    });
    let kept: Vec<&Value> = streams.filter_map(|(_, kept)| kept.get("events")).collect();
    if kept.is_empty() {
        return None;
    }
    let mut events: Vec<Value> = kept.into_iter().filter_map(Value::as_array).flatten().cloned().collect();
    events.sort_by_key(|event| event["timestamp"].as_i64());
    Some(events)
}

/// The newest events, or the oldest if these are asked for.
fn page(mut events: Vec<Value>, body: &Value) -> Value {
    retain_between(&mut events, body);
    let most = limit(body);
    if body["startFromHead"] == true {
        events.truncate(most);
    } else {
        events.drain(..events.len().saturating_sub(most));
    }
    json!({ "events": events, "nextForwardToken": "f/0", "nextBackwardToken": "b/0" })
}

fn retain_between(events: &mut Vec<Value>, body: &Value) {
    let [from, until] = ["startTime", "endTime"].map(|member| body[member].as_i64());
    events.retain(|event| {
        let at = event["timestamp"].as_i64().unwrap_or_default();
        from.is_none_or(|from| at >= from) && until.is_none_or(|until| at < until)
    });
}

fn limit(body: &Value) -> usize {
    body["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MOST)
}
