//! AWS may accept a creation and then fail it for a transient reason. The same run remakes such a resource.

use crate::{destroy, failure, times, up};
use std::time::Duration;
use testkit::{Aws, Made, Platform};

#[test]
fn what_fails_after_it_was_accepted_is_made_again_in_the_same_run() {
    let platform = Platform::of("dev");
    let mut aws = Aws::lawful(platform.region(), 71);
    let kinds = [("ec2", "CreateNatGateway"), ("sagemaker", "CreateDomain"), ("sagemaker", "CreateFeatureGroup")];
    for (_, operation) in kinds {
        aws.doom(operation, 1);
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
    let platform = Platform::of("dev").only("network.*");
    for seed in 73..=75 {
        let mut aws = Aws::lawful(platform.region(), seed);
        aws.doom("CreateNatGateway", 1);
        up(&platform, &mut aws);
        let made = aws.made();
        let gateways = made.iter().filter(|made| made.operation == "CreateNatGateway").count();
        assert_eq!(gateways, 2);
        let planned = aws.run(async |sdk| platform.plan(&sdk).await);
        assert!(planned.plan.is_empty() && planned.refusals.is_empty(), "{seed}: {:#?}", planned.plan.changes);
        let second = made.iter().rposition(|made| made.operation == "CreateNatGateway").unwrap();
        let leads = |made: &Made| ["CreateRoute", "ReplaceRoute"].contains(&made.operation.as_str());
        assert!(made[second..].iter().any(leads), "{seed}: no route was made after the second gateway");
        let before = made[..second].iter().filter(|made| leads(made)).count();
        assert!(before > 1, "{seed}: the routes waited until the first gateway had failed");
    }
}

#[test]
fn what_fails_each_time_is_given_up_and_says_why() {
    let platform = Platform::of("dev").only("network.nat*");
    let mut aws = Aws::lawful(platform.region(), 72);
    aws.doom("CreateNatGateway", 99);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("InternalError: Network interface creation failed"), "{}", failure(&applied));
    assert_eq!(times(&aws, "ec2", "CreateNatGateway"), 3);
}
