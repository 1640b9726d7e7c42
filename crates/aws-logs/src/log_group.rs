//! Reconciler for log groups.

use crate::log_groups;
use aws_client::{Attempt, ErrorPattern, Failure, Remedy, Result};
use aws_sdk_cloudwatchlogs::{Client, types::OrderBy};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Name, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{KeyArn, LogGroupArn, Permission, Place};

/// The retentions AWS takes, in days.
pub const RETENTION_DAYS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A log group. The id is the name. Its logs are deleted with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// The name, for example `/aws/lambda/<function>`.
    pub name: String,
    /// The time that logs are kept.
    pub retention: Retention,
    /// The encryption of logs.
    pub encryption: Encryption,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The time that logs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retention {
    /// For ever.
    Forever,
    /// So many days, one of [`RETENTION_DAYS`].
    Days(i32),
}

/// The encryption of logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Encryption {
    /// By CloudWatch Logs with its own keys.
    AwsManaged,
    /// With this key, whose policy must let the service use it. Only what is written from then on.
    Kms(KeyArn),
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroupOutputs {
    /// The name.
    pub name: String,
    /// The ARN, without the `:*` that some policies and settings want.
    pub arn: LogGroupArn,
}

/// The key's policy, or the key, has not reached CloudWatch Logs yet; or another call is at work.
/// <https://github.com/hashicorp/terraform/issues/24194>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/29282>
const HEALING: &[ErrorPattern] =
    &[("InvalidParameterException", "KMS"), ("AccessDeniedException", "KMS key"), ("OperationAbortedException", "")];
/// The time after which a new key or its policy has certainly reached CloudWatch Logs: seconds, in some cases minutes.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>
const HEALED_WITHIN: Duration = Duration::from_secs(120);
const ABSENT: &[ErrorPattern] = &[("ResourceNotFoundException", "")];

/// The stream with which AWS tries whether it may deliver logs, as when a state machine's logging is set up.
/// LocalStack makes it as well.
const AWS_TRIES_WITH: &str = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions";

/// The prefixes of log groups that services create by themselves, without tags, retention or key.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html>
const MADE_BY_SERVICES: [&str; 2] = ["/aws/sagemaker/Endpoints/", "/aws-glue/"];

/// True if a service created an untagged group of this name at the first log event of an endpoint or a job. The group
/// belongs to the owner of that endpoint or job.
fn is_made_by_service(name: &str) -> bool {
    MADE_BY_SERVICES.iter().any(|folder| name.starts_with(folder))
}

impl Resource for LogGroup {
    const KIND: &'static str = "logs:log-group";
    const NOUN: &'static str = "log group";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_cloudwatch_log_group", &[("name", "name")]));
    // The most that AWS takes of a log group.
    // <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 512)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const KEPT: bool = true;

    type Outputs = LogGroupOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        if log_groups::load(&self.name, cx).await?.is_none() {
            return Ok(None);
        }
        let tags = read_tags(&self.name, cx).await?;
        let owner = match tags.0.is_empty() && is_made_by_service(&self.name) {
            true => Owner::Parent,
            false => Owner::Tags(tags),
        };
        Ok(Some(Found { id: self.name.clone(), owner }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        cx.client(Client::new)
            .create_log_group()
            .log_group_name(&self.name)
            .set_kms_key_id(self.encryption.key().map(str::to_owned))
            .set_tags(Some(self.tags.0.clone().into_iter().collect()))
            .send()
            .await
            .during("CreateLogGroup")
            .retry_on(HEALING, HEALED_WITHIN)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let (group, tags) = tokio::try_join!(log_groups::load(id, cx), cx.tags(&arn, &self.tags, read_tags(id, cx)))?;
        let Some(group) = group else { return Ok(Observed::Absent) };
        let live = Self {
            name: id.to_owned(),
            retention: group.retention_in_days().map_or(Retention::Forever, Retention::Days),
            encryption: group.kms_key_id().map_or(Encryption::AwsManaged, |key| Encryption::Kms(KeyArn::new(key))),
            tags,
        };
        Ok(Observed::Ready { live, outputs: outputs(id, cx.place()) })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("retention") {
            match self.retention {
                Retention::Days(days) => {
                    let call = client.put_retention_policy().log_group_name(id).retention_in_days(days);
                    call.send().await.during("PutRetentionPolicy").retry_on(HEALING, HEALED_WITHIN)?;
                }
                Retention::Forever => {
                    let call = client.delete_retention_policy().log_group_name(id);
                    call.send().await.during("DeleteRetentionPolicy").retry_on(HEALING, HEALED_WITHIN)?;
                }
            }
        }
        if diff.has("encryption") {
            match self.encryption.key() {
                Some(key) => {
                    let call = client.associate_kms_key().log_group_name(id).kms_key_id(key);
                    call.send().await.during("AssociateKmsKey").retry_on(HEALING, HEALED_WITHIN)?;
                }
                None => {
                    let call = client.disassociate_kms_key().log_group_name(id);
                    call.send().await.during("DisassociateKmsKey").retry_on(HEALING, HEALED_WITHIN)?;
                }
            }
        }
        let arn = arn(id, cx.place());
        let add = async |missing: Tags| {
            let call = client.tag_resource().resource_arn(&arn).set_tags(Some(missing.0.into_iter().collect()));
            call.send().await.during("TagResource")
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource")
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        if !cx.may_delete_data()
            && let Some(what) = self.data_at_risk(id, cx).await?
        {
            let help = Remedy::AllowDataDeletion { address: None };
            return Err(Failure::refused(format!("the log group holds {what}"), help));
        }
        let call = cx.client(Client::new).delete_log_group().log_group_name(id);
        call.send()
            .await
            .during("DeleteLogGroup")
            .retry_on(&[("OperationAbortedException", "")], HEALED_WITHIN)
            .none_on(ABSENT)?;
        Ok(Deletion::Gone)
    }

    /// The number of stored bytes lags behind for hours, the streams do not.
    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        let call = cx.client(Client::new).describe_log_streams().log_group_name(id);
        let call = call.order_by(OrderBy::LastEventTime).descending(true).limit(2);
        let answer = call.send().await.during("DescribeLogStreams").none_on(ABSENT)?;
        let mut streams = answer.and_then(|answer| answer.log_streams).unwrap_or_default().into_iter();
        let written = streams.any(|stream| stream.log_stream_name() != Some(AWS_TRIES_WITH));
        Ok(written.then(|| "log events".to_owned()))
    }

    fn as_created(&self) -> Option<Self> {
        Some(Self { retention: Retention::Forever, ..self.clone() })
    }

    fn predict_outputs(&self, place: &Place, _: LogGroupOutputs) -> LogGroupOutputs {
        outputs(&self.name, place)
    }

    /// AWS takes some of these for the group and some for what is in it, whose ARN ends in `:*`.
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let arn = arn(&self.name, place);
        let group = [arn.clone(), format!("{arn}:*")];
        let retention = match self.retention {
            Retention::Days(_) => "logs:PutRetentionPolicy",
            Retention::Forever => "logs:DeleteRetentionPolicy",
        };
        let encryption = match self.encryption.key() {
            Some(_) => "logs:AssociateKmsKey",
            None => "logs:DisassociateKmsKey",
        };
        let changes = ["logs:CreateLogGroup", "logs:TagResource", "logs:UntagResource", "logs:DeleteLogGroup"];
        vec![
            // It lists by prefix: AWS grants it on all groups or on none.
            Permission::read(["logs:DescribeLogGroups"]).on_anything(),
            Permission::read(["logs:ListTagsForResource", "logs:DescribeLogStreams"]).on(group.clone()),
            Permission::change(changes.into_iter().chain([retention, encryption])).on(group),
        ]
    }

    fn usage(&self) -> Usage {
        // The flow log pays for what it writes, as vended logs.
        Usage::named(Name::LogGroup(self.name.clone()))
            .unless_paid_by_writer("logs taken in", "what jobs, functions and runs write", UsageType::LogIngestionGb)
            .by_use("logs kept", "what is written and the retention, compressed", UsageType::LogStorageGbMonth)
    }
}

impl Encryption {
    fn key(&self) -> Option<&str> {
        match self {
            Self::AwsManaged => None,
            Self::Kms(key) => Some(key.as_str()),
        }
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("logs", &format!("log-group:{name}"))
}

fn outputs(name: &str, place: &Place) -> LogGroupOutputs {
    LogGroupOutputs { name: name.to_owned(), arn: LogGroupArn::new(arn(name, place)) }
}

async fn read_tags(name: &str, cx: &Context) -> Result<Tags> {
    let call = cx.client(Client::new).list_tags_for_resource().resource_arn(arn(name, cx.place()));
    let answer = call.send().await.during("ListTagsForResource").none_on(ABSENT)?;
    Ok(answer.and_then(|answer| answer.tags).unwrap_or_default().into_iter().collect())
}
