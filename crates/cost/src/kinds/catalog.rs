//! Costs of Glue jobs and crawlers.

use crate::{Bound, Meter, Quantity, Resource, sheet::Sheet};
use serde_json::Value;

const MINUTES_PER_HOUR: u128 = 60;
/// Worker types and their size in hundredths of a DPU (AWS, Glue documentation, "Worker types").
const WORKERS: &[(&str, u128)] =
    &[("G.025X", 25), ("G.1X", 100), ("G.2X", 200), ("G.4X", 400), ("G.8X", 800), ("G.12X", 1200), ("G.16X", 1600)];

pub(super) fn job(sheet: &mut Sheet<'_>) {
    sheet.by_use("DPU-hours of ETL jobs", "workers times how long runs take", dpu_hour(sheet.spec()));
    if sheet.spec()["default_arguments"]["--metrics_namespace"].is_string() {
        sheet.by_use("metrics that jobs publish", "how many different ones in a month", Meter::MetricMonth);
    }
    let line = attempt(sheet, "the job", sheet.resource());
    sheet.run("a run of the job", vec![line]);
}

/// A crawl takes two DPUs and at least ten minutes, as AWS counts.
pub(super) fn crawler(sheet: &mut Sheet<'_>) {
    sheet.by_use("DPU-hours of crawlers", "how long crawls take, at least ten minutes each", Meter::GlueDpuHour);
}

/// The most that one attempt of a job can cost.
pub(super) fn attempt(sheet: &Sheet<'_>, step: &str, job: &Resource<'_>) -> Result<Bound, String> {
    let spec = job.spec;
    let kind = spec["worker_type"].as_str().unwrap_or_default();
    let Some((_, size)) = WORKERS.iter().find(|(known, _)| *known == kind) else {
        return Err(format!("{step}: the size of Glue's worker type {kind:?} is not known"));
    };
    let number = |field: &str| spec[field].as_u64().map(u128::from);
    let (Some(workers), Some(minutes)) = (number("number_of_workers"), number("timeout_minutes")) else {
        return Err(format!("{step}: the job has no number of workers or no timeout"));
    };
    let what = format!("{step}: {workers} workers {kind} for {minutes} minutes");
    let quantity = Quantity::ratio(workers * size * minutes, 100 * MINUTES_PER_HOUR);
    sheet.bound(what, &dpu_hour(spec), quantity)
}

fn dpu_hour(spec: &Value) -> Meter {
    match spec["execution_class"] == "FLEX" {
        true => Meter::GlueFlexDpuHour,
        false => Meter::GlueDpuHour,
    }
}
