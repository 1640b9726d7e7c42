//! Checks of the network of Studio, functions and jobs.

use crate::{DoctorInput, Finding, recorded_state::listed};
use aws_client::{Attempt as _, Operation, Remedy, Result};
use aws_sdk_ec2::{
    Client,
    types::{NatGatewayState, RouteState, Vpc, VpcAttributeName},
};
use config::Cidr;

const CHECK: &str = "network";
/// Studio, functions and endpoints take addresses as they grow; a subnet with fewer left is soon full.
const FEW_ADDRESSES: i32 = 16;

pub(crate) async fn run_checks(input: &DoctorInput<'_>) -> Vec<Finding> {
    let ec2 = Client::new(input.sdk);
    let (ranges, names, subnets, gateways, routes) = futures::join!(
        ranges(&ec2, input),
        names(&ec2, input),
        subnets(&ec2, input),
        gateways(&ec2, input),
        routes(&ec2, input),
    );
    let checked = [
        ("ranges of other networks", ranges),
        ("DNS", names),
        ("addresses of subnets", subnets),
        ("NAT gateways", gateways),
        ("routes", routes),
    ];
    let told = checked.into_iter().filter_map(|(what, result)| match result {
        Ok(finding) => finding,
        Err(failure) => Some(Finding::unknown(CHECK, what, &failure)),
    });
    told.collect()
}

/// Networks with a range in common can never be connected.
async fn ranges(ec2: &Client, input: &DoctorInput<'_>) -> Result<Option<Finding>> {
    let Some(aws_ec2::Vpc { cidr: shown, .. }) = input.declared_as() else { return Ok(None) };
    let Ok(range) = shown.parse::<Cidr>() else { return Ok(None) };
    let own = input.recorded_ids::<aws_ec2::Vpc>();
    let answer = ec2.describe_vpcs().send().await.during("DescribeVpcs")?;
    let others = answer.vpcs().iter().filter(|vpc| !own.iter().any(|own| vpc.vpc_id() == Some(own)));
    let meets = |vpc: &&Vpc| {
        let blocks = vpc.cidr_block_association_set().iter().filter_map(|block| block.cidr_block());
        blocks.chain(vpc.cidr_block()).any(|block| block.parse().is_ok_and(|block: Cidr| block.overlaps(&range)))
    };
    let met: Vec<String> = others.filter(meets).filter_map(|vpc| vpc.vpc_id().map(str::to_owned)).collect();
    Ok(Some(match met.as_slice() {
        [] => Finding::ok(CHECK, format!("no other VPC of this region uses addresses of {shown}")),
        met => Finding::warning(
            CHECK,
            format!(
                "{} {} addresses of {shown} as well, and can never be peered with it",
                listed(met),
                if met.len() == 1 { "uses" } else { "use" }
            ),
            "choose another `[network] cidr` before it is built, if they are ever to be connected",
        ),
    }))
}

/// Studio's file system and every interface endpoint are reached by name.
async fn names(ec2: &Client, input: &DoctorInput<'_>) -> Result<Option<Finding>> {
    let Some(vpc) = input.recorded_ids::<aws_ec2::Vpc>().pop() else { return Ok(None) };
    let mut off = Vec::new();
    for attribute in [VpcAttributeName::EnableDnsSupport, VpcAttributeName::EnableDnsHostnames] {
        let call = ec2.describe_vpc_attribute().vpc_id(&vpc).attribute(attribute.clone());
        let answer = call.send().await.during("DescribeVpcAttribute")?;
        let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
        if value.and_then(|value| value.value()) != Some(true) {
            off.push(attribute.as_str().to_owned());
        }
    }
    Ok(Some(match off.as_slice() {
        [] => Finding::ok(CHECK, format!("{vpc} resolves names")),
        off => Finding::problem(
            CHECK,
            format!("{} is off for {vpc}: Studio does not find its file system", off.join(" and ")),
            Remedy::perform(Operation::Reconcile, None, "turns it on again"),
        ),
    }))
}

async fn subnets(ec2: &Client, input: &DoctorInput<'_>) -> Result<Option<Finding>> {
    let ids = input.recorded_ids::<aws_ec2::Subnet>();
    if ids.is_empty() {
        return Ok(None);
    }
    let answer = ec2.describe_subnets().set_subnet_ids(Some(ids)).send().await.during("DescribeSubnets")?;
    let free = |subnet: &aws_sdk_ec2::types::Subnet| subnet.available_ip_address_count();
    let full = answer.subnets().iter().filter(|subnet| free(subnet).is_some_and(|free| free < FEW_ADDRESSES));
    let full: Vec<String> = full
        .map(|subnet| format!("{} ({} left)", subnet.subnet_id().unwrap_or_default(), free(subnet).unwrap_or_default()))
        .collect();
    Ok(Some(match full.as_slice() {
        [] => Finding::ok(CHECK, format!("each of {} subnets has addresses left", answer.subnets().len())),
        full => Finding::problem(
            CHECK,
            format!("subnets are nearly full: {}", listed(full)),
            "end what is not needed in them, or build with a larger `[network] cidr`: functions, Studio and endpoints \
             take an address each",
        ),
    }))
}

async fn gateways(ec2: &Client, input: &DoctorInput<'_>) -> Result<Option<Finding>> {
    let ids = input.recorded_ids::<aws_ec2::NatGateway>();
    if ids.is_empty() {
        return Ok(None);
    }
    let call = ec2.describe_nat_gateways().set_nat_gateway_ids(Some(ids.clone()));
    let answer = call.send().await.during("DescribeNatGateways")?;
    let works = |id: &String| {
        let found = answer.nat_gateways().iter().find(|gateway| gateway.nat_gateway_id() == Some(id));
        found.is_some_and(|gateway| gateway.state() == Some(&NatGatewayState::Available))
    };
    let broken: Vec<String> = ids.iter().filter(|id| !works(id)).cloned().collect();
    Ok(Some(match broken.as_slice() {
        [] if ids.len() == 1 => Finding::ok(CHECK, "the NAT gateway works"),
        [] => Finding::ok(CHECK, format!("all {} NAT gateways work", ids.len())),
        broken => Finding::problem(
            CHECK,
            format!(
                "{} {} not work: functions and jobs in private subnets reach nothing",
                listed(broken),
                if broken.len() == 1 { "does" } else { "do" }
            ),
            Remedy::perform(Operation::Up, None, "makes others in their place"),
        ),
    }))
}

async fn routes(ec2: &Client, input: &DoctorInput<'_>) -> Result<Option<Finding>> {
    let ids = input.recorded_ids::<aws_ec2::RouteTable>();
    if ids.is_empty() {
        return Ok(None);
    }
    let answer =
        ec2.describe_route_tables().set_route_table_ids(Some(ids)).send().await.during("DescribeRouteTables")?;
    let lost = answer.route_tables().iter().flat_map(|table| {
        let lost = table.routes().iter().filter(|route| route.state() == Some(&RouteState::Blackhole));
        lost.map(|route| {
            format!(
                "{} of {}",
                route.destination_cidr_block().or(route.destination_prefix_list_id()).unwrap_or("a route"),
                table.route_table_id().unwrap_or_default()
            )
        })
    });
    let lost: Vec<String> = lost.collect();
    Ok(Some(match lost.as_slice() {
        [] => {
            Finding::ok(CHECK, format!("every route of {} route tables leads somewhere", answer.route_tables().len()))
        }
        lost => Finding::problem(
            CHECK,
            format!("routes lead to what is gone: {}; functions and jobs there run out of time", listed(lost)),
            Remedy::perform(Operation::Up, None, "makes what they lead to anew"),
        ),
    }))
}
