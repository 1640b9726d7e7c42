//! VPCs, subnets, security groups, endpoints and their tags.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    Filter, FlowLogsResourceType, IpPermission, IpRange, LogDestinationType, ResourceType, Tag, TagSpecification,
    TrafficType, UserIdGroupPair, VpcEndpointType,
};

use crate::{REGION, cloud, code};

fn tagged(kind: ResourceType) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).tags(tag()).build()
}

fn tag() -> Tag {
    Tag::builder().key("mlopsctl:address").value("network/x").build()
}

fn by(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

async fn vpc(ec2: &Client) -> String {
    ec2.create_vpc()
        .cidr_block("10.0.0.0/16")
        .tag_specifications(tagged(ResourceType::Vpc))
        .send()
        .await
        .unwrap()
        .vpc
        .unwrap()
        .vpc_id
        .unwrap()
}

async fn subnet(ec2: &Client, vpc: &str, cidr: &str) -> String {
    ec2.create_subnet()
        .vpc_id(vpc)
        .cidr_block(cidr)
        .availability_zone(format!("{REGION}a"))
        .tag_specifications(tagged(ResourceType::Subnet))
        .send()
        .await
        .unwrap()
        .subnet
        .unwrap()
        .subnet_id
        .unwrap()
}

#[tokio::test]
async fn a_vpc_has_a_default_security_group_that_trusts_itself() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    let groups = ec2
        .describe_security_groups()
        .filters(by("vpc-id", &vpc))
        .filters(by("group-name", "default"))
        .send()
        .await
        .unwrap();
    let [group] = groups.security_groups() else { panic!("{groups:?}") };
    let id = group.group_id().unwrap();
    let [ingress] = group.ip_permissions() else { panic!("{group:?}") };
    assert_eq!(ingress.ip_protocol(), Some("-1"));
    assert_eq!(ingress.user_id_group_pairs()[0].group_id(), Some(id));
    let [egress] = group.ip_permissions_egress() else { panic!("{group:?}") };
    assert_eq!(egress.ip_ranges()[0].cidr_ip(), Some("0.0.0.0/0"));
    ec2.revoke_security_group_ingress().group_id(id).ip_permissions(ingress.clone()).send().await.unwrap();
    let groups = ec2.describe_security_groups().group_ids(id).send().await.unwrap();
    assert_eq!(groups.security_groups()[0].ip_permissions(), []);
    assert_eq!(code(ec2.delete_security_group().group_id(id).send().await), "CannotDelete");
    ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap();
    assert_eq!(code(ec2.describe_security_groups().group_ids(id).send().await), "InvalidGroup.NotFound");
}

#[tokio::test]
async fn tags_given_at_creation_are_found_by_filter_for_every_kind() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    let subnet = subnet(&ec2, &vpc, "10.0.0.0/24").await;
    let mine = || by("tag:mlopsctl:address", "network/x");
    let vpcs = ec2.describe_vpcs().filters(mine()).send().await.unwrap();
    assert_eq!(vpcs.vpcs()[0].vpc_id(), Some(&*vpc));
    assert_eq!(vpcs.vpcs()[0].tags(), [tag()]);
    let subnets = ec2.describe_subnets().filters(mine()).send().await.unwrap();
    assert_eq!(subnets.subnets()[0].subnet_id(), Some(&*subnet));

    let create = ec2.create_internet_gateway();
    let create = create.tag_specifications(tagged(ResourceType::InternetGateway));
    let igw = create.send().await.unwrap().internet_gateway.unwrap();
    let found = ec2.describe_internet_gateways().filters(mine()).send().await.unwrap();
    assert_eq!(found.internet_gateways()[0].internet_gateway_id(), igw.internet_gateway_id());
    assert_eq!(found.internet_gateways()[0].tags(), [tag()]);

    let create = ec2.allocate_address().domain("vpc".into());
    let eip = create.tag_specifications(tagged(ResourceType::ElasticIp)).send().await.unwrap();
    let found = ec2.describe_addresses().filters(mine()).send().await.unwrap();
    assert_eq!(found.addresses()[0].allocation_id(), eip.allocation_id());
    assert_eq!(found.addresses()[0].tags(), [tag()]);

    let create = ec2.create_nat_gateway().subnet_id(&subnet);
    let create = create.allocation_id(eip.allocation_id().unwrap());
    let create = create.client_token("once").tag_specifications(tagged(ResourceType::Natgateway));
    let nat = create.send().await.unwrap().nat_gateway.unwrap();
    let found = ec2.describe_nat_gateways().filter(mine()).send().await.unwrap();
    let [gateway] = found.nat_gateways() else { panic!("{found:?}") };
    assert_eq!(gateway.nat_gateway_id(), nat.nat_gateway_id());
    assert_eq!(gateway.tags(), [tag()]);
    assert_eq!(gateway.vpc_id(), Some(&*vpc));
    let [address] = gateway.nat_gateway_addresses() else { panic!("{gateway:?}") };
    assert_eq!(address.allocation_id(), eip.allocation_id());

    let create = ec2.create_route_table().vpc_id(&vpc);
    let create = create.tag_specifications(tagged(ResourceType::RouteTable));
    let table = create.send().await.unwrap().route_table.unwrap();
    let found = ec2.describe_route_tables().filters(mine()).send().await.unwrap();
    assert_eq!(found.route_tables()[0].route_table_id(), table.route_table_id());
    assert_eq!(found.route_tables()[0].tags(), [tag()]);

    let create = ec2.create_security_group().group_name("g").description("d").vpc_id(&vpc);
    let create = create.tag_specifications(tagged(ResourceType::SecurityGroup));
    let group = create.send().await.unwrap();
    let found = ec2.describe_security_groups().filters(mine()).send().await.unwrap();
    assert_eq!(found.security_groups()[0].group_id(), group.group_id());
    assert_eq!(found.security_groups()[0].tags(), [tag()]);

    let create = ec2.create_flow_logs().resource_ids(&vpc).resource_type(FlowLogsResourceType::Vpc);
    let create = create.traffic_type(TrafficType::Reject);
    let create = create.log_destination_type(LogDestinationType::CloudWatchLogs);
    let create = create.log_group_name("/flow").deliver_logs_permission_arn("arn:aws:iam::123456789012:role/f");
    let create = create.max_aggregation_interval(60);
    let create = create.tag_specifications(tagged(ResourceType::VpcFlowLog));
    let flow = create.send().await.unwrap().flow_log_ids()[0].clone();
    let found = ec2.describe_flow_logs().filter(mine()).send().await.unwrap();
    let [log] = found.flow_logs() else { panic!("{found:?}") };
    assert_eq!(log.flow_log_id(), Some(&*flow));
    assert_eq!(log.resource_id(), Some(&*vpc));
    assert_eq!(log.traffic_type(), Some(&TrafficType::Reject));
    assert_eq!(log.log_group_name(), Some("/flow"));
    assert_eq!(log.deliver_logs_permission_arn(), Some("arn:aws:iam::123456789012:role/f"));
    assert_eq!(log.max_aggregation_interval(), Some(60));
    assert_eq!(log.tags(), [tag()]);
    ec2.delete_flow_logs().flow_log_ids(&flow).send().await.unwrap();
}

#[tokio::test]
async fn endpoints_read_back_with_their_tables_subnets_and_groups() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    let subnet = subnet(&ec2, &vpc, "10.0.0.0/24").await;
    let table = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap().route_table.unwrap();
    let table = table.route_table_id().unwrap();
    let group = ec2.create_security_group().group_name("g").description("d").vpc_id(&vpc);
    let group = group.send().await.unwrap().group_id.unwrap();
    let gateway = ec2
        .create_vpc_endpoint()
        .vpc_id(&vpc)
        .service_name(format!("com.amazonaws.{REGION}.s3"))
        .vpc_endpoint_type(VpcEndpointType::Gateway)
        .route_table_ids(table)
        .policy_document(r#"{"Statement":[]}"#)
        .tag_specifications(tagged(ResourceType::VpcEndpoint))
        .send()
        .await
        .unwrap()
        .vpc_endpoint
        .unwrap()
        .vpc_endpoint_id
        .unwrap();
    let found = ec2.describe_vpc_endpoints().vpc_endpoint_ids(&gateway).send().await.unwrap();
    let [endpoint] = found.vpc_endpoints() else { panic!("{found:?}") };
    assert_eq!(endpoint.route_table_ids(), [table]);
    assert_eq!(endpoint.policy_document(), Some(r#"{"Statement":[]}"#));
    assert_eq!(endpoint.tags(), [tag()]);
    assert_eq!(endpoint.vpc_endpoint_type(), Some(&VpcEndpointType::Gateway));

    let interface = ec2
        .create_vpc_endpoint()
        .vpc_id(&vpc)
        .service_name(format!("com.amazonaws.{REGION}.logs"))
        .vpc_endpoint_type(VpcEndpointType::Interface)
        .subnet_ids(&subnet)
        .security_group_ids(&group)
        .private_dns_enabled(true)
        .tag_specifications(tagged(ResourceType::VpcEndpoint))
        .send()
        .await
        .unwrap()
        .vpc_endpoint
        .unwrap()
        .vpc_endpoint_id
        .unwrap();
    let found = ec2
        .describe_vpc_endpoints()
        .filters(by("tag:mlopsctl:address", "network/x"))
        .filters(by("vpc-endpoint-type", "Interface"))
        .send()
        .await
        .unwrap();
    let [endpoint] = found.vpc_endpoints() else { panic!("{found:?}") };
    assert_eq!(endpoint.vpc_endpoint_id(), Some(&*interface));
    assert_eq!(endpoint.subnet_ids(), [&*subnet]);
    assert_eq!(endpoint.groups()[0].group_id(), Some(&*group));
    assert_eq!(endpoint.private_dns_enabled(), Some(true));
    let other = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap().route_table.unwrap();
    ec2.modify_vpc_endpoint()
        .vpc_endpoint_id(&gateway)
        .add_route_table_ids(other.route_table_id().unwrap())
        .remove_route_table_ids(table)
        .send()
        .await
        .unwrap();
    let found = ec2.describe_vpc_endpoints().vpc_endpoint_ids(&gateway).send().await.unwrap();
    assert_eq!(found.vpc_endpoints()[0].route_table_ids(), [other.route_table_id().unwrap()]);
    ec2.delete_vpc_endpoints().vpc_endpoint_ids(&gateway).send().await.unwrap();
}

#[tokio::test]
async fn a_vpc_cannot_go_before_what_is_in_it() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    let delete = || ec2.delete_vpc().vpc_id(&vpc).send();
    let subnet = subnet(&ec2, &vpc, "10.0.0.0/24").await;
    assert_eq!(code(delete().await), "DependencyViolation");
    let eip = ec2.allocate_address().send().await.unwrap().allocation_id.unwrap();
    let nat = ec2.create_nat_gateway().subnet_id(&subnet).allocation_id(&eip);
    let nat = nat.send().await.unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
    let delete_subnet = || ec2.delete_subnet().subnet_id(&subnet).send();
    assert_eq!(code(delete_subnet().await), "DependencyViolation");
    let release = || ec2.release_address().allocation_id(&eip).send();
    assert_eq!(code(release().await), "InvalidIPAddress.InUse");
    ec2.delete_nat_gateway().nat_gateway_id(&nat).send().await.unwrap();
    release().await.unwrap();
    delete_subnet().await.unwrap();
    let igw = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
    let igw = igw.internet_gateway_id().unwrap();
    ec2.attach_internet_gateway().internet_gateway_id(igw).vpc_id(&vpc).send().await.unwrap();
    assert_eq!(code(delete().await), "DependencyViolation");
    assert_eq!(code(ec2.delete_internet_gateway().internet_gateway_id(igw).send().await), "DependencyViolation");
    ec2.detach_internet_gateway().internet_gateway_id(igw).vpc_id(&vpc).send().await.unwrap();
    let group = ec2.create_security_group().group_name("g").description("d").vpc_id(&vpc);
    let group = group.send().await.unwrap().group_id.unwrap();
    assert_eq!(code(delete().await), "DependencyViolation");
    ec2.delete_security_group().group_id(&group).send().await.unwrap();
    let table = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap().route_table.unwrap();
    assert_eq!(code(delete().await), "DependencyViolation");
    let table = table.route_table_id().unwrap();
    ec2.delete_route_table().route_table_id(table).send().await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(ec2.describe_vpcs().vpc_ids(&vpc).send().await), "InvalidVpcID.NotFound");
}

#[tokio::test]
async fn subnets_of_a_vpc_do_not_overlap() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    subnet(&ec2, &vpc, "10.0.0.0/20").await;
    let create = |cidr: &str| ec2.create_subnet().vpc_id(&vpc).cidr_block(cidr).send();
    assert_eq!(code(create("10.0.15.0/24").await), "InvalidSubnet.Conflict");
    assert_eq!(code(create("10.1.0.0/24").await), "InvalidSubnet.Range");
    create("10.0.16.0/24").await.unwrap();
}

#[tokio::test]
async fn groups_may_refer_to_each_other_and_then_hold_each_other_back() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    let mut groups = Vec::new();
    for name in ["a", "b"] {
        let create = ec2.create_security_group().group_name(name).description("d").vpc_id(&vpc);
        groups.push(create.send().await.unwrap().group_id.unwrap());
    }
    let [a, b] = groups.as_slice() else { panic!() };
    let rule = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443)
        .user_id_group_pairs(UserIdGroupPair::builder().group_id(a).description("from a").build())
        .build();
    let authorize = || ec2.authorize_security_group_ingress().group_id(b).ip_permissions(rule.clone()).send();
    authorize().await.unwrap();
    assert_eq!(code(authorize().await), "InvalidPermission.Duplicate");
    let read = ec2.describe_security_groups().group_ids(b).send().await.unwrap();
    let [permission] = read.security_groups()[0].ip_permissions() else { panic!("{read:?}") };
    assert_eq!(permission.from_port(), Some(443));
    let pair = &permission.user_id_group_pairs()[0];
    assert_eq!((pair.group_id(), pair.description()), (Some(&**a), Some("from a")));
    // Ports mean nothing where every protocol is meant.
    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let ranges = IpPermission::builder().ip_protocol("-1").from_port(0).to_port(0).ip_ranges(everywhere).build();
    ec2.revoke_security_group_egress().group_id(b).ip_permissions(ranges).send().await.unwrap();
    assert_eq!(code(ec2.delete_security_group().group_id(a).send().await), "DependencyViolation");
    ec2.revoke_security_group_ingress().group_id(b).ip_permissions(rule).send().await.unwrap();
    ec2.delete_security_group().group_id(a).send().await.unwrap();
}

#[tokio::test]
async fn routes_and_associations_read_back() {
    let ec2 = Client::new(&cloud().sdk_config());
    let vpc = vpc(&ec2).await;
    let subnet = subnet(&ec2, &vpc, "10.0.0.0/24").await;
    let igw = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
    let igw = igw.internet_gateway_id().unwrap();
    ec2.attach_internet_gateway().internet_gateway_id(igw).vpc_id(&vpc).send().await.unwrap();
    let table = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap().route_table.unwrap();
    let table = table.route_table_id().unwrap();
    let create = ec2.create_route().route_table_id(table).destination_cidr_block("0.0.0.0/0");
    create.gateway_id(igw).send().await.unwrap();
    let associate = ec2.associate_route_table().route_table_id(table).subnet_id(&subnet);
    let association = associate.send().await.unwrap().association_id.unwrap();
    let read = ec2.describe_route_tables().route_table_ids(table).send().await.unwrap();
    let [read] = read.route_tables() else { panic!("{read:?}") };
    assert!(
        read.routes()
            .iter()
            .any(|route| route.gateway_id() == Some(igw) && route.destination_cidr_block() == Some("0.0.0.0/0"))
    );
    assert!(read.routes().iter().any(|route| route.gateway_id() == Some("local")));
    assert_eq!(read.associations()[0].subnet_id(), Some(&*subnet));
    assert_eq!(code(ec2.delete_route_table().route_table_id(table).send().await), "DependencyViolation");
    ec2.disassociate_route_table().association_id(&association).send().await.unwrap();
    ec2.delete_route_table().route_table_id(table).send().await.unwrap();
}

#[tokio::test]
async fn the_zones_are_those_of_the_region() {
    let ec2 = Client::new(&cloud().sdk_config());
    let zones = ec2.describe_availability_zones().send().await.unwrap();
    let names: Vec<_> = zones.availability_zones().iter().filter_map(|z| z.zone_name()).collect();
    assert!(names.len() >= 3, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with(REGION)), "{names:?}");
}
