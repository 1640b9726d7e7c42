//! What the ETL job and the validation function are told and allowed.

use crate::declared_after;
use resource::Declaration;
use serde_json::Value;

fn spec<'a>(declared: &'a [Declaration], address: &str) -> &'a Value {
    &declared.iter().find(|resource| resource.address.as_str() == address).unwrap().spec
}

/// The statements of a role that allow an action, with their resources.
fn allowed(declared: &[Declaration], role: &str, action: &str) -> Vec<String> {
    let policies = spec(declared, role)["inline_policies"].as_object().unwrap();
    let statements = policies.values().flat_map(|policy| policy["Statement"].as_array().unwrap());
    let of = |value: &Value| match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        other => vec![other.as_str().unwrap().to_owned()],
    };
    statements
        .filter(|statement| of(&statement["Action"]).iter().any(|allowed| allowed == action))
        .flat_map(|statement| of(&statement["Resource"]))
        .collect()
}

#[test]
fn the_etl_job_fills_the_feature_groups_that_ask_for_it_and_no_others() {
    for ingest in [true, false] {
        let declared = declared_after("dev", |environment| environment.feature_groups[0].ingest = ingest);
        let arguments = &spec(&declared, "catalog.job-etl")["default_arguments"];
        let groups = allowed(&declared, "identity.glue", "sagemaker:PutRecord");
        if ingest {
            let name = "mlops-pipeline-dev-customers";
            assert_eq!(arguments["--feature_groups"], name);
            assert_eq!(groups, [format!("arn:aws:sagemaker:ap-south-1:123456789012:feature-group/{name}")]);
        } else {
            assert_eq!(arguments["--feature_groups"], Value::Null);
            assert_eq!(groups, Vec::<String>::new());
        }
    }
}

#[test]
fn data_is_compared_with_what_the_approved_model_learned_from() {
    let declared = declared_after("prod", |_| {});
    let role = "identity.data-validation-function";
    let packages = allowed(&declared, role, "sagemaker:DescribeModelPackage");
    assert_eq!(packages, ["arn:aws:sagemaker:ap-south-1:123456789012:model-package/mlops-pipeline-prod-models/*"]);
    assert_eq!(allowed(&declared, role, "sagemaker:ListModelPackages"), ["*"]);
    let written = allowed(&declared, role, "s3:PutObject");
    assert_eq!(written, ["arn:aws:s3:::mlops-pipeline-prod-data-123456789012/processed/profiles/*"]);
}
