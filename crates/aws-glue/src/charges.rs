//! The usage that AWS charges for, of jobs.

use resource::usage::{Charge, Name, Quantity, Step, Usage, UsageType};

const MINUTES_PER_HOUR: u128 = 60;
/// Worker types and their size in hundredths of a DPU (AWS, Glue documentation, "Worker types").
const WORKERS: &[(&str, u128)] =
    &[("G.025X", 25), ("G.1X", 100), ("G.2X", 200), ("G.4X", 400), ("G.8X", 800), ("G.12X", 1200), ("G.16X", 1600)];

/// The settings of a job that decide what it costs.
pub(crate) struct JobSize<'a> {
    pub(crate) name: &'a str,
    pub(crate) worker_type: &'a str,
    pub(crate) workers: i32,
    pub(crate) timeout_minutes: i32,
    pub(crate) is_flex: bool,
    /// True if the job's script publishes its own metrics.
    pub(crate) publishes_metrics: bool,
}

/// The usage of a job.
pub(crate) fn usage(job: &JobSize<'_>) -> Usage {
    let start = vec![run(job)];
    let usage = Usage::named(Name::Job(job.name.to_owned()))
        .by_use("DPU-hours of ETL jobs", "workers times how long runs take", dpu_hour(job))
        .run("a run of the job", vec![Step::charged("the job", start.clone())])
        .started(start);
    match job.publishes_metrics {
        true => usage.by_use("metrics that jobs publish", "how many different ones in a month", UsageType::MetricMonth),
        false => usage,
    }
}

/// The most that one attempt uses.
fn run(job: &JobSize<'_>) -> Charge {
    let JobSize { worker_type, workers, timeout_minutes: minutes, .. } = job;
    let Some((_, size)) = WORKERS.iter().find(|(known, _)| known == worker_type) else {
        return Charge::Unknown(format!("the size of Glue's worker type {worker_type:?} is not known"));
    };
    let number = |count: i32| u128::try_from(count).unwrap_or_default();
    let hundredths = number(*workers) * size * number(*minutes);
    Charge::AtMost {
        what: format!("{workers} workers {worker_type} for {minutes} minutes"),
        usage_type: dpu_hour(job),
        quantity: Quantity::ratio(hundredths, 100 * MINUTES_PER_HOUR),
    }
}

fn dpu_hour(job: &JobSize<'_>) -> UsageType {
    if job.is_flex { UsageType::GlueFlexDpuHour } else { UsageType::GlueDpuHour }
}
