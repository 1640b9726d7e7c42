//! The usage that AWS charges for, of functions.

use crate::{Architecture, Function};
use resource::usage::{Charge, Meter, Name, Quantity, Usage};

const MB_PER_GB: u128 = 1024;

/// The usage of a function.
pub(crate) fn usage(function: &Function) -> Usage {
    let usage = Usage::named(Name::Function(function.name.clone()))
        .by_use("time of functions", "memory times duration of each call", gb_second(function))
        .by_use("calls of functions", "how often they are called", Meter::LambdaRequests)
        .started(call(function));
    match function.tracing {
        true => usage.by_use("traces", "calls and runs that X-Ray samples", Meter::Traces),
        false => usage,
    }
}

/// The most that one call uses, in time and as a request.
fn call(function: &Function) -> Vec<Charge> {
    let Function { memory_mb, timeout_seconds, .. } = function;
    let number = |count: i32| u128::try_from(count).unwrap_or_default();
    let time = Charge::AtMost {
        what: format!("{memory_mb} MB for {timeout_seconds} seconds"),
        meter: gb_second(function),
        quantity: Quantity::ratio(number(*memory_mb) * number(*timeout_seconds), MB_PER_GB),
    };
    let request = Charge::AtMost {
        what: "the call".to_owned(),
        meter: Meter::LambdaRequests,
        // A price is for a million; a call is a millionth.
        quantity: Quantity::ratio(1, 1_000_000),
    };
    vec![time, request]
}

fn gb_second(function: &Function) -> Meter {
    match function.architecture {
        Architecture::Arm64 => Meter::LambdaArmGbSecond,
        Architecture::X86 => Meter::LambdaX86GbSecond,
    }
}
