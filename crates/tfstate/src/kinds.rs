//! Which of Terraform's types are which of our kinds, and how one thing is told from another of its kind.

/// How one of Terraform's types corresponds to a kind.
pub(crate) struct Kind {
    /// Terraform's type.
    pub(crate) terraform: &'static str,
    /// Ours.
    pub(crate) ours: &'static str,
    /// Whether a thing is known by its id, or else by the name that is declared.
    pub(crate) by_id: bool,
    /// Attributes of Terraform's, each with the field that must be the same.
    pub(crate) alike: &'static [(&'static str, &'static str)],
    /// Attributes that name another thing, each with the field that refers to it: two things are the same if two that
    /// refer to them are.
    pub(crate) leads: &'static [(&'static str, &'static str)],
}

const fn named(terraform: &'static str, ours: &'static str, alike: &'static [(&'static str, &'static str)]) -> Kind {
    Kind { terraform, ours, by_id: false, alike, leads: &[] }
}

const fn assigned(terraform: &'static str, ours: &'static str, alike: &'static [(&'static str, &'static str)]) -> Kind {
    Kind { terraform, ours, by_id: true, alike, leads: &[] }
}

pub(crate) const KINDS: &[Kind] = &[
    assigned("aws_vpc", "ec2:vpc", &[("cidr_block", "cidr")]),
    assigned("aws_subnet", "ec2:subnet", &[("vpc_id", "vpc_id"), ("cidr_block", "cidr")]),
    assigned("aws_internet_gateway", "ec2:internet-gateway", &[("vpc_id", "vpc_id")]),
    Kind {
        leads: &[("allocation_id", "allocation_id")],
        ..assigned("aws_nat_gateway", "ec2:nat-gateway", &[("subnet_id", "subnet_id")])
    },
    // An address has nothing of its own to be known by; its NAT gateway names it.
    assigned("aws_eip", "ec2:elastic-ip", &[]),
    assigned("aws_route_table", "ec2:route-table", &[("vpc_id", "vpc_id"), (SUBNETS, "subnets")]),
    assigned("aws_security_group", "ec2:security-group", &[("vpc_id", "vpc_id"), ("name", "name")]),
    assigned("aws_default_security_group", "ec2:default-security-group", &[("vpc_id", "vpc_id")]),
    assigned("aws_vpc_endpoint", "ec2:vpc-endpoint", &[("vpc_id", "vpc_id"), ("service_name", "service")]),
    assigned("aws_flow_log", "ec2:flow-log", &[("vpc_id", "vpc_id")]),
    named("aws_s3_bucket", "s3:bucket", &[("bucket", "name")]),
    named("aws_s3_object", "s3:object", &[("bucket", "bucket"), ("key", "key")]),
    named("aws_s3_bucket_object", "s3:object", &[("bucket", "bucket"), ("key", "key")]),
    named("aws_iam_role", "iam:role", &[("name", "name")]),
    // Its id is its ARN, which tells another path as well.
    assigned("aws_iam_policy", "iam:policy", &[("name", "name")]),
    // A key is known by its alias.
    named("aws_kms_alias", "kms:key", &[("name", "alias")]),
    named("aws_ecr_repository", "ecr:repository", &[("name", "name")]),
    named("aws_glue_catalog_database", "glue:database", &[("name", "name")]),
    named("aws_glue_crawler", "glue:crawler", &[("name", "name")]),
    named("aws_glue_job", "glue:job", &[("name", "name")]),
    named("aws_glue_workflow", "glue:workflow", &[("name", "name")]),
    named("aws_glue_trigger", "glue:trigger", &[("name", "name")]),
    named("aws_glue_security_configuration", "glue:security-configuration", &[("name", "name")]),
    named("aws_lambda_function", "lambda:function", &[("function_name", "name")]),
    named("aws_sfn_state_machine", "states:state-machine", &[("name", "name")]),
    named("aws_cloudwatch_log_group", "logs:log-group", &[("name", "name")]),
    named("aws_cloudwatch_log_resource_policy", "logs:resource-policy", &[("policy_name", "name")]),
    named("aws_sns_topic", "sns:topic", &[("name", "name")]),
    named(
        "aws_sns_topic_subscription",
        "sns:subscription",
        &[("topic_arn", "topic"), ("protocol", "protocol"), ("endpoint", "endpoint")],
    ),
    named("aws_cloudwatch_metric_alarm", "cloudwatch:metric-alarm", &[("alarm_name", "name")]),
    named("aws_cloudwatch_composite_alarm", "cloudwatch:composite-alarm", &[("alarm_name", "name")]),
    named("aws_cloudwatch_dashboard", "cloudwatch:dashboard", &[("dashboard_name", "name")]),
    named("aws_cloudwatch_event_rule", "events:rule", &[("name", "name")]),
    named("aws_sagemaker_domain", "sagemaker:domain", &[("domain_name", "name")]),
    named("aws_sagemaker_user_profile", "sagemaker:user-profile", &[("user_profile_name", "name")]),
    named("aws_sagemaker_space", "sagemaker:space", &[("space_name", "name")]),
    named("aws_sagemaker_feature_group", "sagemaker:feature-group", &[("feature_group_name", "name")]),
    assigned("aws_sagemaker_mlflow_app", "sagemaker:mlflow-app", &[("name", "name")]),
    named(
        "aws_sagemaker_model_package_group",
        "sagemaker:model-package-group",
        &[("model_package_group_name", "name")],
    ),
    named("aws_sagemaker_endpoint", "sagemaker:endpoint", &[("name", "name")]),
    named("aws_budgets_budget", "budgets:budget", &[("name", "name")]),
];

/// The subnets of a route table, which Terraform keeps in associations.
pub(crate) const SUBNETS: &str = "subnets of its associations";

/// What Terraform manages by itself and is a setting of something else here, which brings it along.
const SETTINGS: &[&str] = &[
    "aws_cloudwatch_event_target",
    "aws_ecr_lifecycle_policy",
    "aws_ecr_repository_policy",
    "aws_iam_policy_attachment",
    "aws_iam_role_policies_exclusive",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_internet_gateway_attachment",
    "aws_kms_key",
    "aws_kms_key_policy",
    "aws_route",
    "aws_route_table_association",
    "aws_security_group_rule",
    "aws_sns_topic_policy",
    "aws_vpc_endpoint_policy",
    "aws_vpc_endpoint_route_table_association",
    "aws_vpc_endpoint_security_group_association",
    "aws_vpc_endpoint_subnet_association",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];

pub(crate) fn of(terraform: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.terraform == terraform)
}

pub(crate) fn is_setting(terraform: &str) -> bool {
    // A bucket's settings are a type each.
    SETTINGS.contains(&terraform) || terraform.starts_with("aws_s3_bucket_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_terraforms_types_is_one_thing() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..index].iter().all(|other| other.terraform != kind.terraform), "{}", kind.terraform);
            assert!(!SETTINGS.contains(&kind.terraform), "{}", kind.terraform);
        }
    }
}
