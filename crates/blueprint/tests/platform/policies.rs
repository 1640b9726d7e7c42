//! Least privilege: every policy that the blueprint makes, read as a reviewer reads it.

use crate::{ACCOUNT, declared, declared_after};
use serde_json::{Value, json};

const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// Actions that have no resource level, so that `*` is the narrowest resource there is.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
const WITHOUT_RESOURCES: [&str; 31] = [
    "cloudwatch:PutMetricData",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ecr:GetAuthorizationToken",
    "glue:GetJobBookmark",
    "glue:GetSecurityConfiguration",
    "glue:ResetJobBookmark",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sagemaker:ListApps",
    "sagemaker:ListDomains",
    "sagemaker:ListEndpoints",
    "sagemaker:ListModelPackageGroups",
    "sagemaker:ListModelPackages",
    "sagemaker:ListSpaces",
    "sagemaker:ListTrainingJobs",
    "sagemaker:ListUserProfiles",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "s3:ListAllMyBuckets",
];

/// Actions that Lambda asks of a function's role without naming a resource.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
const OF_FUNCTIONS: [&str; 4] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
];

/// Resources that cannot have the stack's name, with the reason.
const NOT_NAMED_BY_US: [(&str, &str); 17] = [
    (":repository/sagemaker-", "SageMaker's built-in images, in AWS's accounts"),
    (":network-interface/", "interfaces get their ids from EC2"),
    (":subnet/", "subnets get their ids from EC2"),
    (":security-group/", "security groups get their ids from EC2"),
    (":domain/", "domains get their ids from SageMaker"),
    (":user-profile/", "below a domain's id"),
    (":app/", "below a domain's id"),
    (":space/", "below a domain's id"),
    (":log-group:/aws/sagemaker/", "the names SageMaker writes under"),
    (":log-group:/aws-glue/", "the names Glue writes under"),
    (":database/sagemaker_featurestore", "where Feature Store keeps its tables"),
    (":catalog", "the Glue catalog of the account, beside its databases and tables"),
    (":rule/StepFunctionsGetEventsFor", "the rules AWS manages for `.sync` tasks"),
    (":endpoint-config/", "an endpoint may serve a configuration of another program; it is only read"),
    (":scalable-target/", "scalable targets get their ids from Application Auto Scaling; narrowed by namespace"),
    (":role/aws-service-role/", "the role AWS keeps for scaling"),
    (":key/", "keys get their ids from KMS; narrowed by alias"),
];

/// A statement, and where it stands.
struct Statement {
    place: String,
    kind: &'static str,
    body: Value,
}

impl Statement {
    fn list(&self, field: &str) -> Vec<&str> {
        match &self.body[field] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
            Value::Null => Vec::new(),
            other => panic!("{}: {field} is {other}", self.place),
        }
    }

    fn allows(&self) -> bool {
        self.body["Effect"] == "Allow"
    }

    fn is_trust(&self) -> bool {
        self.list("Action").iter().any(|action| action.starts_with("sts:AssumeRole"))
    }

    /// True if it is part of a role's own policy, rather than of a resource's.
    fn is_of_identity(&self) -> bool {
        self.kind == "iam:role" && !self.is_trust()
    }

    /// The one value that a condition key must have; empty if there is no such condition.
    fn must_equal(&self, key: &str) -> &str {
        self.value("StringEquals", key)
    }

    /// The one value that an operator compares a condition key with; empty if there is no such condition.
    fn value(&self, operator: &str, key: &str) -> &str {
        let conditions = self.body["Condition"][operator].as_object().into_iter().flatten();
        // Keys are the same in any case, and one value may stand in a list.
        match conditions.filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value).next() {
            Some(Value::Array(values)) if values.len() == 1 => values[0].as_str().unwrap_or_default(),
            Some(Value::String(value)) => value,
            _ => "",
        }
    }

    fn services(&self) -> Vec<&str> {
        match &self.body["Principal"]["Service"] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Every statement of every policy document in an environment, wherever it is in a resource.
fn statements(environment: &str) -> Vec<Statement> {
    fn walk(value: &Value, place: &str, kind: &'static str, found: &mut Vec<Statement>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Array(statements)) = fields.get("Statement") {
                    let all = statements.iter().enumerate();
                    found.extend(all.map(|(at, body)| Statement {
                        place: format!("{place}[{at}]"),
                        kind,
                        body: body.clone(),
                    }));
                    return;
                }
                for (name, value) in fields {
                    walk(value, &format!("{place}.{name}"), kind, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, place, kind, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for one in declared(environment) {
        walk(&one.spec, one.address.as_str(), one.kind, &mut found);
    }
    found
}

fn all() -> impl Iterator<Item = Statement> {
    ENVIRONMENTS.iter().flat_map(|environment| {
        let found = statements(environment);
        assert!(found.len() > 30, "{environment} has only {} statements", found.len());
        found
    })
}

#[test]
fn no_role_has_a_managed_policy() {
    for environment in ENVIRONMENTS {
        let roles: Vec<_> = declared(environment).into_iter().filter(|one| one.kind == "iam:role").collect();
        assert!(roles.len() >= 4);
        for role in roles {
            assert_eq!(role.spec["managed_policies"].as_array().map(Vec::len), Some(0), "{}", role.address);
        }
    }
}

#[test]
fn no_action_of_a_role_is_a_pattern() {
    for statement in all().filter(|statement| statement.allows() && statement.is_of_identity()) {
        for action in statement.list("Action") {
            // KMS's own documentation writes this one so: with and without the plain text of the key.
            assert!(!action.contains('*') || action == "kms:GenerateDataKey*", "{}: {action}", statement.place);
        }
    }
}

#[test]
fn only_actions_without_a_resource_level_are_allowed_on_everything() {
    for statement in all().filter(|statement| statement.allows() && statement.is_of_identity()) {
        let everything = statement.list("Resource").contains(&"*");
        for action in statement.list("Action") {
            let of_functions = statement.place.contains("-function.") && OF_FUNCTIONS.contains(&action);
            let unscoped = WITHOUT_RESOURCES.contains(&action) || of_functions;
            assert!(!everything || unscoped, "{}: {action} on everything", statement.place);
            assert!(everything || !unscoped, "{}: {action} has no resource level", statement.place);
        }
    }
}

#[test]
fn every_other_resource_is_this_stacks_or_has_a_reason_not_to_be() {
    for environment in ENVIRONMENTS {
        let name = format!("mlops-pipeline-{environment}");
        for statement in statements(environment).into_iter().filter(|one| one.allows() && one.is_of_identity()) {
            for resource in statement.list("Resource").into_iter().filter(|resource| *resource != "*") {
                // A placeholder is one resource of this stack, whose ARN is not known yet.
                let ours =
                    resource.contains(&name) || resource.contains(&name.replace('-', "_")) || resource.contains('⟦');
                let excused = NOT_NAMED_BY_US.iter().any(|(part, _)| resource.contains(part));
                assert!(ours || excused, "{}: {resource}", statement.place);
                let account = resource.split(':').nth(4).unwrap_or_default();
                let foreign = !["", ACCOUNT].contains(&account) && !resource.contains('⟦');
                assert!(!foreign || resource.contains(":repository/sagemaker-"), "{}: {resource}", statement.place);
            }
        }
    }
}

#[test]
fn a_role_is_passed_to_the_service_it_is_for_and_to_no_other() {
    let mut passed = 0;
    for statement in all().filter(|statement| statement.list("Action").contains(&"iam:PassRole")) {
        passed += 1;
        assert_eq!(statement.list("Action"), ["iam:PassRole"], "{}", statement.place);
        assert!(
            statement.must_equal("iam:PassedToService").ends_with(".amazonaws.com"),
            "{}: {}",
            statement.place,
            statement.body
        );
        assert!(statement.list("Resource").iter().all(|role| !role.contains('*')), "{}", statement.place);
    }
    assert!(passed >= 6);
}

#[test]
fn roles_trust_one_service_working_for_this_account() {
    for statement in all().filter(Statement::is_trust) {
        assert_eq!(statement.services().len(), 1, "{}: {}", statement.place, statement.body);
        let account = statement.value("StringEqualsIfExists", "aws:SourceAccount");
        assert_eq!(account, ACCOUNT, "{}", statement.place);
    }
}

#[test]
fn role_of_a_function_in_a_vpc_allows_its_interfaces_as_lambda_asks_and_denies_them_to_its_code() {
    for environment in ENVIRONMENTS {
        let mut functions = 0;
        for role in declared(environment).into_iter().filter(|one| one.address.as_str().ends_with("-function")) {
            functions += 1;
            let run = &role.spec["inline_policies"]["run"]["Statement"];
            let about = |action: &str| {
                let statements = run.as_array().unwrap().iter();
                let mut about: Vec<_> = statements.filter(|one| one["Action"].to_string().contains(action)).collect();
                about.sort_by_key(|one| one["Effect"].to_string());
                about
            };
            for action in ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
            {
                let [allowed, denied] = &about(action)[..] else { panic!("{}: {run}", role.address) };
                assert!(allowed["Effect"] == "Allow" && allowed["Condition"].is_null(), "{allowed}");
                assert_eq!(allowed["Resource"], json!(["*"]));
                let name = role.address.as_str().trim_start_matches("identity.").trim_end_matches("-function");
                // The spelling in which specs hold policies.
                let code = denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"][0].as_str().unwrap();
                assert!(denied["Effect"] == "Deny" && code.ends_with(&format!("-{environment}-{name}")), "{denied}");
            }
        }
        assert!(functions >= 2, "{environment}");
    }
}

#[test]
fn role_of_a_function_that_left_the_vpc_keeps_what_lambda_needs_to_delete_its_interfaces() {
    let declared = declared_after("dev", |dev| dev.functions.iter_mut().for_each(|function| function.vpc = false));
    for role in declared.iter().filter(|one| one.address.as_str().ends_with("-function")) {
        let statements = role.spec["inline_policies"]["run"]["Statement"].as_array().unwrap();
        let of_effect = |effect: &str| -> Vec<String> {
            let statements = statements.iter().filter(|one| one["Effect"] == effect);
            statements.map(|one| one["Action"].to_string()).collect()
        };
        for action in ["ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"] {
            for effect in ["Allow", "Deny"] {
                assert!(of_effect(effect).iter().any(|one| one.contains(action)), "{}: {action}", role.address);
            }
        }
        assert!(!of_effect("Allow").iter().any(|one| one.contains("CreateNetworkInterface")), "{}", role.address);
    }
}

#[test]
fn tables_of_feature_groups_are_allowed_in_both_spellings_of_their_names() {
    for environment in ENVIRONMENTS {
        let statements = statements(environment);
        let tables =
            statements.iter().filter(|one| one.is_of_identity() && one.list("Action").contains(&"glue:CreateTable"));
        let allowed: Vec<&str> = tables.flat_map(|one| one.list("Resource")).collect();
        // Tables of older groups kept the hyphens of the group's name.
        for name in [format!("mlops-pipeline-{environment}*"), format!("mlops_pipeline_{environment}*")] {
            let table = format!("arn:aws:glue:ap-south-1:{ACCOUNT}:table/sagemaker_featurestore/{name}");
            assert!(allowed.contains(&table.as_str()), "{table}: {allowed:?}");
        }
    }
}

#[test]
fn resources_are_open_to_nobody_outside_this_account() {
    // The policy of an endpoint gives no permissions, it only lets requests pass. `scan.rs` checks which ones.
    let is_of_resource = |one: &Statement| !one.is_of_identity() && one.kind != "ec2:vpc-endpoint";
    for statement in all().filter(|statement| statement.allows() && is_of_resource(statement)) {
        let principal = &statement.body["Principal"];
        assert!(principal != "*" && principal["AWS"] != "*", "{}: {}", statement.place, statement.body);
        // EventBridge fills in no such condition: with one, no event would arrive.
        let events = statement.services() == ["events.amazonaws.com"];
        let conditions = statement.body["Condition"].to_string();
        let bound = conditions.contains(ACCOUNT);
        assert!(statement.services().is_empty() || bound || events, "{}: {}", statement.place, statement.body);
    }
}

#[test]
fn buckets_refuse_what_does_not_come_over_tls() {
    for environment in ENVIRONMENTS {
        for bucket in declared(environment).into_iter().filter(|one| one.kind == "s3:bucket") {
            let policy = bucket.spec["policy"].to_string();
            assert!(policy.contains("Deny") && policy.contains("aws:SecureTransport"), "{}: {policy}", bucket.address);
        }
    }
}

#[test]
fn events_reach_the_topic_because_their_statement_has_no_condition_but_the_topic_of_the_key() {
    for environment in ENVIRONMENTS {
        let events = statements(environment).into_iter().filter(|one| one.services() == ["events.amazonaws.com"]);
        let events: Vec<_> = events.filter(|one| ["sns:topic", "kms:key"].contains(&one.kind)).collect();
        let alerts = format!("arn:aws:sns:ap-south-1:{ACCOUNT}:mlops-pipeline-{environment}-alerts");
        assert!(!events.is_empty());
        for statement in events {
            let of_key = json!({"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": alerts}});
            let expected = if statement.kind == "kms:key" { &of_key } else { &Value::Null };
            assert_eq!(&statement.body["Condition"], expected, "{}", statement.place);
        }
    }
}
