//! Reconciler for statements in the resource policy of a Lambda function.

use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Loader, Result};
use aws_sdk_lambda::Client;
use futures::future::try_join_all;
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use vocabulary::{FunctionArn, Place, UNKNOWN_OPEN};

/// A statement of a function's policy: who outside may call it. It cannot be changed, only replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permission {
    /// The function.
    pub function: FunctionArn,
    /// Names the statement within the function's policy: letters, digits, `-` and `_`.
    pub statement_id: String,
    /// A service such as `events.amazonaws.com`, an account id, or the ARN of a role or user.
    pub principal: String,
    /// Usually `lambda:InvokeFunction`.
    pub action: String,
    /// The rule, bucket or topic on whose behalf a service may call; a wildcard may stand in it.
    pub source_arn: Option<String>,
    /// The account that must own the source. S3 needs it: a bucket's ARN names no account.
    pub source_account: Option<String>,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PermissionOutputs {
    /// The statement's id.
    pub statement_id: String,
}

/// One GetPolicy for all permissions of a function that are read in a batch.
#[derive(Default)]
struct Policies(Loader<String, Value>);

const GONE: &[ErrorPattern] = &[("ResourceNotFoundException", "")];
/// A principal or the function itself is not known everywhere yet, or the policy is being changed.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/41617>
const HEALING: &[ErrorPattern] = &[
    ("InvalidParameterValueException", "principal was invalid"),
    ("ResourceNotFoundException", ""),
    ("ResourceConflictException", ""),
];
/// The time after which a new principal or function has certainly reached Lambda. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const PROPAGATES: Duration = Duration::from_secs(120);

/// The error of a statement id that the function's policy already has.
/// <https://docs.aws.amazon.com/lambda/latest/dg/API_AddPermission.html>
const TAKEN: &[ErrorPattern] = &[("ResourceConflictException", "already exists")];
/// The error of an existing statement or of a concurrent change.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>
const CONFLICT: &[ErrorPattern] = &[("ResourceConflictException", "")];

impl Resource for Permission {
    const KIND: &'static str = "lambda:permission";
    const NOUN: &'static str = "function permission";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform { found_as: None, ..Terraform::named("aws_lambda_permission", &[]) });
    // The most that AWS takes of a function permission.
    // <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("statement_id", 100)];
    const REPLACE_ON: &'static [&'static str] =
        &["function", "statement_id", "principal", "action", "source_arn", "source_account"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = PermissionOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.id())
    }

    fn part_of(&self) -> Option<String> {
        Some(function_name(&self.function).to_owned())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let found = self.statement(function_name(&self.function), &self.statement_id, cx).await?;
        Ok(found.map(|_| Found { id: self.id(), owner: Owner::Parent }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let function = function_name(&self.function);
        let sent = cx
            .client(Client::new)
            .add_permission()
            .function_name(function)
            .statement_id(&self.statement_id)
            .principal(&self.principal)
            .action(&self.action)
            .set_source_arn(self.source_arn.clone())
            .set_source_account(self.source_account.clone())
            .send()
            .await
            .during("AddPermission");
        match sent.retry_on(HEALING, PROPAGATES).exists_on(TAKEN) {
            // Lambda answers with the same code for an existing statement and for a concurrent change: a read tells.
            Err(refusal)
                if refusal.matches(CONFLICT) && self.statement(function, &self.statement_id, cx).await?.is_some() =>
            {
                Err(Failure { kind: FailureKind::Exists, ..refusal })
            }
            sent => sent.map(|_| self.id()),
        }
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let (function, statement_id) = parts(id)?;
        let Some(statement) = self.statement(function, statement_id, cx).await? else { return Ok(Observed::Absent) };
        let outputs = PermissionOutputs { statement_id: statement_id.to_owned() };
        Ok(Observed::Ready { live: read(statement_id, &statement), outputs })
    }

    /// Every difference needs a replacement, so there is nothing to do in place.
    async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Context) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let (function, statement_id) = parts(id)?;
        let call = cx.client(Client::new).remove_permission().function_name(function).statement_id(statement_id);
        let answer = call.send().await.during("RemovePermission");
        answer.retry_on(&[("ResourceConflictException", "")], PROPAGATES).none_on(GONE)?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, _: &Place, _: PermissionOutputs) -> PermissionOutputs {
        PermissionOutputs { statement_id: self.statement_id.clone() }
    }

    fn permissions(&self, place: &Place) -> Vec<vocabulary::Permission> {
        let function = match self.function.as_str() {
            function if function.contains(UNKNOWN_OPEN) => [place.arn("lambda", "function:*")],
            function => [function.to_owned()],
        };
        vec![
            vocabulary::Permission::read(["lambda:GetPolicy"]).on(function.clone()),
            vocabulary::Permission::change(["lambda:AddPermission", "lambda:RemovePermission"]).on(function),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::free("access management costs nothing")
    }
}

impl Permission {
    fn id(&self) -> String {
        format!("{}/{}", function_name(&self.function), self.statement_id)
    }

    async fn statement(&self, function: &str, statement_id: &str, cx: &Context) -> Result<Option<Value>> {
        let client = cx.client(Client::new);
        let policies = cx.shared::<Policies>();
        let policy = policies.0.load(function.to_owned(), |functions| policies_of(client, functions)).await?;
        let statements = policy.as_ref().and_then(|policy| policy["Statement"].as_array());
        let named = |statement: &&Value| statement["Sid"] == statement_id;
        Ok(statements.and_then(|statements| statements.iter().find(named)).cloned())
    }
}

/// A function without permissions has no policy at all.
async fn policies_of(client: Client, functions: Vec<String>) -> Result<HashMap<String, Value>> {
    let policies = try_join_all(functions.into_iter().map(|function| async {
        let answer = client.get_policy().function_name(&function).send().await.during("GetPolicy").none_on(GONE)?;
        let policy = answer.and_then(|answer| answer.policy);
        Ok::<_, Failure>((function, serde_json::from_str(&policy.unwrap_or_default()).unwrap_or_default()))
    }));
    Ok(policies.await?.into_iter().collect())
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once('/').ok_or_else(|| {
        Failure::new(FailureKind::Final, format!("{id} does not name a permission: <function>/<statement id>"))
    })
}

fn function_name(arn: &FunctionArn) -> &str {
    arn.as_str().rsplit(':').next().unwrap_or_default()
}

fn read(statement_id: &str, statement: &Value) -> Permission {
    let principal = match &statement["Principal"] {
        Value::Object(kinds) => kinds.values().next().and_then(Value::as_str).unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    Permission {
        function: FunctionArn::new(statement["Resource"].as_str().unwrap_or_default()),
        statement_id: statement_id.to_owned(),
        principal: account_of_root(principal).unwrap_or(principal).to_owned(),
        action: statement["Action"].as_str().unwrap_or_default().to_owned(),
        source_arn: condition(statement, "aws:SourceArn"),
        source_account: condition(statement, "aws:SourceAccount"),
    }
}

/// Lambda turns an account id into the ARN of the account's root.
fn account_of_root(principal: &str) -> Option<&str> {
    let (_, account) = principal.strip_suffix(":root")?.split_once(":iam::")?;
    Some(account)
}

/// The value under a condition key, in whatever case and under whatever operator Lambda wrote it.
fn condition(statement: &Value, key: &str) -> Option<String> {
    let operators = statement["Condition"].as_object()?;
    let conditions = operators.values().filter_map(Value::as_object).flatten();
    conditions
        .filter(|(name, _)| name.eq_ignore_ascii_case(key))
        .find_map(|(_, value)| value.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:lambda:ap-south-1:123456789012:function:validate";

    #[test]
    fn a_service_with_its_source_is_read() {
        let statement = json!({"Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": ARN, "Condition": {
                "StringEquals": {"AWS:SourceAccount": "123456789012"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}});
        let expected = Permission {
            function: FunctionArn::new(ARN),
            statement_id: "s3".into(),
            principal: "s3.amazonaws.com".into(),
            action: "lambda:InvokeFunction".into(),
            source_arn: Some("arn:aws:s3:::b".into()),
            source_account: Some("123456789012".into()),
        };
        assert_eq!(read("s3", &statement), expected);
        assert_eq!(expected.id(), "validate/s3");
        assert_eq!(parts("validate/s3").unwrap(), ("validate", "s3"));
    }

    #[test]
    fn an_account_is_read_as_it_was_given() {
        let statement = json!({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}});
        assert_eq!(read("x", &statement).principal, "210987654321");
        let statement = json!({"Principal": {"AWS": "arn:aws:iam::210987654321:role/root"}});
        assert_eq!(read("x", &statement).principal, "arn:aws:iam::210987654321:role/root");
    }

    #[test]
    fn an_id_of_another_form_is_refused() {
        assert!(parts("validate").is_err());
    }
}
