//! Edits of an environment file by people. Every edit leaves a valid one.

use super::chance::Chance;
use config::{
    Environment,
    environment::{
        FeatureGroup, Function, catalog, feature_groups::FeatureType, monitoring::Alarm, network::Nat, storage,
    },
};
use serde_json::{from_value, json};

/// An edit: what people call it, and how it is done.
type Edit = (&'static str, fn(&mut Environment, &mut Chance));

/// Of every section of a file that is made here.
const SOUND: &str = "it is what a file may have";

const EDITS: [Edit; 27] = [
    ("tags", |file, chance| {
        file.tags.insert("Owner".into(), chance.of(&["DataTeam", "Somebody else"]).into());
    }),
    ("a tag more or less", |file, _| {
        if file.tags.remove("Reviewed").is_none() {
            file.tags.insert("Reviewed".into(), "yes".into());
        }
    }),
    ("zones", |file, chance| file.network.zones = chance.of(&[2, 3])),
    ("a NAT gateway for each zone", |file, chance| file.network.nat = chance.of(&[Nat::Single, Nat::PerZone])),
    ("another network", |file, chance| {
        file.network.cidr = Some(chance.of(&["10.0.0.0/16", "10.8.0.0/16"]).parse().expect("it is a network"));
    }),
    ("flow logs", |file, _| file.network.flow_logs ^= true),
    ("an interface endpoint", |file, chance| {
        let service = chance.of(&["sagemaker.api", "logs"]);
        toggle(&mut file.network.endpoints, |has| has == service, || service.into());
    }),
    ("keys of one's own", |file, chance| {
        file.encryption.kms ^= true;
        // Their records are not encrypted anew, so the groups would block a user who keeps data.
        if chance.one_in(2) {
            file.feature_groups.clear();
        }
    }),
    ("how long old versions stay", |file, chance| {
        let days = chance.of(&[7, 30, 60]);
        file.storage.buckets.iter_mut().for_each(|bucket| bucket.expire_noncurrent_days = days);
    }),
    ("a bucket", |file, chance| {
        let name = chance.of(&["reports", "exports"]);
        let bucket = || storage::Bucket::named(name);
        toggle(&mut file.storage.buckets, |bucket| bucket.name == name, bucket);
    }),
    ("access logs", |file, chance| {
        let at = chance.below(file.storage.buckets.len());
        file.storage.buckets[at].access_logs ^= true;
    }),
    ("how soon notebooks stop", |file, chance| {
        file.studio.idle_shutdown_minutes = chance.of(&[None, Some(60), Some(120)])
    }),
    ("a user profile", |file, chance| {
        let name = chance.of(&["analyst", "reviewer"]);
        toggle(&mut file.studio.user_profiles, |profile| profile == name, || name.into());
    }),
    ("a space", |file, _| {
        let owner = file.studio.user_profiles[0].clone();
        let space = || from_value(json!({ "name": "notebooks", "owner": owner })).expect(SOUND);
        toggle(&mut file.studio.spaces, |space| space.name == "notebooks", space);
    }),
    ("a feature group", |file, chance| {
        let name = chance.of(&["orders", "visits"]);
        toggle(&mut file.feature_groups, |group| group.name == name, || feature_group(name));
    }),
    ("a feature", |file, chance| {
        if file.feature_groups.is_empty() {
            return;
        }
        let at = chance.below(file.feature_groups.len());
        let feature = || from_value(json!({ "name": "score", "type": FeatureType::Fractional })).expect(SOUND);
        toggle(&mut file.feature_groups[at].features, |feature| feature.name == "score", feature);
    }),
    ("how many images stay", |file, chance| file.registry.keep_tagged = chance.of(&[10, 20])),
    ("a repository", |file, _| {
        toggle(&mut file.registry.repositories, |name| name == "serving", || "serving".into());
    }),
    ("a crawler", |file, chance| {
        let name = chance.of(&["labels", "scores"]);
        let crawler = || from_value(json!({ "name": name, "prefix": format!("{name}/") })).expect(SOUND);
        toggle(&mut file.catalog.crawlers, |crawler| crawler.name == name, crawler);
    }),
    ("a crawler's schedule", |file, chance| {
        let at = chance.below(file.catalog.crawlers.len());
        file.catalog.crawlers[at].schedule = chance.of(&[None, Some("cron(0 3 * * ? *)".into())]);
    }),
    ("a job", |file, _| {
        let job = || from_value(json!({ "name": "backfill", "script": "pipeline/glue/etl.py" })).expect(SOUND);
        toggle(&mut file.catalog.jobs, |job| job.name == "backfill", job);
    }),
    ("a job's workers", |file, chance| {
        let at = chance.below(file.catalog.jobs.len());
        file.catalog.jobs[at].workers = chance.of(&[2, 5]);
    }),
    ("the workflow", |file, _| {
        file.catalog.workflow = match file.catalog.workflow {
            Some(_) => None,
            None => Some(catalog::Workflow::default()),
        };
    }),
    ("a function", |file, chance| {
        let name = chance.of(&["scoring", "export"]);
        toggle(&mut file.functions, |function| function.name == name, || function(name));
    }),
    ("a function's settings", |file, chance| {
        let at = chance.below(file.functions.len());
        let function = &mut file.functions[at];
        function.memory_mb = chance.of(&[512, 1024, 2048]);
        function.vpc = chance.of(&[true, true, false]);
        function.environment.insert("LEVEL".into(), chance.of(&["info", "debug"]).into());
    }),
    ("an alarm", |file, chance| {
        let name = chance.of(&["late", "empty"]);
        toggle(&mut file.monitoring.alarms, |alarm| alarm.name == name, || alarm(name));
    }),
    ("monitoring", |file, chance| {
        file.monitoring.log_retention_days = chance.of(&[7, 14, 30]);
        file.monitoring.dashboard = chance.one_in(2);
        file.monitoring.composite_alarm = chance.one_in(2);
    }),
];

/// Edits the file; returns the names of the edits.
pub(crate) fn edit(file: &mut Environment, chance: &mut Chance) -> Vec<&'static str> {
    let edits: Vec<Edit> = (0..=chance.below(5)).map(|_| chance.of(&EDITS)).collect();
    for (_, edit) in &edits {
        edit(file, chance);
    }
    edits.into_iter().map(|(name, _)| name).collect()
}

/// Takes out what is meant, or puts it in.
fn toggle<T>(list: &mut Vec<T>, is_meant: impl Fn(&T) -> bool, make: impl FnOnce() -> T) {
    let before = list.len();
    list.retain(|one| !is_meant(one));
    if list.len() == before {
        list.push(make());
    }
}

fn feature_group(name: &str) -> FeatureGroup {
    from_value(json!({
        "name": name, "record_identifier": "id", "event_time": "at",
        "features": [{ "name": "id", "type": "String" }, { "name": "at", "type": "Fractional" }],
    }))
    .expect(SOUND)
}

fn function(name: &str) -> Function {
    from_value(json!({ "name": name, "source": "pipeline/functions/data-validation" })).expect(SOUND)
}

fn alarm(name: &str) -> Alarm {
    from_value(json!({ "name": name, "namespace": "Custom/Pipeline", "metric": "Rows", "threshold": 1.0 }))
        .expect(SOUND)
}
