//! Costs of Lambda functions.

use crate::{Bound, Meter, Quantity, Resource, sheet::Sheet};
use serde_json::Value;

const MB_PER_GB: u128 = 1024;

pub(super) fn function(sheet: &mut Sheet<'_>) {
    let spec = sheet.spec();
    sheet.by_use("time of functions", "memory times duration of each call", gb_second(spec));
    sheet.by_use("calls of functions", "how often they are called", Meter::LambdaRequests);
    if spec["tracing"] == true {
        sheet.by_use("traces", "calls and runs that X-Ray samples", Meter::Traces);
    }
}

/// The most that one call can cost, in time and as a request.
pub(super) fn call(sheet: &Sheet<'_>, step: &str, function: &Resource<'_>) -> Vec<Result<Bound, String>> {
    let spec = function.spec;
    let number = |field: &str| spec[field].as_u64().map(u128::from);
    let (Some(memory), Some(seconds)) = (number("memory_mb"), number("timeout_seconds")) else {
        return vec![Err(format!("{step}: the function has no memory or no timeout"))];
    };
    let time = format!("{step}: {memory} MB for {seconds} seconds");
    // A price is for a million; a call is a millionth.
    let request = Quantity::ratio(1, 1_000_000);
    vec![
        sheet.bound(time, &gb_second(spec), Quantity::ratio(memory * seconds, MB_PER_GB)),
        sheet.bound(format!("{step}: the call"), &Meter::LambdaRequests, request),
    ]
}

fn gb_second(spec: &Value) -> Meter {
    match spec["architecture"] == "arm64" {
        true => Meter::LambdaArmGbSecond,
        false => Meter::LambdaX86GbSecond,
    }
}
