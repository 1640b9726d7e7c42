//! Reconciler for resource policies of CloudWatch Logs.

use aws_client::{Attempt, Failure, FailureKind, Loader, Result, Tokens};
use aws_sdk_cloudwatchlogs::Client;
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use vocabulary::{Permission, Place};

/// Lets AWS's services write to log groups. An account has at most ten in a region, and they cannot be
/// tagged. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// The name.
    pub name: String,
    /// The policy document, at most 5,120 characters.
    pub document: Value,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourcePolicyOutputs {
    /// The name.
    pub name: String,
}

/// One listing for all policies that are read in a batch, documents by name.
#[derive(Default)]
struct Policies(Loader<String, String>);

impl Resource for ResourcePolicy {
    const KIND: &'static str = "logs:resource-policy";
    const NOUN: &'static str = "log resource policy";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::named("aws_cloudwatch_log_resource_policy", &[("policy_name", "name")]));
    // The most that AWS takes of a log resource policy.
    // <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::document("document", 5120)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[("document", As::Policy)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = ResourcePolicyOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        Ok(load(&self.name, cx).await?.map(|_| Found { id: self.name.clone(), owner: Owner::Name }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.put(cx).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(document) = load(id, cx).await? else { return Ok(Observed::Absent) };
        let document = serde_json::from_str(&document).unwrap_or(Value::String(document));
        let live = Self { name: id.to_owned(), document };
        Ok(Observed::Ready { live, outputs: ResourcePolicyOutputs { name: id.to_owned() } })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, cx: &Context) -> Result<()> {
        self.put(cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_resource_policy().policy_name(id);
        call.send().await.during("DeleteResourcePolicy").none_on(&[("ResourceNotFoundException", "")])?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, _: &Place, _: ResourcePolicyOutputs) -> ResourcePolicyOutputs {
        ResourcePolicyOutputs { name: self.name.clone() }
    }

    /// None of them knows resources.
    fn permissions(&self, _: &Place) -> Vec<Permission> {
        vec![
            Permission::read(["logs:DescribeResourcePolicies"]).on_anything(),
            Permission::change(["logs:PutResourcePolicy", "logs:DeleteResourcePolicy"]).on_anything(),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::free("access management costs nothing")
    }
}

impl ResourcePolicy {
    async fn put(&self, cx: &Context) -> Result<()> {
        let document = self.document.to_string();
        if document.chars().count() > 5120 {
            let message =
                format!("the log resource policy {} is longer than the 5,120 characters AWS takes", self.name);
            return Err(Failure::new(FailureKind::Final, message));
        }
        let call = cx.client(Client::new).put_resource_policy().policy_name(&self.name).policy_document(document);
        call.send()
            .await
            .during("PutResourcePolicy")
            // A principal or a log group of the policy is too new.
            // <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>
            .retry_on(
                &[("InvalidParameterException", "principal"), ("InvalidParameterException", "log group")],
                Duration::from_secs(120),
            )
            .help("an account has at most ten of these in a region; others may have to be merged")?;
        Ok(())
    }
}

async fn load(name: &str, cx: &Context) -> Result<Option<String>> {
    let client = cx.client(Client::new);
    cx.shared::<Policies>().0.load(name.to_owned(), |_| list(client)).await
}

async fn list(client: Client) -> Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    let (mut token, mut tokens) = (None, Tokens::default());
    loop {
        let call = client.describe_resource_policies().set_next_token(token.take());
        let page = call.send().await.during("DescribeResourcePolicies")?;
        let policies = page.resource_policies.unwrap_or_default();
        found.extend(policies.into_iter().filter_map(|policy| Some((policy.policy_name?, policy.policy_document?))));
        token = tokens.follow("DescribeResourcePolicies", page.next_token.as_deref().into())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}
