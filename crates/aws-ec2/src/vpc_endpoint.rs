//! Reconciler for gateway and interface endpoints of a VPC.

use crate::{
    batch::{self, Describe},
    eventual_consistency, iam, tagging, unsuccessful,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    operation::modify_vpc_endpoint::builders::ModifyVpcEndpointFluentBuilder,
    types::{Filter, ResourceType, Tag, VpcEndpointType},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use vocabulary::{Permission, Place, RouteTableId, SecurityGroupId, SubnetId, VpcEndpointId, VpcId, same_policy};

/// A VPC endpoint: a way to an AWS service that does not leave the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// The VPC it is part of.
    pub vpc_id: VpcId,
    /// For example `com.amazonaws.eu-central-1.s3`.
    pub service: String,
    /// The way by which members of the VPC reach the service.
    pub reach: Reach,
    /// The policy for requests through the endpoint, which restricts what the caller may do: a document of version
    /// `2012-10-17`, or null for AWS's default, which allows everything.
    pub policy: Value,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The way to the service behind an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reach {
    /// By a route to the service's public addresses: S3 and DynamoDB, free of charge.
    Gateway {
        /// The tables that get the route, in any order.
        route_tables: Vec<RouteTableId>,
    },
    /// By an address in each subnet.
    Interface {
        /// At most one in each availability zone, in any order.
        subnets: Vec<SubnetId>,
        /// At least one: AWS puts the VPC's default group where none is given.
        security_groups: Vec<SecurityGroupId>,
        /// True if the service's usual name resolves to this endpoint within the VPC.
        private_dns: bool,
    },
}

/// A policy document as it is declared: null for AWS's default, which allows everything.
fn read_policy(document: Option<&str>) -> Value {
    let open = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]});
    let mut document = document.and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    // AWS spells the default with a version in gateway endpoints and without in interface ones.
    match same_policy(&json!({"Statement": document["Statement"]}), &open) {
        true => Value::Null,
        false => {
            // EC2 shows no version of the policy, whichever version was sent.
            // <https://github.com/localstack/localstack/blob/v4.9.2/localstack-core/localstack/services/ec2/provider.py>
            if let Some(fields) = document.as_object_mut() {
                fields.entry("Version").or_insert_with(|| "2012-10-17".into());
            }
            document
        }
    }
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcEndpointOutputs {
    /// `vpce-…`.
    pub id: VpcEndpointId,
}

impl Resource for VpcEndpoint {
    const KIND: &'static str = "ec2:vpc-endpoint";
    const NOUN: &'static str = "VPC endpoint";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &[
            "aws_vpc_endpoint_policy",
            "aws_vpc_endpoint_route_table_association",
            "aws_vpc_endpoint_security_group_association",
            "aws_vpc_endpoint_subnet_association",
        ],
        ..Terraform::assigned("aws_vpc_endpoint", &[("vpc_id", "vpc_id"), ("service_name", "service")])
    });
    // The most that AWS takes of a VPC endpoint.
    // <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::document("policy", 20_480)];
    const REPLACE_ON: &'static [&'static str] = &["vpc_id", "service"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("reach.route_tables", As::Set),
        ("reach.subnets", As::Set),
        ("reach.security_groups", As::Set),
        ("policy", As::Policy),
    ];
    /// AWS names it, but in a VPC a route or a private name leads to one endpoint of a service: the old one
    /// has to go first.
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirstWithin("vpc_id");
    const TYPICAL: Duration = Duration::from_secs(60);
    const DEADLINE: Duration = Duration::from_secs(600);

    type Outputs = VpcEndpointOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("vpce-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        batch::find::<aws_sdk_ec2::types::VpcEndpoint>(cx, |endpoint| !leaves(endpoint)).await
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let found = batch::load::<aws_sdk_ec2::types::VpcEndpoint>(id, cx).await?;
        Ok(found.map(|found| tagging::read(found.tags())))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let call = cx
            .client(Client::new)
            .create_vpc_endpoint()
            .vpc_id(self.vpc_id.as_str())
            .service_name(&self.service)
            .set_policy_document((!self.policy.is_null()).then(|| self.policy.to_string()))
            .client_token(cx.token())
            .tag_specifications(tagging::specification(ResourceType::VpcEndpoint, &self.tags));
        let call = match &self.reach {
            Reach::Gateway { route_tables } => {
                call.vpc_endpoint_type(VpcEndpointType::Gateway).set_route_table_ids(Some(texts(route_tables)))
            }
            Reach::Interface { subnets, security_groups, private_dns } => call
                .vpc_endpoint_type(VpcEndpointType::Interface)
                .set_subnet_ids(Some(texts(subnets)))
                .set_security_group_ids(Some(texts(security_groups)))
                .private_dns_enabled(*private_dns),
        };
        let created = call
            .send()
            .await
            .during("CreateVpcEndpoint")
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
            // The VPC's DNS settings, just made, are not everywhere; an old endpoint still has the name.
            // <https://github.com/hashicorp/terraform-provider-aws/issues/17535>
            .retry_on(&[("InvalidParameter", "enableDnsSupport")], eventual_consistency::SPREADS_WITHIN)
            .retry_on(&[("InvalidParameter", "conflicting DNS domain")], Duration::from_secs(300))?;
        let id = created.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id);
        id.ok_or_else(|| Failure::incomplete("CreateVpcEndpoint", "VPC endpoint id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(endpoint) =
            batch::load::<aws_sdk_ec2::types::VpcEndpoint>(id, cx).await?.filter(|endpoint| !leaves(endpoint))
        else {
            return Ok(Observed::Absent);
        };
        let outputs = VpcEndpointOutputs { id: VpcEndpointId::new(id) };
        Ok(match state(&endpoint).as_str() {
            "available" => Observed::Ready { live: read(&endpoint), outputs },
            "failed" | "rejected" | "expired" => Observed::Broken { reason: reason(&endpoint), transient: false },
            settling => Observed::Settling { status: settling.to_owned(), outputs: Some(outputs) },
        })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        // Read again: a member that is added twice, after a lost answer, is refused.
        if diff.has_any(&["reach", "policy"])
            && let Some(endpoint) = batch::load::<aws_sdk_ec2::types::VpcEndpoint>(id, cx).await?
        {
            let call = cx.client(Client::new).modify_vpc_endpoint().vpc_endpoint_id(id);
            let call = self.members(&read(&endpoint).reach, call);
            let call = match (diff.has("policy"), self.policy.is_null()) {
                (false, _) => call,
                (true, true) => call.reset_policy(true),
                (true, false) => call.policy_document(self.policy.to_string()),
            };
            call.send()
                .await
                .during("ModifyVpcEndpoint")
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
                .retry_on(&[("InvalidParameter", "enableDnsSupport")], eventual_consistency::SPREADS_WITHIN)
                // One change at a time: the last one is not through.
                // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
                .retry_on(&[("IncorrectState", "")], Duration::from_secs(300))?;
        }
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        match batch::load::<aws_sdk_ec2::types::VpcEndpoint>(id, cx).await?.as_ref().map(state).as_deref() {
            None | Some("deleted") => return Ok(Deletion::Gone),
            Some("deleting") => {}
            Some(_) => {
                let call = cx.client(Client::new).delete_vpc_endpoints().vpc_endpoint_ids(id);
                let answer = call.send().await.during("DeleteVpcEndpoints");
                answer
                    .and_then(|answer| unsuccessful::none("DeleteVpcEndpoints", answer.unsuccessful()))
                    // It is deleted already.
                    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
                    .none_on(&[("InvalidVpcEndpoint.NotFound", ""), ("InvalidVpcEndpointId.NotFound", "")])?;
            }
        }
        Ok(Deletion::Going("its network interfaces to go".to_owned()))
    }

    fn replacement(&self, live: &Self, _: &Diff) -> Option<String> {
        let same = std::mem::discriminant(&self.reach) == std::mem::discriminant(&live.reach);
        (!same).then(|| "AWS cannot make a gateway endpoint an interface endpoint, nor back".to_owned())
    }

    /// For an endpoint with addresses of its own AWS reads the network in the caller's name, and joins the VPC to
    /// the hosted zone of the service's name.
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let mut permissions = vec![
            iam::list("ec2:DescribeVpcEndpoints"),
            iam::change(&["ec2:DeleteVpcEndpoints"], &["vpc-endpoint"], place),
        ];
        let members: &[&str] = match &self.reach {
            Reach::Gateway { .. } => &["route-table"],
            Reach::Interface { private_dns, .. } => {
                let reads = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
                permissions.push(iam::search(&reads));
                if *private_dns {
                    let zones = format!("arn:{}:route53:::hostedzone/*", place.partition);
                    permissions.push(Permission::change(["route53:AssociateVPCWithHostedZone"]).on([zones]));
                }
                &["subnet", "security-group"]
            }
        };
        let modified = [&["vpc-endpoint"], members].concat();
        permissions.push(iam::change(&["ec2:ModifyVpcEndpoint"], &modified, place));
        let within = [&["vpc"], members].concat();
        permissions.into_iter().chain(iam::create("CreateVpcEndpoint", "vpc-endpoint", &within, place)).collect()
    }

    fn usage(&self) -> Usage {
        let Reach::Interface { subnets, .. } = &self.reach else {
            return Usage::free("a gateway endpoint costs nothing");
        };
        // An interface endpoint costs in each zone.
        let zones = subnets.len();
        let what = format!("interface endpoint in {zones} {}", if zones == 1 { "zone" } else { "zones" });
        Usage::default().monthly(what, UsageType::VpcEndpointHour, Quantity::months_of(zones as u64)).by_use(
            "data through interface endpoints",
            "calls to AWS's services",
            UsageType::VpcEndpointGb,
        )
    }
}

impl VpcEndpoint {
    /// Adds to a change which members come and which go.
    fn members(&self, live: &Reach, call: ModifyVpcEndpointFluentBuilder) -> ModifyVpcEndpointFluentBuilder {
        use Reach::{Gateway, Interface};
        match (&self.reach, live) {
            (Gateway { route_tables }, Gateway { route_tables: live }) => call
                .set_add_route_table_ids(missing(route_tables, live))
                .set_remove_route_table_ids(missing(live, route_tables)),
            (
                Interface { subnets, security_groups, private_dns },
                Interface { subnets: live_subnets, security_groups: live_groups, private_dns: live_dns },
            ) => call
                .set_add_subnet_ids(missing(subnets, live_subnets))
                .set_remove_subnet_ids(missing(live_subnets, subnets))
                .set_add_security_group_ids(missing(security_groups, live_groups))
                .set_remove_security_group_ids(missing(live_groups, security_groups))
                .set_private_dns_enabled((private_dns != live_dns).then_some(*private_dns)),
            // Never asked for: see `replacement`.
            (Gateway { .. }, Interface { .. }) | (Interface { .. }, Gateway { .. }) => call,
        }
    }
}

fn sorted<'a, T>(ids: impl Iterator<Item = &'a str>) -> Vec<vocabulary::Id<T>> {
    let mut ids: Vec<_> = ids.map(vocabulary::Id::new).collect();
    ids.sort();
    ids
}

/// Those of `these` that are not among `those`.
fn missing<T>(these: &[vocabulary::Id<T>], those: &[vocabulary::Id<T>]) -> Option<Vec<String>> {
    let missing: Vec<String> = these.iter().filter(|id| !those.contains(id)).map(|id| id.as_str().to_owned()).collect();
    (!missing.is_empty()).then_some(missing)
}

fn texts<T>(ids: &[vocabulary::Id<T>]) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

/// In lower case. AWS answers so, while the SDK's `State` has the capitals of the documentation and
/// knows none of the answers.
fn state(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> String {
    endpoint.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default()
}

fn leaves(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> bool {
    matches!(state(endpoint).as_str(), "deleting" | "deleted")
}

fn reason(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> String {
    let error = endpoint.last_error().and_then(|error| error.message());
    let why = endpoint.failure_reason().or(error).unwrap_or("AWS gives no reason");
    format!("{}: {why}", state(endpoint))
}

fn read(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> VpcEndpoint {
    let reach = match endpoint.vpc_endpoint_type() {
        Some(VpcEndpointType::Gateway) => {
            Reach::Gateway { route_tables: sorted(endpoint.route_table_ids().iter().map(String::as_str)) }
        }
        _ => Reach::Interface {
            subnets: sorted(endpoint.subnet_ids().iter().map(String::as_str)),
            security_groups: sorted(endpoint.groups().iter().filter_map(|group| group.group_id())),
            private_dns: endpoint.private_dns_enabled().unwrap_or_default(),
        },
    };
    VpcEndpoint {
        vpc_id: VpcId::new(endpoint.vpc_id().unwrap_or_default()),
        service: endpoint.service_name().unwrap_or_default().to_owned(),
        reach,
        policy: read_policy(endpoint.policy_document()),
        tags: tagging::read(endpoint.tags()),
    }
}

impl Describe for aws_sdk_ec2::types::VpcEndpoint {
    const BY_ID: &'static str = "vpc-endpoint-id";
    const NOUN: &'static str = <VpcEndpoint as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.vpc_endpoint_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_vpc_endpoints().set_filters(Some(filters)).into_paginator().send();
        Pages::new("DescribeVpcEndpoints", pages, |page| page.next_token().into())
            .items(|page| page.vpc_endpoints)
            .all()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::compare;

    fn gateway(tables: &[&str]) -> VpcEndpoint {
        VpcEndpoint {
            vpc_id: VpcId::new("vpc-1"),
            service: "com.amazonaws.eu-central-1.s3".into(),
            reach: Reach::Gateway { route_tables: tables.iter().copied().map(RouteTableId::new).collect() },
            policy: Value::Null,
            tags: Tags::default(),
        }
    }

    #[test]
    fn aws_spellings_of_its_default_policy_are_full_access() {
        let open = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
        let gateways = format!(r#"{{"Version":"2008-10-17","Statement":[{open}]}}"#);
        let interfaces = format!(r#"{{"Statement":[{open}]}}"#);
        for document in [None, Some(gateways.as_str()), Some(interfaces.as_str())] {
            assert_eq!(read_policy(document), Value::Null);
        }
        let narrow = gateways.replace(r#""Action":"*""#, r#""Action":"s3:GetObject""#);
        assert_eq!(read_policy(Some(&narrow))["Statement"][0]["Action"], "s3:GetObject");
    }

    #[test]
    fn policy_without_the_version_that_ec2_leaves_out_reads_as_it_was_sent() {
        let sent = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]});
        let shown = json!({"Statement": sent["Statement"]}).to_string();
        assert_eq!(read_policy(Some(&shown)), sent);
    }

    #[test]
    fn a_gateway_endpoint_reads_as_it_is_declared() {
        let live = aws_sdk_ec2::types::VpcEndpoint::builder()
            .vpc_id("vpc-1")
            .service_name("com.amazonaws.eu-central-1.s3")
            .vpc_endpoint_type(VpcEndpointType::Gateway)
            .route_table_ids("rtb-1")
            .private_dns_enabled(false)
            .build();
        assert_eq!(read(&live), gateway(&["rtb-1"]));
    }

    #[test]
    fn members_in_another_order_are_no_difference() {
        let value = |tables: &[&str]| serde_json::to_value(gateway(tables)).unwrap();
        let differ = |a: &[&str], b: &[&str]| !compare(&value(a), None, &value(b), VpcEndpoint::COMPARE).is_empty();
        assert!(!differ(&["rtb-2", "rtb-1"], &["rtb-1", "rtb-2"]));
        assert!(differ(&["rtb-1"], &["rtb-1", "rtb-2"]));
    }

    #[test]
    fn states_are_read_in_either_spelling() {
        let spelt = |text: &str| aws_sdk_ec2::types::VpcEndpoint::builder().state(text.into()).build();
        assert_eq!((state(&spelt("available")), state(&spelt("Available"))), ("available".into(), "available".into()));
        assert!(leaves(&spelt("deleting")) && leaves(&spelt("Deleted")) && !leaves(&spelt("pending")));
    }

    #[test]
    fn only_the_members_that_differ_are_named_in_a_change() {
        let ids = |texts: &[&str]| -> Vec<SubnetId> { texts.iter().copied().map(SubnetId::new).collect() };
        assert_eq!(missing(&ids(&["a", "b"]), &ids(&["b", "c"])), Some(vec!["a".to_owned()]));
        assert_eq!(missing(&ids(&["a"]), &ids(&["a"])), None);
    }

    #[test]
    fn another_kind_of_endpoint_is_another_endpoint() {
        let interface = VpcEndpoint {
            reach: Reach::Interface { subnets: Vec::new(), security_groups: Vec::new(), private_dns: true },
            ..gateway(&[])
        };
        assert!(interface.replacement(&gateway(&[]), &Diff::default()).is_some());
        assert_eq!(gateway(&["rtb-1"]).replacement(&gateway(&[]), &Diff::default()), None);
    }
}
