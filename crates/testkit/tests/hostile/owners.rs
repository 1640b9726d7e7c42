//! Other teams work in the same account. What is theirs stays as it is, even if the state calls it ours.

use crate::up;
use aws_client::FailureKind;
use engine::{Heal, Planning};
use resource::Address;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use testkit::{Aws, Platform};

fn refused(planning: &Planning) -> BTreeSet<Address> {
    let refused = planning.refusals.iter().filter(|refusal| refusal.failure.kind == FailureKind::Refused);
    refused.map(|refusal| refusal.address.clone()).collect()
}

/// A law for every kind: the same name or id, another team's tags.
fn another_teams_resources_are_left_alone(environment: &str) {
    let platform = Platform::of(environment);
    let mut aws = Aws::brisk(platform.region(), 5);
    up(&platform, &mut aws);
    let before = aws.run(async |sdk| platform.hand_over(|_| true, &sdk).await);
    let addresses: BTreeSet<Address> = before.into_keys().collect();
    assert!(addresses.len() > 30, "{addresses:?}");
    // Until AWS shows it everywhere.
    aws.wait(Duration::from_secs(600));
    let theirs = aws.run(async |sdk| platform.look_at(addresses.iter(), &sdk).await);

    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    let told: Vec<String> = planning.refusals.iter().map(|refusal| refusal.failure.to_string()).collect();
    assert_eq!(refused(&planning), addresses, "{told:#?}");
    assert!(told.iter().all(|words| words.contains("Project=billing")), "{told:#?}");

    let up = aws.run(async |sdk| platform.try_up(&sdk).await);
    assert!(up.is_err());
    let healing = aws.run(async |sdk| platform.healing(Heal::Everything, &sdk).await);
    let left: BTreeSet<Address> = healing.left.into_iter().map(|left| left.address).collect();
    assert!(left.is_superset(&addresses), "{left:?}");
    assert!(healing.heals.iter().all(|(address, _)| !addresses.contains(address)), "{:?}", healing.heals);
    let destruction = aws.run(async |sdk| platform.plan_of_destruction(&sdk).await);
    assert!(refused(&destruction).is_superset(&addresses), "{:?}", destruction.refusals);
    let destroyed = aws.run(async |sdk| platform.try_destroy(&sdk).await);
    assert!(destroyed.is_err());

    let after = aws.run(async |sdk| platform.look_at(addresses.iter(), &sdk).await);
    for (address, was) in &theirs {
        assert_eq!(after[address], *was, "{address}");
    }
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    let drifted: BTreeMap<&Address, String> =
        drift.drifted.iter().map(|one| (&one.address, format!("{:?}", one.change))).collect();
    assert!(addresses.iter().all(|address| drifted[address].contains("belongs to")), "{drifted:#?}");
}

#[test]
fn owners_of_devs_names_and_ids_keep_what_is_theirs() {
    another_teams_resources_are_left_alone("dev");
}

#[test]
fn owners_of_prods_names_and_ids_keep_what_is_theirs() {
    another_teams_resources_are_left_alone("prod");
}
