//! Checks of the account's quotas: current usage and planned resources against the limits.

mod account;
mod demand;
mod judge;

use crate::{DoctorInput, Finding, Verdict, machine::Machine};
use aws_client::Pages;
use aws_sdk_servicequotas::types::ServiceQuota;
use judge::{CHECK, Demand, judge};

pub(crate) async fn run_checks(input: &DoctorInput<'_>) -> Vec<Finding> {
    let (resources, machines) = futures::join!(resources(input), machines(input));
    [resources, machines].concat()
}

/// Compares the quotas that the declared resources use up with those of the account.
async fn resources(input: &DoctorInput<'_>) -> Vec<Finding> {
    let wanted = match demand::wanted(input) {
        Ok(wanted) => wanted,
        Err(failure) => return vec![Finding::unknown(CHECK, "the quotas of resources", &failure)],
    };
    let measures = account::measure(input, &wanted).await;
    let findings = wanted.iter().zip(measures).map(|(one, measure)| {
        let quota = one.quota;
        match measure {
            Ok(measure) => judge(&Demand {
                what: quota.noun,
                used: measure.used,
                needed: one.amount,
                limit: measure.limit,
                quota: (quota.service, quota.code),
            }),
            Err(failure) => Finding::unknown(CHECK, quota.noun, &failure),
        }
    });
    findings.collect()
}

/// A new account may start few machines of a type, or none: the first execution would tell.
async fn machines(input: &DoctorInput<'_>) -> Vec<Finding> {
    if input.machines.is_empty() {
        return Vec::new();
    }
    let quotas = aws_sdk_servicequotas::Client::new(input.sdk);
    let pages = quotas.list_service_quotas().service_code("sagemaker").into_paginator().send();
    let pages = Pages::new("ListServiceQuotas", pages, |page| page.next_token().into());
    let listed = match pages.items(|page| page.quotas).all().await {
        Ok(listed) => listed,
        Err(failure) => return vec![Finding::unknown(CHECK, "machines of SageMaker", &failure)],
    };
    input.machines.iter().map(|machine| afford(machine, &listed)).collect()
}

fn afford(machine: &Machine, listed: &[ServiceQuota]) -> Finding {
    let name = format!("{} for {}", machine.instance_type, machine.used_for.words());
    let quota = listed.iter().find(|quota| quota.quota_name() == Some(&name));
    match quota.and_then(|quota| Some((quota.quota_code()?, quota.value()?))) {
        Some((code, limit)) => {
            let needed = usize::from(machine.count);
            judge(&Demand { what: &name, used: 0, needed, limit, quota: ("sagemaker", code) })
        }
        None => Finding {
            check: CHECK,
            verdict: Verdict::Unknown,
            what: format!("{name}: Service Quotas does not list it"),
            help: None,
        },
    }
}
