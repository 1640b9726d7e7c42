//! The reads that show settings, and the writes that change them, as the reference of each service has them: for
//! example
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>.

use crate::wire::Asked;
use bytes::Bytes;
use local::{Call, Request};
use serde_json::{Map, Value};

/// A read: its service and operation, and what it names.
pub(super) type Key = (String, String, Vec<String>);

/// A read that shows a setting of one thing.
pub(super) struct Setting {
    pub(super) service: &'static str,
    pub(super) writes: &'static [&'static str],
    read: &'static str,
    /// The members that identify the thing, the same in the writes and in the read.
    names: &'static [&'static str],
    /// The other members of the read request.
    with: &'static [(&'static str, &'static str)],
}

const fn iam(writes: &'static [&'static str], read: &'static str, names: &'static [&'static str]) -> Setting {
    Setting { service: "iam", writes, read, names, with: &[] }
}

const fn kms(
    writes: &'static [&'static str],
    read: &'static str,
    with: &'static [(&'static str, &'static str)],
) -> Setting {
    Setting { service: "kms", writes, read, names: &["KeyId"], with }
}

const fn vpc(attribute: &'static [(&'static str, &'static str)]) -> Setting {
    Setting {
        service: "ec2",
        writes: &["ModifyVpcAttribute"],
        read: "DescribeVpcAttribute",
        names: &["VpcId"],
        with: attribute,
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    kms(&["PutKeyPolicy"], "GetKeyPolicy", &[("PolicyName", "default")]),
    kms(&["EnableKeyRotation", "DisableKeyRotation"], "GetKeyRotationStatus", &[]),
    kms(&["TagResource", "UntagResource"], "ListResourceTags", &[]),
    kms(&["UpdateKeyDescription"], "DescribeKey", &[]),
    iam(&["PutRolePolicy", "DeleteRolePolicy"], "ListRolePolicies", &["RoleName"]),
    iam(&["PutRolePolicy", "DeleteRolePolicy"], "GetRolePolicy", &["RoleName", "PolicyName"]),
    iam(&["AttachRolePolicy", "DetachRolePolicy"], "ListAttachedRolePolicies", &["RoleName"]),
    iam(&["UpdateRole", "UpdateAssumeRolePolicy", "TagRole", "UntagRole"], "GetRole", &["RoleName"]),
    vpc(&[("Attribute", "enableDnsSupport")]),
    vpc(&[("Attribute", "enableDnsHostnames")]),
    Setting {
        service: "states",
        writes: &["UpdateStateMachine"],
        read: "DescribeStateMachine",
        names: &["stateMachineArn"],
        with: &[],
    },
    Setting {
        service: "ecr",
        writes: &["SetRepositoryPolicy", "DeleteRepositoryPolicy"],
        read: "GetRepositoryPolicy",
        names: &["repositoryName"],
        with: &[],
    },
    Setting {
        service: "ecr",
        writes: &["PutLifecyclePolicy", "DeleteLifecyclePolicy"],
        read: "GetLifecyclePolicy",
        names: &["repositoryName"],
        with: &[],
    },
];

/// A list of EC2's, whose items hold the settings of one thing each.
pub(super) struct Listed {
    /// The prefix of its ids.
    prefix: &'static str,
    pub(super) list: &'static str,
    pub(super) member: &'static str,
    /// The members with its id: in list requests, in answers, in the writes.
    pub(super) id: (&'static str, &'static str, &'static str),
    pub(super) writes: &'static [&'static str],
}

pub(super) const LISTED: &[Listed] = &[
    Listed { prefix: "vpc-", list: "DescribeVpcs", member: "vpcSet", id: ("VpcId.1", "vpcId", "VpcId"), writes: &[] },
    Listed {
        prefix: "subnet-",
        list: "DescribeSubnets",
        member: "subnetSet",
        id: ("SubnetId.1", "subnetId", "SubnetId"),
        writes: &["ModifySubnetAttribute"],
    },
    Listed {
        prefix: "rtb-",
        list: "DescribeRouteTables",
        member: "routeTableSet",
        id: ("RouteTableId.1", "routeTableId", "RouteTableId"),
        writes: &["CreateRoute", "ReplaceRoute", "DeleteRoute", "AssociateRouteTable"],
    },
    Listed {
        prefix: "sg-",
        list: "DescribeSecurityGroups",
        member: "securityGroupInfo",
        id: ("GroupId.1", "groupId", "GroupId"),
        writes: &[
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
        ],
    },
    Listed {
        prefix: "igw-",
        list: "DescribeInternetGateways",
        member: "internetGatewaySet",
        id: ("InternetGatewayId.1", "internetGatewayId", "InternetGatewayId"),
        writes: &["AttachInternetGateway"],
    },
];

impl Setting {
    pub(super) fn names_of(&self, asked: &Asked) -> Vec<String> {
        self.names.iter().map(|name| asked.text(name).to_owned()).collect()
    }

    pub(super) fn key(&self, names: Vec<String>) -> Key {
        let with = self.with.iter().map(|(_, value)| (*value).to_owned());
        (self.service.to_owned(), self.read.to_owned(), names.into_iter().chain(with).collect())
    }

    pub(super) fn is_read_by(&self, asked: &Asked) -> bool {
        asked.is(self.service, self.read) && self.with.iter().all(|(name, value)| asked.text(name) == *value)
    }

    pub(super) fn read(&self, asked: &Asked) -> Call {
        let names = self.names.iter().map(|name| ((*name).to_owned(), asked.text(name).into()));
        let with = self.with.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let fields: Map<String, Value> = names.chain(with).collect();
        Asked::own(self.service, &asked.call.region, self.read, fields)
    }
}

impl Listed {
    pub(super) fn key(&self, id: &str) -> Key {
        ("ec2".to_owned(), self.list.to_owned(), vec![id.to_owned()])
    }

    /// The thing that a write names.
    pub(super) fn written(&self, asked: &Asked) -> Option<String> {
        let tagged = matches!(asked.operation.as_str(), "CreateTags" | "DeleteTags");
        let id = match tagged {
            true => asked.text("ResourceId.1"),
            false if self.writes.contains(&asked.operation.as_str()) => asked.text(self.id.2),
            false => return None,
        };
        id.starts_with(self.prefix).then(|| id.to_owned())
    }

    pub(super) fn item<'a>(&self, answer: &'a mut Value, id: &str) -> Option<&'a mut Value> {
        answer[self.member].as_array_mut()?.iter_mut().find(|item| item[self.id.1] == id)
    }
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
