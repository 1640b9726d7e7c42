//! EC2's network. Lifecycles and dependencies are laws; failures of AWS's own, and what others leave in a
//! VPC, are put there.

use crate::{destroy, failure, first, last, times, up};
use aws_sdk_ec2::Client;
use testkit::{Aws, Fault, Platform};

fn network() -> Platform {
    Platform::named("dev").only("network.*")
}

/// The ids of what is remembered, by address.
fn id(platform: &Platform, aws: &mut Aws, address: &str) -> String {
    let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
    let entry = state.resources.iter().find(|(at, _)| at.as_str() == address);
    entry.and_then(|(_, entry)| entry.id.clone()).unwrap_or_else(|| panic!("{address} has no id"))
}

#[test]
fn a_group_that_another_of_ours_still_names_is_freed_of_the_rule_and_deleted() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 41);
    up(&platform, &mut aws);
    let sagemaker = id(&platform, &mut aws, "network.sagemaker-security-group");
    let lambda = id(&platform, &mut aws, "network.lambda-security-group");
    // Each names the other, so that neither can go first.
    aws.run(async |sdk| {
        let ec2 = Client::new(&sdk);
        for (group, peer) in [(&sagemaker, &lambda), (&lambda, &sagemaker)] {
            let peer = aws_sdk_ec2::types::UserIdGroupPair::builder().group_id(peer).build();
            let rule = aws_sdk_ec2::types::IpPermission::builder().ip_protocol("tcp").from_port(1).to_port(1);
            let call = ec2.authorize_security_group_ingress().group_id(group);
            call.ip_permissions(rule.user_id_group_pairs(peer).build()).send().await.unwrap();
        }
    });
    destroy(&platform, &mut aws);
    assert!(times(&aws, "ec2", "RevokeSecurityGroupIngress") > 0);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn a_subnet_that_something_depends_on_says_what_and_is_tried_again() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 42);
    up(&platform, &mut aws);
    let subnet = id(&platform, &mut aws, "network.private-1");
    let interface = aws.run(async |sdk| {
        let call = Client::new(&sdk).create_network_interface().subnet_id(&subnet).description("RDS of another team");
        call.send().await.unwrap().network_interface.unwrap().network_interface_id.unwrap()
    });
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    let said = failure(&applied);
    assert!(said.contains("DependencyViolation") && said.contains("RDS of another team"), "{said}");
    assert!(applied.skipped.iter().any(|skipped| skipped.address.as_str() == "network.vpc"), "{:?}", applied.skipped);
    aws.run(async |sdk| {
        let ec2 = Client::new(&sdk);
        ec2.delete_network_interface().network_interface_id(&interface).send().await.unwrap();
    });
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn a_vpc_that_something_depends_on_says_what() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 43);
    up(&platform, &mut aws);
    let vpc = id(&platform, &mut aws, "network.vpc");
    aws.run(async |sdk| {
        let call = Client::new(&sdk).create_security_group().vpc_id(&vpc).group_name("theirs").description("theirs");
        call.send().await.unwrap();
    });
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    assert!(failure(&applied).contains("these resources still use it: security group sg-"), "{}", failure(&applied));
}

#[test]
fn a_nat_gateway_that_fails_says_why_with_code_and_message() {
    let platform = network();
    let mut aws = Aws::lenient(platform.region());
    let failed = Fault::shown(|answer| {
        for gateway in answer["natGatewaySet"].as_array_mut().into_iter().flatten() {
            gateway["state"] = "failed".into();
            gateway["failureCode"] = "InsufficientFreeAddressesInSubnet".into();
            gateway["failureMessage"] = "subnet has insufficient free addresses".into();
        }
    });
    aws.strike(("ec2", "DescribeNatGateways"), 0, u64::MAX, failed);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    let said = failure(&applied);
    assert!(said.contains("InsufficientFreeAddressesInSubnet: subnet has insufficient free addresses"), "{said}");
    assert!(applied.skipped.iter().any(|skipped| skipped.address.as_str() == "network.private-routes-1"));
    // The next run makes another in its place.
    aws.calm();
    let nat = id(&platform, &mut aws, "network.nat-1");
    let once = Fault::shown(move |answer| {
        for gateway in answer["natGatewaySet"].as_array_mut().into_iter().flatten() {
            if gateway["natGatewayId"] == *nat && gateway["state"] == "available" {
                gateway["state"] = "failed".into();
            }
        }
    });
    aws.strike(("ec2", "DescribeNatGateways"), 0, u64::MAX, once);
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "CreateNatGateway"), 2);
    assert_eq!(times(&aws, "ec2", "DeleteNatGateway"), 1);
}

#[test]
fn nothing_is_released_or_deleted_before_the_nat_gateway_is_deleted() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 44);
    up(&platform, &mut aws);
    destroy(&platform, &mut aws);
    let nat = first(&aws, "ec2", "DeleteNatGateway");
    for operation in ["ReleaseAddress", "DetachInternetGateway", "DeleteInternetGateway"] {
        assert!(nat < first(&aws, "ec2", operation), "{operation} comes after the NAT gateway");
        assert_eq!(times(&aws, "ec2", operation), 1, "{operation} was never refused");
    }
    assert!(last(&aws, "ec2", "DeleteInternetGateway") < last(&aws, "ec2", "DeleteVpc"));
}

#[test]
fn an_elastic_ip_cannot_be_released_while_a_nat_gateway_deletes_and_is_released_after() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 45);
    up(&platform, &mut aws);
    let words = "You do not have permission to access the specified resource.";
    aws.strike(("ec2", "ReleaseAddress"), 0, 4, Fault::refused("AuthFailure", words));
    aws.strike(("ec2", "ReleaseAddress"), 0, 4, Fault::refused("InvalidIPAddress.InUse", "Address is in use"));
    destroy(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "ReleaseAddress"), 9);
}

#[test]
fn an_internet_gateway_that_has_mapped_addresses_is_detached_later_and_one_that_is_not_attached_is_done() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 46);
    up(&platform, &mut aws);
    let words = "Network vpc-1 has some mapped public address(es). Please unmap those before detaching the gateway.";
    aws.strike(("ec2", "DetachInternetGateway"), 0, 5, Fault::refused("DependencyViolation", words));
    aws.strike(("ec2", "DetachInternetGateway"), 0, 1, Fault::LostAnswer);
    destroy(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "DetachInternetGateway"), 7, "the last one met Gateway.NotAttached");
}

#[test]
fn a_route_may_be_refused_while_its_target_settles_and_be_gone_already_when_it_is_deleted() {
    let platform = network();
    let mut aws = Aws::lawful(platform.region(), 47);
    let unknown = Fault::refused("InvalidNatGatewayID.NotFound", "The natGateway ID 'nat-1' does not exist");
    aws.strike(("ec2", "CreateRoute"), 0, 4, unknown);
    up(&platform, &mut aws);
    let table = id(&platform, &mut aws, "network.private-routes-1");
    let gateway = id(&platform, &mut aws, "network.internet-gateway");
    aws.run(async |sdk| {
        let call = Client::new(&sdk).create_route().route_table_id(table).destination_cidr_block("172.16.0.0/12");
        call.gateway_id(gateway).send().await.unwrap();
    });
    aws.strike(("ec2", "DeleteRoute"), 0, 1, Fault::LostAnswer);
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "DeleteRoute"), 2, "the second met InvalidRoute.NotFound");
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty());
}

#[test]
fn an_interface_endpoint_is_waited_for_and_its_interfaces_are_gone_before_the_subnets() {
    let platform = Platform::with("dev", |dev| dev.network.endpoints = vec!["sts".into()]).only("network.*");
    let mut aws = Aws::lawful(platform.region(), 48);
    up(&platform, &mut aws);
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
    let said: Vec<String> =
        platform.said().iter().map(|event| format!("{} {:?}", event.address, event.phase)).collect();
    assert!(said.iter().any(|said| said.contains("network.endpoint-sts Waiting(\"pending\")")));
    assert!(said.iter().any(|said| said.contains("network.endpoint-sts Waiting(\"its network interfaces to go\")")));
    assert!(last(&aws, "ec2", "DeleteVpcEndpoints") < last(&aws, "ec2", "DeleteSubnet"));
}

#[test]
fn a_zone_that_aws_does_not_offer_is_told_with_the_setting_that_chooses_others() {
    let subnets = "Value (ap-south-1a) for parameter availabilityZone is invalid. Subnets can currently only be created \
                   in the following availability zones: ap-south-1b, ap-south-1c.";
    let endpoints = "The VPC endpoint service com.amazonaws.ap-south-1.sts does not support the availability zone of the \
                     subnet: subnet-1.";
    let refusals = [
        ("CreateSubnet", "InvalidParameterValue", subnets),
        ("CreateNatGateway", "NotAvailableInZone", "Nat Gateway is not available in this availability zone"),
        ("CreateVpcEndpoint", "InvalidParameter", endpoints),
    ];
    for (operation, code, words) in refusals {
        let platform = Platform::with("dev", |dev| dev.network.endpoints = vec!["sts".into()]).only("network.*");
        let mut aws = Aws::lenient(platform.region());
        aws.strike(("ec2", operation), 0, u64::MAX, Fault::refused(code, words));
        let applied = aws.run(async |sdk| platform.up(&sdk).await);
        let helps: Vec<_> = applied.failed.iter().filter_map(|failed| failed.failure.help.as_ref()).collect();
        assert!(helps.iter().any(|help| help.advice().contains("`zone_names` of [network]")), "{operation}: {helps:?}");
    }
}

#[test]
fn rules_between_several_instances_of_a_job_are_read_back_as_they_were_made() {
    let platform = Platform::with("prod", |prod| prod.pipeline.as_mut().unwrap().training.instance_count = 2);
    let platform = platform.only("network.sagemaker-security-group");
    let mut aws = Aws::lawful(platform.region(), 48);
    up(&platform, &mut aws);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}
