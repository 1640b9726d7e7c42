//! Permissions from the file, ignored fields, moves, and accepted drift.

use crate::{project::Project, schemas::conforms};
use serde_json::{Value, json};

const ROLE: &str = "mlops-pipeline-dev-model-evaluation-function";
const FUNCTION: &str = "mlops-pipeline-dev-model-evaluation";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:ap-south-1:123456789012:orders"}]}"#;

fn up() -> Project {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project
}

/// dev with a policy that another team attached to a role.
fn with_a_policy_of_others() -> Project {
    let project = up();
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_iam::Client::new(&sdk).put_role_policy().role_name(ROLE).policy_name("queue");
        call.policy_document(POLICY).send().await.unwrap();
    });
    project
}

fn policies(project: &Project) -> Vec<String> {
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_iam::Client::new(&sdk).list_role_policies().role_name(ROLE);
        call.send().await.unwrap().policy_names
    })
}

fn set_memory(project: &Project, megabytes: i32) {
    project.behind_its_back(async |sdk| {
        let client = aws_sdk_lambda::Client::new(&sdk);
        let call = client.update_function_configuration().function_name(FUNCTION).memory_size(megabytes);
        call.send().await.unwrap();
    });
}

#[test]
fn ignored_field_survives_up_and_reconcile_and_is_counted_apart() {
    let project = with_a_policy_of_others();
    project.edit(
        "dev",
        "project = \"mlops-pipeline\"",
        "project = \"mlops-pipeline\"\nignore = [\"identity.model-evaluation-function#inline_policies.queue\"]",
    );
    let drift = project.local(&["drift", "dev"]).ends_with(0);
    assert!(drift.stdout.contains("1 difference ignored: identity.model-evaluation-function#"), "{}", drift.stdout);
    project.local(&["reconcile", "dev"]).ends_with(0);
    // Another policy of the same role changes.
    project.edit(
        "dev",
        "description = \"How good is the model, and may it be registered?\"",
        "description = \"How good is the model, and may it be registered?\"\nbuckets = { data = \"read\" }",
    );
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    assert_eq!(plan["ignored"].as_array().map(Vec::len), Some(1), "{plan}");
    project.local(&["up", "dev"]).ends_with(0);
    let names = policies(&project);
    assert!(["queue", "buckets"].iter().all(|name| names.iter().any(|there| there == name)), "{names:?}");
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn rule_that_names_nothing_is_refused_at_its_line() {
    let project = Project::new();
    project.edit(
        "dev",
        "project = \"mlops-pipeline\"",
        "project = \"mlops-pipeline\"\nignore = [\"identity.model-evaluation-functoin#inline_policies\"]",
    );
    let refused = project.local(&["validate", "dev"]).ends_with(64);
    for said in ["dev.toml:", "the environment has no resource `identity.model-evaluation-functoin`", "did you mean"] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}

#[test]
fn resource_that_drift_left_out_is_not_counted_as_looked_at() {
    let project = with_a_policy_of_others();
    let checked = |project: &Project, code| -> Value {
        project.local(&["drift", "dev", "--json"]).ends_with(code).json()["checked"].clone()
    };
    let before = checked(&project, 2).as_u64().unwrap();
    project.append("dev", "\n[drift]\nignore = [\"identity.model-evaluation-function\"]\n");
    assert_eq!(checked(&project, 0), json!(before - 1));
    let page = project.local(&["drift", "dev"]).ends_with(0).stdout;
    assert!(page.contains("1 not looked at, by `ignore` of `[drift]`"), "{page}");
}

#[test]
fn accepted_drift_is_written_into_the_file_and_the_rest_gets_its_ignore_line() {
    let project = with_a_policy_of_others();
    set_memory(&project, 3008);
    let accepted = project.local(&["drift", "dev", "--accept", "functions.model-evaluation"]).ends_with(0);
    assert!(accepted.stdout.contains("functions.1.memory_mb"), "{}", accepted.stdout);
    let file = std::fs::read_to_string(project.path().join("environments/dev.toml")).unwrap();
    assert!(file.contains("memory_mb = 3008") && !file.contains("memory_mb = 1024"), "{file}");
    assert!(file.contains("# Started by hand: `mlopsctl pipeline dev run`."), "comments stay: {file}");
    let again = project.local(&["drift", "dev", "--accept", "functions.model-evaluation"]).ends_with(0);
    assert!(again.stdout.contains("environments/dev.toml declares the live value"), "{}", again.stdout);
    assert!(again.stderr.contains("`mlopsctl up dev --local` records it"), "{}", again.stderr);
    let left = project.local(&["drift", "dev", "--accept", "identity.*"]).ends_with(2);
    assert!(
        left.stdout.contains("ignore = [\"identity.model-evaluation-function#inline_policies.queue"),
        "{}",
        left.stdout
    );
    let document = project.local(&["drift", "dev", "--accept", "identity.*", "--json"]).ends_with(2).json();
    conforms("drift-accepted", &document);
    assert_eq!(document["left"].as_array().unwrap().len(), 1, "{document:#}");
    let unknown = project.local(&["drift", "dev", "--accept", "storage.data"]).ends_with(64);
    assert!(unknown.stderr.contains("nothing has drifted at `storage.data`"), "{}", unknown.stderr);
}
