//! Reconciler for Lambda functions whose code is a zip archive.

mod declaration;

pub use declaration::{Architecture, AsynchronousCalls, Function, FunctionOutputs, VpcConfig};

use crate::{
    asynchronous,
    configuration::{self, attachment, joined},
    iam, interfaces,
};
use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Result};
use aws_sdk_lambda::{
    Client,
    operation::get_function::GetFunctionOutput,
    primitives::Blob,
    types::{FunctionCode, FunctionConfiguration, LastUpdateStatus, State},
};
use resource::{
    As, Content, Context, Deletion, Diff, Found, IdForm, Observed, Owner, Quota, QuotaScope, QuotaSource, QuotaUse,
    ReplaceOrder, Resource, SizeLimit, Tags, Terraform, usage::Usage,
};
use std::time::Duration;
use vocabulary::{FunctionArn, Permission, Place};

const GONE: &[ErrorPattern] = &[("ResourceNotFoundException", "")];
/// The time that new roles, new grants and updates under way may block a call.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/44517>
const HEALS_WITHIN: Duration = Duration::from_secs(300);
/// Transient errors: the role, its policies or the key's grants are not known everywhere yet, EC2 throttles the
/// creation of network interfaces, or another change is under way.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/44517> <https://github.com/aws/aws-cdk/issues/7998>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/2942>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/4633>
const HEALING: &[ErrorPattern] = &[
    ("InvalidParameterValueException", "cannot be assumed by Lambda"),
    ("InvalidParameterValueException", "execution role does not have permissions"),
    ("InvalidParameterValueException", "throttled by EC2"),
    ("InvalidParameterValueException", "KMS key is invalid for CreateGrant"),
    ("ResourceConflictException", ""),
];
/// The function is gone, or its role or key is, so that no change is accepted any more.
const UNCHANGEABLE: &[ErrorPattern] = &[("ResourceNotFoundException", ""), ("InvalidParameterValueException", "")];
/// The same code as for an update under way, but not retryable.
/// <https://docs.aws.amazon.com/lambda/latest/dg/API_CreateFunction.html>
const TAKEN: &[ErrorPattern] = &[("ResourceConflictException", "already exist")];
/// The name is taken, or another change is under way.
/// <https://docs.aws.amazon.com/lambda/latest/dg/API_CreateFunction.html>
const CONFLICT: &[ErrorPattern] = &[("ResourceConflictException", "")];

/// The quota that reservations are taken from. Lambda keeps 100 of it for functions without a reservation.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
const CONCURRENCY: Quota = Quota {
    noun: "concurrent executions of functions",
    service: "lambda",
    code: "L-B99A9384",
    source: QuotaSource::ServiceQuotas,
    scope: QuotaScope::Declared { kept_free: 100 },
};

impl Resource for Function {
    const KIND: &'static str = "lambda:function";
    const NOUN: &'static str = "function";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_lambda_function", &[("function_name", "name")]));
    // The most that AWS takes of a function.
    // <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 64),
        SizeLimit::characters("description", 256),
        SizeLimit::entries("environment", 4096),
        SizeLimit::characters("handler", 128),
        SizeLimit::items("vpc.subnets", 16),
        SizeLimit::items("vpc.security_groups", 5),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("environment", As::Whole),
        ("environment", As::Sensitive),
        ("vpc.subnets", As::Set),
        ("vpc.security_groups", As::Set),
    ];
    const CONTENT: Option<Content> =
        Some(Content { digest: "code_sha256", sent_with: &["code_sha256", "architecture"] });
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const TYPICAL: Duration = Duration::from_secs(10);
    const DEADLINE: Duration = Duration::from_secs(900);
    const DELETION_DEADLINE: Duration = interfaces::LETS_GO_WITHIN;

    type Outputs = FunctionOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let Some(answer) = get(&self.name, cx).await? else { return Ok(None) };
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(configuration::tags(&answer)?) }))
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        get(id, cx).await?.map(|answer| configuration::tags(&answer)).transpose()
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let code = FunctionCode::builder().zip_file(self.archive(cx)?).build();
        let sent = self.fill(cx.client(Client::new).create_function().code(code)).send().await.during("CreateFunction");
        match sent.retry_on(HEALING, HEALS_WITHIN).exists_on(TAKEN) {
            // Lambda answers with the same code for a taken name and for a concurrent change: a read tells which it is.
            Err(refusal) if refusal.matches(CONFLICT) && get(&self.name, cx).await?.is_some() => {
                Err(Failure { kind: FailureKind::Exists, ..refusal })
            }
            sent => sent.map(|_| self.name.clone()),
        }
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(answer) = get(id, cx).await? else { return Ok(Observed::Absent) };
        let shown = answer.configuration().ok_or_else(|| Failure::incomplete("GetFunction", "configuration"))?;
        let outputs = outputs(id, cx.place());
        match phase(shown) {
            Phase::Settling(status) => Ok(Observed::Settling { status, outputs: Some(outputs) }),
            Phase::Broken { reason, transient } => Ok(Observed::Broken { reason, transient }),
            Phase::Works => {
                let asynchronous = asynchronous::read(self, id, cx).await?;
                let live = Self { asynchronous, ..configuration::read(id, &answer)? };
                Ok(Observed::Ready { live, outputs })
            }
        }
    }

    /// One of configuration and code at a time: Lambda refuses the second while the first is under way.
    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        self.converge_tags(id, live, diff, cx).await?;
        if diff.has("reserved_concurrency") {
            self.reserve(id, &client).await?;
        }
        if diff.has("asynchronous") {
            asynchronous::write(self, id, cx).await?;
        }
        if diff.has_any(configuration::FIELDS) {
            let call = self.change(client.update_function_configuration().function_name(id), diff);
            call.send().await.during("UpdateFunctionConfiguration").retry_on(HEALING, HEALS_WITHIN)?;
            return Ok(());
        }
        if diff.has_any(&["code_sha256", "architecture"]) {
            // The architecture changes only together with the code.
            let call = client.update_function_code().function_name(id).zip_file(self.archive(cx)?);
            let answer = call.architectures(self.architecture.into()).send().await;
            answer.during("UpdateFunctionCode").retry_on(HEALING, HEALS_WITHIN)?;
        }
        Ok(())
    }

    /// Leaves the VPC first: Lambda then gives up the function's network interfaces, for which it needs the function's
    /// role. The function stays until they are gone, so that the role, which goes after it, stays too: also if this run
    /// is killed and another one continues.
    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let shown = client.get_function_configuration().function_name(id).send().await;
        let Some(shown) = shown.during("GetFunctionConfiguration").none_on(GONE)? else {
            return Ok(self.held_interface(cx).await?.map_or(Deletion::Gone, Deletion::Going));
        };
        let is_failed =
            shown.state() == Some(&State::Failed) || shown.last_update_status() == Some(&LastUpdateStatus::Failed);
        if shown.last_update_status() == Some(&LastUpdateStatus::InProgress) {
            return Ok(Deletion::Going("its last update".into()));
        }
        let is_attached = joined(shown.vpc_config()).is_some();
        // A function that cannot be updated any more is deleted as it is.
        if is_attached && !is_failed {
            let call = client.update_function_configuration().function_name(id).vpc_config(attachment(None));
            let answer = call.send().await.during("UpdateFunctionConfiguration");
            if answer.none_on(UNCHANGEABLE).retry_on(HEALING, HEALS_WITHIN)?.is_some() {
                return Ok(Deletion::Going("it to leave its VPC".into()));
            }
        }
        if !is_attached && let Some(held) = self.held_interface(cx).await? {
            return Ok(Deletion::Going(held));
        }
        let answer = client.delete_function().function_name(id).send().await.during("DeleteFunction");
        answer.retry_on(&[("ResourceConflictException", "")], HEALS_WITHIN).none_on(GONE)?;
        match is_attached {
            true => Ok(self.held_interface(cx).await?.map_or(Deletion::Gone, Deletion::Going)),
            false => Ok(Deletion::Gone),
        }
    }

    fn predict_outputs(&self, place: &Place, _: FunctionOutputs) -> FunctionOutputs {
        outputs(&self.name, place)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        iam::function(self, &arn(&self.name, place), place)
    }

    fn usage(&self) -> Usage {
        crate::charges::usage(self)
    }

    fn quotas(&self) -> Vec<QuotaUse> {
        let reserved = self.reserved_concurrency.and_then(|reserved| usize::try_from(reserved).ok());
        reserved.map(|reserved| CONCURRENCY.used_by(reserved)).into_iter().collect()
    }
}

impl Function {
    /// The interface for which a deletion waits, since Lambda still holds it. A function that is made again keeps its
    /// role, so Lambda gives the interfaces up later, or uses them again. If the role was deleted, the deletion does not
    /// wait: Lambda cannot delete the interfaces without it.
    async fn held_interface(&self, cx: &Context) -> Result<Option<String>> {
        if cx.is_made_again() {
            return Ok(None);
        }
        match interfaces::remove(self, cx).await? {
            Some(interface) if interfaces::has_role(self, cx).await? => {
                Ok(Some(format!("Lambda to give up {interface}")))
            }
            _ => Ok(None),
        }
    }

    fn archive(&self, cx: &Context) -> Result<Blob> {
        Ok(Blob::new(cx.asset(&self.code_sha256)?.bytes.to_vec()))
    }

    async fn reserve(&self, id: &str, client: &Client) -> Result<()> {
        match self.reserved_concurrency {
            Some(limit) => {
                let call = client.put_function_concurrency().function_name(id).reserved_concurrent_executions(limit);
                call.send().await.during("PutFunctionConcurrency").retry_on(HEALING, HEALS_WITHIN)?;
            }
            None => {
                let answer = client.delete_function_concurrency().function_name(id).send().await;
                answer.during("DeleteFunctionConcurrency").retry_on(HEALING, HEALS_WITHIN)?;
            }
        }
        Ok(())
    }

    async fn converge_tags(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        let arn = arn(id, cx.place());
        let add = async |missing: Tags| {
            let call = client.tag_resource().resource(&arn).set_tags(Some(missing.0.into_iter().collect()));
            call.send().await.during("TagResource").retry_on(HEALING, HEALS_WITHIN)
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource(&arn).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource").retry_on(HEALING, HEALS_WITHIN)
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }
}

/// GetFunction tells the configuration, the reserved concurrency and the tags in one call.
async fn get(name: &str, cx: &Context) -> Result<Option<GetFunctionOutput>> {
    cx.client(Client::new).get_function().function_name(name).send().await.during("GetFunction").none_on(GONE)
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("lambda", &format!("function:{name}"))
}

fn outputs(name: &str, place: &Place) -> FunctionOutputs {
    FunctionOutputs { arn: FunctionArn::new(arn(name, place)), name: name.to_owned() }
}

/// Transient failure codes: AWS had an internal error, or the role's policies had not taken effect yet.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>
const TRANSIENT: &[&str] = &["InternalError", "InsufficientRolePermissions"];

/// The phase of a function's creation or change.
#[derive(Debug, PartialEq)]
enum Phase {
    Settling(String),
    Works,
    Broken { reason: String, transient: bool },
}

/// An idle function (`Inactive`) works: its next call wakes it.
fn phase(shown: &FunctionConfiguration) -> Phase {
    match shown.state() {
        Some(State::Failed) => {
            let code = shown.state_reason_code().map_or("no code", |code| code.as_str());
            let reason = format!("{} ({code})", shown.state_reason().unwrap_or("Lambda gives no reason"));
            return Phase::Broken { reason, transient: TRANSIENT.contains(&code) };
        }
        Some(state @ (State::Pending | State::Deleting | State::Deactivating)) => {
            return Phase::Settling(state.as_str().to_owned());
        }
        _ => {}
    }
    match shown.last_update_status() {
        Some(LastUpdateStatus::InProgress) => Phase::Settling("update in progress".to_owned()),
        _ => Phase::Works,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::StateReasonCode;

    #[test]
    fn a_function_works_only_when_no_update_is_under_way() {
        let active = || FunctionConfiguration::builder().state(State::Active);
        assert_eq!(phase(&active().last_update_status(LastUpdateStatus::Successful).build()), Phase::Works);
        let updating = active().last_update_status(LastUpdateStatus::InProgress).build();
        assert_eq!(phase(&updating), Phase::Settling("update in progress".into()));
        let pending = FunctionConfiguration::builder().state(State::Pending).build();
        assert_eq!(phase(&pending), Phase::Settling("Pending".into()));
    }

    #[test]
    fn an_idle_function_works() {
        assert_eq!(phase(&FunctionConfiguration::builder().state(State::Inactive).build()), Phase::Works);
    }

    #[test]
    fn a_function_that_failed_to_start_says_why() {
        let failed = FunctionConfiguration::builder()
            .state(State::Failed)
            .state_reason("the role may not create interfaces")
            .state_reason_code(StateReasonCode::InsufficientRolePermissions)
            .build();
        let reason = "the role may not create interfaces (InsufficientRolePermissions)";
        assert_eq!(phase(&failed), Phase::Broken { reason: reason.into(), transient: true });
    }

    #[test]
    fn the_arn_is_known_before_the_function_exists() {
        let place = Place::new("123456789012", "ap-south-1");
        assert_eq!(
            outputs("validate", &place).arn.as_str(),
            "arn:aws:lambda:ap-south-1:123456789012:function:validate"
        );
    }
}
