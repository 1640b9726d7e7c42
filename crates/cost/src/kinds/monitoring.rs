//! Costs of alarms, dashboards, log groups, topics and subscriptions.

use crate::{Gap, Meter, Quantity, sheet::Sheet};

/// Alarms on periods shorter than this are of high resolution.
const MINUTE: u64 = 60;

pub(super) fn metric_alarm(sheet: &mut Sheet<'_>) {
    match sheet.spec()["period_seconds"].as_u64() {
        Some(seconds) if seconds < MINUTE => {
            sheet.monthly("alarm of high resolution", &Meter::HighResolutionAlarmMonth, Quantity::ONE);
        }
        _ => sheet.monthly("alarm", &Meter::AlarmMonth, Quantity::ONE),
    }
}

pub(super) fn composite_alarm(sheet: &mut Sheet<'_>) {
    sheet.monthly("composite alarm", &Meter::CompositeAlarmMonth, Quantity::ONE);
}

pub(super) fn dashboard(sheet: &mut Sheet<'_>) {
    sheet.monthly("dashboard", &Meter::DashboardMonth, Quantity::ONE);
}

/// What flow logs write is paid for at the flow log, as vended logs.
pub(super) fn log_group(sheet: &mut Sheet<'_>) {
    let name = sheet.resource().name().unwrap_or_default();
    let flow_logs = sheet.of_kind("ec2:flow-log").any(|log| log.spec["log_group"] == name);
    if !flow_logs {
        sheet.by_use("logs taken in", "what jobs, functions and runs write", Meter::LogIngestionGb);
    }
    sheet.by_use("logs kept", "what is written and the retention, compressed", Meter::LogStorageGbMonth);
}

pub(super) fn topic(sheet: &mut Sheet<'_>) {
    sheet.by_use("messages to a topic", "alarms and events", Meter::TopicRequests);
}

/// Deliveries to queues and functions cost nothing.
pub(super) fn subscription(sheet: &mut Sheet<'_>) {
    let depends_on = "messages to its topic";
    match sheet.spec()["protocol"].as_str() {
        Some("email" | "email-json") => sheet.by_use("mails", depends_on, Meter::Emails),
        Some("http" | "https") => sheet.by_use("messages by HTTPS", depends_on, Meter::HttpsMessages),
        Some("sqs" | "lambda") => {}
        Some(protocol) => {
            let what = format!("messages by {protocol}");
            sheet.gap(Gap::ByUse, what, "there is no meter for this protocol");
        }
        None => sheet.gap(Gap::ByUse, "messages to a subscription", "its specification names no protocol"),
    }
}
