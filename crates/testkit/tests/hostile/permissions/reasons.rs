//! What no test can show, and why.

/// Actions that no call of a life uses on an emulator, with the reason why AWS asks for them all the same.
pub(super) const SHOWN_BY_NO_EMULATOR: &[(&str, &str)] = &[];

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
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "sagemaker:ListApps",
    "sagemaker:ListDomains",
    // The reference has model packages for it, of which the call names none.
    "sagemaker:ListModelPackages",
    "sagemaker:ListSpaces",
    "sagemaker:ListUserProfiles",
    "sts:GetCallerIdentity",
    "tag:GetResources",
];
