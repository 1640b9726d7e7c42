use crate::{paint::Paint, printer::Printer};
use engine::{Action, Applied, Failed, Plan, Skipped};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// Says how a run ended: what failed and why, what was not tried, what remains.
pub(crate) fn end(printer: &Printer, applied: &Applied, plan: &Plan, environment: &str, operation: &str, elapsed: Duration) {
    if printer.is_json() && applied.failed.is_empty() && applied.stopped.is_none() {
        return;
    }
    let text = text(applied, plan, environment, operation, elapsed, printer.talk_paint());
    let well = applied.failed.is_empty() && applied.stopped.is_none();
    if well { printer.note(&text) } else { printer.insist(&text) }
}

fn text(applied: &Applied, plan: &Plan, environment: &str, operation: &str, elapsed: Duration, paint: Paint) -> String {
    let mut out = String::new();
    for failed in &applied.failed {
        failure(&mut out, failed, paint);
    }
    skipped(&mut out, &applied.skipped);
    if !applied.left.is_empty() {
        let names: Vec<&str> = applied.left.iter().map(|(address, _)| address.as_str()).collect();
        let _ = writeln!(out, "still under way: {}", names.join(", "));
    }
    if let Some(why) = &applied.stopped {
        let _ = writeln!(out, "{}", paint.yellow(&format!("the run ended early: {why}")));
    }
    if !applied.failed.is_empty() || applied.stopped.is_some() {
        let _ = writeln!(out, "What is done is recorded; `mlopsctl {operation} {environment}` continues from there.");
    }
    let _ = write!(out, "{}", counts(applied, plan, elapsed, paint));
    out
}

fn counts(applied: &Applied, plan: &Plan, elapsed: Duration, paint: Paint) -> String {
    let done = |action| applied.done.iter().filter(|(_, done)| *done == action).count();
    let mut parts: Vec<String> = [
        (done(Action::Create), "created"),
        (done(Action::Update), "updated"),
        (done(Action::Replace), "replaced"),
        (done(Action::Delete), "deleted"),
        (applied.failed.len(), "failed"),
        (applied.skipped.len(), "skipped"),
        (applied.left.len(), "still settling"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if parts.is_empty() {
        return format!("Nothing to do: {} resources are as they should be.", plan.unchanged);
    }
    if plan.unchanged > 0 {
        parts.push(format!("{} unchanged", plan.unchanged));
    }
    let well = applied.failed.is_empty() && applied.stopped.is_none();
    let said = if well { paint.green("Done") } else { paint.alarm("Not done") };
    format!("{said}: {} in {}.", parts.join(", "), time(elapsed))
}

fn failure(out: &mut String, failed: &Failed, paint: Paint) {
    let Failed { address, kind, action, failure } = failed;
    let head = format!("✗ could not {} {address} ({kind})", action.as_str());
    let _ = writeln!(out, "{}", paint.alarm(&head));
    let lines = [
        ("tried", Some(&failure.operation).filter(|operation| !operation.is_empty())),
        ("code", failure.code.as_ref()),
        ("message", Some(&failure.message)),
        ("request", failure.request_id.as_ref()),
        ("remains", failure.residue.as_ref()),
        ("help", failure.help.as_ref()),
    ];
    for (name, text) in lines {
        if let Some(text) = text {
            let _ = writeln!(out, "    {} {text}", paint.cyan(&format!("{name}:")));
        }
    }
}

fn skipped(out: &mut String, skipped: &[Skipped]) {
    let mut groups: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for one in skipped {
        groups.entry(one.because.as_ref().map(resource::Address::as_str)).or_default().push(one.address.as_str());
    }
    for (because, names) in groups {
        let why = match because {
            Some(address) => format!("not tried, because it depends on {address}"),
            None => "not started".to_owned(),
        };
        let _ = writeln!(out, "{why}: {}", names.join(", "));
    }
}

/// `0.4s`, `12s`, `3m 05s`.
pub(super) fn time(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..10 => format!("{:.1}s", elapsed.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds}s"),
        seconds => format!("{}m {:02}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::{Address, Failure, FailureKind};

    #[test]
    fn a_failure_says_what_was_tried_what_remains_and_what_to_do() {
        let vpc = Address::new("network", "vpc");
        let failure = Failure {
            operation: "CreateVpc".into(),
            code: Some("VpcLimitExceeded".into()),
            request_id: Some("r-1".into()),
            residue: Some("nothing".into()),
            help: Some("ask for a higher quota".into()),
            ..Failure::of(FailureKind::Final, "too many VPCs")
        };
        let applied = Applied {
            done: vec![(Address::new("storage", "data"), Action::Create)],
            failed: vec![Failed { address: vpc.clone(), kind: "ec2:vpc".into(), action: Action::Create, failure }],
            skipped: vec![Skipped { address: Address::new("network", "a"), action: Action::Create, because: Some(vpc) }],
            ..Applied::default()
        };
        let plan = Plan {
            format: 1,
            environment: "dev".into(),
            lineage: String::new(),
            serial: 0,
            inputs: String::new(),
            changes: vec![],
            unchanged: 0,
            targets: vec![],
        };
        let text = text(&applied, &plan, "dev", "up", Duration::from_secs(75), Paint::new(false));
        assert_eq!(
            text,
            "✗ could not create network.vpc (ec2:vpc)\n\
             \x20   tried: CreateVpc\n\
             \x20   code: VpcLimitExceeded\n\
             \x20   message: too many VPCs\n\
             \x20   request: r-1\n\
             \x20   remains: nothing\n\
             \x20   help: ask for a higher quota\n\
             not tried, because it depends on network.vpc: network.a\n\
             What is done is recorded; `mlopsctl up dev` continues from there.\n\
             Not done: 1 created, 1 failed, 1 skipped in 1m 15s."
        );
    }
}
