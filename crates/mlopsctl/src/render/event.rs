use super::failure::failure_json;
use crate::session::calls;
use engine::{Action, Applied, Event, StepPhase};
use jiff::Timestamp;
use resource::Cloud;
use serde_json::{Value, json};
use std::time::Duration;

/// An event line.
pub(crate) fn step(event: &Event, at: Timestamp) -> Value {
    let phase = match &event.phase {
        StepPhase::Started => "started",
        StepPhase::Waiting(_) => "waiting",
        StepPhase::Done => "done",
        StepPhase::Failed(_) => "failed",
    };
    let mut line = json!({
        "event": "step",
        "address": event.address,
        "action": event.action,
        "phase": phase,
        "at": format!("{at:.3}"),
        "elapsed_ms": milliseconds(event.elapsed),
    });
    match &event.phase {
        StepPhase::Waiting(what) => line["waiting_for"] = what.as_str().into(),
        StepPhase::Failed(failure) => line["error"] = failure_json(failure),
        StepPhase::Started | StepPhase::Done => {}
    }
    line
}

/// The last line.
pub(crate) fn summary(applied: &Applied, elapsed: Duration, cloud: &Cloud) -> Value {
    let done = |action| applied.done.iter().filter(|(_, done)| *done == action).count();
    let mut line = json!({
        "event": "summary",
        "created": done(Action::Create),
        "updated": done(Action::Update),
        "replaced": done(Action::Replace),
        "deleted": done(Action::Delete),
        "failed": applied.failed.len(),
        "skipped": applied.skipped.len(),
        "left": applied.left.len(),
        "elapsed_ms": milliseconds(elapsed),
        "api_calls": calls(cloud),
    });
    if let Some(why) = &applied.stopped {
        line["stopped"] = why.as_str().into();
    }
    line
}

/// The last line when there was nothing to do.
pub(crate) fn nothing(cloud: &Cloud) -> Value {
    summary(&Applied::default(), Duration::ZERO, cloud)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::{Address, Failure, FailureKind};

    #[test]
    fn an_event_is_one_flat_line_with_the_error_where_there_is_one() {
        let failure = Failure { code: Some("VpcLimitExceeded".into()), ..Failure::of(FailureKind::Final, "too many") };
        let event = Event {
            address: Address::new("network", "vpc"),
            action: Action::Create,
            phase: StepPhase::Failed(Box::new(failure)),
            elapsed: Duration::from_millis(1500),
        };
        let line = step(&event, Timestamp::UNIX_EPOCH);
        assert_eq!(line["at"], "1970-01-01T00:00:00.000Z");
        assert_eq!((&line["phase"], &line["action"], &line["elapsed_ms"]), (&json!("failed"), &json!("create"), &json!(1500)));
        assert_eq!(line["error"]["code"], "VpcLimitExceeded");
    }
}
