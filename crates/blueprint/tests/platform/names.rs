//! Names that people choose, whatever they are.

use crate::{Project, repository};
use blueprint::Error;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Words that the platform's own addresses are made of.
const WORDS: [&str; 28] = [
    "a",
    "logs",
    "logs-a",
    "logs-logs-a",
    "data",
    "access-logs",
    "images",
    "alarm-a",
    "endpoint-s3",
    "glue",
    "job-a",
    "script-a",
    "crawler-a",
    "a-errors",
    "pipeline-failures",
    "dashboard",
    "platform",
    "data-replica",
    "replica",
    "domain",
    "features-a",
    "user-a",
    "space-a",
    "budget",
    "workflow",
    "alerts",
    "models",
    "events",
];

fn stack(text: &str) -> Option<Result<Vec<String>, Error>> {
    let root = repository();
    let environment = config::parse("test", text, Some(&root)).ok()?;
    let project = Project::of(&root, environment);
    let stack = blueprint::stack(&project.inputs());
    Some(stack.map(|stack| stack.nodes().iter().map(|node| node.address.to_string()).collect()))
}

const HEAD: &str = "project = \"p\"\nregion = \"eu-central-1\"\nnetwork.cidr = \"10.9.0.0/16\"\n";

fn function(name: &str) -> String {
    format!("[[functions]]\nname = \"{name}\"\nsource = \"pipeline/functions/data-validation\"\n")
}

#[test]
fn a_name_that_meets_one_of_the_platforms_is_refused_with_the_address() {
    let met = stack(&format!("{HEAD}{}{}", function("a"), function("logs-a"))).unwrap().unwrap_err();
    assert!(met.to_string().contains("two settings both produce the resource functions.logs-a"), "{met}");
    stack(&format!("{HEAD}{}{}", function("a"), function("logs-b"))).unwrap().unwrap();
}

fn checked(text: &str) -> Vec<(String, String)> {
    let root = repository();
    let environment = config::parse("test", text, Some(&root)).unwrap();
    let found = blueprint::check(&environment, "test", &root);
    found.into_iter().map(|finding| (finding.setting, finding.message)).collect()
}

#[test]
fn two_resources_that_aws_would_take_for_one_are_told_at_the_second_ones_setting() {
    let alarm = "[[monitoring.alarms]]\nname = \"a-errors\"\nnamespace = \"AWS/SQS\"\nmetric = \"M\"\nthreshold = 1\n";
    let found = checked(&format!("{HEAD}{}{alarm}", function("a")));
    let message = "monitoring.a-errors and monitoring.alarm-a-errors would both be p-test-a-errors";
    assert_eq!(found, [("monitoring.alarms.0.name".to_owned(), message.to_owned())]);
    let met = checked(&format!("{HEAD}{}{}", function("a"), function("logs-a")));
    assert_eq!(met[0].0, "functions.1.name");
}

#[test]
fn state_cannot_be_kept_in_a_bucket_of_the_platform() {
    let in_bucket = |bucket: &str| checked(&format!("{HEAD}[state]\nbucket = \"{bucket}\"\n"));
    let message = "p-test-models-123456789012 is storage.models of this platform, and its state cannot be kept in it";
    assert_eq!(in_bucket("p-test-models-123456789012"), [("state.bucket".to_owned(), message.to_owned())]);
    assert_eq!(in_bucket("p-test-states-123456789012"), []);
    assert_eq!(in_bucket("central-states"), []);
}

#[test]
fn what_is_larger_than_aws_takes_it_is_told_at_its_setting() {
    let name = "x".repeat(60);
    let group = format!(
        "[[feature_groups]]\nname = \"{name}\"\nrecord_identifier = \"i\"\nevent_time = \"t\"\n\
         features = [{{ name = \"i\", type = \"String\" }}, {{ name = \"t\", type = \"Fractional\" }}]\n"
    );
    let models = format!("[studio]\nmodel_package_group = \"{name}\"\n");
    let alarms: String = (0..200)
        .map(|number| {
            let name = format!("an-alarm-with-quite-a-long-name-{number}");
            format!("[[monitoring.alarms]]\nname = \"{name}\"\nnamespace = \"N\"\nmetric = \"M\"\nthreshold = 1\n")
        })
        .collect();
    let alarms = format!("[monitoring]\ncomposite_alarm = true\n{alarms}");
    for (text, setting, message) in [
        (group, "feature_groups.0.name", "`name` has 67 characters, and AWS takes at most 64"),
        (models, "studio.model_package_group", "`name` has 67 characters, and AWS takes at most 63"),
        (alarms.clone(), "monitoring.composite_alarm", "and AWS takes at most 10240"),
        (alarms, "monitoring.composite_alarm", "and AWS takes it at most 100 times"),
    ] {
        let Ok(environment) = config::parse("test", &format!("{HEAD}{text}"), Some(&repository())) else {
            continue;
        };
        let found = blueprint::check(&environment, "test", &repository());
        assert!(found.iter().any(|one| one.setting == setting && one.message.contains(message)), "{found:?}");
    }
}

#[test]
fn size_limits_are_of_fields_that_their_kinds_have() {
    let registry = blueprint::registry();
    let mut known = 0;
    for name in ["dev", "staging", "prod"] {
        for declaration in crate::declared(name) {
            let reconciler = registry.get(declaration.kind).unwrap();
            assert_eq!(reconciler.excesses(&declaration.spec), [], "{}", declaration.address);
            for limit in reconciler.size_limits() {
                let variants = ["source.Pattern", "source.Schedule", "vpc.subnets", "vpc.security_groups"];
                let mut steps = limit.field.split('.');
                let has = steps.try_fold(&declaration.spec, |value, step| value.get(step)).is_some();
                assert!(has || variants.contains(&limit.field), "{} has no {}", declaration.kind, limit.field);
                known += 1;
            }
        }
    }
    assert!(known > 100, "{known}");
}

fn words() -> impl Strategy<Value = BTreeSet<&'static str>> {
    prop::collection::btree_set(prop::sample::select(WORDS.as_slice()), 0..4)
}

proptest! {
    #[test]
    fn whatever_the_names_each_address_stands_for_one_thing(
        functions in words(), buckets in words(), repositories in words(), crawlers in words(), jobs in words(),
        alarms in words(), endpoints in words(), users in words(), spaces in words(), groups in words(),
    ) {
        let mut text = HEAD.to_owned();
        let quoted = |names: &BTreeSet<&str>| names.iter().map(|name| format!("{name:?},")).collect::<String>();
        let mut each = |names: &BTreeSet<&str>, piece: &dyn Fn(&str) -> String| names.iter().for_each(|name| text += &piece(name));
        each(&functions, &function);
        each(&buckets, &|name| format!("[[storage.buckets]]\nname = {name:?}\n"));
        each(&crawlers, &|name| format!("[[catalog.crawlers]]\nname = {name:?}\nprefix = \"raw/\"\n"));
        each(&jobs, &|name| format!("[[catalog.jobs]]\nname = {name:?}\nscript = \"pipeline/glue/etl.py\"\n"));
        each(&alarms, &|name| format!(
            "[[monitoring.alarms]]\nname = {name:?}\nnamespace = \"AWS/SQS\"\nmetric = \"M\"\nthreshold = 1\n"
        ));
        each(&endpoints, &|name| format!("[[monitoring.endpoints]]\nname = {name:?}\n"));
        each(&spaces, &|name| format!("[[studio.spaces]]\nname = {name:?}\nowner = \"a\"\n"));
        each(&groups, &|name| format!(
            "[[feature_groups]]\nname = {name:?}\nrecord_identifier = \"i\"\nevent_time = \"t\"\n\
             features = [{{ name = \"i\", type = \"String\" }}, {{ name = \"t\", type = \"Fractional\" }}]\n"
        ));
        text += &format!("[registry]\nrepositories = [{}]\n", quoted(&repositories));
        text += &format!("[studio]\nuser_profiles = [\"a\", {}]\n", quoted(&users));
        match stack(&text) {
            Some(Ok(addresses)) => {
                prop_assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len());
            }
            Some(Err(error)) => prop_assert!(matches!(error, Error::Ambiguous { .. }), "{}", error),
            None => {}
        }
    }
}

/// The tag `Name` of everything of EC2's that can have one, by address.
fn name_tags(environment: &str, edit: impl FnOnce(&mut config::Environment)) -> Vec<(String, String)> {
    let declared = crate::declared_after(environment, edit);
    let of_ec2 = declared.into_iter().filter(|one| one.kind.starts_with("ec2:") && one.spec.get("tags").is_some());
    of_ec2
        .map(|one| (one.address.to_string(), one.spec["tags"]["Name"].as_str().unwrap_or("none").to_owned()))
        .collect()
}

#[test]
fn names_are_given_as_a_tag_to_what_the_console_shows_by_it() {
    let names = name_tags("prod", |_| {});
    assert!(names.len() > 20, "{names:?}");
    for (address, name) in &names {
        let node = address.strip_prefix("network.").unwrap();
        let expected = format!("mlops-pipeline-prod-{}", node.strip_suffix("-security-group").unwrap_or(node));
        assert_eq!(*name, expected, "{address}");
    }
}

#[test]
fn names_of_the_file_go_before_those_of_the_platform() {
    let names = name_tags("dev", |dev| drop(dev.tags.insert("Name".into(), "ours".into())));
    assert!(names.iter().all(|(_, name)| name == "ours"), "{names:?}");
}
