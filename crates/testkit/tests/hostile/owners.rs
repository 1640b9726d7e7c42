//! Other teams work in the same account. What is theirs stays as it is, even if the state calls it ours.

use crate::{permissions::set_a_job, up};
use aws_client::FailureKind;
use config::environment::{
    self,
    monitoring::{Protocol, Subscription},
    studio::{App, Mlflow, Space},
};
use engine::{Planning, RepairScope};
use resource::{Address, tags_of};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use testkit::{Aws, Platform};
use vocabulary::Place;

/// The kinds whose declarations have no tags that the law could replace, and the reason why the engine may treat one as
/// ours. While its container has another owner, the whole plan is refused.
const WITHOUT_TAGS: [(&str, &str); 8] = [
    ("cloudwatch:dashboard", "its name begins with the environment's"),
    ("ec2:default-security-group", "it is part of the VPC"),
    ("glue:security-configuration", "its name begins with the environment's"),
    ("lambda:permission", "it is part of the function"),
    ("logs:resource-policy", "its name begins with the environment's"),
    ("s3:object", "it is part of the bucket"),
    ("sagemaker:endpoint", "a deployment gives its tags, which are read right before a deletion"),
    ("sns:subscription", "it is part of the topic"),
];

/// Prod with all areas that a file can ask for and prod's does not.
fn complete() -> Platform {
    Platform::with("prod", |prod| {
        set_a_job(prod, environment::DriftRepair::Nothing);
        prod.studio.mlflow = Some(Mlflow::default());
        let owner = prod.studio.user_profiles[0].clone();
        prod.studio.spaces.push(Space { name: "notebook".into(), owner, app: App::default(), volume_gb: 5 });
        let endpoint = "data-team@example.com".to_owned();
        prod.monitoring.subscriptions.push(Subscription { protocol: Protocol::Email, endpoint });
    })
}

/// A stack with the one kind that no environment file asks for.
fn with_a_resource_policy() -> Platform {
    Platform::made_of("ap-south-1", |stack| {
        stack.add("logs", "policy", (), |()| aws_logs::ResourcePolicy {
            name: "mine-test-policy".to_owned(),
            document: serde_json::json!({ "Version": "2012-10-17", "Statement": [] }),
        });
    })
}

fn refused(planning: &Planning) -> BTreeSet<Address> {
    let refused = planning.refusals.iter().filter(|refusal| refusal.failure.kind == FailureKind::Refused);
    refused.map(|refusal| refusal.address.clone()).collect()
}

/// A law for every kind: the same name or id, another team's tags. Parts without tags stay as they are, too.
fn another_teams_resources_are_left_alone(platform: &Platform) {
    let mut aws = Aws::brisk(platform.region(), 5);
    up(platform, &mut aws);
    let before = aws.run(async |sdk| platform.hand_over(|_| true, &sdk).await);
    let addresses: BTreeSet<Address> = before.into_keys().collect();
    assert!(addresses.len() > 30, "{addresses:?}");
    let recorded: BTreeSet<Address> = {
        let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
        state.resources.into_keys().collect()
    };
    // Until AWS shows it everywhere.
    aws.wait(Duration::from_secs(600));
    let theirs = aws.run(async |sdk| platform.observe(recorded.iter(), &sdk).await);

    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    let told: Vec<String> = planning.refusals.iter().map(|refusal| refusal.failure.to_string()).collect();
    assert_eq!(refused(&planning), addresses, "{told:#?}");
    assert!(told.iter().all(|words| words.contains("Project=billing")), "{told:#?}");

    let up = aws.run(async |sdk| platform.try_up(&sdk).await);
    assert!(up.is_err());
    let repairs = aws.run(async |sdk| platform.repairs(RepairScope::Everything, &sdk).await);
    let left: BTreeSet<Address> = repairs.left.into_iter().map(|left| left.address).collect();
    assert!(left.is_superset(&addresses), "{left:?}");
    assert!(repairs.planned.iter().all(|(address, _)| !addresses.contains(address)), "{:?}", repairs.planned);
    let destruction = aws.run(async |sdk| platform.plan_of_destruction(&sdk).await);
    assert!(refused(&destruction).is_superset(&addresses), "{:?}", destruction.refusals);
    let destroyed = aws.run(async |sdk| platform.try_destroy(&sdk).await);
    assert!(destroyed.is_err());

    let after = aws.run(async |sdk| platform.observe(recorded.iter(), &sdk).await);
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
    another_teams_resources_are_left_alone(&Platform::named("dev"));
}

#[test]
fn owners_of_stagings_names_and_ids_keep_what_is_theirs() {
    another_teams_resources_are_left_alone(&Platform::named("staging"));
}

#[test]
fn owners_of_prods_names_and_ids_keep_what_is_theirs() {
    another_teams_resources_are_left_alone(&complete());
}

#[test]
fn law_of_owners_is_about_every_kind_whose_declaration_has_tags() {
    let registry = blueprint::registry();
    let (mut tagged, mut untagged) = (BTreeSet::new(), BTreeSet::new());
    for platform in [Platform::named("dev"), Platform::named("staging"), complete(), with_a_resource_policy()] {
        let place = Place::new(local::ACCOUNT, platform.region());
        for one in platform.stack().declarations(&registry, &place).unwrap() {
            let kinds = if tags_of(&one.spec).is_some() { &mut tagged } else { &mut untagged };
            kinds.insert(one.kind.to_owned());
        }
    }
    let argued: BTreeSet<String> = WITHOUT_TAGS.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    assert_eq!(untagged, argued, "each exception has its reason");
    let known: BTreeSet<String> = registry.iter().map(|kind| kind.kind().to_owned()).collect();
    let missing: Vec<&String> =
        known.iter().filter(|kind| !tagged.contains(*kind) && !argued.contains(*kind)).collect();
    assert_eq!(missing, Vec::<&String>::new(), "the environments of the law have none of these");
}
