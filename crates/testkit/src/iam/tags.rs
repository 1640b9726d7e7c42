//! The attributes of resources that IAM conditions refer to: tags, the keys of aliases, boundaries of roles. Read from
//! the cloud beneath the laws, so that no law's delay is in the way.

use crate::wire::{Asked, answered};
use local::{Cloud, Response};
use serde_json::{Value, json};

pub(super) struct Tags(Cloud);

/// Pairs from lists of members in whatever spelling.
pub(super) fn pairs(list: &Value, key: &str, value: &str) -> Vec<(String, String)> {
    let pair = |tag: &Value| Some((tag[key].as_str()?.to_owned(), tag[value].as_str()?.to_owned()));
    list.as_array().into_iter().flatten().filter_map(pair).collect()
}

impl Tags {
    pub(super) fn of(cloud: Cloud) -> Self {
        Self(cloud)
    }

    /// The cloud's answer; null if it refuses.
    async fn ask(&self, service: &str, region: &str, operation: &str, given: Value) -> Value {
        let (asked, response) = self.send(service, region, operation, given).await;
        if response.status < 300 { answered(&asked, &response) } else { Value::Null }
    }

    async fn send(&self, service: &str, region: &str, operation: &str, given: Value) -> (Asked, Response) {
        let fields = given.as_object().cloned().unwrap_or_default();
        let mut call = Asked::own(service, region, operation, fields);
        let scope = format!("Credential=AKIALOCAL/20260101/{region}/{service}/aws4_request, SignedHeaders=host");
        call.request.headers.insert("authorization", scope.parse().expect("a scope is plain text"));
        let asked = Asked::new(call);
        let response = self.0.answer(asked.call.request.clone()).await.expect("the embedded cloud loses no answers");
        (asked, response)
    }

    /// The policy that bounds a role.
    pub(super) async fn boundary(&self, role: &str) -> Option<String> {
        self.of_role(role, "PermissionsBoundaryArn").await
    }

    /// The path of a role.
    pub(super) async fn path(&self, role: &str) -> Option<String> {
        self.of_role(role, "Path").await
    }

    async fn of_role(&self, role: &str, member: &str) -> Option<String> {
        let (_, response) = self.send("iam", "us-east-1", "GetRole", json!({"RoleName": role})).await;
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let (_, rest) = body.split_once(&format!("<{member}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    }

    /// The tags of a live resource; `listed` is the call of EC2 that reads it by its id.
    pub(super) async fn of_ec2(&self, region: &str, listed: (&str, &str), id: &str) -> Option<Vec<(String, String)>> {
        let there = self.ask("ec2", region, listed.0, json!({format!("{}.1", listed.1): id})).await;
        if !there.is_object() {
            return None;
        }
        let filter = json!({"Filter.1.Name": "resource-id", "Filter.1.Value.1": id});
        Some(pairs(&self.ask("ec2", region, "DescribeTags", filter).await["tagSet"], "key", "value"))
    }

    pub(super) async fn of_key(&self, region: &str, id: &str) -> Vec<(String, String)> {
        let answer = self.ask("kms", region, "ListResourceTags", json!({"KeyId": id})).await;
        pairs(&answer["Tags"], "TagKey", "TagValue")
    }

    pub(super) async fn of_sagemaker(&self, region: &str, arn: &str) -> Vec<(String, String)> {
        let answer = self.ask("sagemaker", region, "ListTags", json!({"ResourceArn": arn})).await;
        pairs(&answer["Tags"], "Key", "Value")
    }

    /// The id of the key that an alias, an ARN or an id names.
    pub(super) async fn key(&self, region: &str, name: &str) -> Option<String> {
        let answer = self.ask("kms", region, "DescribeKey", json!({"KeyId": name})).await;
        answer["KeyMetadata"]["KeyId"].as_str().map(str::to_owned)
    }

    /// The route table of an association, and the subnet.
    pub(super) async fn association(&self, region: &str, id: &str) -> Vec<String> {
        let tables = self.ask("ec2", region, "DescribeRouteTables", json!({})).await;
        let tables = tables["routeTableSet"].as_array().cloned().unwrap_or_default();
        let associations = tables.iter().flat_map(|table| table["associationSet"].as_array().into_iter().flatten());
        let named = associations.filter(|association| association["routeTableAssociationId"] == id);
        let ids = named.flat_map(|association| [&association["routeTableId"], &association["subnetId"]]);
        ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
    }
}
