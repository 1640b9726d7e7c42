//! Reconciler for route tables with their routes and subnet associations.

use crate::{
    batch::{self, Describe},
    eventual_consistency, iam, tagging,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{
        Filter, ResourceType, RouteOrigin, RouteState, RouteTableAssociation,
        RouteTableAssociationStateCode as Association, Tag,
    },
};
use resource::{
    As, Associated, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, time::Duration};
use vocabulary::{InternetGatewayId, NatGatewayId, Permission, Place, RouteTableId, SubnetId, VpcId};

/// A route table with its routes and the subnets it is for. Both are owned whole: a route or a subnet
/// that another program adds is deleted again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// The VPC it is part of.
    pub vpc_id: VpcId,
    /// The routes, without those that AWS keeps itself: the local one, those of gateway endpoints and
    /// those that a virtual private gateway propagates.
    pub routes: Vec<Route>,
    /// The subnets that use it, in any order.
    pub subnets: Vec<SubnetId>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The route of traffic for a range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// An IPv4 or IPv6 range, for example `0.0.0.0/0`, or a prefix list `pl-…`.
    pub destination: String,
    /// The way there.
    pub target: RouteTarget,
}

/// The way a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RouteTarget {
    /// To the internet.
    InternetGateway {
        /// An attached one.
        id: InternetGatewayId,
    },
    /// To the internet, from behind another address.
    NatGateway {
        /// One that is available.
        id: NatGatewayId,
    },
    /// A target that mlopsctl never declares. Only observed, in a foreign route.
    Foreign {
        /// The id of what it leads to.
        what: String,
    },
    /// Nowhere: what it led to is gone or not attached. Only observed, so that it is replaced.
    Blackhole {
        /// The id of what it led to.
        what: String,
    },
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTableOutputs {
    /// `rtb-…`.
    pub id: RouteTableId,
}

/// A gateway that is still being attached, or was created a moment ago, cannot be a target yet. A pending NAT gateway
/// can.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
/// <https://github.com/boto/boto3/issues/779>
const TARGET_SETTLES: &[aws_client::ErrorPattern] = &[
    ("InvalidGatewayID.NotFound", ""),
    ("InvalidNatGatewayID.NotFound", ""),
    ("NatGatewayNotFound", ""),
    ("InvalidRouteTableID.NotFound", ""),
    ("InvalidParameterValue", "belong to different networks"),
];

/// The time after which the target certainly settles: as long as EC2 may not know a new resource.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
const TARGET_SETTLES_WITHIN: Duration = Duration::from_secs(300);

/// Terraform keeps the subnets of a route table as resources of their own.
const ASSOCIATIONS: Associated = Associated {
    kind: "aws_route_table_association",
    belongs_to: "route_table_id",
    value: "subnet_id",
    field: "subnets",
};

impl Resource for RouteTable {
    const KIND: &'static str = "ec2:route-table";
    const NOUN: &'static str = "route table";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        associated: Some(ASSOCIATIONS),
        settings: &["aws_route", "aws_route_table_association"],
        ..Terraform::assigned("aws_route_table", &[("vpc_id", "vpc_id")])
    });
    const REPLACE_ON: &'static [&'static str] = &["vpc_id"];
    const COMPARE: &'static [(&'static str, As)] = &[("routes", As::Set), ("subnets", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;

    type Outputs = RouteTableOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("rtb-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let here = |table: &aws_sdk_ec2::types::RouteTable| tagging::fits(self.vpc_id.as_str(), table.vpc_id());
        batch::find(cx, here).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client(Client::new)
            .create_route_table()
            .vpc_id(self.vpc_id.as_str())
            .client_token(cx.token())
            .tag_specifications(tagging::specification(ResourceType::RouteTable, &self.tags))
            .send()
            .await
            .during("CreateRouteTable")
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)?;
        let id = created.route_table.and_then(|table| table.route_table_id);
        id.ok_or_else(|| Failure::incomplete("CreateRouteTable", "route table id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(table) = batch::load::<aws_sdk_ec2::types::RouteTable>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let outputs = RouteTableOutputs { id: RouteTableId::new(id) };
        let moving = |association: &&RouteTableAssociation| {
            matches!(status(association), Some(Association::Associating | Association::Disassociating))
        };
        if let Some(moving) = table.associations().iter().find(moving) {
            let status = status(moving).map_or("associating", Association::as_str).to_owned();
            return Ok(Observed::Settling { status, outputs: Some(outputs) });
        }
        let subnets = explicit(&table).filter_map(|association| association.subnet_id()).map(SubnetId::new);
        let live = RouteTable {
            vpc_id: VpcId::new(table.vpc_id().unwrap_or_default()),
            routes: table.routes().iter().filter_map(read).collect(),
            subnets: subnets.collect(),
            tags: tagging::read(table.tags()),
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("routes") {
            for route in self.routes.iter().filter(|route| !live.routes.contains(route)) {
                let taken = live.routes.iter().any(|other| other.destination == route.destination);
                if taken { replace(&client, id, route).await? } else { add(&client, id, route).await? }
            }
            let declared = |route: &&Route| self.routes.iter().any(|other| other.destination == route.destination);
            for route in live.routes.iter().filter(|route| !declared(route)) {
                remove(&client, id, &route.destination).await?;
            }
        }
        if diff.has("subnets") {
            let missing: Vec<&SubnetId> = self.subnets.iter().filter(|subnet| !live.subnets.contains(subnet)).collect();
            if !missing.is_empty() {
                take_over(&client, id, &missing).await?;
            }
            if live.subnets.iter().any(|subnet| !self.subnets.contains(subnet)) {
                let surplus = |subnet: &str| !self.subnets.iter().any(|declared| declared.as_str() == subnet);
                release(&client, id, surplus, cx).await?;
            }
        }
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        release(&client, id, |_| true, cx).await?;
        let call = client.delete_route_table().route_table_id(id);
        call.send()
            .await
            .during("DeleteRouteTable")
            .retry_on(&[("DependencyViolation", "")], Duration::from_secs(300))
            .none_on(&[("InvalidRouteTableID.NotFound", "")])?;
        Ok(Deletion::Gone)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let routes = ["ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute", "ec2:DeleteRouteTable"];
        let subnets = ["ec2:AssociateRouteTable", "ec2:ReplaceRouteTableAssociation", "ec2:DisassociateRouteTable"];
        let own = [
            iam::list("ec2:DescribeRouteTables"),
            iam::change(&routes, &["route-table"], place),
            iam::change(&subnets, &["route-table", "subnet"], place),
        ];
        own.into_iter().chain(iam::create("CreateRouteTable", "route-table", &["vpc"], place)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free(crate::FREE)
    }
}

/// A route as it is declared, or `None` for one that AWS keeps itself.
fn read(route: &aws_sdk_ec2::types::Route) -> Option<Route> {
    let of_endpoint = route.destination_prefix_list_id().is_some()
        && route.gateway_id().is_some_and(|gateway| gateway.starts_with("vpce-"));
    let propagated = route.origin() == Some(&RouteOrigin::EnableVgwRoutePropagation);
    if route.gateway_id() == Some("local") || of_endpoint || propagated {
        return None;
    }
    let destination = destination(route)?.to_owned();
    let unknown = || target_id(route).unwrap_or("unknown").to_owned();
    let target = match (route.gateway_id(), route.nat_gateway_id()) {
        _ if route.state() == Some(&RouteState::Blackhole) => RouteTarget::Blackhole { what: unknown() },
        (Some(gateway), _) if gateway.starts_with("igw-") => {
            RouteTarget::InternetGateway { id: InternetGatewayId::new(gateway) }
        }
        (_, Some(gateway)) => RouteTarget::NatGateway { id: NatGatewayId::new(gateway) },
        _ => RouteTarget::Foreign { what: unknown() },
    };
    Some(Route { destination, target })
}

/// The destination of a route; AWS has a field for each form.
pub(crate) fn destination(route: &aws_sdk_ec2::types::Route) -> Option<&str> {
    let destination = route.destination_cidr_block().or(route.destination_ipv6_cidr_block());
    destination.or(route.destination_prefix_list_id())
}

/// The id of a route's target; AWS has a field for each kind.
pub(crate) fn target_id(route: &aws_sdk_ec2::types::Route) -> Option<&str> {
    let targets = [
        route.gateway_id(),
        route.nat_gateway_id(),
        route.transit_gateway_id(),
        route.vpc_peering_connection_id(),
        route.network_interface_id(),
        route.egress_only_internet_gateway_id(),
        route.core_network_arn(),
        route.local_gateway_id(),
        route.carrier_gateway_id(),
    ];
    targets.into_iter().flatten().next()
}

/// The field of a call in which a destination goes.
enum Destination {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
}

impl Destination {
    fn parse(text: &str) -> Self {
        match text {
            list if list.starts_with("pl-") => Self::PrefixList(list.to_owned()),
            range if range.contains(':') => Self::Ipv6(range.to_owned()),
            range => Self::Ipv4(range.to_owned()),
        }
    }
}

async fn add(client: &Client, table: &str, route: &Route) -> Result<()> {
    let call = client.create_route().route_table_id(table);
    let call = match Destination::parse(&route.destination) {
        Destination::Ipv4(range) => call.destination_cidr_block(range),
        Destination::Ipv6(range) => call.destination_ipv6_cidr_block(range),
        Destination::PrefixList(list) => call.destination_prefix_list_id(list),
    };
    let call = match &route.target {
        RouteTarget::InternetGateway { id } => call.gateway_id(id.as_str()),
        RouteTarget::NatGateway { id } => call.nat_gateway_id(id.as_str()),
        RouteTarget::Foreign { what } | RouteTarget::Blackhole { what } => return Err(foreign(what)),
    };
    let answer = call.send().await.during("CreateRoute").retry_on(TARGET_SETTLES, TARGET_SETTLES_WITHIN);
    // RouteAlreadyExists: the read lags behind; the next read shows whether it is the right one.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    answer.none_on(&[("RouteAlreadyExists", "")]).map(drop)
}

async fn replace(client: &Client, table: &str, route: &Route) -> Result<()> {
    let call = client.replace_route().route_table_id(table);
    let call = match Destination::parse(&route.destination) {
        Destination::Ipv4(range) => call.destination_cidr_block(range),
        Destination::Ipv6(range) => call.destination_ipv6_cidr_block(range),
        Destination::PrefixList(list) => call.destination_prefix_list_id(list),
    };
    let call = match &route.target {
        RouteTarget::InternetGateway { id } => call.gateway_id(id.as_str()),
        RouteTarget::NatGateway { id } => call.nat_gateway_id(id.as_str()),
        RouteTarget::Foreign { what } | RouteTarget::Blackhole { what } => return Err(foreign(what)),
    };
    call.send().await.during("ReplaceRoute").retry_on(TARGET_SETTLES, TARGET_SETTLES_WITHIN).map(drop)
}

async fn remove(client: &Client, table: &str, destination: &str) -> Result<()> {
    let call = client.delete_route().route_table_id(table);
    let call = match Destination::parse(destination) {
        Destination::Ipv4(range) => call.destination_cidr_block(range),
        Destination::Ipv6(range) => call.destination_ipv6_cidr_block(range),
        Destination::PrefixList(list) => call.destination_prefix_list_id(list),
    };
    // It is gone already.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    call.send().await.during("DeleteRoute").none_on(&[("InvalidRoute.NotFound", "")]).map(drop)
}

fn foreign(what: &str) -> Failure {
    Failure::new(aws_client::FailureKind::Final, format!("mlopsctl leads no route to {what}"))
}

/// Associates subnets. One that another table has is moved in a single step, so that it is never
/// without its routes.
async fn take_over(client: &Client, table: &str, subnets: &[&SubnetId]) -> Result<()> {
    let theirs = tagging::filter("association.subnet-id", subnets.iter().map(|subnet| subnet.as_str()));
    let tables = aws_sdk_ec2::types::RouteTable::list(client.clone(), vec![theirs]).await?;
    let current: HashMap<&str, &RouteTableAssociation> = tables
        .iter()
        .flat_map(explicit)
        .filter_map(|association| Some((association.subnet_id()?, association)))
        .collect();
    for subnet in subnets {
        // The other table's own update may let go of the subnet at the same moment.
        // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
        let raced = &[("InvalidAssociationID.NotFound", ""), ("Resource.AlreadyAssociated", "")];
        if let Some(association) = current.get(subnet.as_str()) {
            if association.route_table_id() == Some(table) {
                continue;
            }
            let call = client.replace_route_table_association().route_table_id(table);
            let call = call.set_association_id(association.route_table_association_id.clone());
            call.send()
                .await
                .during("ReplaceRouteTableAssociation")
                .retry_on(raced, eventual_consistency::SPREADS_WITHIN)?;
        } else {
            let call = client.associate_route_table().route_table_id(table).subnet_id(subnet.as_str());
            call.send()
                .await
                .during("AssociateRouteTable")
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
                .retry_on(raced, eventual_consistency::SPREADS_WITHIN)?;
        }
    }
    Ok(())
}

async fn release(client: &Client, id: &str, which: impl Fn(&str) -> bool, cx: &Context) -> Result<()> {
    let Some(table) = batch::load::<aws_sdk_ec2::types::RouteTable>(id, cx).await? else { return Ok(()) };
    for association in explicit(&table).filter(|association| association.subnet_id().is_some_and(&which)) {
        let call = client.disassociate_route_table().set_association_id(association.route_table_association_id.clone());
        call.send().await.during("DisassociateRouteTable").none_on(&[("InvalidAssociationID.NotFound", "")])?;
    }
    Ok(())
}

fn status(association: &RouteTableAssociation) -> Option<&Association> {
    association.association_state().and_then(|state| state.state())
}

/// The explicit associations, not that of the VPC's main table.
fn explicit(table: &aws_sdk_ec2::types::RouteTable) -> impl Iterator<Item = &RouteTableAssociation> {
    table.associations().iter().filter(|association| {
        association.main() != Some(true)
            && !matches!(status(association), Some(Association::Disassociated | Association::Failed))
    })
}

impl Describe for aws_sdk_ec2::types::RouteTable {
    const BY_ID: &'static str = "route-table-id";
    const NOUN: &'static str = <RouteTable as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.route_table_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_route_tables().set_filters(Some(filters)).into_paginator().send();
        Pages::new("DescribeRouteTables", pages, |page| page.next_token().into())
            .items(|page| page.route_tables)
            .all()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::Route as Live;

    #[test]
    fn what_aws_keeps_itself_is_not_a_route_of_ours() {
        let local = Live::builder().destination_cidr_block("10.0.0.0/16").gateway_id("local");
        let endpoint = Live::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1");
        let propagated = Live::builder()
            .destination_cidr_block("192.168.0.0/16")
            .gateway_id("vgw-1")
            .origin(RouteOrigin::EnableVgwRoutePropagation);
        for kept in [local, endpoint, propagated] {
            assert_eq!(read(&kept.build()), None);
        }
    }

    #[test]
    fn routes_read_as_they_are_declared_and_a_strangers_route_shows() {
        let to = |route: Live| read(&route).unwrap().target;
        let world = || Live::builder().destination_cidr_block("0.0.0.0/0");
        let igw = InternetGatewayId::new("igw-1");
        assert_eq!(to(world().gateway_id("igw-1").build()), RouteTarget::InternetGateway { id: igw });
        let nat = NatGatewayId::new("nat-1");
        assert_eq!(to(world().nat_gateway_id("nat-1").build()), RouteTarget::NatGateway { id: nat });
        let foreign = RouteTarget::Foreign { what: "tgw-1".into() };
        assert_eq!(to(world().transit_gateway_id("tgw-1").build()), foreign);
    }

    #[test]
    fn a_route_into_nothing_is_not_the_one_declared() {
        let declared = RouteTarget::NatGateway { id: NatGatewayId::new("nat-1") };
        let nat = || Live::builder().destination_cidr_block("0.0.0.0/0").nat_gateway_id("nat-1");
        assert_eq!(read(&nat().state(RouteState::Active).build()).unwrap().target, declared);
        let dead = read(&nat().state(RouteState::Blackhole).build()).unwrap();
        assert_eq!(dead.target, RouteTarget::Blackhole { what: "nat-1".into() });
        assert_eq!(dead.destination, "0.0.0.0/0");
    }

    #[test]
    fn the_main_association_and_failed_ones_do_not_count() {
        let state = |code| aws_sdk_ec2::types::RouteTableAssociationState::builder().state(code).build();
        let table = aws_sdk_ec2::types::RouteTable::builder()
            .associations(RouteTableAssociation::builder().main(true).build())
            .associations(
                RouteTableAssociation::builder()
                    .subnet_id("subnet-1")
                    .association_state(state(Association::Failed))
                    .build(),
            )
            .associations(
                RouteTableAssociation::builder()
                    .subnet_id("subnet-2")
                    .association_state(state(Association::Associated))
                    .build(),
            )
            .build();
        let subnets: Vec<_> = explicit(&table).filter_map(|association| association.subnet_id()).collect();
        assert_eq!(subnets, ["subnet-2"]);
    }
}
