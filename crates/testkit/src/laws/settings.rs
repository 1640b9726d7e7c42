//! What was written to a thing is not read back at once: for a while reads answer with what was there before, or now
//! with that and now with what is new.
//!
//! - S3: Terraform's provider waits up to three minutes for the lifecycle rules of a bucket, until several reads in a
//!   row agree, and says that some regions need it (`internal/service/s3/bucket_lifecycle_configuration.go`).
//! - KMS: "The KMS API follows an eventual consistency model"
//!   (<https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>).
//! - IAM: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>.
//! - EC2: <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>.

use super::{Law, World};
use crate::wire::{Asked, answered, show};
use async_trait::async_trait;
use bytes::Bytes;
use local::{Call, Request, Response};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, ops::RangeInclusive};
use tokio::time::Instant;

/// A read that tells a setting of one thing.
struct Setting {
    service: &'static str,
    writes: &'static [&'static str],
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

const SETTINGS: &[Setting] = &[
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
struct Listed {
    /// The prefix of its ids.
    prefix: &'static str,
    list: &'static str,
    member: &'static str,
    /// The members with its id: in list requests, in answers, in the writes.
    id: (&'static str, &'static str, &'static str),
    writes: &'static [&'static str],
}

const LISTED: &[Listed] = &[
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

/// How many seconds a write may stay invisible. Half of all writes are visible at once.
fn lag(service: &str) -> RangeInclusive<u64> {
    match service {
        "s3" | "kms" => 1..=60,
        "iam" | "ec2" => 1..=30,
        _ => 1..=10,
    }
}

/// The earlier value.
#[derive(Clone)]
enum Before {
    Answer(Response),
    Item(&'static Listed, Value),
}

#[derive(Clone)]
struct Old {
    before: Before,
    /// Until when only that is answered, and until when now that and now what is new.
    hidden_until: Instant,
    flaps_until: Instant,
    /// The write, and how often it was read since.
    nth: String,
    looks: u64,
    /// Who wrote it.
    process: u64,
}

/// A read: its service and operation, and what it names.
type Key = (String, String, Vec<String>);

/// Recent writes, by the read that shows them.
#[derive(Clone, Default)]
pub(super) struct Settings {
    old: BTreeMap<Key, Old>,
    /// What the call under way may change, with the read that tells it.
    under_way: Vec<(Key, Call, Before)>,
    writes: u64,
}

impl Setting {
    fn names_of(&self, asked: &Asked) -> Vec<String> {
        self.names.iter().map(|name| asked.text(name).to_owned()).collect()
    }

    fn key(&self, names: Vec<String>) -> Key {
        let with = self.with.iter().map(|(_, value)| (*value).to_owned());
        (self.service.to_owned(), self.read.to_owned(), names.into_iter().chain(with).collect())
    }

    fn is_read_by(&self, asked: &Asked) -> bool {
        asked.is(self.service, self.read) && self.with.iter().all(|(name, value)| asked.text(name) == *value)
    }

    fn read(&self, asked: &Asked) -> Call {
        let names = self.names.iter().map(|name| ((*name).to_owned(), asked.text(name).into()));
        let with = self.with.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let fields: Map<String, Value> = names.chain(with).collect();
        Asked::own(self.service, &asked.call.region, self.read, fields)
    }
}

impl Listed {
    fn key(&self, id: &str) -> Key {
        ("ec2".to_owned(), self.list.to_owned(), vec![id.to_owned()])
    }

    /// The thing that a write names.
    fn written(&self, asked: &Asked) -> Option<String> {
        let tagged = matches!(asked.operation.as_str(), "CreateTags" | "DeleteTags");
        let id = match tagged {
            true => asked.text("ResourceId.1"),
            false if self.writes.contains(&asked.operation.as_str()) => asked.text(self.id.2),
            false => return None,
        };
        id.starts_with(self.prefix).then(|| id.to_owned())
    }

    fn item<'a>(&self, answer: &'a mut Value, id: &str) -> Option<&'a mut Value> {
        answer[self.member].as_array_mut()?.iter_mut().find(|item| item[self.id.1] == id)
    }
}

/// The same setting of a bucket, read.
fn of_bucket(asked: &Asked) -> Option<(Key, Call)> {
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

impl Settings {
    /// Everything that the call may change, as it is.
    async fn look(&self, asked: &Asked, world: &World<'_>) -> Vec<(Key, Call, Before)> {
        let mut found = Vec::new();
        if let Some((key, read)) = of_bucket(asked) {
            let answer = world.pass(read.clone()).await;
            found.push((key, read, Before::Answer(answer)));
        }
        let written =
            |setting: &&Setting| setting.service == asked.service && setting.writes.contains(&asked.operation.as_str());
        for setting in SETTINGS.iter().filter(written) {
            let read = setting.read(asked);
            let answer = world.pass(read.clone()).await;
            found.push((setting.key(setting.names_of(asked)), read, Before::Answer(answer)));
        }
        for listed in LISTED.iter().filter(|_| asked.service == "ec2") {
            let Some(id) = listed.written(asked) else { continue };
            let fields = Map::from_iter([(listed.id.0.to_owned(), id.clone().into())]);
            let read = Asked::of(Asked::own("ec2", &asked.call.region, listed.list, fields));
            let mut answer = answered(&read, &world.pass(read.call.clone()).await);
            if let Some(item) = listed.item(&mut answer, &id) {
                found.push((listed.key(&id), read.call, Before::Item(listed, item.clone())));
            }
        }
        found
    }

    /// Whether this read shows the earlier value.
    fn shows_old(&mut self, key: &Key, world: &World<'_>) -> Option<Before> {
        let old = self.old.get_mut(key).filter(|old| world.script.shows_late(old.process))?;
        old.looks += 1;
        let flaps = || world.chance.once_in(2, &format!("{}, look {}", old.nth, old.looks));
        let is_old = world.now < old.hidden_until || (world.now < old.flaps_until && flaps());
        is_old.then(|| old.before.clone())
    }
}

/// Whether both have the same value.
fn is_same(read: &Call, one: &Before, other: &Response) -> bool {
    match one {
        Before::Answer(answer) => answer.status == other.status && answer.body == other.body,
        Before::Item(listed, item) => {
            let mut answer = answered(&Asked::of(read.clone()), other);
            item[listed.id.1].as_str().is_some_and(|id| listed.item(&mut answer, id).is_some_and(|now| now == item))
        }
    }
}

#[async_trait]
impl Law for Settings {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if !asked.call.is_read() {
            self.under_way = self.look(asked, world).await;
            return None;
        }
        let key = match of_bucket(asked) {
            Some((key, _)) => key,
            None => {
                let setting = SETTINGS.iter().find(|setting| setting.is_read_by(asked))?;
                setting.key(setting.names_of(asked))
            }
        };
        match self.shows_old(&key, world)? {
            Before::Answer(answer) => Some(answer),
            Before::Item(..) => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        let written = std::mem::take(&mut self.under_way);
        if response.status >= 300 {
            return;
        }
        for (key, read, before) in written {
            // What changes nothing hides nothing.
            if is_same(&read, &before, &world.pass(read.clone()).await) {
                continue;
            }
            self.writes += 1;
            let nth = format!("{} {}", asked.operation, self.writes);
            if world.chance.once_in(2, &nth) {
                self.old.remove(&key);
                continue;
            }
            let hides = world.chance.once_in(2, &format!("{nth} hides"));
            let flaps_until = world.after(lag(&asked.service), &nth);
            let hidden_until = if hides { world.now + (flaps_until - world.now) / 2 } else { world.now };
            self.old
                .insert(key, Old { before, hidden_until, flaps_until, nth, looks: 0, process: world.script.process() });
        }
        if asked.service == "ec2"
            && let Some(listed) = LISTED.iter().find(|listed| listed.list == asked.operation)
        {
            let mut answer = answered(asked, response);
            let ids = answer[listed.member].as_array().into_iter().flatten();
            let ids: Vec<String> = ids.filter_map(|item| item[listed.id.1].as_str()).map(str::to_owned).collect();
            let mut changed = false;
            for id in ids {
                if let Some(Before::Item(_, old)) = self.shows_old(&listed.key(&id), world)
                    && let Some(item) = listed.item(&mut answer, &id)
                {
                    *item = old;
                    changed = true;
                }
            }
            if changed {
                show(asked, response, &answer);
            }
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
