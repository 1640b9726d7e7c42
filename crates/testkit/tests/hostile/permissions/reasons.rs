//! Actions that no test can show, with the reasons.

/// Actions that no call of a life uses on an emulator, with the reason why AWS asks for them all the same.
pub(super) const SHOWN_BY_NO_EMULATOR: &[(&str, &str)] = &[
    (
        "application-autoscaling:DeregisterScalableTarget",
        "SageMaker asks it in the caller's name for endpoints that scale",
    ),
    ("ec2:UpdateSecurityGroupRuleDescriptionsEgress", "the embedded EC2 changes no description of a rule"),
    ("ec2:UpdateSecurityGroupRuleDescriptionsIngress", "the embedded EC2 changes no description of a rule"),
    ("kms:CreateGrant", IN_THE_CALLERS_NAME),
    ("kms:Decrypt", IN_THE_CALLERS_NAME),
    ("kms:Encrypt", IN_THE_CALLERS_NAME),
    ("kms:GenerateDataKey", IN_THE_CALLERS_NAME),
    ("kms:GenerateDataKeyWithoutPlaintext", IN_THE_CALLERS_NAME),
    ("kms:ListGrants", IN_THE_CALLERS_NAME),
    ("kms:ReEncryptFrom", IN_THE_CALLERS_NAME),
    ("kms:ReEncryptTo", IN_THE_CALLERS_NAME),
    ("kms:RetireGrant", IN_THE_CALLERS_NAME),
    ("kms:RevokeGrant", IN_THE_CALLERS_NAME),
    ("lambda:DeleteFunctionConcurrency", "the embedded Lambda shows no reservation with a function"),
    ("lambda:DeleteFunctionEventInvokeConfig", "no edit leaves the drift job's retries to Lambda"),
    ("sts:GetCallerIdentity", "asked by the binary, before there is a platform"),
];

/// S3, SageMaker, EFS and ECR use the stack's keys in the name of their callers. No emulator encrypts.
const IN_THE_CALLERS_NAME: &str = "a service uses the key in the caller's name, and no emulator encrypts";

/// Actions for which AWS's service authorization reference names no resources, or which AWS grants on all or on none.
pub(super) const NO_RESOURCE_LEVEL: &[&str] = &[
    // Composite alarms are made by, and shown to, only those who may make and see any.
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutCompositeAlarm",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpointServices",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "events:ListRules",
    "glue:CreateCrawler",
    "glue:CreateSecurityConfiguration",
    "glue:DeleteSecurityConfiguration",
    "glue:GetSecurityConfiguration",
    "iam:GetAccountAuthorizationDetails",
    "iam:ListRoles",
    "kms:CreateKey",
    "kms:ListAliases",
    "kms:ListKeys",
    "lambda:ListFunctions",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "sagemaker:ListApps",
    "sagemaker:ListDomains",
    "sagemaker:ListMlflowApps",
    // The reference has model packages for it, of which the call names none.
    "sagemaker:ListModelPackages",
    "sagemaker:ListSpaces",
    "sagemaker:ListUserProfiles",
    "sts:GetCallerIdentity",
    "tag:GetResources",
];
