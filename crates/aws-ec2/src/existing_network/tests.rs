//! The checks of existing networks that a file may name.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use super::*;
use aws_client::{Failure, FailureKind};
use aws_sdk_ec2::types::{
    Route, RouteState, RouteTableAssociation, SubnetState, VpcCidrBlockAssociation, VpcEndpointType, VpcState,
};
use std::collections::BTreeSet;

const VPC: &str = "vpc-0000000a";
const SERVICES: [&str; 4] = ["sagemaker.api", "sagemaker.runtime", "sts", "logs"];

fn place() -> Place {
    Place::new("123456789012", "ap-south-1")
}

fn named() -> ExistingNetwork {
    ExistingNetwork {
        vpc: VpcId::new(VPC),
        subnets: ["subnet-0000000a", "subnet-0000000b"].map(SubnetId::new).into(),
        security_groups: Vec::new(),
        makes_endpoints: Vec::new(),
        calls: SERVICES.map(str::to_owned).into(),
        makes_groups: true,
    }
}

fn subnet(id: &str, zone: &str) -> Subnet {
    let subnet = Subnet::builder().subnet_id(id).vpc_id(VPC).cidr_block("10.1.0.0/24").availability_zone(zone);
    subnet.state(SubnetState::Available).available_ip_address_count(250).build()
}

fn interface(id: &str, service: &str) -> VpcEndpoint {
    let endpoint =
        VpcEndpoint::builder().vpc_endpoint_id(id).service_name(format!("com.amazonaws.ap-south-1.{service}"));
    endpoint.vpc_endpoint_type(VpcEndpointType::Interface).private_dns_enabled(true).build()
}

fn table(routes: impl IntoIterator<Item = Route>) -> RouteTable {
    let main = RouteTableAssociation::builder().main(true).build();
    let local = Route::builder().destination_cidr_block("10.1.0.0/16").gateway_id("local").build();
    let routes = std::iter::once(local).chain(routes).collect();
    RouteTable::builder().route_table_id("rtb-1").associations(main).set_routes(Some(routes)).build()
}

fn to_s3() -> Route {
    Route::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-s3").build()
}

/// Two private subnets in two zones, with routes to S3 and to all services.
fn observed() -> ObservedNetwork {
    let block = VpcCidrBlockAssociation::builder().cidr_block("100.64.0.0/16").build();
    let vpc = Vpc::builder().vpc_id(VPC).cidr_block("10.1.0.0/16").cidr_block_association_set(block);
    let s3 = VpcEndpoint::builder().vpc_endpoint_id("vpce-s3").service_name("com.amazonaws.ap-south-1.s3");
    let s3 = s3.vpc_endpoint_type(VpcEndpointType::Gateway).build();
    ObservedNetwork {
        vpc: Some(vpc.owner_id("123456789012").state(VpcState::Available).build()),
        subnets: vec![subnet("subnet-0000000a", "ap-south-1a"), subnet("subnet-0000000b", "ap-south-1b")],
        groups: Vec::new(),
        tables: Ok(vec![table([to_s3()])]),
        endpoints: Ok(SERVICES
            .iter()
            .map(|service| interface(&format!("vpce-{service}"), service))
            .chain([s3])
            .collect()),
        off: Ok(Vec::new()),
    }
}

/// The shortcomings with their settings: `!` for a certain one, `?` for a possible one.
fn wrong(named: &ExistingNetwork, observed: &ObservedNetwork, is_built: bool) -> Vec<String> {
    let own_endpoints = BTreeSet::from(["vpce-own".to_owned()]);
    let around = PlatformFacts { place: &place(), own_endpoints: &own_endpoints, is_built };
    let told = observed.prerequisites(named, &around).into_iter().filter_map(|one| {
        let wrong = one.met.err()?;
        let sign = if wrong.is_certain { "!" } else { "?" };
        Some(format!("{sign} {}: {}", one.setting, wrong.what))
    });
    told.collect()
}

#[test]
fn network_that_has_everything_has_no_shortcomings_and_tells_each_prerequisite() {
    assert_eq!(wrong(&named(), &observed(), false), Vec::<String>::new());
    let around = PlatformFacts { place: &place(), own_endpoints: &BTreeSet::new(), is_built: false };
    let told: Vec<String> =
        observed().prerequisites(&named(), &around).into_iter().filter_map(|one| one.met.ok()).collect();
    let expected = [
        "vpc-0000000a exists, with 10.1.0.0/16, 100.64.0.0/16",
        "subnet-0000000a is a private subnet of the VPC, 10.1.0.0/24 in ap-south-1a",
        "subnet-0000000a has 250 free addresses",
        "subnet-0000000b is a private subnet of the VPC, 10.1.0.0/24 in ap-south-1b",
        "subnet-0000000b has 250 free addresses",
        "the subnets are in 2 zones",
        "the VPC resolves names, with DNS hostnames",
        "subnet-0000000a reaches S3 through vpce-s3",
        "subnet-0000000b reaches S3 through vpce-s3",
        "sagemaker.api, sagemaker.runtime, sts, logs are reached through endpoints",
    ];
    assert_eq!(told, expected);
}

#[test]
fn vpc_that_nobody_sees_is_all_that_is_said() {
    let observed = ObservedNetwork { vpc: None, ..observed() };
    assert_eq!(
        wrong(&named(), &observed, false),
        ["! network.vpc_id: account 123456789012 sees no vpc-0000000a in ap-south-1"]
    );
}

#[test]
fn subnet_must_be_there_in_the_vpc_in_an_availability_zone_private_and_roomy() {
    let with = |change: fn(aws_sdk_ec2::types::builders::SubnetBuilder) -> Subnet| {
        let first = Subnet::builder().subnet_id("subnet-0000000a").vpc_id(VPC).available_ip_address_count(250);
        let mut observed = observed();
        observed.subnets[0] = change(first.availability_zone("ap-south-1a"));
        wrong(&named(), &observed, false)
    };
    let setting = "! network.private_subnets.0: subnet-0000000a";
    assert_eq!(with(|one| one.vpc_id("vpc-2").build()), [format!("{setting} is in vpc-2, not in vpc-0000000a")]);
    assert_eq!(
        with(|one| one.availability_zone("ap-south-1-del-1a").build()),
        [format!(
            "{setting} is in ap-south-1-del-1a, which is no availability zone: SageMaker and Lambda are not there"
        )]
    );
    assert_eq!(
        with(|one| one.available_ip_address_count(3).build()),
        [format!("{setting} has only 3 free addresses: functions, Studio and endpoints take one each")]
    );
    let mut few = observed();
    few.subnets[0].available_ip_address_count = Some(3);
    assert!(wrong(&named(), &few, true)[0].starts_with("? "), "what is scarce stops no update");
    few.subnets.remove(0);
    assert_eq!(
        wrong(&named(), &few, false),
        [
            "! network.private_subnets.0: account 123456789012 sees no subnet-0000000a in ap-south-1",
            "? network.private_subnets: all subnets are in ap-south-1b: when that zone fails, the platform does"
        ]
    );
}

#[test]
fn route_to_an_internet_gateway_makes_a_subnet_public_wherever_it_leads_from() {
    let route = Route::builder().destination_cidr_block("0.0.0.0/0").gateway_id("igw-1").build();
    let public = ObservedNetwork { tables: Ok(vec![table([to_s3(), route])]), ..observed() };
    let found = wrong(&named(), &public, false);
    assert_eq!(
        found[0],
        "! network.private_subnets.0: subnet-0000000a is public: rtb-1 leads to the internet gateway igw-1"
    );
    // A subnet's own route table takes precedence over the main one.
    let own = RouteTableAssociation::builder().subnet_id("subnet-0000000a").build();
    let private = RouteTable::builder().route_table_id("rtb-2").associations(own).routes(to_s3()).build();
    let mut tables = public.tables.unwrap();
    tables.push(private);
    let found = wrong(&named(), &ObservedNetwork { tables: Ok(tables), ..observed() }, false);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("subnet-0000000b is public"), "{found:?}");
}

#[test]
fn without_a_way_out_s3_and_each_service_need_an_endpoint() {
    let bare = |routes: Vec<Route>| ObservedNetwork {
        tables: Ok(vec![table(routes)]),
        endpoints: Ok(Vec::new()),
        ..observed()
    };
    assert_eq!(
        wrong(&named(), &bare(Vec::new()), false),
        [
            "! network.private_subnets.0: nothing leads from subnet-0000000a to S3: rtb-1 has no route there",
            "! network.private_subnets.1: nothing leads from subnet-0000000b to S3: rtb-1 has no route there",
            "! network.endpoints: nothing leads from the subnets to sagemaker.api, sagemaker.runtime, sts, logs",
        ]
    );
    let out = |route: fn(aws_sdk_ec2::types::builders::RouteBuilder) -> Route| {
        bare(vec![route(Route::builder().destination_cidr_block("0.0.0.0/0"))])
    };
    for way in [
        out(|route| route.nat_gateway_id("nat-1").build()),
        out(|route| route.transit_gateway_id("tgw-1").build()),
        out(|route| route.gateway_id("vpce-firewall").build()),
    ] {
        assert_eq!(wrong(&named(), &way, false), Vec::<String>::new());
    }
    // A central VPC behind the gateway may have endpoints.
    let hub = Route::builder().destination_cidr_block("10.0.0.0/8").transit_gateway_id("tgw-1").build();
    let central = wrong(&named(), &bare(vec![to_s3(), hub]), false);
    assert_eq!(
        central,
        [
            "? network.endpoints: sagemaker.api, sagemaker.runtime, sts, logs may be reached through tgw-1, which cannot be seen"
        ]
    );
    let lost =
        Route::builder().destination_cidr_block("0.0.0.0/0").nat_gateway_id("nat-1").state(RouteState::Blackhole);
    let lost = wrong(&named(), &bare(vec![to_s3(), lost.build()]), false);
    assert_eq!(lost[0], "? network.private_subnets.0: the route to 0.0.0.0/0 of rtb-1 leads to what is gone");
    assert!(lost.iter().any(|one| one.starts_with("! network.endpoints: nothing leads")), "{lost:?}");
}

#[test]
fn service_has_one_endpoint_with_private_dns_and_the_stacks_own_counts_as_that() {
    let mut named = named();
    named.makes_endpoints = vec!["glue".into(), "sts".into()];
    assert_eq!(
        wrong(&named, &observed(), false),
        ["! network.endpoints.1: vpce-sts leads to sts already, and vpc-0000000a takes only one such endpoint"]
    );
    let mut own = observed();
    own.endpoints.as_mut().unwrap().retain(|endpoint| endpoint.vpc_endpoint_id() != Some("vpce-sts"));
    own.endpoints.as_mut().unwrap().push(interface("vpce-own", "sts"));
    assert_eq!(wrong(&named, &own, true), Vec::<String>::new());
}

#[test]
fn shared_vpc_shows_no_endpoints_and_takes_none() {
    let mut shared = ObservedNetwork { endpoints: Ok(Vec::new()), ..observed() };
    shared.vpc.as_mut().unwrap().owner_id = Some("999999999999".into());
    assert_eq!(
        wrong(&named(), &shared, false),
        [
            "? network.endpoints: sagemaker.api, sagemaker.runtime, sts, logs may be reached through endpoints of account \
          999999999999, which cannot be seen"
        ]
    );
    let makes = ExistingNetwork { makes_endpoints: vec!["sts".into()], ..named() };
    let found = wrong(&makes, &shared, false);
    assert!(
        found.iter().any(|one| one.starts_with("! network.endpoints: vpc-0000000a is shared by account 999999999999"))
    );
}

#[test]
fn what_may_not_be_read_is_left_open_and_dns_that_is_off_is_certain() {
    let denied = || Failure::new(FailureKind::Denied, "UnauthorizedOperation");
    let hidden = ObservedNetwork { tables: Err(denied()), endpoints: Err(denied()), off: Err(denied()), ..observed() };
    let found = wrong(&named(), &hidden, false);
    assert!(found.iter().all(|one| one.starts_with("? ")), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
    let bare = ObservedNetwork { endpoints: Err(denied()), tables: Ok(vec![table([])]), ..observed() };
    assert!(wrong(&named(), &bare, false).iter().all(|one| one.starts_with("? ")));
    let off = ObservedNetwork { off: Ok(vec!["DNS hostnames"]), ..observed() };
    assert_eq!(
        wrong(&named(), &off, false),
        ["! network.vpc_id: DNS hostnames is off for the VPC: Studio finds neither its file system nor endpoints"]
    );
}

#[test]
fn group_must_be_of_the_vpc_and_should_let_https_out() {
    let mut named = named();
    named.security_groups = ["sg-1", "sg-2", "sg-3"]
        .iter()
        .enumerate()
        .map(|(index, id)| (format!("network.security_groups.lambda.{index}"), SecurityGroupId::new(*id)))
        .collect();
    let out = aws_sdk_ec2::types::IpPermission::builder().ip_protocol("-1");
    let out = out.ip_ranges(aws_sdk_ec2::types::IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
    let group = |id: &str, vpc: &str| SecurityGroup::builder().group_id(id).vpc_id(vpc).group_name("web");
    let groups = vec![group("sg-1", VPC).ip_permissions_egress(out).build(), group("sg-2", VPC).build()];
    let mut observed = ObservedNetwork { groups, ..observed() };
    assert_eq!(
        wrong(&named, &observed, false),
        [
            "? network.security_groups.lambda.1: the security group sg-2 (web) lets nothing out to port 443",
            "! network.security_groups.lambda.2: there is no security group sg-3",
        ]
    );
    observed.groups.push(group("sg-3", "vpc-2").build());
    assert!(wrong(&named, &observed, false)[1].ends_with("the security group sg-3 is of vpc-2, not of vpc-0000000a"));
}
