//! Existing keys and roles, and roles under an IAM path.

use crate::{ACCOUNT, Project, declared_after};
use config::Environment;
use resource::Declaration;
use serde_json::Value;

const KEY: &str = "arn:aws:kms:ap-south-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const GLUE: &str = "arn:aws:iam::123456789012:role/platform/acme-etl";
const SAGEMAKER: &str = "arn:aws:iam::123456789012:role/platform/acme-ml";

fn prod_after(edit: impl FnOnce(&mut Environment)) -> Vec<Declaration> {
    declared_after("prod", |environment| {
        environment.region = "ap-south-1".into();
        edit(environment);
    })
}

fn addresses<'a>(declared: &'a [Declaration], kind: &str) -> Vec<&'a str> {
    declared.iter().filter(|one| one.kind == kind).map(|one| one.address.as_str()).collect()
}

/// Every text in a specification.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

fn all_texts(declared: &[Declaration]) -> Vec<String> {
    let mut found = Vec::new();
    declared.iter().for_each(|one| texts(&one.spec, &mut found));
    found
}

#[test]
fn existing_key_is_used_wherever_the_platforms_own_would_be_and_none_is_made() {
    let own = prod_after(|prod| prod.encryption.kms = true);
    let existing = prod_after(|prod| {
        prod.encryption.kms = true;
        prod.encryption.key_arn = Some(KEY.into());
    });
    assert_eq!(addresses(&own, "kms:key"), ["encryption.data", "encryption.logs"]);
    assert_eq!(addresses(&existing, "kms:key"), Vec::<&str>::new());
    let named_by = |declared: &[Declaration], names: &dyn Fn(&str) -> bool| -> Vec<String> {
        let names_it = |one: &&Declaration| {
            let mut found = Vec::new();
            texts(&one.spec, &mut found);
            found.iter().any(|text| names(text))
        };
        declared.iter().filter(names_it).map(|one| one.address.to_string()).collect()
    };
    let with_own = named_by(&own, &|text| text.contains("⟦encryption."));
    let with_existing = named_by(&existing, &|text| text == KEY);
    assert!(with_own.len() > 10, "{with_own:?}");
    assert_eq!(with_existing, with_own);
}

/// Data that the own key encrypted still exists, so the key stays as data at risk.
#[test]
fn existing_key_leaves_roles_the_decryption_of_what_the_own_key_has_encrypted() {
    let declared = prod_after(|prod| prod.encryption.key_arn = Some(KEY.into()));
    let glue = declared.iter().find(|one| one.address.as_str() == "identity.glue").unwrap();
    let data = glue.spec["inline_policies"]["data"]["Statement"].as_array().unwrap();
    let former = data.iter().find(|statement| !statement["Condition"]["ForAnyValue:StringEquals"].is_null()).unwrap();
    assert_eq!(former["Action"], serde_json::json!(["kms:Decrypt"]));
    let alias = format!("alias/{}-data", "mlops-pipeline-prod");
    assert_eq!(former["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"], serde_json::json!([alias]));
}

#[test]
fn path_is_in_each_role_and_policy_and_in_each_arn_that_names_one() {
    let declared = prod_after(|prod| prod.identity.path = Some("/platform/ml/".into()));
    for one in declared.iter().filter(|one| one.kind.starts_with("iam:")) {
        assert_eq!(one.spec["path"], "/platform/ml/", "{}", one.address);
    }
    let own = format!("arn:aws:iam::{ACCOUNT}:role/");
    let named: Vec<String> = all_texts(&declared).into_iter().filter(|text| text.starts_with(&own)).collect();
    assert!(!named.is_empty());
    let ours = named.iter().filter(|arn| arn.contains("mlops-pipeline-prod-"));
    for arn in ours {
        assert!(arn.starts_with(&format!("{own}platform/ml/")), "{arn}");
    }
}

#[test]
fn existing_roles_are_used_by_purpose_and_none_is_made_in_their_place() {
    let declared = prod_after(|prod| {
        prod.identity.roles.glue = Some(GLUE.into());
        prod.identity.roles.sagemaker = Some(SAGEMAKER.into());
    });
    let roles = addresses(&declared, "iam:role");
    for made_no_more in ["identity.glue", "identity.sagemaker", "identity.training", "identity.serving"] {
        assert!(!roles.contains(&made_no_more), "{made_no_more}");
    }
    for job in declared.iter().filter(|one| one.kind == "glue:job" || one.kind == "glue:crawler") {
        assert_eq!(job.spec["role"], GLUE, "{}", job.address);
    }
    let domain = declared.iter().find(|one| one.kind == "sagemaker:domain").unwrap();
    assert_eq!(domain.spec["user_defaults"]["execution_role"], SAGEMAKER);
    // The pipeline passes the role to SageMaker.
    let pipeline = declared.iter().find(|one| one.address.as_str() == "identity.pipeline").unwrap();
    let steps = pipeline.spec["inline_policies"]["steps"]["Statement"].as_array().unwrap();
    let passes = steps.iter().find(|statement| statement["Action"] == serde_json::json!(["iam:PassRole"])).unwrap();
    assert_eq!(passes["Resource"], serde_json::json!([SAGEMAKER]));
}

#[test]
fn existing_roles_are_asked_for_what_the_roles_in_their_place_may() {
    let project = Project::edited("prod", |prod| {
        prod.identity.roles.glue = Some(GLUE.into());
        prod.encryption.key_arn = Some(KEY.into());
    });
    let existing = blueprint::existing(&project.inputs()).unwrap();
    let [role] = existing.roles.as_slice() else { panic!("{:?}", existing.roles) };
    assert_eq!((role.arn.as_str(), role.setting.as_str()), (GLUE, "identity.roles.glue"));
    assert!(role.trust.to_string().contains("glue.amazonaws.com"));
    assert!(role.policies.iter().any(|policy| policy.to_string().contains("s3:GetObject")));
    // The permissions name the key of another account.
    let permissions = blueprint::existing_permissions(&project.inputs());
    assert!(permissions.iter().any(|one| one.actions.iter().any(|action| action == "kms:CreateGrant")));
    assert!(permissions.iter().any(|one| one.resources == [GLUE]));
}

#[test]
fn pattern_of_names_is_in_every_name_that_the_platform_gives() {
    let usual = declared_after("prod", |_| ());
    let declared = declared_after("prod", |prod| prod.names.pattern = Some("acme-{environment}-ml-{name}".into()));
    assert_eq!(declared.len(), usual.len());
    let old = all_texts(&declared).into_iter().find(|text| text.contains("mlops-pipeline-prod"));
    assert_eq!(old, None);
    let glue = declared.iter().find(|one| one.address.as_str() == "identity.glue").unwrap();
    assert_eq!(glue.spec["name"], "acme-prod-ml-glue");
}

#[test]
fn owner_tags_are_on_everything_that_can_be_tagged() {
    let declared = declared_after("prod", |prod| {
        prod.owner_tags.project = "app".into();
        prod.owner_tags.environment = "stage".into();
        prod.owner_tags.environment_value = Some("Production".into());
    });
    let tagged: Vec<&Declaration> = declared.iter().filter(|one| one.spec["tags"].is_object()).collect();
    assert!(tagged.len() > 30);
    for one in tagged {
        let tags = &one.spec["tags"];
        assert_eq!((&tags["app"], &tags["stage"]), (&"mlops-pipeline".into(), &"Production".into()), "{}", one.address);
        assert!(tags["Project"].is_null() && tags["Environment"].is_null(), "{}", one.address);
    }
}
