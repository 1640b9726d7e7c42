//! Costs of SageMaker endpoints, taken from the state machine that deploys them.

use super::run::{parameters, steps};
use crate::{Gap, Meter, Quantity, Resource, sheet::Sheet};
use serde_json::Value;

/// An endpoint is made by deployments, so its instances are in the state machine that makes it.
pub(super) fn endpoint(sheet: &mut Sheet<'_>) {
    let what = "instances of the endpoint";
    let name = sheet.resource().name().unwrap_or_default();
    let Some(machine) = sheet.of_kind("states:state-machine").find(|machine| makes(machine, name)) else {
        let reason = "no state machine of the stack makes an endpoint of this name";
        return sheet.gap(Gap::Monthly, what, reason);
    };
    let variants = calls(machine, "sagemaker:createEndpointConfig")
        .filter_map(|call| call["ProductionVariants"].as_array())
        .flatten()
        .collect::<Vec<_>>();
    if variants.is_empty() {
        return sheet.gap(Gap::Monthly, what, "the state machine that makes it does not say which instances");
    }
    let range = autoscaling(machine);
    for each in variants {
        variant(sheet, each, range);
    }
    sheet.by_use("data to and from endpoints", "calls, by the size of requests and answers", Meter::EndpointDataGb);
    sheet.by_use("volumes of endpoint instances", "their size and for how long they run", Meter::JobVolumeGbMonth);
}

fn variant(sheet: &mut Sheet<'_>, variant: &Value, range: Option<(u64, u64)>) {
    let (Some(kind), Some(count)) = (variant["InstanceType"].as_str(), variant["InitialInstanceCount"].as_u64()) else {
        let reason = "a variant without instances, such as a serverless one, has no meter";
        return sheet.gap(Gap::Monthly, "instances of the endpoint", reason);
    };
    let meter = Meter::InstanceHour(kind.to_owned());
    let (least, depends_on) = match range {
        Some((least, most)) => (least, format!("traffic, by autoscaling up to {most} instances, and deployments")),
        None => (count, "deployments, which run old and new instances side by side for a while".to_owned()),
    };
    sheet.monthly(format!("{least} × {kind}, once a model is approved"), &meter, Quantity::months_of(least));
    sheet.by_use(format!("further instances {kind} of the endpoint"), depends_on, meter);
}

fn makes(machine: &Resource<'_>, endpoint: &str) -> bool {
    calls(machine, "sagemaker:createEndpoint").any(|call| call["EndpointName"] == endpoint)
}

/// The parameters of a state machine's calls of one action.
fn calls<'a>(machine: &Resource<'a>, action: &'static str) -> impl Iterator<Item = &'a Value> {
    steps(machine).filter(move |step| step.action.ends_with(action)).map(|step| parameters(step.state))
}

/// The least and the most instances, where deployments hand a range to autoscaling.
fn autoscaling(machine: &Resource<'_>) -> Option<(u64, u64)> {
    steps(machine).find_map(|step| {
        let range = &parameters(step.state)["autoscaling"];
        range["min"].as_u64().zip(range["max"].as_u64())
    })
}
