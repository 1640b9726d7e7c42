//! Reconciler for flow logs of a VPC.

use crate::{
    batch::{self, Describe},
    eventual_consistency, iam, tagging, unsuccessful,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{Filter, FlowLogsResourceType, LogDestinationType, ResourceType, Tag, TrafficType},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, Tags, Terraform,
    usage::{Name, Relation, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{Permission, Place, RoleArn, VpcId};

/// A flow log: who talked to whom in a VPC, written to CloudWatch Logs. AWS changes nothing of it but
/// its tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowLog {
    /// The VPC whose traffic it records.
    pub vpc_id: VpcId,
    /// The name of the log group it writes to.
    pub log_group: String,
    /// The role it writes with, assumed by `vpc-flow-logs.amazonaws.com`.
    pub role: RoleArn,
    /// The recorded traffic: `ALL`, `ACCEPT` or `REJECT`.
    pub traffic: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowLogOutputs {
    /// `fl-…`.
    pub id: String,
}

/// A new role cannot be assumed everywhere yet.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/29323>
const ROLE_SPREADS: &[aws_client::ErrorPattern] = &[
    ("InvalidParameter", "Unable to assume given IAM role"),
    ("InvalidParameterValue", "Unable to assume given IAM role"),
    ("400", "Unable to assume given IAM role"),
];

impl Resource for FlowLog {
    const KIND: &'static str = "ec2:flow-log";
    const NOUN: &'static str = "flow log";
    const TERRAFORM: Option<Terraform> = Some(Terraform::assigned("aws_flow_log", &[("vpc_id", "vpc_id")]));
    const REPLACE_ON: &'static [&'static str] = &["vpc_id", "log_group", "role", "traffic"];
    /// AWS names it, but refuses a second one from the same VPC to the same log group.
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirstWithin("vpc_id");

    type Outputs = FlowLogOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("fl-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let here = |log: &aws_sdk_ec2::types::FlowLog| tagging::fits(self.vpc_id.as_str(), log.resource_id());
        batch::find(cx, here).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let call = cx
            .client(Client::new)
            .create_flow_logs()
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(self.vpc_id.as_str())
            .log_destination_type(LogDestinationType::CloudWatchLogs)
            .log_group_name(&self.log_group)
            .deliver_logs_permission_arn(self.role.as_str())
            .traffic_type(TrafficType::from(self.traffic.as_str()))
            .client_token(cx.token())
            .tag_specifications(tagging::specification(ResourceType::VpcFlowLog, &self.tags));
        let answer = call.send().await.during("CreateFlowLogs").and_then(|answer| {
            unsuccessful::none("CreateFlowLogs", answer.unsuccessful())?;
            Ok(answer)
        });
        let created = answer
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
            .retry_on(ROLE_SPREADS, Duration::from_secs(120))
            // One like it, with the same destination, is there.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            .exists_on(&[("FlowLogAlreadyExists", "")])?;
        let id = created.flow_log_ids.and_then(|ids| ids.into_iter().next());
        id.ok_or_else(|| Failure::incomplete("CreateFlowLogs", "flow log id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(log) = batch::load::<aws_sdk_ec2::types::FlowLog>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        Ok(Observed::Ready { live: read(&log), outputs: FlowLogOutputs { id: id.to_owned() } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_flow_logs().flow_log_ids(id);
        let answer = call.send().await.during("DeleteFlowLogs");
        answer
            .and_then(|answer| unsuccessful::none("DeleteFlowLogs", answer.unsuccessful()))
            .none_on(&[("InvalidFlowLogId.NotFound", "")])?;
        Ok(Deletion::Gone)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let own = [
            iam::list("ec2:DescribeFlowLogs"),
            iam::change(&["ec2:DeleteFlowLogs"], &["vpc-flow-log"], place),
            Permission::pass_role(&self.role, "vpc-flow-logs", place),
        ];
        own.into_iter().chain(iam::create("CreateFlowLogs", "vpc-flow-log", &["vpc"], place)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::default()
            .by_use("flow logs taken in", "how many connections the network sees", UsageType::VendedLogGb)
            .related([Relation::PaysForLogs(Name::LogGroup(self.log_group.clone()))])
    }
}

fn read(log: &aws_sdk_ec2::types::FlowLog) -> FlowLog {
    // A group given by name comes back as one; a group that another program gave by ARN comes back as that ARN.
    let in_arn = |arn: &str| arn.split_once(":log-group:").map(|(_, name)| name.trim_end_matches(":*").to_owned());
    let named = log.log_group_name().map(str::to_owned);
    FlowLog {
        vpc_id: VpcId::new(log.resource_id().unwrap_or_default()),
        log_group: named.or_else(|| log.log_destination().and_then(in_arn)).unwrap_or_default(),
        role: RoleArn::new(log.deliver_logs_permission_arn().unwrap_or_default()),
        traffic: log.traffic_type().map(TrafficType::as_str).unwrap_or_default().to_owned(),
        tags: tagging::read(log.tags()),
    }
}

impl Describe for aws_sdk_ec2::types::FlowLog {
    const BY_ID: &'static str = "flow-log-id";
    const NOUN: &'static str = <FlowLog as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.flow_log_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_flow_logs().set_filter(Some(filters)).into_paginator().send();
        Pages::new("DescribeFlowLogs", pages, |page| page.next_token().into()).items(|page| page.flow_logs).all().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_group_given_by_arn_reads_as_its_name() {
        let live = aws_sdk_ec2::types::FlowLog::builder()
            .resource_id("vpc-1")
            .log_destination("arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vpc/flow:*")
            .traffic_type(TrafficType::Reject)
            .build();
        let read = read(&live);
        assert_eq!(read.log_group, "/aws/vpc/flow");
        assert_eq!(read.traffic, "REJECT");
    }
}
