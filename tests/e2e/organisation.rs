//! Existing keys and roles of an organisation, and its rules for names, paths, tags, and the location of the state.

use crate::project::Project;
use aws_config::SdkConfig;
use aws_sdk_iam::types::Role;
use local::ACCOUNT;
use serde_json::{Value, json};

const REGION: &str = "ap-south-1";

/// A key of the central team. `services` are the statements for services in its policy.
fn key(project: &Project, services: &[Value]) -> String {
    let root = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
                      "Action": "kms:*", "Resource": "*"});
    let statements: Vec<Value> = std::iter::once(root).chain(services.iter().cloned()).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    project.behind_its_back(async |sdk| {
        let kms = aws_sdk_kms::Client::new(&sdk);
        let made = kms.create_key().description("central").policy(policy.clone()).send().await.unwrap();
        made.key_metadata.unwrap().arn.unwrap()
    })
}

/// Statements that are as wide as a central team would write them.
fn services() -> [Value; 2] {
    let use_by = |services: Value| {
        json!({"Effect": "Allow", "Principal": {"Service": services}, "Resource": "*",
               "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]})
    };
    let publish = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"];
    [use_by(json!(format!("logs.{REGION}.amazonaws.com"))), use_by(json!(publish))]
}

fn role(project: &Project, name: &str, service: &str) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})
    .to_string();
    project.behind_its_back(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let call = iam.create_role().role_name(name).path("/platform/").assume_role_policy_document(trust.clone());
        call.send().await.unwrap().role.unwrap().arn
    })
}

async fn roles_of_key(sdk: &SdkConfig, key: &str, names: &[&str]) -> (String, Vec<Role>) {
    let kms = aws_sdk_kms::Client::new(sdk);
    let iam = aws_sdk_iam::Client::new(sdk);
    let metadata = kms.describe_key().key_id(key).send().await.unwrap().key_metadata.unwrap();
    let policy = kms.get_key_policy().key_id(key).send().await.unwrap().policy;
    let mut roles = Vec::new();
    for name in names {
        roles.push(iam.get_role().role_name(*name).send().await.unwrap().role.unwrap());
    }
    (format!("{metadata:?} {policy:?}"), roles)
}

#[test]
fn existing_keys_and_roles_are_used_and_are_the_same_after_destroy() {
    let project = Project::new();
    let key = key(&project, &services());
    let names = ["acme-ml", "acme-etl", "acme-functions"];
    let ml = role(&project, names[0], "sagemaker.amazonaws.com");
    let etl = role(&project, names[1], "glue.amazonaws.com");
    let functions = role(&project, names[2], "lambda.amazonaws.com");
    let before = project.behind_its_back(async |sdk| roles_of_key(&sdk, &key, &names).await);
    project.edit("dev", "kms = false", &format!("key_arn = \"{key}\""));
    project.append(
        "dev",
        &format!(
            "\n[identity]\npath = \"/platform/ml/\"\n\n[identity.roles]\nsagemaker = \"{ml}\"\nglue = \"{etl}\"\nlambda = \
             \"{functions}\"\n"
        ),
    );
    let plan = project.local(&["plan", "dev"]).ends_with(0).stdout;
    for part in [
        format!("uses {key} (exists, KMS key of `encryption.key_arn`)"),
        format!("uses {ml} (exists, role of `identity.roles.sagemaker`)"),
        "name \"mlops-pipeline-dev-pipeline\", path \"/platform/ml/\"".to_owned(),
    ] {
        assert!(plan.contains(&part), "{part} is not in {plan}");
    }
    let uses = project.local(&["plan", "dev", "--json"]).ends_with(0).json()["uses"].clone();
    assert_eq!(uses.as_array().map(Vec::len), Some(4), "{uses:#}");
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    project.local(&["drift", "dev"]).ends_with(0);
    let listed = project.local(&["state", "list", "dev"]).ends_with(0);
    for made in ["identity.glue", "identity.sagemaker", "identity.training", "encryption.data", "encryption.logs"] {
        assert!(!listed.stdout.contains(made), "{made}: {}", listed.stdout);
    }
    project.local(&["destroy", "dev", "--delete-data"]).ends_with(0);
    let after = project.behind_its_back(async |sdk| roles_of_key(&sdk, &key, &names).await);
    assert_eq!(after, before);
}

#[test]
fn existing_key_that_keeps_logs_out_is_refused_before_anything_is_made() {
    let project = Project::new();
    let key = key(&project, &services()[1..]);
    project.edit("dev", "kms = false", &format!("key_arn = \"{key}\""));
    for command in [&["plan", "dev"][..], &["up", "dev"]] {
        let refused = project.local(command).ends_with(64);
        let expected = format!("does not let logs.{REGION}.amazonaws.com use the key");
        assert!(refused.stderr.contains(&expected), "{}", refused.stderr);
        assert!(refused.stderr.contains("key_arn = "), "it is told at its line: {}", refused.stderr);
        let statements: Vec<&str> =
            refused.stderr.lines().filter_map(|line| line.strip_prefix("  help: add the statement ")).collect();
        let [statement] = statements.as_slice() else { panic!("once, and whole: {}", refused.stderr) };
        let statement: Value = serde_json::from_str(statement).unwrap();
        assert_eq!(statement["Effect"], "Allow");
    }
    let buckets = project.behind_its_back(async |sdk| {
        aws_s3::client(&sdk).list_buckets().send().await.unwrap().buckets.unwrap_or_default().len()
    });
    assert_eq!(buckets, 0);
}

#[test]
fn existing_key_is_open_to_budgets_only_if_there_is_one() {
    let project = Project::new();
    let mut statements = services();
    statements[1]["Principal"]["Service"] = json!(["cloudwatch.amazonaws.com", "events.amazonaws.com"]);
    let key = key(&project, &statements);
    project.edit("dev", "kms = false", &format!("key_arn = \"{key}\""));
    project.local(&["plan", "dev"]).ends_with(0);
    project.append("dev", "\n[budget]\nmonthly_usd = 100\n");
    let refused = project.local(&["plan", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("does not let budgets.amazonaws.com use the key"), "{}", refused.stderr);
}

#[test]
fn policy_of_an_existing_role_is_printed_for_its_owner() {
    let project = Project::new();
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/platform/acme-etl");
    project.append("dev", &format!("\n[identity.roles]\nglue = \"{arn}\"\n"));
    let printed = project.local(&["permissions", "dev", "--role", "glue"]).ends_with(0);
    let policy = printed.json();
    let text = policy.to_string();
    assert!(text.contains("s3:GetObject") && text.contains("glue:GetJobBookmark"), "{policy:#}");
    assert!(!text.contains("sagemaker:CreateTrainingJob"), "{policy:#}");
    assert!(printed.stderr.contains(&arn), "{}", printed.stderr);
    let unknown = project.local(&["permissions", "dev", "--role", "gleu"]).ends_with(64);
    assert!(unknown.stderr.contains("has no `gleu`") && unknown.stderr.contains("names glue"), "{}", unknown.stderr);
}

#[test]
fn permissions_for_an_existing_role_are_refused_at_their_line() {
    let project = Project::new();
    let description = "description = \"Is the data set fit to train on?\"\n";
    project.edit("dev", description, &format!("{description}buckets = {{ data = \"read\" }}\n"));
    let lambda = format!("arn:aws:iam::{ACCOUNT}:role/platform/acme-functions");
    project.append("dev", &format!("\n[identity.roles]\nlambda = \"{lambda}\"\n"));
    let refused = project.local(&["validate", "dev"]).ends_with(64);
    for part in ["nobody gets these: `lambda` of [identity.roles]", "buckets = { data = \"read\" }"] {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
}

#[test]
fn existing_role_that_trusts_another_service_is_refused_before_anything_is_made() {
    let project = Project::new();
    let etl = role(&project, "acme-etl", "lambda.amazonaws.com");
    project.append("dev", &format!("\n[identity.roles]\nglue = \"{etl}\"\n"));
    let refused = project.local(&["plan", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("help: add the statement {\"Action\":[\"sts:AssumeRole\"]"), "{}", refused.stderr);
    assert!(refused.stderr.contains("glue = "), "it is told at its line: {}", refused.stderr);
}

#[test]
fn owner_tags_move_to_other_keys_and_values_in_place() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.append(
        "dev",
        "\n[owner_tags]\nproject = \"app\"\nenvironment = \"Environment\"\nenvironment_value = \"Development\"\n",
    );
    let planned = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    let changes = planned["changes"].as_array().unwrap();
    assert!(!changes.is_empty());
    for change in changes {
        assert_eq!(change["action"], "update", "{change}");
    }
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    project.local(&["destroy", "dev", "--delete-data"]).ends_with(0);
}

#[test]
fn state_bucket_gets_the_tags_of_the_environment_in_place() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "[tags]", "[tags]\nBudget = \"4711\"");
    project.local(&["up", "dev"]).ends_with(0);
    let tags = project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{ACCOUNT}");
        let answer = aws_s3::client(&sdk).get_bucket_tagging().bucket(bucket).send().await.unwrap();
        answer.tag_set.into_iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect::<Vec<_>>()
    });
    for expected in ["Budget=4711", "Project=mlops-pipeline", "ManagedBy=mlopsctl"] {
        assert!(tags.iter().any(|tag| tag == expected), "{expected}: {tags:?}");
    }
}

#[test]
fn state_bucket_is_encrypted_with_the_key_that_the_file_names_at_first_and_later() {
    let default_key = |project: &Project| {
        project.behind_its_back(async |sdk| {
            let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{ACCOUNT}");
            let answer = aws_s3::client(&sdk).get_bucket_encryption().bucket(bucket).send().await.unwrap();
            let rule = answer.server_side_encryption_configuration.unwrap().rules.remove(0);
            rule.apply_server_side_encryption_by_default.unwrap().kms_master_key_id
        })
    };
    for is_there in [false, true] {
        let project = Project::new();
        let key = key(&project, &[]);
        if is_there {
            project.local(&["up", "dev", "--target", "monitoring.alerts"]).ends_with(0);
            assert_eq!(default_key(&project), None);
        }
        project.append("dev", &format!("\n[state]\nkms_key_arn = \"{key}\"\n"));
        project.local(&["up", "dev", "--target", "monitoring.alerts"]).ends_with(0);
        assert_eq!(default_key(&project), Some(key));
    }
}
