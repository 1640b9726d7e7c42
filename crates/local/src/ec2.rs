//! The network part of EC2: what a platform builds its VPC from, with the laws AWS enforces there.
//!
//! The emulated EC2 accepts overlapping subnets, deletes a VPC with subnets inside, forgets what
//! endpoints and flow logs were given and has no default security group, so these kinds are
//! answered here. Everything else goes on to it.

mod answer;
mod context;
mod document;
mod endpoint;
mod group;
mod group_rules;
mod interface;
mod kinds;
mod nat;
mod query;
mod routing;
mod store;
mod vpc;
mod xml;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use winterbaume_core::default_account_id;

use self::answer::{Answer, Refusal};
use self::context::CallScope;
use self::query::Query;
use self::store::Network;
use crate::service::{Scope, Service};
use crate::{Call, Response};

/// EC2 with the network answered here.
pub(crate) struct Ec2 {
    regions: Mutex<BTreeMap<String, Network>>,
    inner: Box<dyn Service>,
}

impl Ec2 {
    pub(crate) fn new(inner: Box<dyn Service>) -> Self {
        Self { regions: Mutex::default(), inner }
    }

    fn regions(&self) -> MutexGuard<'_, BTreeMap<String, Network>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self, call: &Call) -> Option<Answer> {
        let query = Query::parse(&call.request.body);
        let mut regions = self.regions();
        let network = regions.entry(call.region.clone()).or_default();
        let cx = &mut CallScope { network, region: &call.region, account: default_account_id() };
        let q = &query;
        Some(match call.operation.as_str() {
            "CreateVpc" => vpc::create(cx, q),
            "DeleteVpc" => vpc::delete(cx, q),
            "DescribeVpcAttribute" => vpc::attribute(cx, q),
            "ModifyVpcAttribute" => vpc::modify(cx, q),
            "CreateSubnet" => vpc::create_subnet(cx, q),
            "ModifySubnetAttribute" => vpc::modify_subnet(cx, q),
            "DeleteSubnet" => vpc::delete_subnet(cx, q),
            "CreateInternetGateway" => nat::create_internet_gateway(cx, q),
            "AttachInternetGateway" => nat::attach_internet_gateway(cx, q),
            "DetachInternetGateway" => nat::detach_internet_gateway(cx, q),
            "DeleteInternetGateway" => nat::delete_internet_gateway(cx, q),
            "AllocateAddress" => nat::allocate_address(cx, q),
            "ReleaseAddress" => nat::release_address(cx, q),
            "CreateNatGateway" => nat::create(cx, q),
            "DeleteNatGateway" => nat::delete(cx, q),
            "CreateRouteTable" => routing::create(cx, q),
            "DeleteRouteTable" => routing::delete(cx, q),
            "CreateRoute" => routing::create_route(cx, q, false),
            "ReplaceRoute" => routing::create_route(cx, q, true),
            "DeleteRoute" => routing::delete_route(cx, q),
            "AssociateRouteTable" => routing::associate(cx, q),
            "ReplaceRouteTableAssociation" => routing::replace_association(cx, q),
            "DisassociateRouteTable" => routing::disassociate(cx, q),
            "CreateSecurityGroup" => group::create(cx, q),
            "DeleteSecurityGroup" => group::delete(cx, q),
            "AuthorizeSecurityGroupIngress" => group::authorize(cx, q, false),
            "AuthorizeSecurityGroupEgress" => group::authorize(cx, q, true),
            "RevokeSecurityGroupIngress" => group::revoke(cx, q, false),
            "RevokeSecurityGroupEgress" => group::revoke(cx, q, true),
            "DescribeSecurityGroupRules" => group::rules(cx, q),
            "CreateVpcEndpoint" => endpoint::create(cx, q),
            "ModifyVpcEndpoint" => endpoint::modify(cx, q),
            "DeleteVpcEndpoints" => endpoint::delete(cx, q),
            "CreateFlowLogs" => endpoint::create_flow_logs(cx, q),
            "DeleteFlowLogs" => endpoint::delete_flow_logs(cx, q),
            "CreateNetworkInterface" => interface::create(cx, q),
            "DeleteNetworkInterface" => interface::delete(cx, q),
            "DescribeTags" => Ok(cx.network.describe_tags(q)),
            "CreateTags" | "DeleteTags" => {
                // Kinds not kept here are tagged where they are.
                let ours = q.list("ResourceId").iter().all(|id| cx.network.has(id));
                if !ours {
                    return None;
                }
                cx.network.tag(q, call.operation == "CreateTags");
                Ok(json!({ "return": true }))
            }
            operation => cx.network.describe(operation, q)?,
        })
    }
}

impl Service for Ec2 {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            match self.own(&call) {
                Some(Ok(answer)) => Response::xml(200, xml::response(&call.operation, &answer)),
                Some(Err(Refusal { code, message })) => Response::xml(400, xml::error(code, &message)),
                None => self.inner.answer(call).await,
            }
        })
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        let network = serde_json::to_value(self.regions().get(scope.region));
        let network = network.map_err(|error| error.to_string())?;
        Ok(json!({ "network": network, "service": self.inner.snapshot(scope)? }))
    }

    fn restore(&self, scope: Scope<'_>, mut state: Value) -> Result<(), String> {
        let network: Option<Network> =
            serde_json::from_value(state["network"].take()).map_err(|error| error.to_string())?;
        self.regions().insert(scope.region.to_owned(), network.unwrap_or_default());
        self.inner.restore(scope, state["service"].take())
    }
}
