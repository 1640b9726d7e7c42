//! Lambda and EFS, whose requests name their operation by method and path.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html>
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticfilesystem.html>

use super::given_tags::given;
use crate::{
    iam::demand::{Demand, arn, pass},
    wire::Asked,
};
use percent_encoding::percent_decode_str;

pub(super) fn demands(asked: &Asked) -> Option<Vec<Demand>> {
    let uri = &asked.call.request.uri;
    let path = uri.splitn(4, '/').nth(3).unwrap_or_default().split('?').next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let parts: Vec<&str> = path.splitn(4, '/').collect();
    match asked.service.as_str() {
        "lambda" => function(asked, &parts),
        _ => file_system(asked, &parts),
    }
}

fn function(asked: &Asked, path: &[&str]) -> Option<Vec<Demand>> {
    let region = &asked.call.region;
    let named = |name: &str| match name.starts_with("arn:") {
        true => name.to_owned(),
        false => arn("lambda", region, &format!("function:{name}")),
    };
    let method = asked.call.request.method.as_str();
    if let ("GET", [_, "functions"] | [_, "functions", ""]) = (method, path) {
        return Some(vec![Demand::anywhere("lambda:ListFunctions")]);
    }
    let (action, name) = match (method, path) {
        ("POST", [_, "functions"]) => ("CreateFunction", asked.text("FunctionName")),
        ("GET", [_, "functions", name]) => ("GetFunction", *name),
        ("DELETE", [_, "functions", name]) => ("DeleteFunction", *name),
        ("GET", [_, "functions", name, "configuration"]) => ("GetFunctionConfiguration", *name),
        ("PUT", [_, "functions", name, "configuration"]) => ("UpdateFunctionConfiguration", *name),
        ("PUT", [_, "functions", name, "code"]) => ("UpdateFunctionCode", *name),
        ("PUT", [_, "functions", name, "concurrency"]) => ("PutFunctionConcurrency", *name),
        ("DELETE", [_, "functions", name, "concurrency"]) => ("DeleteFunctionConcurrency", *name),
        ("GET", [_, "functions", name, "event-invoke-config"]) => ("GetFunctionEventInvokeConfig", *name),
        ("PUT", [_, "functions", name, "event-invoke-config"]) => ("PutFunctionEventInvokeConfig", *name),
        ("DELETE", [_, "functions", name, "event-invoke-config"]) => ("DeleteFunctionEventInvokeConfig", *name),
        ("GET", [_, "functions", name, "policy"]) => ("GetPolicy", *name),
        ("POST", [_, "functions", name, "policy"]) => ("AddPermission", *name),
        ("DELETE", [_, "functions", name, rest]) if rest.starts_with("policy/") => ("RemovePermission", *name),
        ("POST", [_, "tags", arn, ..]) => ("TagResource", *arn),
        ("DELETE", [_, "tags", arn, ..]) => ("UntagResource", *arn),
        _ => return None,
    };
    let function = named(name);
    let mut demands = vec![Demand::new(format!("lambda:{action}"), &function)];
    let tags = given(asked);
    match action {
        // Lambda leaves the tags out of its answer instead of refusing.
        "GetFunction" => demands.push(Demand::new("lambda:ListTags", &function)),
        "CreateFunction" if !tags.is_empty() => {
            demands.push(Demand::new("lambda:TagResource", &function));
            demands = demands.into_iter().map(|demand| demand.tagged("RequestTag", &tags)).collect();
        }
        _ => {}
    }
    demands.extend(pass(asked.text("Role"), "lambda"));
    let joins = asked.given["VpcConfig"]["SubnetIds"].as_array().is_some_and(|subnets| !subnets.is_empty());
    if joins {
        let reads = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
        demands.extend(reads.map(Demand::anywhere));
        // The VPC follows from the subnets, and its owner is their creator.
        let vpc = arn("ec2", region, "vpc/of-the-subnets");
        demands.push(Demand::new("ec2:GetSecurityGroupsForVpc", vpc).assuming("aws:ResourceTag/"));
    }
    Some(demands)
}

/// Nothing here knows the tags of file systems.
fn file_system(asked: &Asked, path: &[&str]) -> Option<Vec<Demand>> {
    let region = &asked.call.region;
    let system = arn("elasticfilesystem", region, "file-system/of-the-domain");
    let on_system = |action: &str| Demand::new(action, &system).assuming("aws:ResourceTag/");
    match (asked.call.request.method.as_str(), path) {
        ("GET", [_, "file-systems", ..]) => Some(vec![on_system("elasticfilesystem:DescribeFileSystems")]),
        ("DELETE", [_, "mount-targets", ..]) => Some(vec![
            on_system("elasticfilesystem:DeleteMountTarget"),
            Demand::new("ec2:DeleteNetworkInterface", arn("ec2", region, "network-interface/of-the-mount-target")),
        ]),
        _ => None,
    }
}
