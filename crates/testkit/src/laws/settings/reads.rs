//! The reads that show settings, and the writes that change them, as the reference of each service has them: for
//! example
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>.
//! The table has the writes with which mlopsctl changes an existing resource.

use crate::wire::Asked;
use bytes::Bytes;
use local::{Call, Request};
use serde_json::{Map, Value, json};

/// A read: its service and operation, and what it names.
pub(super) type Key = (String, String, Vec<String>);

/// A read that shows a setting of one thing.
pub(super) struct Setting {
    pub(super) service: &'static str,
    pub(super) writes: &'static [&'static str],
    read: &'static str,
    /// The members that identify the thing, by their path in the writes. The read has the last part of it.
    names: &'static [&'static str],
    /// The other members of the read request.
    with: &'static [(&'static str, &'static str)],
}

/// A list whose items hold the settings of one thing each.
pub(super) struct Listed {
    pub(super) service: &'static str,
    pub(super) list: &'static str,
    /// The request that lists one thing.
    pub(super) ask: fn(&str) -> Value,
    /// The member of answers that has the items.
    pub(super) member: &'static str,
    /// The member of items that has the id.
    pub(super) id: &'static str,
    writes: &'static [&'static str],
    /// The member of the writes that has the id.
    named: &'static str,
    /// The prefix of its ids, where writes of tags name things of several kinds.
    prefix: &'static str,
}

const fn setting(
    service: &'static str,
    writes: &'static [&'static str],
    read: &'static str,
    names: &'static [&'static str],
) -> Setting {
    Setting { service, writes, read, names, with: &[] }
}

/// The tags of one thing.
const fn tags(service: &'static str, read: &'static str, names: &'static [&'static str]) -> Setting {
    setting(service, &["TagResource", "UntagResource"], read, names)
}

const fn vpc(attribute: &'static [(&'static str, &'static str)]) -> Setting {
    Setting { with: attribute, ..setting("ec2", &["ModifyVpcAttribute"], "DescribeVpcAttribute", &["VpcId"]) }
}

pub(super) const SETTINGS: &[Setting] = &[
    setting("budgets", &["UpdateBudget"], "DescribeBudget", &["AccountId", "NewBudget/BudgetName"]),
    Setting { with: &[("PolicyName", "default")], ..setting("kms", &["PutKeyPolicy"], "GetKeyPolicy", &["KeyId"]) },
    setting("kms", &["EnableKeyRotation", "DisableKeyRotation"], "GetKeyRotationStatus", &["KeyId"]),
    setting("kms", &["UpdateKeyDescription"], "DescribeKey", &["KeyId"]),
    tags("kms", "ListResourceTags", &["KeyId"]),
    setting("iam", &["PutRolePolicy", "DeleteRolePolicy"], "ListRolePolicies", &["RoleName"]),
    setting("iam", &["PutRolePolicy", "DeleteRolePolicy"], "GetRolePolicy", &["RoleName", "PolicyName"]),
    setting("iam", &["AttachRolePolicy", "DetachRolePolicy"], "ListAttachedRolePolicies", &["RoleName"]),
    setting("iam", &["UpdateRole", "UpdateAssumeRolePolicy", "TagRole", "UntagRole"], "GetRole", &["RoleName"]),
    setting("iam", &["CreatePolicyVersion", "TagPolicy", "UntagPolicy"], "GetPolicy", &["PolicyArn"]),
    vpc(&[("Attribute", "enableDnsSupport")]),
    vpc(&[("Attribute", "enableDnsHostnames")]),
    setting(
        "lambda",
        &[
            "UpdateFunctionConfiguration",
            "UpdateFunctionCode",
            "PutFunctionConcurrency",
            "DeleteFunctionConcurrency",
            "TagResource",
            "UntagResource",
        ],
        "GetFunction",
        &["FunctionName"],
    ),
    setting(
        "lambda",
        &["UpdateFunctionConfiguration", "UpdateFunctionCode"],
        "GetFunctionConfiguration",
        &["FunctionName"],
    ),
    setting(
        "lambda",
        &["PutFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"],
        "GetFunctionEventInvokeConfig",
        &["FunctionName"],
    ),
    setting("lambda", &["AddPermission", "RemovePermission"], "GetPolicy", &["FunctionName"]),
    setting("glue", &["UpdateDatabase"], "GetDatabase", &["Name"]),
    setting("glue", &["UpdateWorkflow"], "GetWorkflow", &["Name"]),
    tags("glue", "GetTags", &["ResourceArn"]),
    setting("sns", &["SetTopicAttributes"], "GetTopicAttributes", &["TopicArn"]),
    setting("sns", &["SetSubscriptionAttributes"], "GetSubscriptionAttributes", &["SubscriptionArn"]),
    tags("sns", "ListTagsForResource", &["ResourceArn"]),
    tags("logs", "ListTagsForResource", &["resourceArn"]),
    setting("events", &["PutTargets", "RemoveTargets"], "ListTargetsByRule", &["Rule"]),
    tags("events", "ListTagsForResource", &["ResourceARN"]),
    setting("monitoring", &["PutDashboard"], "GetDashboard", &["DashboardName"]),
    tags("monitoring", "ListTagsForResource", &["ResourceARN"]),
    setting("sagemaker", &["UpdateDomain"], "DescribeDomain", &["DomainId"]),
    setting("sagemaker", &["UpdateUserProfile"], "DescribeUserProfile", &["DomainId", "UserProfileName"]),
    setting("sagemaker", &["UpdateSpace"], "DescribeSpace", &["DomainId", "SpaceName"]),
    setting("sagemaker", &["UpdateFeatureGroup"], "DescribeFeatureGroup", &["FeatureGroupName"]),
    setting("sagemaker", &["UpdateMlflowApp"], "DescribeMlflowApp", &["Arn"]),
    setting("sagemaker", &["AddTags", "DeleteTags"], "ListTags", &["ResourceArn"]),
    setting("states", &["UpdateStateMachine"], "DescribeStateMachine", &["stateMachineArn"]),
    tags("states", "ListTagsForResource", &["resourceArn"]),
    setting("ecr", &["SetRepositoryPolicy", "DeleteRepositoryPolicy"], "GetRepositoryPolicy", &["repositoryName"]),
    setting("ecr", &["PutLifecyclePolicy", "DeleteLifecyclePolicy"], "GetLifecyclePolicy", &["repositoryName"]),
    tags("ecr", "ListTagsForResource", &["resourceArn"]),
];

const LIST: Listed =
    Listed { service: "", list: "", ask: |_| json!({}), member: "", id: "", writes: &[], named: "", prefix: "" };
const EC2: Listed = Listed { service: "ec2", ..LIST };
const GLUE: Listed = Listed { service: "glue", id: "Name", named: "Name", ..LIST };
const ALARM: Listed = Listed {
    service: "monitoring",
    list: "DescribeAlarms",
    ask: |name| json!({ "AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] }),
    id: "AlarmName",
    named: "AlarmName",
    ..LIST
};

pub(super) const LISTED: &[Listed] = &[
    Listed {
        prefix: "vpc-",
        list: "DescribeVpcs",
        ask: |id| json!({ "VpcId.1": id }),
        member: "vpcSet",
        id: "vpcId",
        ..EC2
    },
    Listed {
        prefix: "subnet-",
        list: "DescribeSubnets",
        ask: |id| json!({ "SubnetId.1": id }),
        member: "subnetSet",
        id: "subnetId",
        named: "SubnetId",
        writes: &["ModifySubnetAttribute"],
        ..EC2
    },
    Listed {
        prefix: "rtb-",
        list: "DescribeRouteTables",
        ask: |id| json!({ "RouteTableId.1": id }),
        member: "routeTableSet",
        id: "routeTableId",
        named: "RouteTableId",
        writes: &["CreateRoute", "ReplaceRoute", "DeleteRoute", "AssociateRouteTable"],
        ..EC2
    },
    Listed {
        prefix: "sg-",
        list: "DescribeSecurityGroups",
        ask: |id| json!({ "GroupId.1": id }),
        member: "securityGroupInfo",
        id: "groupId",
        named: "GroupId",
        writes: &[
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
        ],
        ..EC2
    },
    Listed {
        prefix: "igw-",
        list: "DescribeInternetGateways",
        ask: |id| json!({ "InternetGatewayId.1": id }),
        member: "internetGatewaySet",
        id: "internetGatewayId",
        named: "InternetGatewayId",
        writes: &["AttachInternetGateway"],
        ..EC2
    },
    Listed {
        prefix: "vpce-",
        list: "DescribeVpcEndpoints",
        ask: |id| json!({ "VpcEndpointId.1": id }),
        member: "vpcEndpointSet",
        id: "vpcEndpointId",
        named: "VpcEndpointId",
        writes: &["ModifyVpcEndpoint"],
        ..EC2
    },
    Listed {
        prefix: "nat-",
        list: "DescribeNatGateways",
        ask: |id| json!({ "NatGatewayId.1": id }),
        member: "natGatewaySet",
        id: "natGatewayId",
        ..EC2
    },
    Listed {
        prefix: "eipalloc-",
        list: "DescribeAddresses",
        ask: |id| json!({ "AllocationId.1": id }),
        member: "addressesSet",
        id: "allocationId",
        ..EC2
    },
    Listed {
        prefix: "fl-",
        list: "DescribeFlowLogs",
        ask: |id| json!({ "FlowLogId.1": id }),
        member: "flowLogSet",
        id: "flowLogId",
        ..EC2
    },
    Listed {
        list: "BatchGetJobs",
        ask: |name| json!({ "JobNames": [name] }),
        member: "Jobs",
        named: "JobName",
        writes: &["UpdateJob"],
        ..GLUE
    },
    Listed {
        list: "BatchGetCrawlers",
        ask: |name| json!({ "CrawlerNames": [name] }),
        member: "Crawlers",
        writes: &["UpdateCrawler"],
        ..GLUE
    },
    Listed {
        list: "BatchGetTriggers",
        ask: |name| json!({ "TriggerNames": [name] }),
        member: "Triggers",
        writes: &["UpdateTrigger", "StartTrigger", "StopTrigger"],
        ..GLUE
    },
    Listed { member: "MetricAlarms", writes: &["PutMetricAlarm"], ..ALARM },
    Listed { member: "CompositeAlarms", writes: &["PutCompositeAlarm"], ..ALARM },
    Listed {
        service: "logs",
        list: "DescribeLogGroups",
        ask: |name| json!({ "logGroupNamePrefix": name }),
        member: "logGroups",
        id: "logGroupName",
        named: "logGroupName",
        writes: &["PutRetentionPolicy", "DeleteRetentionPolicy", "AssociateKmsKey", "DisassociateKmsKey"],
        ..LIST
    },
    Listed {
        service: "logs",
        list: "DescribeResourcePolicies",
        member: "resourcePolicies",
        id: "policyName",
        named: "policyName",
        writes: &["PutResourcePolicy"],
        ..LIST
    },
    Listed {
        service: "events",
        list: "ListRules",
        ask: |name| json!({ "NamePrefix": name }),
        member: "Rules",
        id: "Name",
        named: "Name",
        writes: &["PutRule"],
        ..LIST
    },
    Listed {
        service: "ecr",
        list: "DescribeRepositories",
        ask: |name| json!({ "repositoryNames": [name] }),
        member: "repositories",
        id: "repositoryName",
        named: "repositoryName",
        writes: &["PutImageTagMutability", "PutImageScanningConfiguration"],
        ..LIST
    },
];

/// The name of a member in the read.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Setting {
    /// The thing that a write names.
    pub(super) fn written(&self, asked: &Asked) -> Vec<String> {
        self.names.iter().map(|name| asked.text(name).to_owned()).collect()
    }

    /// The thing that a read is about, if the call is the read.
    pub(super) fn asked_for(&self, asked: &Asked) -> Option<Vec<String>> {
        let is_it =
            asked.is(self.service, self.read) && self.with.iter().all(|(name, value)| asked.text(name) == *value);
        is_it.then(|| self.names.iter().map(|name| asked.text(short(name)).to_owned()).collect())
    }

    pub(super) fn key(&self, names: Vec<String>) -> Key {
        let with = self.with.iter().map(|(_, value)| (*value).to_owned());
        (self.service.to_owned(), self.read.to_owned(), names.into_iter().chain(with).collect())
    }

    pub(super) fn read(&self, asked: &Asked) -> Call {
        let names = self.names.iter().map(|name| (short(name).to_owned(), asked.text(name).into()));
        let with = self.with.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let fields: Map<String, Value> = names.chain(with).collect();
        Asked::own(self.service, &asked.call.region, self.read, fields)
    }
}

impl Listed {
    pub(super) fn key(&self, id: &str) -> Key {
        (self.service.to_owned(), self.list.to_owned(), vec![id.to_owned()])
    }

    /// The thing that a write names.
    pub(super) fn written(&self, asked: &Asked) -> Option<String> {
        if asked.service != self.service {
            return None;
        }
        let is_tagged = self.service == "ec2" && matches!(asked.operation.as_str(), "CreateTags" | "DeleteTags");
        let id = match is_tagged {
            true => asked.text("ResourceId.1"),
            false if self.writes.contains(&asked.operation.as_str()) => asked.text(self.named),
            false => return None,
        };
        id.starts_with(self.prefix).then(|| id.to_owned())
    }

    pub(super) fn read(&self, id: &str, region: &str) -> Call {
        let fields = (self.ask)(id).as_object().cloned().unwrap_or_default();
        Asked::own(self.service, region, self.list, fields)
    }

    pub(super) fn item<'a>(&self, answer: &'a mut Value, id: &str) -> Option<&'a mut Value> {
        answer[self.member].as_array_mut()?.iter_mut().find(|item| item[self.id] == id)
    }
}

/// The services and reads of the table.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let settings = SETTINGS.iter().map(|setting| (setting.service, setting.read));
    settings.chain(LISTED.iter().map(|listed| (listed.service, listed.list)))
}

/// The same setting of a bucket, read.
pub(super) fn of_bucket(asked: &Asked) -> Option<(Key, Call)> {
    let (method, what) = asked.operation.split_once(' ')?;
    if asked.service != "s3" || !what.starts_with("bucket?") {
        return None;
    }
    let key = ("s3".to_owned(), what.to_owned(), vec![asked.text("Bucket").to_owned()]);
    let request = Request {
        method: "GET".to_owned(),
        uri: asked.call.request.uri.clone(),
        headers: http::HeaderMap::new(),
        body: Bytes::new(),
    };
    let read = Call { operation: format!("GET {what}"), request, ..asked.call.clone() };
    matches!(method, "GET" | "PUT" | "DELETE").then_some((key, read))
}
