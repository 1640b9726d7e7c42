//! AWS may accept a creation and then fail it for a transient reason. The same run remakes such a resource.

use crate::{destroy, failure, first, last, times, up};
use aws_sdk_ec2::types::NatGatewayState;
use aws_sdk_sagemaker::types::{RetentionPolicy, RetentionType};
use std::time::Duration;
use testkit::{Aws, Fault, Kill, MadeCall, Platform};

#[test]
fn what_fails_after_it_was_accepted_is_made_again_in_the_same_run() {
    let platform = Platform::named("dev");
    let mut aws = Aws::lawful(platform.region(), 71);
    let kinds = [("ec2", "CreateNatGateway"), ("sagemaker", "CreateDomain"), ("sagemaker", "CreateFeatureGroup")];
    for (_, operation) in kinds {
        aws.fail_next(operation, 1);
    }
    up(&platform, &mut aws);
    for (service, operation) in kinds {
        assert!(times(&aws, service, operation) >= 2, "{operation} was sent once");
    }
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.plan.changes);
    destroy(&platform, &mut aws);
    aws.wait(Duration::from_secs(3600));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn routes_that_lead_to_a_gateway_which_fails_lead_to_its_successor_in_the_end() {
    let platform = Platform::named("dev").only("network.*");
    for seed in 73..=75 {
        let mut aws = Aws::lawful(platform.region(), seed);
        aws.fail_next("CreateNatGateway", 1);
        up(&platform, &mut aws);
        let made = aws.made();
        let gateways = made.iter().filter(|made| made.operation == "CreateNatGateway").count();
        assert_eq!(gateways, 2);
        let planned = aws.run(async |sdk| platform.plan(&sdk).await);
        assert!(planned.plan.is_empty() && planned.refusals.is_empty(), "{seed}: {:#?}", planned.plan.changes);
        let second = made.iter().rposition(|made| made.operation == "CreateNatGateway").unwrap();
        let leads = |made: &MadeCall| ["CreateRoute", "ReplaceRoute"].contains(&made.operation.as_str());
        assert!(made[second..].iter().any(leads), "{seed}: no route was made after the second gateway");
        let before = made[..second].iter().filter(|made| leads(made)).count();
        assert!(before > 1, "{seed}: the routes waited until the first gateway had failed");
    }
}

#[test]
fn what_fails_each_time_is_given_up_and_says_why() {
    let platform = Platform::named("dev").only("network.nat*");
    let mut aws = Aws::lawful(platform.region(), 72);
    aws.fail_next("CreateNatGateway", 99);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("InternalError: Network interface creation failed"), "{}", failure(&applied));
    assert_eq!(times(&aws, "ec2", "CreateNatGateway"), 3);
}

/// Dev without the domain's users, in an AWS in which the run was killed right after the creation of a domain that fails
/// later.
fn killed_after_domain(seed: u64) -> (Platform, Aws) {
    let platform = Platform::named("dev").only("studio.domain");
    let mut aws = Aws::lawful(platform.region(), seed);
    let created = {
        let mut copy = aws.copy();
        up(&platform, &mut copy);
        // The first ones are refused: the role is new.
        last(&copy, "sagemaker", "CreateDomain") + 1
    };
    aws.fail_next("CreateDomain", 1);
    assert!(aws.run_until(Some(Kill::After(created)), async |sdk| platform.up(&sdk).await).is_none());
    assert_eq!(domains(&mut aws).len(), 1);
    (platform, aws)
}

/// The ids of all domains.
fn domains(aws: &mut Aws) -> Vec<String> {
    aws.wait(Duration::from_secs(10));
    let listed = aws.run(async |sdk| aws_sdk_sagemaker::Client::new(&sdk).list_domains().send().await.unwrap());
    listed.domains().iter().filter_map(|domain| domain.domain_id.clone()).collect()
}

/// Nothing is left of the domain that failed, nor of its successor.
#[track_caller]
fn leaves_nothing(platform: &Platform, mut aws: Aws) {
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.plan.changes);
    let groups = aws.run(async |sdk| {
        let found = aws_sdk_ec2::Client::new(&sdk).describe_security_groups().send().await.unwrap();
        found.security_groups().iter().filter(|group| group.group_name().unwrap().contains("-nfs-d-")).count()
    });
    assert_eq!(groups, 2, "one pair for one domain");
    destroy(platform, &mut aws);
    aws.wait(Duration::from_secs(3600));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn creation_of_a_killed_run_that_fails_in_the_next_one_is_made_again_there() {
    for seed in 76..=78 {
        let (platform, mut aws) = killed_after_domain(seed);
        let failing = domains(&mut aws);
        up(&platform, &mut aws);
        assert_ne!(domains(&mut aws), failing);
        leaves_nothing(&platform, aws);
    }
}

/// The gateways that work, and those to which routes lead.
fn gateways_and_routes(aws: &mut Aws) -> (Vec<String>, Vec<String>) {
    aws.run(async |sdk| {
        let ec2 = aws_sdk_ec2::Client::new(&sdk);
        let gateways = ec2.describe_nat_gateways().send().await.unwrap();
        let live = gateways.nat_gateways().iter().filter(|one| one.state() == Some(&NatGatewayState::Available));
        let live = live.filter_map(|one| one.nat_gateway_id.clone()).collect();
        let tables = ec2.describe_route_tables().send().await.unwrap();
        let routes = tables.route_tables().iter().flat_map(|table| table.routes());
        (live, routes.filter_map(|route| route.nat_gateway_id.clone()).collect())
    })
}

#[test]
fn gateway_whose_id_the_plan_shows_is_made_again_and_all_routes_follow() {
    let platform = Platform::named("dev").only("network.*");
    let fresh = Aws::timed(platform.region(), &[("CreateNatGateway", 90)]);
    let (created, routed) = {
        let mut copy = fresh.copy();
        up(&platform, &mut copy);
        let made = copy.made();
        let created = made.iter().position(|made| made.operation == "CreateNatGateway").unwrap() + 1;
        (created, last(&copy, "ec2", "CreateRoute") + 1)
    };
    assert!(routed > created, "the routes do not wait for the gateway");
    // The last state that the killed run wrote records the routes or not.
    for killed in [created, routed, routed + 1, routed + 2] {
        let mut aws = fresh.copy();
        aws.fail_next("CreateNatGateway", 1);
        assert!(aws.run_until(Some(Kill::After(killed)), async |sdk| platform.up(&sdk).await).is_none());
        up(&platform, &mut aws);
        assert_eq!(times(&aws, "ec2", "CreateNatGateway"), 2, "{killed}");
        let (gateways, routes) = gateways_and_routes(&mut aws);
        assert_eq!((&routes, gateways.len()), (&gateways, 1), "{killed}");
        let again = aws.run(async |sdk| platform.plan(&sdk).await);
        assert!(again.plan.is_empty() && again.refusals.is_empty(), "{killed}: {:#?}", again.plan.changes);
        destroy(&platform, &mut aws);
        aws.wait(Duration::from_secs(3600));
        assert_eq!(platform.left(&aws), Vec::<String>::new());
    }
}

/// Another person deletes a domain with its home directories.
fn delete_domain(aws: &mut Aws, id: &str) {
    aws.run(async |sdk| {
        let policy = RetentionPolicy::builder().home_efs_file_system(RetentionType::Delete).build();
        let call = aws_sdk_sagemaker::Client::new(&sdk).delete_domain().domain_id(id);
        call.retention_policy(policy).send().await.unwrap();
    });
}

#[test]
fn creation_of_a_killed_run_that_somebody_deletes_is_waited_for_and_made_again() {
    for seed in 76..=78 {
        let (platform, mut aws) = killed_after_domain(seed);
        aws.wait(Duration::from_secs(600));
        let failed = domains(&mut aws);
        delete_domain(&mut aws, &failed[0]);
        up(&platform, &mut aws);
        assert_ne!(domains(&mut aws), failed);
        leaves_nothing(&platform, aws);
    }
}

#[test]
fn failed_creation_with_leftovers_is_deleted_only_once_its_id_is_durable() {
    let platform = Platform::named("dev").only("studio.domain");
    let aws = Aws::timed(platform.region(), &[("CreateDomain", 5)]);
    let writes = {
        let mut copy = aws.copy();
        up(&platform, &mut copy);
        let made = &copy.made()[..first(&copy, "sagemaker", "CreateDomain")];
        made.iter().filter(|made| made.operation == "PUT object").count()
    };
    let mut aws = aws;
    aws.fail_next("CreateDomain", 1);
    aws.strike(("s3", "PUT object"), writes as u64, u64::MAX, Fault::Hung);
    let ended = aws.run(async |sdk| tokio::time::timeout(Duration::from_secs(30), platform.up(&sdk)).await);
    assert!(ended.is_err(), "it waits until the state is written");
    assert_eq!(times(&aws, "sagemaker", "CreateDomain"), 1);
    assert_eq!(times(&aws, "sagemaker", "DeleteDomain"), 0);
    aws.calm();
    aws.wait(Duration::from_secs(120));
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "CreateDomain"), 2);
}

#[test]
fn protected_creation_of_a_killed_run_that_somebody_deletes_is_refused_as_protected() {
    let (_, mut aws) = killed_after_domain(76);
    let platform = Platform::with("dev", |dev| dev.protection.protect.push("studio.domain".to_owned()));
    let platform = platform.only("studio.domain").keeping_protection();
    aws.wait(Duration::from_secs(600));
    let failed = domains(&mut aws);
    delete_domain(&mut aws, &failed[0]);
    let planned = aws.run(async |sdk| platform.plan(&sdk).await);
    let told: Vec<String> = planned.refusals.iter().map(|one| format!("{}: {}", one.address, one.failure)).collect();
    assert!(
        told.iter()
            .any(|one| one
                .contains("it is protected, and this would replace it, because another program is deleting it")),
        "{told:?}"
    );
}
