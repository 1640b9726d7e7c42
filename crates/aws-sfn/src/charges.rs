//! The usage that AWS charges for, of state machines: the most that the steps of a definition use, one attempt at each for
//! all the time it may take, and the endpoints that they deploy.

use crate::StateMachine;
use resource::usage::{
    Charge, Deployment, HOURS_PER_MONTH, Instances, Name, Quantity, Relation, Step, Usage, UsageType,
};
use serde_json::Value;

const SECONDS_PER_HOUR: u64 = 3600;

/// The usage of a state machine. All are standard workflows, which `.sync` tasks need.
pub(crate) fn usage(machine: &StateMachine) -> Usage {
    let states = states(&machine.definition);
    let usage = Usage::default()
        .by_use("state transitions", "runs and their steps, with retries", UsageType::Transitions)
        .run("a run of the state machine, without retries and transitions", states.iter().filter_map(step).collect())
        .related(deployments(&states).map(Relation::Deploys));
    match machine.tracing {
        true => usage.by_use("traces", "calls and runs that X-Ray samples", UsageType::Traces),
        false => usage,
    }
}

/// A state of a definition.
struct State<'a> {
    name: &'a str,
    whole: &'a Value,
    /// The action that it calls, without how it waits: `sagemaker:createTrainingJob`. Empty for a state without one.
    action: &'a str,
    /// True if the state waits for the end of the action.
    waits: bool,
}

/// The states of a definition, at the top.
fn states(definition: &Value) -> Vec<State<'_>> {
    let states = definition["States"].as_object().into_iter().flatten();
    states
        .map(|(name, whole)| {
            let resource = whole["Resource"].as_str().unwrap_or_default();
            let called = resource.split_once(":::").map_or(resource, |(_, called)| called);
            let (action, waits) = called.split_once(".sync").map_or((called, false), |(action, _)| (action, true));
            State { name, whole, action, waits }
        })
        .collect()
}

impl State<'_> {
    fn parameters(&self) -> &Value {
        &self.whole["Parameters"]
    }
}

/// The step of a run, if the state may cost something.
fn step(state: &State<'_>) -> Option<Step> {
    let State { name, whole, action, waits } = state;
    let given = state.parameters();
    let longest = &given["StoppingCondition"]["MaxRuntimeInSeconds"];
    let charges = match *action {
        "glue:startJobRun" => return Some(Step::starting(name, Name::Job(text(&given["JobName"]).to_owned()))),
        "lambda:invoke" => return Some(Step::starting(name, function(&given["FunctionName"]))),
        called if called.contains(":function:") => return Some(Step::starting(name, function(&whole["Resource"]))),
        "sagemaker:createTrainingJob" => instances(state, &given["ResourceConfig"], longest),
        "sagemaker:createProcessingJob" => instances(state, &given["ProcessingResources"]["ClusterConfig"], longest),
        // A transform has no limit of its own: the state's stops it.
        "sagemaker:createTransformJob" => instances(state, &given["TransformResources"], &whole["TimeoutSeconds"]),
        other if *waits => vec![Charge::Unknown(format!("what {other} costs is not known"))],
        _ if ["Map", "Parallel"].iter().any(|kind| whole["Type"] == *kind) => {
            vec![Charge::Unknown("its inner steps are not counted".to_owned())]
        }
        _ => return None,
    };
    Some(Step::charged(name, charges))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The function that a name or an ARN means, with or without a version.
fn function(given: &Value) -> Name {
    let given = text(given);
    let given = given.split_once(":function:").map_or(given, |(_, name)| name);
    Name::Function(given.split_once(':').map_or(given, |(name, _)| name).to_owned())
}

fn instances(state: &State<'_>, resources: &Value, longest: &Value) -> Vec<Charge> {
    let (kind, count) = (resources["InstanceType"].as_str(), resources["InstanceCount"].as_u64());
    let (Some(kind), Some(count), Some(seconds)) = (kind, count, longest.as_u64()) else {
        return vec![Charge::Unknown("its instances or their longest time are not in the definition".to_owned())];
    };
    let spot = if state.parameters()["EnableManagedSpotTraining"] == true { "; spot costs less" } else { "" };
    let hours = u128::from(count) * u128::from(seconds);
    let mut charges = vec![Charge::AtMost {
        what: format!("{count} × {kind} for {}{spot}", time(seconds)),
        usage_type: UsageType::InstanceHour(kind.to_owned()),
        quantity: Quantity::ratio(hours, SECONDS_PER_HOUR.into()),
    }];
    if let Some(gb) = resources["VolumeSizeInGB"].as_u64() {
        let month = u128::from(SECONDS_PER_HOUR * HOURS_PER_MONTH);
        charges.push(Charge::AtMost {
            what: format!("{count} × a volume of {gb} GB for {}", time(seconds)),
            usage_type: UsageType::JobVolumeGbMonth,
            quantity: Quantity::ratio(hours * u128::from(gb), month),
        });
    }
    charges
}

fn time(seconds: u64) -> String {
    match seconds % 60 {
        0 => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}

/// The endpoints that a machine makes, each with all instances of its configurations.
fn deployments(states: &[State<'_>]) -> impl Iterator<Item = Deployment> {
    let calls =
        |action: &'static str| states.iter().filter(move |state| state.action.ends_with(action)).map(State::parameters);
    let variants = calls("sagemaker:createEndpointConfig").filter_map(|call| call["ProductionVariants"].as_array());
    let variants: Vec<_> = variants.flatten().map(variant).collect();
    // Deployments hand the range to autoscaling.
    let autoscaling = states.iter().find_map(|state| {
        let range = &state.parameters()["autoscaling"];
        range["min"].as_u64().zip(range["max"].as_u64())
    });
    let endpoints = calls("sagemaker:createEndpoint").filter_map(|call| call["EndpointName"].as_str());
    let endpoints: Vec<String> = endpoints.map(str::to_owned).collect();
    endpoints.into_iter().map(move |name| Deployment {
        endpoint: Name::Endpoint(name),
        variants: variants.clone(),
        autoscaling,
    })
}

fn variant(variant: &Value) -> Option<Instances> {
    let (kind, count) = (variant["InstanceType"].as_str()?, variant["InitialInstanceCount"].as_u64()?);
    Some(Instances { instance_type: kind.to_owned(), count })
}
