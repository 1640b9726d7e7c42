//! The usage that AWS charges for, of functions.

use crate::{Architecture, Function};
use resource::usage::{Charge, Name, Quantity, Usage, UsageType};

const MB_PER_GB: u128 = 1024;

/// The usage of a function.
pub(crate) fn usage(function: &Function) -> Usage {
    let usage = Usage::named(Name::Function(function.name.clone()))
        .by_use("time of functions", "memory times duration of each call", gb_second(function))
        .by_use("calls of functions", "how often they are called", UsageType::LambdaRequests)
        .started(call(function));
    match function.tracing {
        true => usage.by_use("traces", "calls and runs that X-Ray samples", UsageType::Traces),
        false => usage,
    }
}

/// The most that one call uses, in time and as a request.
fn call(function: &Function) -> Vec<Charge> {
    let Function { memory_mb, timeout_seconds, .. } = function;
    let number = |count: i32| u128::try_from(count).unwrap_or_default();
    let time = Charge::AtMost {
        what: format!("{memory_mb} MB for {timeout_seconds} seconds"),
        usage_type: gb_second(function),
        quantity: Quantity::ratio(number(*memory_mb) * number(*timeout_seconds), MB_PER_GB),
    };
    let request = Charge::AtMost {
        what: "the call".to_owned(),
        usage_type: UsageType::LambdaRequests,
        // A price is for a million; a call is a millionth.
        quantity: Quantity::ratio(1, 1_000_000),
    };
    vec![time, request]
}

fn gb_second(function: &Function) -> UsageType {
    match function.architecture {
        Architecture::Arm64 => UsageType::LambdaArmGbSecond,
        Architecture::X86 => UsageType::LambdaX86GbSecond,
    }
}
