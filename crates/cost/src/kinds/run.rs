//! What the steps of a state machine's definition can cost at most: one attempt at each, for all the time it may take.

use super::{catalog, functions};
use crate::{Bound, HOURS_PER_MONTH, Meter, Quantity, Resource, sheet::Sheet};
use serde_json::Value;

const SECONDS_PER_HOUR: u64 = 3600;

type Line = Result<Bound, String>;

/// Standard workflows, which is what a `.sync` task needs.
pub(super) fn state_machine(sheet: &mut Sheet<'_>) {
    sheet.by_use("state transitions", "runs and their steps, with retries", Meter::Transitions);
    if sheet.spec()["tracing"] == true {
        sheet.by_use("traces", "calls and runs that X-Ray samples", Meter::Traces);
    }
    let lines = steps(sheet.resource()).flat_map(|step| line(sheet, &step)).collect();
    sheet.run("a run of the state machine, without retries and transitions", lines);
}

/// A state of a definition.
pub(super) struct Step<'a> {
    /// Its name.
    name: &'a str,
    /// The whole state.
    pub(super) state: &'a Value,
    /// What it calls, without how it waits: `sagemaker:createTrainingJob`. Empty for what calls nothing.
    pub(super) action: &'a str,
    /// Whether it waits for what it starts.
    waits: bool,
}

/// The states of a state machine's definition, at the top.
pub(super) fn steps<'a>(machine: &Resource<'a>) -> impl Iterator<Item = Step<'a>> {
    let states = machine.spec["definition"]["States"].as_object();
    states.into_iter().flatten().map(|(name, state)| {
        let resource = state["Resource"].as_str().unwrap_or_default();
        let called = resource.split_once(":::").map_or(resource, |(_, called)| called);
        let (action, waits) = called.split_once(".sync").map_or((called, false), |(action, _)| (action, true));
        Step { name, state, action, waits }
    })
}

/// What a state hands to what it calls.
pub(super) fn parameters(state: &Value) -> &Value {
    &state["Parameters"]
}

fn line(sheet: &Sheet<'_>, step: &Step<'_>) -> Vec<Line> {
    let Step { name, state, action, waits } = step;
    let given = parameters(state);
    let longest = &given["StoppingCondition"]["MaxRuntimeInSeconds"];
    match *action {
        "glue:startJobRun" => vec![job(sheet, name, &given["JobName"])],
        "lambda:invoke" => call(sheet, name, &given["FunctionName"]),
        function if function.contains(":function:") => call(sheet, name, &state["Resource"]),
        "sagemaker:createTrainingJob" => instances(sheet, step, &given["ResourceConfig"], longest),
        "sagemaker:createProcessingJob" => {
            instances(sheet, step, &given["ProcessingResources"]["ClusterConfig"], longest)
        }
        // A transform has no limit of its own: the state's stops it.
        "sagemaker:createTransformJob" => {
            instances(sheet, step, &given["TransformResources"], &state["TimeoutSeconds"])
        }
        other if *waits => vec![Err(format!("{name}: what {other} costs is not known"))],
        _ if ["Map", "Parallel"].iter().any(|kind| state["Type"] == *kind) => {
            vec![Err(format!("{name}: its inner steps are not counted"))]
        }
        _ => Vec::new(),
    }
}

fn job(sheet: &Sheet<'_>, step: &str, name: &Value) -> Line {
    match sheet.of_kind("glue:job").find(|job| job.name().is_some() && job.name() == name.as_str()) {
        Some(job) => catalog::attempt(sheet, step, job),
        None => Err(format!("{step}: the stack has no Glue job of the name it gives")),
    }
}

fn call(sheet: &Sheet<'_>, step: &str, function: &Value) -> Vec<Line> {
    // A name, or an ARN with or without a version.
    let given = function.as_str().unwrap_or_default();
    let given = given.split_once(":function:").map_or(given, |(_, name)| name);
    let name = given.split_once(':').map_or(given, |(name, _)| name);
    match sheet.of_kind("lambda:function").find(|function| function.name() == Some(name)) {
        Some(function) => functions::call(sheet, step, function),
        None => vec![Err(format!("{step}: the stack has no function of the name it gives"))],
    }
}

fn instances(sheet: &Sheet<'_>, step: &Step<'_>, resources: &Value, longest: &Value) -> Vec<Line> {
    let name = step.name;
    let (kind, count) = (resources["InstanceType"].as_str(), resources["InstanceCount"].as_u64());
    let (Some(kind), Some(count), Some(seconds)) = (kind, count, longest.as_u64()) else {
        return vec![Err(format!("{name}: its instances or their longest time are not in the definition"))];
    };
    let spot = if parameters(step.state)["EnableManagedSpotTraining"] == true { "; spot costs less" } else { "" };
    let what = format!("{name}: {count} × {kind} for {}{spot}", time(seconds));
    let hours = u128::from(count) * u128::from(seconds);
    let meter = Meter::InstanceHour(kind.to_owned());
    let mut lines = vec![sheet.bound(what, &meter, Quantity::ratio(hours, SECONDS_PER_HOUR.into()))];
    if let Some(gb) = resources["VolumeSizeInGB"].as_u64() {
        let what = format!("{name}: {count} × a volume of {gb} GB for {}", time(seconds));
        let month = u128::from(SECONDS_PER_HOUR * HOURS_PER_MONTH);
        lines.push(sheet.bound(what, &Meter::JobVolumeGbMonth, Quantity::ratio(hours * u128::from(gb), month)));
    }
    lines
}

fn time(seconds: u64) -> String {
    match seconds % 60 {
        0 => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}
