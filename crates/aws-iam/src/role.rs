//! Reconciler for IAM roles with their trust policy, inline policies and attachments.

mod declaration;

pub use declaration::{Role, RoleOutputs};

use crate::{
    attached::{self, ATTACHED_POLICIES},
    errors::{GONE, LAGS, PROPAGATES, may_be_new},
    iam,
    read::{self, Roles, attached_arns, inline_names},
    tags,
};
use aws_client::{Attempt, ErrorPattern, NextPage, Pages, Result};
use aws_sdk_iam::Client;
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, LiveCount, Observed, Owner, Quota, QuotaScope, QuotaSource, QuotaUse,
    ReplaceOrder, Resource, SizeLimit, Tags, Terraform, compare, usage::Usage,
};
use std::{collections::BTreeMap, time::Duration};
use vocabulary::{Permission, Place, RoleArn, same_policy};

/// A principal, such as a role made a moment ago, is not known everywhere yet.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/8905>
const UNKNOWN_PRINCIPAL: &[ErrorPattern] = &[("MalformedPolicyDocument", "Invalid principal")];
/// Something is still attached, or was until a moment ago.
const STILL_USED: &[ErrorPattern] = &[("DeleteConflict", ""), ("ConcurrentModification", "")];

/// The quota of roles.
/// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
const ROLES: Quota = Quota {
    noun: "roles",
    service: "iam",
    code: "L-FE177D64",
    source: QuotaSource::AccountSummary("RolesQuota"),
    scope: QuotaScope::Account(LiveCount::AccountSummary("Roles")),
};

impl Resource for Role {
    const KIND: &'static str = "iam:role";
    const NOUN: &'static str = "role";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &["aws_iam_role_policies_exclusive", "aws_iam_role_policy", "aws_iam_role_policy_attachment"],
        ..Terraform::named("aws_iam_role", &[("name", "name")])
    });
    // The most that AWS takes of a role.
    // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 64),
        SizeLimit::characters("description", 1000),
        SizeLimit::document("trust", 2048),
        SizeLimit::documents("inline_policies", 10_240),
        // The default quota is ten. No account can have more than 25.
        SizeLimit::items("managed_policies", 25),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name", "path"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("trust", As::Policy),
        ("inline_policies", As::Whole),
        ("inline_policies.*", As::Policy),
        ("managed_policies", As::Set),
    ];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const TYPICAL: Duration = Duration::from_secs(2);
    const DEADLINE: Duration = PROPAGATES;

    type Outputs = RoleOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        attached::refuse_too_many(self.managed_policies.len(), cx).await?;
        let observed = read::find(&self.name, cx).await?;
        Ok(observed.map(|observed| Found { id: observed.role.name, owner: Owner::Tags(observed.role.tags) }))
    }

    /// Asked of the role itself: lists of all roles lag behind.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let answer = cx.client(Client::new).get_role().role_name(id).send().await.during("GetRole").none_on(GONE)?;
        Ok(answer.and_then(|answer| answer.role).map(|role| tags::read(role.tags())))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        cx.client(Client::new)
            .create_role()
            .role_name(&self.name)
            .path(&self.path)
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .assume_role_policy_document(self.trust.to_string())
            .set_permissions_boundary(self.permissions_boundary.clone())
            .max_session_duration(self.max_session_seconds)
            .set_tags(Some(tags::write(&self.tags)?))
            .send()
            .await
            .during("CreateRole")
            .retry_on(UNKNOWN_PRINCIPAL, PROPAGATES)
            .retry_on(self.permissions_boundary.as_deref().map_or(&[], may_be_new), PROPAGATES)
            .retry_on(&[("ConcurrentModification", "")], PROPAGATES)?;
        cx.shared::<Roles>().makes(&self.name);
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(observed) = read::observe(self, id, cx).await? else { return Ok(Observed::Absent) };
        // For a moment a new role can show its unique id (`AROA…`) in place of its ARN.
        if !observed.arn.starts_with("arn:") {
            return Ok(Observed::Settling { status: "propagating".into(), outputs: None });
        }
        let outputs = RoleOutputs { arn: RoleArn::new(observed.arn), name: observed.role.name.clone() };
        Ok(Observed::Ready { live: observed.role, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        cx.shared::<Roles>().changes(id);
        let client = cx.client(Client::new);
        if diff.has("trust") {
            let call = client.update_assume_role_policy().role_name(id).policy_document(self.trust.to_string());
            let answer = call.send().await.during("UpdateAssumeRolePolicy");
            answer.retry_on(UNKNOWN_PRINCIPAL, PROPAGATES).retry_on(LAGS, PROPAGATES)?;
        }
        if diff.has_any(&["description", "max_session_seconds"]) {
            // UpdateRole puts the session back to an hour when it is left out.
            let call = client.update_role().role_name(id).description(&self.description);
            let call = call.max_session_duration(self.max_session_seconds);
            call.send().await.during("UpdateRole").retry_on(LAGS, PROPAGATES)?;
        }
        if diff.has("permissions_boundary") {
            self.bound(id, &client).await?;
        }
        if diff.has("managed_policies") {
            self.attach(id, live, &client).await?;
        }
        if diff.has("inline_policies") {
            self.put_inline(id, live, &client).await?;
        }
        let add = async |missing: Tags| {
            let call = client.tag_role().role_name(id).set_tags(Some(tags::write(&missing)?));
            call.send().await.during("TagRole").retry_on(LAGS, PROPAGATES)
        };
        let remove = async |removed| {
            let call = client.untag_role().role_name(id).set_tag_keys(Some(removed));
            call.send().await.during("UntagRole").retry_on(LAGS, PROPAGATES)
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        if strip(id, &client).await.none_on(GONE)?.is_none() {
            return Ok(Deletion::Gone);
        }
        let answer = client.delete_role().role_name(id).send().await.during("DeleteRole");
        answer.retry_on(STILL_USED, PROPAGATES).none_on(GONE)?;
        Ok(Deletion::Gone)
    }

    fn as_created(&self) -> Option<Self> {
        Some(Self { inline_policies: BTreeMap::new(), managed_policies: Vec::new(), ..self.clone() })
    }

    fn predict_outputs(&self, place: &Place, _: RoleOutputs) -> RoleOutputs {
        let arn = place.iam_arn(&format!("role{}{}", self.path, self.name));
        RoleOutputs { arn: RoleArn::new(arn), name: self.name.clone() }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        iam::role(self, &place.iam_arn(&format!("role{}{}", self.path, self.name)), place)
    }

    fn usage(&self) -> Usage {
        Usage::free("access management costs nothing")
    }

    fn quotas(&self) -> Vec<QuotaUse> {
        vec![ROLES.used_by(1), ATTACHED_POLICIES.used_by(self.managed_policies.len())]
    }
}

impl Role {
    /// True if the role has all declared settings.
    pub(crate) fn is_as(&self, declared: &Self) -> bool {
        let value = |role| serde_json::to_value(role).unwrap_or_default();
        compare(&value(declared), None, &value(self), Self::COMPARE).is_empty()
    }

    async fn bound(&self, id: &str, client: &Client) -> Result<()> {
        match &self.permissions_boundary {
            Some(arn) => {
                let call = client.put_role_permissions_boundary().role_name(id).permissions_boundary(arn);
                let answer = call.send().await.during("PutRolePermissionsBoundary");
                answer.retry_on(LAGS, PROPAGATES).retry_on(may_be_new(arn), PROPAGATES)?;
            }
            None => {
                let answer = client.delete_role_permissions_boundary().role_name(id).send().await;
                answer.during("DeleteRolePermissionsBoundary").none_on(GONE)?;
            }
        }
        Ok(())
    }

    async fn attach(&self, id: &str, live: &Self, client: &Client) -> Result<()> {
        for arn in self.managed_policies.iter().filter(|arn| !live.managed_policies.contains(arn)) {
            let call = client.attach_role_policy().role_name(id).policy_arn(arn);
            let answer = call.send().await.during("AttachRolePolicy");
            answer.retry_on(LAGS, PROPAGATES).retry_on(may_be_new(arn), PROPAGATES)?;
        }
        for arn in live.managed_policies.iter().filter(|arn| !self.managed_policies.contains(arn)) {
            detach(id, arn, client).await?;
        }
        Ok(())
    }

    async fn put_inline(&self, id: &str, live: &Self, client: &Client) -> Result<()> {
        for (name, document) in &self.inline_policies {
            if live.inline_policies.get(name).is_some_and(|there| same_policy(there, document)) {
                continue;
            }
            let call = client.put_role_policy().role_name(id).policy_name(name).policy_document(document.to_string());
            call.send().await.during("PutRolePolicy").retry_on(LAGS, PROPAGATES)?;
        }
        for name in live.inline_policies.keys().filter(|name| !self.inline_policies.contains_key(*name)) {
            delete_inline(id, name, client).await?;
        }
        Ok(())
    }
}

/// Removes everything that blocks the deletion of a role, also parts that other programs added.
async fn strip(id: &str, client: &Client) -> Result<()> {
    for arn in attached_arns(client, id).await? {
        detach(id, &arn, client).await?;
    }
    for name in inline_names(client, id).await? {
        delete_inline(id, &name, client).await?;
    }
    let pages = client.list_instance_profiles_for_role().role_name(id).into_paginator().send();
    let pages = Pages::new("ListInstanceProfilesForRole", pages, |page| {
        NextPage::if_truncated(page.is_truncated(), page.marker())
    });
    let mut profiles = pages.items(|page| Some(page.instance_profiles));
    while let Some(profile) = profiles.next().await? {
        let call = client.remove_role_from_instance_profile().role_name(id);
        let answer = call.instance_profile_name(profile.instance_profile_name()).send().await;
        answer.during("RemoveRoleFromInstanceProfile").none_on(GONE)?;
    }
    Ok(())
}

async fn detach(id: &str, arn: &str, client: &Client) -> Result<()> {
    let answer = client.detach_role_policy().role_name(id).policy_arn(arn).send().await;
    answer.during("DetachRolePolicy").retry_on(&[("ConcurrentModification", "")], PROPAGATES).none_on(GONE)?;
    Ok(())
}

async fn delete_inline(id: &str, name: &str, client: &Client) -> Result<()> {
    let answer = client.delete_role_policy().role_name(id).policy_name(name).send().await;
    answer.during("DeleteRolePolicy").retry_on(&[("ConcurrentModification", "")], PROPAGATES).none_on(GONE)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn role() -> Role {
        Role {
            name: "train".into(),
            path: "/ml/".into(),
            description: String::new(),
            trust: json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"}}}),
            inline_policies: BTreeMap::from([(
                "data".into(),
                json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"],
                    "Resource": "arn:aws:s3:::b/*"}]}),
            )]),
            managed_policies: vec!["a".into(), "b".into()],
            permissions_boundary: None,
            max_session_seconds: 3600,
            tags: Tags::default(),
        }
    }

    fn differences(declared: &Role, live: &Role) -> Vec<String> {
        let value = |role| serde_json::to_value(role).unwrap();
        let diff = compare(&value(declared), None, &value(live), Role::COMPARE);
        diff.changes.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn policies_in_another_spelling_are_no_difference() {
        let mut live = role();
        live.trust["Statement"] = json!([live.trust["Statement"]]);
        live.managed_policies.reverse();
        live.inline_policies.insert(
            "data".into(),
            json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": ["arn:aws:s3:::b/*"], "Sid": "1"}}),
        );
        assert_eq!(differences(&role(), &live), Vec::<String>::new());
    }

    #[test]
    fn a_policy_somebody_added_is_a_difference_and_a_boundary_is_left_alone() {
        let mut live = role();
        live.inline_policies.insert("more".into(), json!({"Statement": []}));
        live.permissions_boundary = Some("arn:aws:iam::1:policy/limit".into());
        live.managed_policies.push("c".into());
        assert_eq!(differences(&role(), &live), ["inline_policies.more", "managed_policies"]);
        let bounded = Role { permissions_boundary: Some("arn:aws:iam::1:policy/other".into()), ..role() };
        assert!(differences(&bounded, &live).contains(&"permissions_boundary".to_owned()));
    }

    #[test]
    fn the_arn_is_known_before_the_role_exists() {
        let place = Place::new("123456789012", "ap-south-1");
        let blank = RoleOutputs { arn: RoleArn::new(""), name: String::new() };
        let outputs = role().predict_outputs(&place, blank);
        assert_eq!(outputs.arn.as_str(), "arn:aws:iam::123456789012:role/ml/train");
        assert_eq!(outputs.name, "train");
    }
}
