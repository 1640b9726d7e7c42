//! The least policy, for those who have no permission yet.

use crate::{
    project::{Project, Ran},
    served::ServedAws,
};
use async_trait::async_trait;
use local::{Call, Layer, LostAnswer, Next, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use testkit::Refusal;

const ACCOUNT: [&str; 2] = ["--account", local::ACCOUNT];
/// The characters of a managed policy.
const LARGEST: usize = 6144;

/// A project that reaches no AWS, and has no credentials for one.
fn alone(project: &Project, arguments: &[&str]) -> Ran {
    let mut command = project.command(arguments);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_EC2_METADATA_DISABLED", "true");
    Ran::of(command.output().unwrap())
}

fn actions(policy: &Value) -> Vec<&str> {
    let listed = policy["Statement"].as_array().unwrap().iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.iter().collect(),
        one => vec![one],
    });
    listed.map(|action| action.as_str().unwrap()).collect()
}

fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|char| !char.is_whitespace()).count()
}

#[test]
fn for_an_account_that_is_named_the_policy_is_printed_without_asking_aws() {
    let project = Project::new();
    for environment in ["dev", "staging", "prod"] {
        let run = alone(&project, &[&["permissions", environment], &ACCOUNT[..]].concat()).ends_with(0);
        let policy = run.json();
        assert_eq!(policy["Version"], "2012-10-17");
        assert!(actions(&policy).contains(&"sagemaker:CreateDomain"));
        let text = policy.to_string();
        assert!(text.contains(&format!("mlops-pipeline-{environment}-*")) && !text.contains('⟦'), "{text}");
        assert!(run.stderr.contains(&size(&policy).to_string()) && run.stderr.contains("--split"), "{}", run.stderr);
        let again =
            alone(&project, &[&["permissions", environment, "-q", "--json"], &ACCOUNT[..]].concat()).ends_with(0);
        assert_eq!((again.json(), again.stderr.as_str()), (policy, ""));
    }
}

#[test]
fn policy_for_pull_requests_only_reads_and_is_a_single_document() {
    let project = Project::new();
    let run = alone(&project, &[&["permissions", "prod", "--read-only"], &ACCOUNT[..]].concat()).ends_with(0);
    assert!(size(&run.json()) <= LARGEST && run.stderr.contains("one managed policy"), "{}", run.stderr);
    let changes = ["Create", "Delete", "Put", "Update", "Pass"];
    let policy = run.json();
    let changing: Vec<_> =
        actions(&policy).into_iter().filter(|action| changes.iter().any(|it| action.contains(it))).collect();
    assert!(changing.is_empty(), "{changing:?}");
}

#[test]
fn a_policy_that_is_too_large_is_written_in_parts_that_are_not() {
    let project = Project::new();
    let whole = alone(&project, &[&["permissions", "prod"], &ACCOUNT[..]].concat()).ends_with(0).json();
    let folder = project.path().join("policies");
    let stale = folder.join("mlops-pipeline-prod-provision-5.json");
    project.write("policies/mlops-pipeline-prod-provision-5.json", "{}");
    let run = alone(&project, &[&["permissions", "prod", "--split", "policies"], &ACCOUNT[..]].concat()).ends_with(0);
    let files: Vec<&str> = run.stdout.lines().collect();
    let read = |file: &&str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(project.path().join(file)).unwrap()).unwrap()
    };
    let parts: Vec<Value> = files.iter().map(read).collect();
    assert!(parts.len() > 1 && parts.iter().all(|part| size(part) <= LARGEST), "{files:?}");
    let mut together: Vec<&str> = parts.iter().flat_map(actions).collect();
    let mut all = actions(&whole);
    together.sort_unstable();
    all.sort_unstable();
    assert_eq!(together, all);
    assert!(!stale.exists(), "what an earlier, larger policy left is gone");
}

#[test]
fn accounts_that_are_none_or_not_allowed_are_refused() {
    let project = Project::new();
    alone(&project, &["permissions", "dev", "--account", "12345"]).ends_with(64);
    project.edit("dev", "# allowed_accounts = [\"123456789012\"]", "allowed_accounts = [\"999999999999\"]");
    let refused = alone(&project, &[&["permissions", "dev"], &ACCOUNT[..]].concat()).ends_with(64);
    assert!(refused.stderr.contains("allows only 999999999999"), "{}", refused.stderr);
    let unnamed = alone(&project, &[&["permissions"], &ACCOUNT[..]].concat()).ends_with(64);
    assert!(unnamed.stderr.contains("which environment?"), "{}", unnamed.stderr);
}

#[test]
fn what_is_recorded_and_no_longer_asked_for_can_still_be_deleted() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "[catalog.workflow]", "");
    let with = project.local(&["permissions", "dev"]).ends_with(0).json();
    assert!(actions(&with).contains(&"glue:DeleteWorkflow"));
    let without = alone(&project, &[&["permissions", "dev"], &ACCOUNT[..]].concat()).ends_with(0).json();
    assert!(!actions(&without).contains(&"glue:DeleteWorkflow"));
}

/// An AWS that allows only GetCallerIdentity.
#[derive(Default)]
struct Closed(Mutex<Vec<String>>);

#[async_trait]
impl Layer for Closed {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        self.0.lock().unwrap().push(format!("{} {}", call.service, call.operation));
        match call.operation.as_str() {
            "GetCallerIdentity" => next.run(call).await,
            _ => Ok(Refusal::new("AccessDenied", "Access Denied").status(403).to(&call)),
        }
    }
}

#[test]
fn whoever_may_do_nothing_gets_the_policy_all_the_same() {
    let project = Project::new();
    let closed = Arc::new(Closed::default());
    let run = ServedAws::behind(closed.clone()).run(&project, &["permissions", "dev"]).ends_with(0);
    let told = alone(&project, &[&["permissions", "dev"], &ACCOUNT[..]].concat()).ends_with(0);
    assert_eq!(run.json(), told.json());
    assert_eq!(*closed.0.lock().unwrap(), ["sts GetCallerIdentity", "s3 GET object"]);
}

#[test]
fn trust_policy_names_the_runs_that_may_assume_the_role() {
    let project = Project::new();
    let trust = |arguments: &[&str]| {
        let command = ["permissions", "prod", "--trust", "github:acme/ml"];
        alone(&project, &[&command[..], &ACCOUNT, arguments].concat())
    };
    let sub = "token.actions.githubusercontent.com:sub";
    for (arguments, subject) in [
        (&["--branch", "main"][..], "repo:acme/ml:ref:refs/heads/main"),
        (&["--deployment", "prod"], "repo:acme/ml:environment:prod"),
        (&["--read-only"], "repo:acme/ml:pull_request"),
    ] {
        let policy = trust(arguments).ends_with(0).json();
        assert_eq!(policy["Statement"][0]["Condition"]["StringEquals"][sub], subject);
    }
    assert!(trust(&[]).ends_with(64).stderr.contains("which runs of the repository may provision?"));
    assert!(trust(&["--subject", "*"]).ends_with(64).stderr.contains("does not name the repository acme/ml"));
}

#[test]
fn rights_of_the_checkup_are_in_a_policy() {
    let project = Project::new();
    let policy = |more: &[&str]| {
        alone(&project, &[&["permissions", "dev", "--read-only"][..], &ACCOUNT, more].concat()).ends_with(0).json()
    };
    let (without, with) = (policy(&[]), policy(&["--doctor"]));
    for action in ["iam:SimulatePrincipalPolicy", "servicequotas:ListServiceQuotas"] {
        assert!(actions(&with).contains(&action) && !actions(&without).contains(&action), "{action}");
    }
}

/// The resources of the statements that allow an action.
fn reach<'a>(policy: &'a Value, action: &str) -> Vec<&'a str> {
    let all = |value: &'a Value| value.as_array().map_or_else(|| vec![value], |values| values.iter().collect());
    let statements = policy["Statement"].as_array().unwrap().iter();
    let allowing = statements.filter(|one| all(&one["Action"]).iter().any(|allowed| *allowed == action));
    allowing.flat_map(|one| all(&one["Resource"])).filter_map(Value::as_str).collect()
}

#[test]
fn shared_state_bucket_is_open_at_the_keys_of_the_environment_only() {
    let project = Project::new();
    project.append("dev", "\n[state]\nbucket = \"company-states\"\nkey_prefix = \"ml/\"\n");
    let policy = alone(&project, &[&["permissions", "dev"], &ACCOUNT[..]].concat()).ends_with(0).json();
    let key = |name: &str| format!("arn:aws:s3:::company-states/ml/mlops-pipeline/dev/{name}.json");
    for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion"] {
        let reached = reach(&policy, action);
        let reached: Vec<&str> = reached.into_iter().filter(|arn| arn.contains("company-states")).collect();
        assert_eq!(reached, [key("lock"), key("state")], "{action}");
    }
}

#[test]
fn existing_key_is_named_and_no_other_key_of_the_account_is() {
    let project = Project::new();
    let key = format!("arn:aws:kms:ap-south-1:{}:key/1234abcd-12ab-34cd-56ef-1234567890ab", local::ACCOUNT);
    project.edit("prod", "kms = true", &format!("key_arn = \"{key}\""));
    for more in [&[][..], &["--read-only"]] {
        let policy = alone(&project, &[&["permissions", "prod"], &ACCOUNT[..], more].concat()).ends_with(0).json();
        for action in ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"] {
            assert!(reach(&policy, action).into_iter().all(|arn| arn == key), "{action}: {policy:#}");
        }
        let reads = policy["Statement"].as_array().unwrap().iter();
        let decrypts: Vec<&Value> = reads.filter(|one| one.to_string().contains("\"kms:Decrypt\"")).collect();
        assert!(!decrypts.is_empty(), "{policy:#}");
        for statement in decrypts {
            assert!(!statement["Condition"].to_string().contains("ResourceTag"), "{statement:#}");
        }
    }
}
