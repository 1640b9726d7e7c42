//! Reconciler for customer managed policies.

use crate::{
    document::decode,
    errors::{GONE, PROPAGATES},
    iam, tags,
    versions::{self, CreatedVersions},
};
use aws_client::{Attempt, ErrorPattern, Failure, NextPage, Pages, Result};
use aws_sdk_iam::{Client, types};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, LiveCount, Observed, Owner, Quota, QuotaScope, QuotaSource, QuotaUse,
    ReplaceOrder, Resource, SizeLimit, Tags, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use vocabulary::{Permission, Place, PolicyArn};

/// A managed policy of the account's own. The id is the ARN.
///
/// IAM deletes none that a role has. So one under another name is made first, and the old one goes when the roles have
/// the new one; but one that keeps its name can be replaced only while nothing has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Unique in the account, whatever the path; at most 128 characters.
    pub name: String,
    /// Begins and ends with a slash; `/` for none.
    pub path: String,
    /// The purpose of the policy; at most 1,000 characters. Unlike a role's it can never be changed.
    pub description: String,
    /// The policy document; at most 6,144 characters, not counting white space.
    pub document: Value,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyOutputs {
    /// The policy's ARN.
    pub arn: PolicyArn,
    /// Its name.
    pub name: String,
}

/// A policy that was just made is not known everywhere yet.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const LAGS: &[ErrorPattern] = &[("NoSuchEntity", ""), ("ConcurrentModification", "")];
/// An attempt whose answer was lost has made the fifth version.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html>
const FULL: &[ErrorPattern] = &[("LimitExceeded", "versions")];
/// Something has it, or had it until a moment ago, or so it is with one of its versions.
const STILL_USED: &[ErrorPattern] = &[("DeleteConflict", ""), ("ConcurrentModification", "")];

/// The quota of managed policies.
/// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
const POLICIES: Quota = Quota {
    noun: "managed policies",
    service: "iam",
    code: "L-E95E4862",
    source: QuotaSource::AccountSummary("PoliciesQuota"),
    scope: QuotaScope::Account(LiveCount::AccountSummary("Policies")),
};

impl Resource for Policy {
    const KIND: &'static str = "iam:policy";
    const NOUN: &'static str = "managed policy";
    // Its id is its ARN, which contains the path as well.
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &["aws_iam_policy_attachment"],
        ..Terraform::assigned("aws_iam_policy", &[("name", "name")])
    });
    // The most that AWS takes of a managed policy.
    // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 128),
        SizeLimit::characters("description", 1000),
        SizeLimit::document("document", 6144),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name", "path", "description"];
    const COMPARE: &'static [(&'static str, As)] = &[("document", As::Policy)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirstWithin("name");
    const TYPICAL: Duration = Duration::from_secs(2);
    const DEADLINE: Duration = PROPAGATES;

    type Outputs = PolicyOutputs;

    fn id_form(&self, place: &Place) -> IdForm {
        IdForm::Is(self.arn(place))
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let arn = self.arn(cx.place());
        let observed = get(&arn, &cx.client(Client::new)).await?;
        Ok(observed.map(|observed| Found { id: arn, owner: Owner::Tags(tags::read(observed.tags())) }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let answer = cx
            .client(Client::new)
            .create_policy()
            .policy_name(&self.name)
            .path(&self.path)
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .policy_document(self.document.to_string())
            .set_tags(Some(tags::write(&self.tags)?))
            .send()
            .await
            .during("CreatePolicy")
            .retry_on(&[("ConcurrentModification", "")], PROPAGATES)?;
        let made = answer.policy.ok_or_else(|| Failure::incomplete("CreatePolicy", "policy"))?;
        let arn = made.arn.ok_or_else(|| Failure::incomplete("CreatePolicy", "ARN"))?;
        // An earlier one of this ARN may have had more versions.
        cx.shared::<CreatedVersions>().note(&arn, made.default_version_id.as_deref().unwrap_or_default());
        Ok(arn)
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let client = cx.client(Client::new);
        let Some(observed) = get(id, &client).await? else { return Ok(Observed::Absent) };
        let name = observed.policy_name().unwrap_or_default().to_owned();
        let outputs = PolicyOutputs { arn: PolicyArn::new(id), name: name.clone() };
        let version =
            observed.default_version_id().ok_or_else(|| Failure::incomplete("GetPolicy", "default version"))?;
        if cx.shared::<CreatedVersions>().is_newer_than(id, version) {
            return Ok(Observed::Settling { status: "propagating".into(), outputs: Some(outputs) });
        }
        let live = Self {
            name,
            // IAM's default.
            // <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>
            path: observed.path().unwrap_or("/").to_owned(),
            description: observed.description().unwrap_or_default().to_owned(),
            document: document(id, version, &client).await?,
            tags: tags::read(observed.tags()),
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("document") {
            versions::make_room(id, &client).await?;
            let call = client.create_policy_version().policy_arn(id).policy_document(self.document.to_string());
            let answer = call.set_as_default(true).send().await.during("CreatePolicyVersion");
            let answer = answer.retry_on(LAGS, PROPAGATES).retry_on(FULL, PROPAGATES)?;
            let made = answer.policy_version.and_then(|version| version.version_id);
            cx.shared::<CreatedVersions>()
                .note(id, &made.ok_or_else(|| Failure::incomplete("CreatePolicyVersion", "id"))?);
        }
        let add = async |missing: Tags| {
            let call = client.tag_policy().policy_arn(id).set_tags(Some(tags::write(&missing)?));
            call.send().await.during("TagPolicy").retry_on(LAGS, PROPAGATES)
        };
        let remove = async |removed| {
            let call = client.untag_policy().policy_arn(id).set_tag_keys(Some(removed));
            call.send().await.during("UntagPolicy").retry_on(LAGS, PROPAGATES)
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let Some(old) = versions::old(id, &client).await.none_on(GONE)? else { return Ok(Deletion::Gone) };
        versions::delete(id, &old, &client).await?;
        let answer = client.delete_policy().policy_arn(id).send().await.during("DeletePolicy");
        match answer.retry_on(STILL_USED, PROPAGATES).none_on(GONE) {
            Err(refusal) if refusal.matches(STILL_USED) => Err(explain(refusal, id, &client).await),
            answer => answer.map(|_| Deletion::Gone),
        }
    }

    fn predict_outputs(&self, place: &Place, _: PolicyOutputs) -> PolicyOutputs {
        PolicyOutputs { arn: PolicyArn::new(self.arn(place)), name: self.name.clone() }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        iam::policy(&self.arn(place))
    }

    fn usage(&self) -> Usage {
        Usage::free("access management costs nothing")
    }

    fn quotas(&self) -> Vec<QuotaUse> {
        vec![POLICIES.used_by(1)]
    }
}

impl Policy {
    fn arn(&self, place: &Place) -> String {
        place.iam_arn(&format!("policy{}{}", self.path, self.name))
    }
}

async fn get(arn: &str, client: &Client) -> Result<Option<types::Policy>> {
    let answer = client.get_policy().policy_arn(arn).send().await.during("GetPolicy").none_on(GONE)?;
    answer.map(|answer| answer.policy.ok_or_else(|| Failure::incomplete("GetPolicy", "policy"))).transpose()
}

async fn document(arn: &str, version: &str, client: &Client) -> Result<Value> {
    let answer = client.get_policy_version().policy_arn(arn).version_id(version).send().await;
    let answer = answer.during("GetPolicyVersion").retry_on(GONE, PROPAGATES)?;
    let document = answer.policy_version().and_then(|version| version.document()).map(decode);
    document.ok_or_else(|| Failure::incomplete("GetPolicyVersion", "document"))
}

/// The refusal of a deletion, with those who have the policy.
async fn explain(refusal: Failure, arn: &str, client: &Client) -> Failure {
    match holders(arn, client).await {
        Ok(holders) if !holders.is_empty() => Failure {
            message: format!("{}: {}", refusal.message.trim_end_matches('.'), holders.join(", ")),
            help: Some(
                "take it from those that are not of this stack, and run the same command; if it is to be replaced, \
                 give the new one another name"
                    .into(),
            ),
            ..refusal
        },
        _ => refusal,
    }
}

/// The entities that have it, as a permission or as a boundary.
async fn holders(arn: &str, client: &Client) -> Result<Vec<String>> {
    let mut holders = Vec::new();
    let pages = client.list_entities_for_policy().policy_arn(arn).into_paginator().send();
    let mut pages =
        Pages::new("ListEntitiesForPolicy", pages, |page| NextPage::if_truncated(page.is_truncated(), page.marker()));
    while let Some(page) = pages.next().await? {
        let roles = page.policy_roles().iter().filter_map(|role| role.role_name()).map(|name| format!("role {name}"));
        let users = page.policy_users().iter().filter_map(|user| user.user_name()).map(|name| format!("user {name}"));
        let groups = page.policy_groups().iter().filter_map(|group| group.group_name());
        holders.extend(roles.chain(users).chain(groups.map(|name| format!("group {name}"))));
    }
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::compare;
    use serde_json::json;

    fn policy() -> Policy {
        Policy {
            name: "data".into(),
            path: "/ml/".into(),
            description: "reads what models learn from".into(),
            document: json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}]}),
            tags: Tags::default(),
        }
    }

    fn differences(declared: &Policy, live: &Policy) -> Vec<String> {
        let value = |policy| serde_json::to_value(policy).unwrap();
        let diff = compare(&value(declared), None, &value(live), Policy::COMPARE);
        diff.changes.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn a_document_in_another_spelling_is_no_difference_and_one_that_allows_more_is() {
        let mut live = policy();
        live.document["Statement"] = json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::b/*"]});
        assert_eq!(differences(&policy(), &live), Vec::<String>::new());
        live.document["Statement"]["Resource"] = json!("*");
        assert_eq!(differences(&policy(), &live), ["document"]);
    }

    #[test]
    fn the_arn_is_known_before_the_policy_exists() {
        let blank = PolicyOutputs { arn: PolicyArn::new(""), name: String::new() };
        let outputs = policy().predict_outputs(&Place::new("123456789012", "cn-north-1"), blank);
        assert_eq!(outputs.arn.as_str(), "arn:aws-cn:iam::123456789012:policy/ml/data");
        assert_eq!(outputs.name, "data");
    }

    #[test]
    fn all_that_is_allowed_is_allowed_on_this_policy_alone() {
        let permissions = policy().permissions(&Place::new("123456789012", "eu-west-1"));
        assert!(permissions.iter().all(|one| one.resources == ["arn:aws:iam::123456789012:policy/ml/data"]));
    }
}
