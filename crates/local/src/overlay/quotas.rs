//! Service Quotas: AWS's defaults for what a platform is made of. Nothing is kept, and nothing can be raised.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::wire::Wire;
use crate::service::{Scope, Service};
use crate::{Call, Response};

/// Service, code, name, value.
const DEFAULTS: &[(&str, &str, &str, f64)] = &[
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    ("lambda", "L-B99A9384", "Concurrent executions", 1000.0),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5.0),
    ("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
];
/// SageMaker has a quota for each type of machine and each use of it. What a new account gets differs; this is one that
/// has asked for some.
const MACHINES: [&str; 6] =
    ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.large", "ml.c5.xlarge", "ml.c5.2xlarge"];
const USES: [&str; 5] =
    ["training job usage", "spot training job usage", "transform job usage", "processing job usage", "endpoint usage"];
const OF_EACH: f64 = 4.0;

pub(crate) struct Quotas;

impl Service for Quotas {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        let wire = Wire::new(&call);
        let answer = match wire.read(&call.request.body) {
            Err(reason) => wire.refusal("SerializationException", &reason),
            Ok(body) => {
                let mut of_service = quotas().into_iter().filter(|quota| quota["ServiceCode"] == body["ServiceCode"]);
                match call.operation.as_str() {
                    "ListServiceQuotas" => wire.answer(&json!({ "Quotas": of_service.collect::<Vec<_>>() })),
                    "GetServiceQuota" => match of_service.find(|quota| quota["QuotaCode"] == body["QuotaCode"]) {
                        Some(quota) => wire.answer(&json!({ "Quota": quota })),
                        None => wire.refusal(
                            "NoSuchResourceException",
                            "The request failed because the specified quota does not exist.",
                        ),
                    },
                    operation => Response::error(
                        501,
                        "NotImplemented",
                        &format!("the local cloud has no {operation} of Service Quotas"),
                    ),
                }
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn snapshot(&self, _: Scope<'_>) -> Result<Value, String> {
        Ok(Value::Null)
    }

    fn restore(&self, _: Scope<'_>, _: Value) -> Result<(), String> {
        Ok(())
    }
}

fn quotas() -> Vec<Value> {
    let quota = |service: &str, code: &str, name: &str, value: f64| {
        json!({ "ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Unit": "None",
            "Adjustable": true, "GlobalQuota": false })
    };
    let machines =
        MACHINES.iter().flat_map(|machine| USES.iter().map(move |used_for| format!("{machine} for {used_for}")));
    let machines = machines.enumerate().map(|(at, name)| quota("sagemaker", &format!("L-{at:08X}"), &name, OF_EACH));
    DEFAULTS.iter().map(|(service, code, name, value)| quota(service, code, name, *value)).chain(machines).collect()
}
