//! Reconciler for Step Functions state machines of type STANDARD.

mod declaration;

pub use declaration::{LogLevel, Logging, StateMachine, StateMachineOutputs};

use crate::{configuration::read, errors::GONE, executions};
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_sfn::{
    Client,
    operation::describe_state_machine::DescribeStateMachineOutput,
    types::{StateMachineStatus, StateMachineType, Tag},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use std::time::Duration;
use vocabulary::{Need, Permission, Place, StateMachineArn};

/// The time that a new role may be unknown to Step Functions. AWS states no bound.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/7893>
const PROPAGATES: Duration = Duration::from_secs(120);
/// The role, or a policy of it, is not known everywhere yet: Step Functions tries at once whether the
/// role lets it in, may make the rules behind `.sync` tasks, and may deliver logs.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/7893>
/// <https://github.com/terraform-aws-modules/terraform-aws-step-functions/issues/41>
/// <https://github.com/aws/aws-cdk/issues/33332>
const HEALING: &[ErrorPattern] = &[
    ("AccessDeniedException", "authorized to assume"),
    ("AccessDeniedException", "not authorized to create managed-rule"),
    ("AccessDeniedException", "not authorized to access the Log Destination"),
    ("KmsAccessDeniedException", ""),
];
/// Executions under way end first, which are stopped, and the jobs that they wait for.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>
const DELETES_WITHIN: Duration = Duration::from_secs(600);
const CONFLICT: &[ErrorPattern] = &[("ConflictException", "")];

impl Resource for StateMachine {
    const KIND: &'static str = "states:state-machine";
    const NOUN: &'static str = "state machine";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_sfn_state_machine", &[("name", "name")]));
    // The most that AWS takes of a state machine.
    // <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 80), SizeLimit::document("definition", 1_048_576)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    // Not a policy, but to be compared like one: as a document that is owned whole, where a state that
    // another program added is a difference.
    const COMPARE: &'static [(&'static str, As)] = &[
        ("definition", As::Policy),
        // The fields of a definition that hold settings of people: for the algorithm, for containers and for jobs.
        ("definition.**.hyperparameters", As::Sensitive),
        ("definition.**.HyperParameters", As::Sensitive),
        ("definition.**.Environment", As::Sensitive),
        ("definition.**.EnvironmentVariables", As::Sensitive),
        ("definition.**.Arguments", As::Sensitive),
        ("definition.**.ContainerArguments", As::Sensitive),
        ("definition.**.ContainerEntrypoint", As::Sensitive),
        ("definition.**.EntryPointArguments", As::Sensitive),
        ("definition.**.Args", As::Sensitive),
        ("definition.**.Command", As::Sensitive),
        ("definition.**.Headers", As::Sensitive),
        ("definition.**.RequestBody", As::Sensitive),
        // Whatever has the name of a secret.
        ("definition.**.*passw*", As::Sensitive),
        ("definition.**.*passphrase*", As::Sensitive),
        ("definition.**.*secret*", As::Sensitive),
        ("definition.**.*token*", As::Sensitive),
        ("definition.**.*credential*", As::Sensitive),
        ("definition.**.*api*key*", As::Sensitive),
        ("definition.**.*private*key*", As::Sensitive),
        ("definition.**.*access*key*", As::Sensitive),
    ];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const TYPICAL: Duration = Duration::from_secs(2);
    const DELETION_DEADLINE: Duration = DELETES_WITHIN;

    type Outputs = StateMachineOutputs;

    fn id_form(&self, place: &Place) -> IdForm {
        IdForm::Is(arn(&self.name, place))
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let arn = arn(&self.name, cx.place());
        match describe(&arn, cx).await? {
            Some(machine) if machine.status() != Some(&StateMachineStatus::Deleting) => {
                let tags = tags(&arn, cx).await?;
                Ok(tags.map(|tags| Found { id: arn, owner: Owner::Tags(tags) }))
            }
            _ => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client(Client::new)
            .create_state_machine()
            .name(&self.name)
            .r#type(StateMachineType::Standard)
            .role_arn(self.role.as_str())
            .definition(self.definition.to_string())
            .logging_configuration(self.logging_configuration())
            .tracing_configuration(self.tracing_configuration())
            .set_encryption_configuration(self.key.as_ref().map(|_| self.encryption()).transpose()?)
            .set_tags(Some(sfn_tags(&self.tags)))
            .send()
            .await
            .during("CreateStateMachine")
            .retry_on(HEALING, PROPAGATES)
            .retry_on(&[("StateMachineDeleting", "")], DELETES_WITHIN)?;
        Ok(created.state_machine_arn)
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let tags = async { Ok(tags(id, cx).await?.unwrap_or_default()) };
        let (machine, tags) = tokio::try_join!(describe(id, cx), cx.tags(id, &self.tags, tags))?;
        let Some(machine) = machine else { return Ok(Observed::Absent) };
        // The machine is being deleted; a creation waits until its name is free.
        if machine.status() == Some(&StateMachineStatus::Deleting) {
            return Ok(Observed::Absent);
        }
        let outputs = StateMachineOutputs { arn: StateMachineArn::new(id), name: machine.name().to_owned() };
        Ok(Observed::Ready { live: read(&machine, tags), outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has_any(&["role", "definition", "logging", "tracing", "key"]) {
            // UpdateStateMachine insists on a definition or a role whatever else changes.
            let call = client.update_state_machine().state_machine_arn(id).role_arn(self.role.as_str());
            let call = call
                .set_definition(diff.has("definition").then(|| self.definition.to_string()))
                .set_logging_configuration(diff.has("logging").then(|| self.logging_configuration()))
                .set_tracing_configuration(diff.has("tracing").then(|| self.tracing_configuration()))
                .set_encryption_configuration(diff.has("key").then(|| self.encryption()).transpose()?);
            let answer = call.send().await.during("UpdateStateMachine");
            answer.retry_on(HEALING, PROPAGATES).retry_on(CONFLICT, PROPAGATES)?;
        }
        let add = async |missing: Tags| {
            let call = client.tag_resource().resource_arn(id).set_tags(Some(sfn_tags(&missing)));
            call.send().await.during("TagResource")
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource_arn(id).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource")
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(machine) = describe(id, cx).await? else { return Ok(Deletion::Gone) };
        if machine.status() != Some(&StateMachineStatus::Deleting) {
            let call = cx.client(Client::new).delete_state_machine().state_machine_arn(id);
            call.send().await.during("DeleteStateMachine").retry_on(CONFLICT, PROPAGATES)?;
        }
        // Now that no new one can start.
        let stopped = executions::stop(id, cx).await?;
        Ok(Deletion::Going(match stopped {
            0 => "its executions to end".to_owned(),
            count => format!("its executions to end, of which {count} were stopped"),
        }))
    }

    /// SageMaker's jobs write to log groups that all environments of an account share.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html>
    fn after_deletion(&self) -> Option<String> {
        let definition = self.definition.to_string();
        let jobs = ["TrainingJob", "TransformJob", "ProcessingJob"];
        let started = jobs.into_iter().filter(|job| definition.contains(&format!(":sagemaker:create{job}")));
        let groups: Vec<String> = started.map(|job| format!("/aws/sagemaker/{job}s")).collect();
        let stay = || format!("the logs of its jobs stay in {}, which the whole account shares", groups.join(" and "));
        (!groups.is_empty()).then(stay)
    }

    fn predict_outputs(&self, place: &Place, _: StateMachineOutputs) -> StateMachineOutputs {
        StateMachineOutputs { arn: StateMachineArn::new(arn(&self.name, place)), name: self.name.clone() }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let machine = [arn(&self.name, place)];
        let mut permissions = vec![
            Permission::read(["states:DescribeStateMachine", "states:ListTagsForResource"]).on(machine.clone()),
            Permission::change([
                "states:CreateStateMachine",
                "states:UpdateStateMachine",
                "states:TagResource",
                "states:UntagResource",
                "states:DeleteStateMachine",
            ])
            .on(machine),
            Permission::pass_role(&self.role, "states", place),
        ];
        permissions.extend(executions::permissions(&arn(&self.name, place), &self.name, place));
        if let Some(key) = &self.key {
            // Step Functions uses the key in the caller's name.
            // <https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html>
            permissions.push(Permission::use_key(Need::Read, ["kms:Decrypt"], &["states"], key, place));
            let seals = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];
            permissions.push(Permission::use_key(Need::Change, seals, &["states"], key, place));
        }
        permissions
    }

    fn usage(&self) -> Usage {
        crate::charges::usage(self)
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("states", &format!("stateMachine:{name}"))
}

async fn describe(arn: &str, cx: &Context) -> Result<Option<DescribeStateMachineOutput>> {
    let call = cx.client(Client::new).describe_state_machine().state_machine_arn(arn);
    call.send().await.during("DescribeStateMachine").none_on(GONE)
}

async fn tags(arn: &str, cx: &Context) -> Result<Option<Tags>> {
    let call = cx.client(Client::new).list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.during("ListTagsForResource").none_on(&[("ResourceNotFound", "")])?;
    let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().filter_map(pair).collect()))
}

fn sfn_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_is_known_before_the_state_machine_exists() {
        let place = Place::new("123456789012", "ap-south-1");
        assert_eq!(arn("train", &place), "arn:aws:states:ap-south-1:123456789012:stateMachine:train");
    }
}
