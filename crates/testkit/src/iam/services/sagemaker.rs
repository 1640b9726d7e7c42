//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html>

use crate::{
    iam::{
        demand::{ACCOUNT, Demand, arn, pass},
        tags::{Tags, pairs},
    },
    wire::Asked,
};

/// The resource types by the ends of operations' names: the type as ARNs have it, and the members that name one.
const TYPES: &[(&str, &str, &[&str])] = &[
    ("Domain", "domain", &["DomainId"]),
    ("UserProfile", "user-profile", &["DomainId", "UserProfileName"]),
    ("Space", "space", &["DomainId", "SpaceName"]),
    ("App", "app", &["DomainId", "UserProfileName", "SpaceName", "AppType", "AppName"]),
    ("FeatureGroup", "feature-group", &["FeatureGroupName"]),
    ("ModelPackageGroup", "model-package-group", &["ModelPackageGroupName"]),
    ("MlflowApp", "mlflow-app", &[]),
    ("EndpointConfig", "endpoint-config", &["EndpointConfigName"]),
    ("Endpoint", "endpoint", &["EndpointName"]),
    ("Model", "model", &["ModelName"]),
];

/// The members of a request that name the role to pass.
const ROLES: [&str; 4] = [
    "RoleArn",
    "UserSettings/ExecutionRole",
    "DefaultUserSettings/ExecutionRole",
    "DefaultSpaceSettings/ExecutionRole",
];

pub(super) async fn demands(asked: &Asked, tags: &Tags) -> Option<Vec<Demand>> {
    let operation = asked.operation.as_str();
    let action = format!("sagemaker:{operation}");
    let resource = match operation {
        "AddTags" | "DeleteTags" | "ListTags" => asked.text("ResourceArn").to_owned(),
        "DescribeMlflowApp" | "UpdateMlflowApp" | "DeleteMlflowApp" => asked.text("Arn").to_owned(),
        "DeleteModelPackage" => asked.text("ModelPackageName").to_owned(),
        listing if listing.starts_with("List") => return Some(vec![Demand::anywhere(action)]),
        _ => named(asked)?,
    };
    let there = tags.of_sagemaker(&asked.call.region, &resource).await;
    let given = pairs(&asked.given["Tags"], "Key", "Value");
    let mut demands = vec![Demand::new(action, &resource).tagged("ResourceTag", &there)];
    if operation.starts_with("Create") && !given.is_empty() {
        demands.push(Demand::new("sagemaker:AddTags", &resource));
    }
    let mut demands: Vec<Demand> = demands.into_iter().map(|demand| demand.tagged("RequestTag", &given)).collect();
    demands.extend(ROLES.iter().filter_map(|member| pass(asked.text(member), "sagemaker")));
    if operation == "CreateDomain" {
        let role = "role/aws-service-role/sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks";
        let linked = Demand::new("iam:CreateServiceLinkedRole", format!("arn:aws:iam::{ACCOUNT}:{role}"));
        demands.push(linked.with("iam:AWSServiceName", "sagemaker.amazonaws.com"));
    }
    Some(demands)
}

/// The ARN of what a request is about. A domain that is created has no id yet.
fn named(asked: &Asked) -> Option<String> {
    let about = |(end, ..): &&(&str, &str, &[&str])| asked.operation.ends_with(end);
    // The longest: what ends in `ModelPackageGroup` is no group of another kind.
    let (_, kind, members) = TYPES.iter().filter(about).max_by_key(|(end, ..)| end.len())?;
    let parts: Vec<&str> = members.iter().map(|member| asked.text(member)).filter(|text| !text.is_empty()).collect();
    let name = if parts.is_empty() { "new".to_owned() } else { parts.join("/") };
    Some(arn("sagemaker", &asked.call.region, &format!("{kind}/{name}")))
}
