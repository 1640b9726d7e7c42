//! Reads roles. One role takes three calls or more, so concurrent reads share a listing: two calls for each thousand
//! roles of the account. A listing may lag behind a write, so it is trusted only where it confirms the declared role.
//! In an account with more than one page of roles, the run reads the roles that it has created or changed one by one.

use crate::{
    Role,
    document::decode,
    errors::{GONE, LAGS, PROPAGATES},
    tags,
};
use aws_client::{Attempt, Failure, FailureKind, Loader, NextPage, Pages, Result};
use aws_sdk_iam::{
    Client,
    types::{AttachedPolicy, EntityType, RoleDetail},
};
use resource::Context;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// IAM's largest page.
const PAGE: i32 = 1000;
/// The default of the longest session, in seconds.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
const DEFAULT_SESSION: i32 = 3600;

/// A role as it is.
#[derive(Clone, Debug)]
pub(crate) struct ObservedRole {
    pub(crate) role: Role,
    pub(crate) arn: String,
}

/// The reads and the names of changed roles that the role reconcilers of a run share.
#[derive(Default)]
pub(crate) struct Roles {
    together: Loader<String, ObservedRole>,
    made: Mutex<HashSet<String>>,
    changed: Mutex<HashSet<String>>,
    /// True if the account has more roles than IAM returns in one page.
    is_paged: Arc<AtomicBool>,
}

fn locked(names: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Roles {
    /// Remembers that this run has made a role.
    pub(crate) fn makes(&self, name: &str) {
        locked(&self.made).insert(name.to_owned());
    }

    /// Remembers that this run has changed a role.
    pub(crate) fn changes(&self, name: &str) {
        locked(&self.changed).insert(name.to_owned());
    }
}

/// The observed role, or `None` if there is none. A bulk listing is trusted only where it lacks the role.
pub(crate) async fn find(name: &str, cx: &Context) -> Result<Option<ObservedRole>> {
    match together(name, cx).await? {
        None => Ok(None),
        Some(_) => alone(&cx.client(Client::new), name).await,
    }
}

/// The observed role. A bulk listing is trusted only where it confirms the declaration.
pub(crate) async fn observe(declared: &Role, name: &str, cx: &Context) -> Result<Option<ObservedRole>> {
    let client = cx.client(Client::new);
    let roles = cx.shared::<Roles>();
    let (is_made, is_changed) = (locked(&roles.made).contains(name), locked(&roles.changed).contains(name));
    let by_itself = async || match is_made {
        true => just_made(&client, declared, name).await,
        false => alone(&client, name).await,
    };
    if (is_made || is_changed) && roles.is_paged.load(Ordering::Relaxed) {
        return by_itself().await;
    }
    // Tags that a declaration does not name are no difference, unless they are what this run has taken away.
    let is_as_declared = |role: &Role| role.is_as(declared) && (!is_changed || role.tags == declared.tags);
    match together(name, cx).await? {
        Some(observed) if is_as_declared(&observed.role) => Ok(Some(observed)),
        _ => by_itself().await,
    }
}

async fn together(name: &str, cx: &Context) -> Result<Option<ObservedRole>> {
    let client = cx.client(Client::new);
    let (reader, roles) = (client.clone(), cx.shared::<Roles>());
    let is_paged = roles.is_paged.clone();
    match roles.together.load(name.to_owned(), |names| account(reader, names, is_paged)).await {
        // Not everybody may read the whole account.
        Err(failure) if failure.kind == FailureKind::Denied => alone(&client, name).await,
        observed => observed,
    }
}

async fn account(
    client: Client,
    names: Vec<String>,
    is_paged: Arc<AtomicBool>,
) -> Result<HashMap<String, ObservedRole>> {
    let (details, listed) = tokio::try_join!(details(&client, &names, &is_paged), listed(&client, &names))?;
    // In only one of the two: it is being made or deleted just now.
    let whole = details.into_iter().filter_map(|(name, detail)| {
        let (description, session) = listed.get(&name)?.clone();
        Some((name, from_detail(&detail, description, session)))
    });
    Ok(whole.collect())
}

async fn details(client: &Client, names: &[String], is_paged: &AtomicBool) -> Result<HashMap<String, RoleDetail>> {
    let call = client.get_account_authorization_details().filter(EntityType::Role).max_items(PAGE);
    let pages = call.into_paginator().send();
    let mut pages = Pages::new("GetAccountAuthorizationDetails", pages, |page| {
        NextPage::if_truncated(page.is_truncated(), page.marker())
    });
    let mut found = HashMap::new();
    while found.len() < names.len()
        && let Some(page) = pages.next().await?
    {
        is_paged.fetch_or(page.is_truncated(), Ordering::Relaxed);
        for detail in page.role_detail_list.unwrap_or_default() {
            if let Some(name) = detail.role_name().filter(|name| names.iter().any(|asked| asked == name)) {
                found.insert(name.to_owned(), detail);
            }
        }
    }
    Ok(found)
}

/// The description and the session length of each role, which GetAccountAuthorizationDetails leaves out.
async fn listed(client: &Client, names: &[String]) -> Result<HashMap<String, (String, i32)>> {
    let pages = client.list_roles().max_items(PAGE).into_paginator().send();
    let mut roles = Pages::new("ListRoles", pages, |page| NextPage::if_truncated(page.is_truncated(), page.marker()))
        .items(|page| Some(page.roles));
    let mut found = HashMap::new();
    while found.len() < names.len()
        && let Some(role) = roles.next().await?
    {
        if names.contains(&role.role_name) {
            let session = role.max_session_duration.unwrap_or(DEFAULT_SESSION);
            found.insert(role.role_name, (role.description.unwrap_or_default(), session));
        }
    }
    Ok(found)
}

fn from_detail(detail: &RoleDetail, description: String, max_session_seconds: i32) -> ObservedRole {
    let inline = detail
        .role_policy_list()
        .iter()
        .filter_map(|policy| Some((policy.policy_name()?.to_owned(), decode(policy.policy_document()?))));
    let boundary = detail.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let role = Role {
        name: detail.role_name().unwrap_or_default().to_owned(),
        // IAM's default.
        // <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
        path: detail.path().unwrap_or("/").to_owned(),
        description,
        trust: detail.assume_role_policy_document().map_or(Value::Null, decode),
        inline_policies: inline.collect(),
        managed_policies: arns(detail.attached_managed_policies()),
        permissions_boundary: boundary.map(str::to_owned),
        max_session_seconds,
        tags: tags::read(detail.tags()),
    };
    ObservedRole { role, arn: detail.arn().unwrap_or_default().to_owned() }
}

async fn alone(client: &Client, name: &str) -> Result<Option<ObservedRole>> {
    let Some((role, arn)) = itself(client, name).await? else { return Ok(None) };
    let (inline_policies, managed_policies) = tokio::try_join!(inline(client, name), attached(client, name))?;
    Ok(Some(ObservedRole { role: Role { inline_policies, managed_policies, ..role }, arn }))
}

/// A role without its policies, and its ARN.
async fn itself(client: &Client, name: &str) -> Result<Option<(Role, String)>> {
    let answer = client.get_role().role_name(name).send().await.during("GetRole").none_on(GONE)?;
    let Some(answer) = answer else { return Ok(None) };
    let role = answer.role.ok_or_else(|| Failure::incomplete("GetRole", "role"))?;
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let observed = Role {
        name: role.role_name().to_owned(),
        path: role.path().to_owned(),
        description: role.description().unwrap_or_default().to_owned(),
        trust: role.assume_role_policy_document().map_or(Value::Null, decode),
        inline_policies: BTreeMap::new(),
        managed_policies: Vec::new(),
        permissions_boundary: boundary.map(str::to_owned),
        max_session_seconds: role.max_session_duration().unwrap_or(DEFAULT_SESSION),
        tags: tags::read(role.tags()),
    };
    Ok(Some((observed, role.arn().to_owned())))
}

/// Reads a role that this run has just created. It can have only the declared policies.
async fn just_made(client: &Client, declared: &Role, name: &str) -> Result<Option<ObservedRole>> {
    let Some((role, arn)) = itself(client, name).await? else { return Ok(None) };
    let mut inline_policies = BTreeMap::new();
    for policy in declared.inline_policies.keys() {
        let answer = client.get_role_policy().role_name(name).policy_name(policy).send().await;
        if let Some(answer) = answer.during("GetRolePolicy").none_on(GONE)? {
            inline_policies.insert(policy.clone(), decode(answer.policy_document()));
        }
    }
    let managed_policies = match declared.managed_policies.is_empty() {
        true => Vec::new(),
        false => attached(client, name).await?,
    };
    Ok(Some(ObservedRole { role: Role { inline_policies, managed_policies, ..role }, arn }))
}

async fn inline(client: &Client, name: &str) -> Result<BTreeMap<String, Value>> {
    let mut documents = BTreeMap::new();
    for policy in inline_names(client, name).await.retry_on(LAGS, PROPAGATES)? {
        let answer = client.get_role_policy().role_name(name).policy_name(&policy).send().await;
        let answer = answer.during("GetRolePolicy").retry_on(GONE, PROPAGATES)?;
        documents.insert(policy, decode(answer.policy_document()));
    }
    Ok(documents)
}

/// The names of a role's inline policies.
pub(crate) async fn inline_names(client: &Client, name: &str) -> Result<Vec<String>> {
    let pages = client.list_role_policies().role_name(name).into_paginator().send();
    Pages::new("ListRolePolicies", pages, |page| NextPage::if_truncated(page.is_truncated(), page.marker()))
        .items(|page| Some(page.policy_names))
        .all()
        .await
}

async fn attached(client: &Client, name: &str) -> Result<Vec<String>> {
    attached_arns(client, name).await.retry_on(LAGS, PROPAGATES)
}

/// The ARNs of the managed policies attached to a role.
pub(crate) async fn attached_arns(client: &Client, name: &str) -> Result<Vec<String>> {
    let pages = client.list_attached_role_policies().role_name(name).into_paginator().send();
    let pages = Pages::new("ListAttachedRolePolicies", pages, |page| {
        NextPage::if_truncated(page.is_truncated(), page.marker())
    });
    Ok(arns(&pages.items(|page| page.attached_policies).all().await?))
}

fn arns(policies: &[AttachedPolicy]) -> Vec<String> {
    policies.iter().filter_map(|policy| policy.policy_arn()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_iam::types::{AttachedPermissionsBoundary, PolicyDetail, Tag};
    use resource::Tags;
    use serde_json::json;

    #[test]
    fn account_details_become_a_role_as_declared() {
        let boundary = AttachedPermissionsBoundary::builder().permissions_boundary_arn("arn:aws:iam::1:policy/limit");
        let detail = RoleDetail::builder()
            .role_name("train")
            .path("/ml/")
            .arn("arn:aws:iam::1:role/ml/train")
            .assume_role_policy_document("%7B%22Version%22%3A%222012-10-17%22%7D")
            .role_policy_list(
                PolicyDetail::builder().policy_name("data").policy_document("%7B%22Statement%22%3A%5B%5D%7D").build(),
            )
            .attached_managed_policies(AttachedPolicy::builder().policy_arn("arn:aws:iam::aws:policy/P").build())
            .permissions_boundary(boundary.build())
            .tags(Tag::builder().key("Owner").value("A").build().unwrap())
            .build();
        let observed = from_detail(&detail, "trains".into(), 7200);
        assert_eq!(observed.arn, "arn:aws:iam::1:role/ml/train");
        let expected = Role {
            name: "train".into(),
            path: "/ml/".into(),
            description: "trains".into(),
            trust: json!({"Version": "2012-10-17"}),
            inline_policies: BTreeMap::from([("data".into(), json!({"Statement": []}))]),
            managed_policies: vec!["arn:aws:iam::aws:policy/P".into()],
            permissions_boundary: Some("arn:aws:iam::1:policy/limit".into()),
            max_session_seconds: 7200,
            tags: Tags::from_iter([("Owner", "A")]),
        };
        assert_eq!(observed.role, expected);
    }
}
