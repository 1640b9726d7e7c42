//! Lambda. Roles, states and lingering interfaces are laws; what EC2 and KMS make of a function is put in
//! by rule.

use crate::{destroy, existing::landing_zone, failure, first, last, times, up};
use aws_sdk_lambda::{
    primitives::Blob,
    types::{FunctionCode, Runtime, VpcConfig},
};
use config::environment::functions::Architecture;
use engine::{Action, StepPhase};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Aws, Fault, Kill, Platform};

const FUNCTION: &str = "functions.data-validation";
const NAME: &str = "mlops-pipeline-dev-data-validation";

/// One function outside the VPC.
fn outside() -> Platform {
    Platform::with("dev", |dev| dev.functions.iter_mut().for_each(|function| function.vpc = false)).only(FUNCTION)
}

#[test]
fn a_function_is_created_once_its_role_its_policies_its_key_and_ec2_allow_it() {
    let platform = outside();
    let mut aws = Aws::lenient(platform.region());
    let messages = [
        "The role defined for the function cannot be assumed by Lambda.",
        "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
        "Lambda was not able to create an ENI in the VPC of the Lambda function because it was throttled by EC2",
        "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant.",
    ];
    for message in messages {
        aws.strike(("lambda", "CreateFunction"), 0, 3, Fault::refused("InvalidParameterValueException", message));
    }
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "lambda", "CreateFunction"), 13);
}

#[test]
fn an_update_waits_for_the_one_before() {
    let platform = outside();
    let mut aws = Aws::lawful(platform.region(), 31);
    up(&platform, &mut aws);
    let busy = "The operation cannot be performed at this time. An update is in progress for resource";
    let conflict = Fault::refused("ResourceConflictException", busy);
    aws.strike(("lambda", "UpdateFunctionConfiguration"), 0, 5, conflict);
    let larger = Platform::with("dev", |dev| {
        for function in &mut dev.functions {
            (function.vpc, function.memory_mb) = (false, 2048);
        }
    })
    .only(FUNCTION);
    up(&larger, &mut aws);
    assert_eq!(times(&aws, "lambda", "UpdateFunctionConfiguration"), 6);
}

#[test]
fn architecture_of_a_function_changes_in_place() {
    let platform = outside();
    let mut aws = Aws::lawful(platform.region(), 34);
    up(&platform, &mut aws);
    let arm = Platform::with("dev", |dev| {
        for function in &mut dev.functions {
            (function.vpc, function.architecture) = (false, Architecture::Arm64);
        }
    })
    .only(FUNCTION);
    let planned = aws.run(async |sdk| arm.plan(&sdk).await).plan;
    let changes: Vec<_> = planned.changes.iter().map(|change| (change.address.as_str(), change.action)).collect();
    assert_eq!(changes, [(FUNCTION, Action::Update)]);
    up(&arm, &mut aws);
    let live = aws.run(async |sdk| {
        let read = aws_sdk_lambda::Client::new(&sdk).get_function_configuration().function_name(NAME);
        read.send().await.unwrap().architectures.unwrap()
    });
    assert_eq!(live, [aws_sdk_lambda::types::Architecture::Arm64]);
    assert!(aws.run(async |sdk| arm.plan(&sdk).await).plan.is_empty());
}

#[test]
fn a_function_that_is_there_already_and_is_not_ours_is_a_real_conflict() {
    let platform = outside();
    let mut aws = Aws::lenient(platform.region());
    let exists = Fault::refused("ResourceConflictException", "Function already exist: data-validation");
    aws.strike(("lambda", "CreateFunction"), 0, u64::MAX, exists);
    let began = aws.now();
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("Function already exist"), "{}", failure(&applied));
    assert_eq!(times(&aws, "lambda", "CreateFunction"), 1);
    assert!(aws.now() - began < Duration::from_secs(30), "it is not waited for");
}

#[test]
fn the_code_follows_the_configuration_when_that_has_succeeded() {
    let platform = outside();
    let mut aws = Aws::lawful(platform.region(), 32);
    up(&platform, &mut aws);
    // Other code and another configuration replace the declared ones.
    aws.run(async |sdk| {
        let lambda = aws_sdk_lambda::Client::new(&sdk);
        let code = Blob::new(b"PK other code");
        lambda.update_function_code().function_name(NAME).zip_file(code).send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        lambda.update_function_configuration().function_name(NAME).timeout(7).send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    });
    let before = aws.made().len();
    up(&platform, &mut aws);
    let changes: Vec<_> =
        aws.made()[before..].iter().filter(|made| made.operation.starts_with("Update")).cloned().collect();
    let operations: Vec<_> = changes.iter().map(|made| made.operation.as_str()).collect();
    assert_eq!(operations, ["UpdateFunctionConfiguration", "UpdateFunctionCode"]);
    assert!(changes[1].at - changes[0].at > Duration::from_millis(900), "the first takes a second at least");
}

#[test]
fn interfaces_of_a_function_in_a_vpc_linger_and_are_cleared_before_subnet_and_group_go() {
    let platform = Platform::named("dev").only(FUNCTION);
    let mut aws = Aws::lawful(platform.region(), 33);
    up(&platform, &mut aws);
    let began = aws.now();
    destroy(&platform, &mut aws);
    assert!(aws.now() - began > Duration::from_secs(120), "they linger for minutes");
    assert!(aws.now() - began < Duration::from_secs(45 * 60));
    let left_the_vpc = first(&aws, "lambda", "UpdateFunctionConfiguration");
    let deleted = first(&aws, "lambda", "DeleteFunction");
    let cleared = first(&aws, "ec2", "DeleteNetworkInterface");
    assert!(left_the_vpc < cleared && cleared < deleted);
    assert!(cleared < last(&aws, "ec2", "DeleteSecurityGroup"));
    assert!(cleared < last(&aws, "ec2", "DeleteSubnet"));
    assert!(cleared < first(&aws, "iam", "DeleteRole"), "Lambda gives them up in the name of the role");
    let said = platform.said().into_iter().filter_map(|event| match event.phase {
        StepPhase::Waiting(what) => Some(what),
        _ => None,
    });
    assert!(said.into_iter().any(|what| what.contains("AWS Lambda VPC ENI-")), "it says what it waits for");
}

#[test]
fn interfaces_may_linger_for_forty_minutes() {
    for seed in 0..20 {
        let platform = Platform::named("dev").only(FUNCTION);
        let mut aws = Aws::lawful(platform.region(), seed);
        up(&platform, &mut aws);
        let began = aws.now();
        destroy(&platform, &mut aws);
        if aws.now() - began > Duration::from_secs(20 * 60) {
            return;
        }
    }
    panic!("no seed is as slow as AWS at its worst");
}

/// Dev with these functions in its VPC, and all others outside.
fn within(names: &[&str]) -> Platform {
    Platform::with("dev", |dev| {
        dev.functions.iter_mut().for_each(|function| function.vpc = false);
        let source = "pipeline/functions/data-validation";
        let function = |name: &&str| serde_json::from_value(json!({ "name": name, "source": source, "vpc": true }));
        dev.functions.extend(names.iter().map(|name| function(name).unwrap()));
    })
}

#[test]
fn role_of_a_dropped_function_stays_until_lambda_has_given_up_its_interfaces() {
    let mut aws = Aws::lawful("ap-south-1", 33);
    up(&within(&["export"]), &mut aws);
    let (dropped, began) = (within(&[]), aws.now());
    up(&dropped, &mut aws);
    assert!(aws.now() - began > Duration::from_secs(120), "they linger for minutes");
    let (deleted, role) = (first(&aws, "lambda", "DeleteFunction"), first(&aws, "iam", "DeleteRole"));
    assert!(last(&aws, "ec2", "DeleteNetworkInterface") < deleted && deleted < role);
    destroy(&dropped, &mut aws);
    assert_eq!(dropped.left(&aws), Vec::<String>::new());
}

#[test]
fn run_that_is_killed_while_lambda_has_the_interfaces_leaves_the_role_to_the_next_one() {
    let mut aws = Aws::lawful("ap-south-1", 33);
    up(&within(&["export"]), &mut aws);
    let dropped = within(&[]);
    let reads = {
        let mut copy = aws.copy();
        up(&dropped, &mut copy);
        first(&copy, "ec2", "DescribeNetworkInterfaces")
    };
    let killed = aws.run_until(Some(Kill::After(reads + 1)), async |sdk| dropped.up(&sdk).await.failed.len());
    assert_eq!(killed, None);
    assert_eq!(times(&aws, "iam", "DeleteRole"), 0);
    // A function that comes back does not wait, since its role stays.
    let (mut again, began) = (aws.copy(), aws.now());
    up(&within(&["export"]), &mut again);
    assert!(again.now() - began < Duration::from_secs(240), "{:?}", again.now() - began);
    for platform in [&dropped, &within(&["export"])] {
        let mut aws = aws.copy();
        destroy(platform, &mut aws);
        assert_eq!(platform.left(&aws), Vec::<String>::new());
        assert!(first(&aws, "lambda", "DeleteFunction") < first(&aws, "iam", "DeleteRole"));
    }
}

#[test]
fn function_that_shares_its_interfaces_is_dropped_at_once() {
    let mut aws = Aws::lawful("ap-south-1", 33);
    up(&within(&["export", "scoring"]), &mut aws);
    let (dropped, began) = (within(&["scoring"]), aws.now());
    up(&dropped, &mut aws);
    assert!(aws.now() - began < Duration::from_secs(120 + 90), "{:?}", aws.now() - began);
    assert_eq!(times(&aws, "ec2", "DeleteNetworkInterface"), 0, "the other function uses them");
    destroy(&dropped, &mut aws);
    assert_eq!(dropped.left(&aws), Vec::<String>::new());
}

/// Deletes a role with its policies, as a person would.
async fn delete_role(name: &str, sdk: &aws_config::SdkConfig) {
    let iam = aws_sdk_iam::Client::new(sdk);
    let policies = iam.list_role_policies().role_name(name).send().await.unwrap();
    for policy in policies.policy_names() {
        iam.delete_role_policy().role_name(name).policy_name(policy).send().await.unwrap();
    }
    iam.delete_role().role_name(name).send().await.unwrap();
}

#[test]
fn destruction_waits_for_no_interface_that_lambda_cannot_give_up_without_the_role() {
    let mut aws = Aws::lawful("ap-south-1", 35);
    let zone = landing_zone(&mut aws, "ap-south-1");
    let platform = Platform::with("dev", |dev| zone.hosts(dev)).only(FUNCTION);
    up(&platform, &mut aws);
    aws.wait(Duration::from_secs(600));
    aws.run(async |sdk| delete_role(&format!("{NAME}-function"), &sdk).await);
    aws.wait(Duration::from_secs(600));
    let began = aws.now();
    destroy(&platform, &mut aws);
    assert!(aws.now() - began < Duration::from_secs(300), "{:?}", aws.now() - began);
    assert_eq!(times(&aws, "lambda", "DeleteFunction"), 1);
}

/// Lambda's answer to a function whose role has this trust and this policy, once IAM has spread both.
fn created(trust: Value, policy: &Value, vpc: Option<VpcConfig>) -> String {
    let platform = Platform::named("dev");
    let mut aws = Aws::lawful(platform.region(), 34);
    let answer = aws.run(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        iam.create_role().role_name("role").assume_role_policy_document(trust.to_string()).send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(70)).await;
        let put = iam.put_role_policy().role_name("role").policy_name("run").policy_document(policy.to_string());
        put.send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(70)).await;
        let code = FunctionCode::builder().zip_file(Blob::new(b"PK code")).build();
        let function = aws_sdk_lambda::Client::new(&sdk).create_function().function_name("function").code(code);
        let function = function.role(format!("arn:aws:iam::{}:role/role", local::ACCOUNT)).set_vpc_config(vpc);
        function.runtime(Runtime::Python312).handler("main.handler").send().await
    });
    answer.map_or_else(|error| format!("{error:?}"), |_| "created".to_owned())
}

fn trust(condition: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"},
         "Condition": condition},
    ]})
}

fn interfaces(resource: &str, condition: Value) -> Value {
    let actions: Vec<String> =
        ["Create", "Describe", "Delete"].iter().map(|verb| format!("ec2:{verb}NetworkInterface*")).collect();
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition},
    ]})
}

#[test]
fn function_in_a_vpc_is_refused_while_its_role_allows_interfaces_by_arn_or_under_conditions() {
    let within = |policy: Value| {
        let vpc = VpcConfig::builder().subnet_ids("subnet-1").security_group_ids("sg-1").build();
        created(trust(json!({})), &policy, Some(vpc))
    };
    let account = local::ACCOUNT;
    for narrow in [format!("arn:aws:ec2:ap-south-1:{account}:network-interface/*"), "arn:aws:ec2:*:*:subnet/*".into()] {
        let answer = within(interfaces(&narrow, json!({})));
        assert!(answer.contains("does not have permissions to call CreateNetworkInterface on EC2"), "{answer}");
    }
    let vpc = json!({"StringEquals": {"ec2:Vpc": format!("arn:aws:ec2:ap-south-1:{account}:vpc/vpc-1")}});
    assert!(within(interfaces("*", vpc)).contains("InvalidParameterValueException"));
    for wide in ["*".to_owned(), format!("arn:aws:ec2:ap-south-1:{account}:*/*")] {
        assert_eq!(within(interfaces(&wide, json!({}))), "created");
    }
}

#[test]
fn lambda_assumes_no_role_whose_trust_demands_the_source_account() {
    let with = |operator: &str| {
        let trust = trust(json!({operator: {"aws:SourceAccount": local::ACCOUNT}}));
        created(trust, &interfaces("*", json!({})), None)
    };
    assert!(with("StringEquals").contains("cannot be assumed by Lambda"));
    assert_eq!(with("StringEqualsIfExists"), "created");
}
