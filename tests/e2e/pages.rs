//! The output for people, kept as pages under `tests/pages`. A change of words is a change of a page, and is read
//! before it lands: `INSTA_UPDATE=always cargo test --workspace --test e2e pages` writes them anew.

use crate::{
    project::{Project, Ran},
    terraform,
};
use aws_config::SdkConfig;
use aws_sdk_ec2::types::{IpPermission, IpRange, SecurityGroup};

/// Ids that AWS chooses, times and counts of calls differ from run to run.
const PASSING: [(&str, &str); 12] = [
    (r"\b(vpc|subnet|igw|eipalloc|nat|rtb|sg|vpce|fl)-0[0-9a-f]{16}\b", "$1-…"),
    // One that was cut short.
    (r"\b(vpc|subnet|igw|eipalloc|nat|rtb|sg|vpce|fl)-0[0-9a-f]{0,16}…", "$1-…"),
    (r"\bd-[0-9a-f]{12}\b", "d-…"),
    (r"\bkey/[0-9a-f-]{1,35}…", "key/…"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "…"),
    (r" \d+\.\d s\b", " … s"),
    (r"with \d+ API calls", "with … API calls"),
    (r"since \S+Z", "since …"),
    // A digest, whole or cut short.
    (r#""[0-9a-f]{58}(…|[0-9a-f]{6}")"#, "\"…"),
    (r"serial \d+", "serial …"),
    // The version of the pipeline's files, which each of their changes changes.
    (r#"(code_version|CommitId)(: "\$\{code_version\}" →) "[0-9a-f]{16}""#, "$1$2 \"…\""),
    (r#"(code_version|CommitId): "[0-9a-f]{16}" → "[0-9a-f]{16}""#, "$1: \"…\" → \"…\""),
];

#[track_caller]
pub(crate) fn page(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../tests/pages");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, instead) in PASSING {
        settings.add_filter(pattern, instead);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The messages and the data of a run, as a person sees them one after the other.
fn both(ran: &Ran) -> String {
    format!("{}{}", ran.stderr, ran.stdout)
}

/// Steps that are under way together end in any order.
fn without_steps(text: &str) -> String {
    let steps = ["creating ", "created ", "updating ", "updated ", "deleting ", "deleted ", "replacing ", "replaced "];
    let is_step = |line: &&str| steps.iter().any(|step| line.trim_start().starts_with(step)) && line.starts_with("  ");
    text.lines().filter(|line| !is_step(line)).collect::<Vec<_>>().join("\n")
}

fn up() -> Project {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project
}

#[test]
fn a_first_plan_of_each_environment() {
    for environment in ["dev", "staging", "prod"] {
        let project = Project::new();
        page(&format!("plan-{environment}"), &project.local(&["plan", environment]).ends_with(0).stdout);
        page(&format!("cost-{environment}"), &project.local(&["cost", environment]).ends_with(0).stdout);
    }
}

#[test]
fn a_first_run_and_the_last() {
    let project = Project::new();
    page("up", &without_steps(&both(&project.local(&["up", "dev", "--target", "storage.*"]).ends_with(0))));
    page("nothing-to-do", &both(&project.local(&["plan", "dev", "--target", "storage.*"]).ends_with(0)));
    page("destroy", &without_steps(&both(&project.local(&["destroy", "dev"]).ends_with(0))));
    page("nothing-to-destroy", &both(&project.local(&["destroy", "dev"]).ends_with(0)));
}

#[test]
fn a_plan_of_changes_replacements_and_deletions() {
    let project = up();
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    project.edit("dev", "Owner = \"DataTeam\"", "Owner = \"Platform\"");
    project.edit("dev", "cidr = \"10.0.0.0/16\"", "cidr = \"10.8.0.0/16\"");
    project.edit("dev", "user_profiles = [\"data-scientist\"]", "user_profiles = [\"analyst\"]");
    page("plan-of-changes", &project.local(&["plan", "dev"]).ends_with(0).stdout);
}

/// Adds a rule to the security group of functions that lets everybody in.
pub(crate) async fn open_ssh(sdk: &SdkConfig) {
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    let groups = ec2.describe_security_groups().send().await.unwrap();
    let is_ours = |group: &&SecurityGroup| group.group_name() == Some("mlops-pipeline-dev-lambda");
    let group = groups.security_groups().iter().find(is_ours).unwrap().group_id().unwrap();
    let world = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let open = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(world).build();
    ec2.authorize_security_group_ingress().group_id(group).ip_permissions(open).send().await.unwrap();
}

#[test]
fn drift_its_repair_and_a_checkup() {
    let project = up();
    project.behind_its_back(async |sdk| {
        let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.put_retention_policy().log_group_name(group).retention_in_days(30).send().await.unwrap();
        let alarm = "mlops-pipeline-dev-pipeline-failures";
        aws_sdk_cloudwatch::Client::new(&sdk).delete_alarms().alarm_names(alarm).send().await.unwrap();
        open_ssh(&sdk).await;
    });
    page("drift", &both(&project.local(&["drift", "dev"]).ends_with(2)));
    page("doctor", &both(&project.local(&["doctor", "dev"]).ends_with(0)));
    page("reconcile", &without_steps(&both(&project.local(&["reconcile", "dev"]).ends_with(0))));
    page("no-drift", &both(&project.local(&["drift", "dev"]).ends_with(0)));
}

#[test]
fn refusals() {
    let project = up();
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        let call = aws_s3::client(&sdk).put_object().bucket(bucket).key("raw/customers.csv");
        call.body(b"id\n1\n".to_vec().into()).send().await.unwrap();
    });
    page("data-is-in-the-way", &both(&project.local(&["destroy", "dev"]).ends_with(1)));
    project.local(&["state", "rm", "network.vpc", "dev"]).ends_with(0);
    page(
        "adopt-what-is-other",
        &both(&project.local(&["adopt", "dev", "network.vpc=vpc-00000000000000000"]).ends_with(1)),
    );
    page("no-such-address", &both(&project.local(&["plan", "dev", "--target", "network.lake"]).ends_with(64)));
    page("no-such-environment", &both(&project.local(&["plan", "test"]).ends_with(64)));
}

#[test]
fn an_invalid_file() {
    let project = Project::new();
    project.edit("dev", "zones = 2", "zones = 12");
    project.edit("dev", "nat = \"single\"", "nat = \"singel\"");
    project.edit("dev", "[studio]", "[studoi]");
    page("invalid-file", &both(&project.local(&["validate", "dev"]).ends_with(64)));
}

#[test]
fn taking_over_what_terraform_built() {
    let project = Project::new();
    terraform::build(project.path());
    std::fs::copy(terraform::state(), project.path().join("terraform.tfstate")).unwrap();
    let adopted = project.local(&["adopt", "dev", "--from-tfstate", "terraform.tfstate"]).ends_with(0);
    page("adopt", &without_steps(&both(&adopted)));
}

#[test]
fn help() {
    let project = Project::new();
    page("help", &project.local(&["--help"]).ends_with(0).stdout);
    for command in ["plan", "up", "destroy", "adopt", "graph", "pipeline"] {
        page(&format!("help-{command}"), &project.local(&[command, "--help"]).ends_with(0).stdout);
    }
}
