//! The findings of a checkup where AWS refuses something, or grants too little. The refusals are the test's own: the
//! embedded AWS has none.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use async_trait::async_trait;
use aws_client::{Operation, Remedy};
use checkup::{DoctorInput, Finding, Machine, Use, Verdict};
use local::{Call, Cloud, Layer, LostAnswer, Next, Response};
use resource::{Address, KindRegistry, Tags};
use serde_json::{Value, json};
use state::{State, StateIdentity};
use std::sync::Arc;
use vocabulary::Place;

/// Answers one operation in its own way.
struct Instead {
    operation: &'static str,
    answer: fn(&str) -> Response,
}

#[async_trait]
impl Layer for Instead {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.operation != self.operation {
            return next.run(call).await;
        }
        let given = String::from_utf8_lossy(&call.request.body).into_owned();
        Ok((self.answer)(&given))
    }
}

/// As IAM writes it.
fn denied(_: &str) -> Response {
    let message = "User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform this";
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>\
         <RequestId>r-1</RequestId></ErrorResponse>"
    );
    Response::xml(403, body)
}

/// As Service Quotas writes it.
fn denied_in_json(_: &str) -> Response {
    Response::json(400, json!({"__type": "AccessDeniedException", "Message": "not authorized"}).to_string())
}

/// Allows everything but making roles, and everything else only on the second of two resources.
fn no_roles(given: &str) -> Response {
    let actions = given.split('&').filter_map(|pair| pair.strip_prefix("ActionNames.member.")?.split_once('='));
    let results = actions.map(|(_, action)| {
        let action = action.replace("%3A", ":");
        let second = if action == "iam:CreateRole" { "implicitDeny" } else { "allowed" };
        ["implicitDeny", second]
            .map(|decision| {
                format!(
                    "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>\
                     <EvalDecision>{decision}</EvalDecision></member>"
                )
            })
            .concat()
    });
    let results: String = results.collect();
    Response::xml(
        200,
        format!(
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>\
             <EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>\
             </SimulatePrincipalPolicyResponse>"
        ),
    )
}

/// The kinds of resources that the tests declare.
fn registry() -> KindRegistry {
    aws_lambda::register(aws_iam::register(aws_glue::register(aws_ec2::register(KindRegistry::default()))))
}

fn vpc() -> Value {
    json!({"cidr": "10.0.0.0/16", "dns_hostnames": true, "dns_support": true, "tags": {}})
}

fn function(reserved: i32) -> Value {
    json!({
        "name": format!("f-{reserved}"), "description": "", "role": "arn:aws:iam::1:role/f", "runtime": "python3.13",
        "handler": "handler.handle", "code_sha256": "", "architecture": "arm64", "memory_mb": 128,
        "timeout_seconds": 3, "environment": {}, "vpc": null, "tracing": false, "dead_letter": null,
        "reserved_concurrency": reserved, "log_group": "/aws/lambda/f", "key": null, "tags": {},
    })
}

async fn findings(operation: &'static str, answer: fn(&str) -> Response) -> Vec<Finding> {
    let database = json!({"name": "lake", "description": "", "location": "", "tags": {}});
    let role = json!({
        "name": "r", "path": "/", "description": "", "trust": {}, "inline_policies": {},
        "managed_policies": vec!["arn:aws:iam::aws:policy/ReadOnlyAccess"; 12], "max_session_seconds": 3600, "tags": {},
    });
    let declared = [
        ("ec2:vpc", vpc()),
        ("glue:database", database),
        ("iam:role", role),
        ("lambda:function", function(500)),
        ("lambda:function", function(450)),
    ];
    let place = Place::new(local::ACCOUNT, "eu-west-1");
    let state = State::new(&StateIdentity::new(&Tags::default(), &place, "states"));
    findings_for(operation, answer, &declared, &state).await
}

async fn findings_for(
    operation: &'static str,
    answer: fn(&str) -> Response,
    declared: &[(&str, Value)],
    state: &State,
) -> Vec<Finding> {
    let cloud = Cloud::open(None, "eu-west-1", local::ACCOUNT).unwrap();
    let sdk = cloud.with_layer(Arc::new(Instead { operation, answer })).sdk_config();
    let place = Place::new(local::ACCOUNT, "eu-west-1");
    let policy = json!({"Statement": [
        {"Effect": "Allow", "Action": ["iam:CreateRole", "iam:GetRole"], "Resource": "arn:aws:iam::1:role/ml-dev-*"},
        {"Effect": "Allow", "Action": "s3:CreateBucket", "Resource": "*"},
    ]});
    let machine = Machine { instance_type: "ml.m5.large".to_owned(), used_for: Use::Training, count: 9 };
    let input = DoctorInput {
        sdk: &sdk,
        place: &place,
        registry: &registry(),
        declared: declared.iter().map(|(kind, spec)| (*kind, spec)).collect(),
        state,
        policy: &policy,
        roles: Vec::new(),
        machines: vec![machine],
    };
    checkup::run_checks(&input).await
}

fn one<'a>(findings: &'a [Finding], begins: &str) -> &'a Finding {
    let all: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
    findings.iter().find(|finding| finding.what.starts_with(begins)).unwrap_or_else(|| panic!("{begins}: {all:#?}"))
}

#[tokio::test]
async fn an_action_that_is_not_allowed_is_named() {
    let findings = findings("SimulatePrincipalPolicy", no_roles).await;
    let denied = one(&findings, "as far as IAM can tell, iam:CreateRole is not allowed");
    assert_eq!(denied.verdict, Verdict::Warning);
    assert!(matches!(&denied.help, Some(Remedy::Perform { operation: Operation::PrintPolicy(_), .. })));
}

#[tokio::test]
async fn what_may_not_be_asked_is_not_taken_for_a_problem() {
    let simulated = findings("SimulatePrincipalPolicy", denied).await;
    let unknown = one(&simulated, "what these credentials may do");
    assert_eq!(unknown.verdict, Verdict::Unknown);
    assert_eq!(unknown.help, Some("these credentials may not SimulatePrincipalPolicy".into()));

    let quotas = findings("ListServiceQuotas", denied_in_json).await;
    assert_eq!(one(&quotas, "machines of SageMaker").verdict, Verdict::Unknown);
    assert_eq!(one(&quotas, "VPCs: 1 of 5").verdict, Verdict::Ok);
}

/// An account with the default quotas.
fn usual(_: &str) -> Response {
    let entry = "<entry><key>AttachedPoliciesPerRoleQuota</key><value>10</value></entry>";
    Response::xml(
        200,
        format!(
            "<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>{entry}</SummaryMap>\
             </GetAccountSummaryResult></GetAccountSummaryResponse>"
        ),
    )
}

#[tokio::test]
async fn role_with_more_managed_policies_than_the_account_may_attach_is_a_problem() {
    let findings = findings("GetAccountSummary", usual).await;
    let lacking = one(&findings, "managed policies of one role: 12 needed, and this account may have 10");
    assert_eq!(lacking.verdict, Verdict::Problem);
    assert!(matches!(&lacking.help, Some(Remedy::RaiseQuota { code, .. }) if code == "L-0DA4ABF3"));
}

#[tokio::test]
async fn quota_that_the_account_does_not_tell_is_unknown() {
    let findings = findings("GetAccountSummary", usual).await;
    let roles = one(&findings, "roles: ");
    assert_eq!(roles.verdict, Verdict::Unknown);
    assert!(roles.what.contains("Roles"), "{}", roles.what);
}

#[tokio::test]
async fn quota_of_concurrency_counts_all_reservations_and_what_lambda_keeps_free() {
    let findings = findings("Nothing", denied).await;
    let lacking = one(&findings, "concurrent executions of functions: 1050 needed, and this account may have 1000");
    assert_eq!(lacking.verdict, Verdict::Problem);
}

#[tokio::test]
async fn quota_needs_nothing_for_a_resource_that_exists() {
    let place = Place::new(local::ACCOUNT, "eu-west-1");
    let mut state = State::new(&StateIdentity::new(&Tags::default(), &place, "states"));
    let declared = [("ec2:vpc", vpc())];
    let new = findings_for("Nothing", denied, &declared, &state).await;
    one(&new, "VPCs: 1 of 5");
    let entry = json!({"kind": "ec2:vpc", "phase": "ready", "token": "t", "id": "vpc-1", "spec": vpc()});
    state.resources.insert(Address::new("network", "vpc"), serde_json::from_value(entry).unwrap());
    let recorded = findings_for("Nothing", denied, &declared, &state).await;
    assert!(!recorded.iter().any(|finding| finding.what.starts_with("VPCs")), "{recorded:#?}");
}

/// Lake Formation as an administrator of a data lake configures it.
fn governed(_: &str) -> Response {
    Response::json(200, json!({"DataLakeSettings": {"CreateDatabaseDefaultPermissions": []}}).to_string())
}

#[tokio::test]
async fn catalog_that_lake_formation_governs_is_told_with_what_helps() {
    let left_to_iam = findings("Nothing", denied).await;
    assert_eq!(one(&left_to_iam, "IAM alone decides about new databases and tables").verdict, Verdict::Ok);
    let lake = findings("POST /GetDataLakeSettings", governed).await;
    let warning = one(&lake, "Lake Formation governs new databases and tables");
    assert_eq!(warning.verdict, Verdict::Warning);
    assert!(warning.help.as_ref().is_some_and(|help| help.advice().contains("data lake administrator")));
    let unknown = findings("POST /GetDataLakeSettings", denied_in_json).await;
    assert_eq!(one(&unknown, "the defaults of Lake Formation").verdict, Verdict::Unknown);
}

#[tokio::test]
async fn too_few_machines_are_a_problem_before_the_first_execution_fails() {
    let findings = findings("Nothing", denied).await;
    let lacking = one(&findings, "ml.m5.large for training job usage: 9 needed, and this account may have 4");
    assert_eq!(lacking.verdict, Verdict::Problem);
    assert_eq!(one(&findings, "everything it takes is allowed, 3 actions").verdict, Verdict::Ok);
}
