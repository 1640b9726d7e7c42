//! What an account may have, against what it has and what is to be made.

mod judge;

use crate::{Finding, Patient, Verdict, machine::Machine};
use aws_client::{Attempt as _, Pages, Result};
use aws_sdk_servicequotas::types::ServiceQuota;
use judge::{CHECK, Demand, judge};

/// <https://docs.aws.amazon.com/general/latest/gr/vpc-service.html>
const VPCS: (&str, &str) = ("vpc", "L-F678F1CE");
const INTERNET_GATEWAYS: (&str, &str) = ("vpc", "L-A4707A72");
const ADDRESSES: (&str, &str) = ("ec2", "L-0263D0A3");
/// What IAM counts by itself: the kind, the words, the names of count and limit in the account's summary, the code.
/// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
const COUNTED_BY_IAM: [(&str, &str, [&str; 2], &str); 2] = [
    ("iam:role", "roles", ["Roles", "RolesQuota"], "L-FE177D64"),
    ("iam:policy", "managed policies", ["Policies", "PoliciesQuota"], "L-E95E4862"),
];
/// The quota of managed policies per role: its default, its name in the account's summary, and its code. A drift job
/// has as many policies as its permissions need.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const ATTACHED: (usize, &str, &str) = (10, "AttachedPoliciesPerRoleQuota", "L-0DA4ABF3");
/// <https://docs.aws.amazon.com/general/latest/gr/lambda-service.html>
const CONCURRENCY: (&str, &str) = ("lambda", "L-B99A9384");
/// Lambda keeps at least so much for functions without a reservation.
const UNRESERVED: i32 = 100;

pub(crate) async fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let ec2 = aws_sdk_ec2::Client::new(patient.sdk);
    let counted = async |kind: &'static str, what, quota, used: Result<usize>| {
        let needed = patient.to_be_made(kind);
        if needed == 0 {
            return None;
        }
        Some(match (used, limit(patient, quota).await) {
            (Ok(used), Ok(limit)) => judge(&Demand { what, used, needed, limit, quota }),
            (Err(failure), _) | (_, Err(failure)) => Finding::unknown(CHECK, what, &failure),
        })
    };
    let vpcs = async {
        let used = ec2.describe_vpcs().send().await.during("DescribeVpcs").map(|answer| answer.vpcs().len());
        counted("ec2:vpc", "VPCs", VPCS, used).await
    };
    let gateways = async {
        let answer = ec2.describe_internet_gateways().send().await.during("DescribeInternetGateways");
        let used = answer.map(|answer| answer.internet_gateways().len());
        counted("ec2:internet-gateway", "internet gateways", INTERNET_GATEWAYS, used).await
    };
    let addresses = async {
        let answer = ec2.describe_addresses().send().await.during("DescribeAddresses");
        counted("ec2:elastic-ip", "Elastic IP addresses", ADDRESSES, answer.map(|answer| answer.addresses().len()))
            .await
    };
    let (vpcs, gateways, addresses, identity, concurrency, machines) =
        futures::join!(vpcs, gateways, addresses, identity(patient), concurrency(patient), machines(patient));
    let counted = [vpcs, gateways, addresses].into_iter().flatten();
    counted.chain(identity).chain(concurrency).chain(machines).collect()
}

impl Patient<'_> {
    /// How many of a kind are declared and not there yet.
    fn to_be_made(&self, kind: &str) -> usize {
        let declared = self.declared.iter().filter(|(declared, _)| *declared == kind).count();
        let there = self.state.resources.values().filter(|entry| entry.kind == kind && entry.id.is_some()).count();
        declared.saturating_sub(there)
    }
}

async fn limit(patient: &Patient<'_>, (service, code): (&str, &str)) -> Result<f64> {
    let quotas = aws_sdk_servicequotas::Client::new(patient.sdk);
    let call = quotas.get_service_quota().service_code(service).quota_code(code);
    let quota = call.send().await.during("GetServiceQuota")?.quota;
    quota.and_then(|quota| quota.value).ok_or_else(|| aws_client::Failure::incomplete("GetServiceQuota", "value"))
}

/// IAM tells its own limits.
async fn identity(patient: &Patient<'_>) -> Vec<Finding> {
    let wanted = COUNTED_BY_IAM.map(|(kind, ..)| patient.to_be_made(kind));
    let roles = patient.declared.iter().filter(|(kind, _)| *kind == "iam:role");
    let attached = roles.filter_map(|(_, spec)| spec["managed_policies"].as_array().map(Vec::len)).max();
    let attached = attached.filter(|attached| *attached > ATTACHED.0);
    if wanted == [0; 2] && attached.is_none() {
        return Vec::new();
    }
    let iam = aws_sdk_iam::Client::new(patient.sdk);
    let summary = iam.get_account_summary().send().await.during("GetAccountSummary");
    let summary = summary.map(|answer| answer.summary_map.unwrap_or_default());
    let summary = match summary {
        Ok(summary) => summary,
        Err(failure) => return vec![Finding::unknown(CHECK, "roles and policies", &failure)],
    };
    let known = |name: &str| summary.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| *value);
    let wanted = COUNTED_BY_IAM.into_iter().zip(wanted).filter(|(_, needed)| *needed > 0);
    let counted = wanted.filter_map(|((_, what, names, code), needed)| {
        let [used, limit] = names.map(known);
        let used = usize::try_from(used?).unwrap_or_default();
        Some(judge(&Demand { what, used, needed, limit: f64::from(limit?), quota: ("iam", code) }))
    });
    let attached = attached.and_then(|needed| {
        let (limit, what) = (f64::from(known(ATTACHED.1)?), "managed policies of one role");
        Some(judge(&Demand { what, used: 0, needed, limit, quota: ("iam", ATTACHED.2) }))
    });
    counted.chain(attached).collect()
}

/// Reservations are taken from what the account may run at once.
async fn concurrency(patient: &Patient<'_>) -> Option<Finding> {
    let reserved = patient.declared.iter().filter(|(kind, _)| *kind == "lambda:function");
    let reserved: i64 = reserved.filter_map(|(_, spec)| spec["reserved_concurrency"].as_i64()).sum();
    if reserved == 0 {
        return None;
    }
    let needed = usize::try_from(reserved + i64::from(UNRESERVED)).unwrap_or_default();
    let what = "concurrent executions of functions";
    Some(match limit(patient, CONCURRENCY).await {
        Ok(limit) => judge(&Demand { what, used: 0, needed, limit, quota: CONCURRENCY }),
        Err(failure) => Finding::unknown(CHECK, what, &failure),
    })
}

/// A new account may start few machines of a type, or none: the first execution would tell.
async fn machines(patient: &Patient<'_>) -> Vec<Finding> {
    if patient.machines.is_empty() {
        return Vec::new();
    }
    let quotas = aws_sdk_servicequotas::Client::new(patient.sdk);
    let pages = quotas.list_service_quotas().service_code("sagemaker").into_paginator().send();
    let pages = Pages::of("ListServiceQuotas", pages, |page| page.next_token().into());
    let listed = match pages.items(|page| page.quotas).all().await {
        Ok(listed) => listed,
        Err(failure) => return vec![Finding::unknown(CHECK, "machines of SageMaker", &failure)],
    };
    patient.machines.iter().map(|machine| afford(machine, &listed)).collect()
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
