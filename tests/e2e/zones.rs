//! A region whose zones change: they fail, come back and are added, and no platform moves for it.

use crate::{
    project::{Project, Ran},
    served::ServedAws,
};
use async_trait::async_trait;
use local::{Call, Layer, LostAnswer, Next, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const REGION: &str = "ap-south-1";

/// The letters of the zones that AWS lists at present.
struct Listed(Mutex<&'static str>);

#[async_trait]
impl Layer for Listed {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.operation != "DescribeAvailabilityZones" {
            return next.run(call).await;
        }
        let letters = *self.0.lock().unwrap();
        let mut answer = next.run(call).await?;
        let zones = letters.chars().zip(1..).map(|(letter, number)| {
            format!(
                "<item><zoneName>{REGION}{letter}</zoneName><zoneId>aps1-az{number}</zoneId>\
                 <zoneState>available</zoneState><regionName>{REGION}</regionName></item>"
            )
        });
        let body = format!(
            "<DescribeAvailabilityZonesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
             <availabilityZoneInfo>{}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>",
            zones.collect::<String>()
        );
        answer.body = body.into();
        Ok(answer)
    }
}

/// A project, and an AWS whose zones can be changed.
struct World {
    project: Project,
    listed: Arc<Listed>,
    aws: ServedAws,
}

impl World {
    fn with_zones(letters: &'static str) -> Self {
        let listed = Arc::new(Listed(Mutex::new(letters)));
        Self { project: Project::new(), aws: ServedAws::behind(listed.clone()), listed }
    }

    fn list(&self, letters: &'static str) {
        *self.listed.0.lock().unwrap() = letters;
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.aws.run(&self.project, arguments)
    }

    /// The letter of the zone of each private subnet.
    fn zones(&self) -> String {
        let state: Value = self.run(&["state", "pull", "dev"]).ends_with(0).json();
        let zone = |pair: u8| {
            let spec = &state["resources"][format!("network.private-{pair}")]["spec"];
            spec["availability_zone"].as_str().and_then(|zone| zone.chars().last())
        };
        (1..=6).map_while(zone).collect()
    }
}

#[test]
fn an_outage_of_a_zone_and_a_new_one_change_no_plan() {
    let world = World::with_zones("bc");
    world.run(&["up", "dev", "--yes"]).ends_with(0);
    assert_eq!(world.zones(), "bc");
    for (letters, why) in [("abc", "one that sorts first"), ("b", "an outage"), ("bc", "it is back"), ("a", "two fail")]
    {
        world.list(letters);
        let plan = world.run(&["plan", "dev", "--exit-code"]).ends_with(0);
        assert!(plan.stdout.contains("Nothing to do"), "{why}: {}", plan.stdout);
    }
    world.run(&["reconcile", "dev"]).ends_with(0);
    // A new pair of subnets gets a zone that has none yet.
    world.list("abc");
    world.project.edit("dev", "zones = 2", "zones = 3");
    world.run(&["up", "dev", "--yes"]).ends_with(0);
    assert_eq!(world.zones(), "bca");
    world.run(&["destroy", "dev", "--yes", "--delete-data"]).ends_with(0);
}

/// As version 0.1 left it where a zone failed: it meant to move the subnets, took the NAT gateway down for that, and
/// could not make them elsewhere, since their ranges were in use.
#[test]
fn subnets_that_an_earlier_version_could_not_move_are_taken_back() {
    let world = World::with_zones("abc");
    world.run(&["up", "dev", "--yes"]).ends_with(0);
    let mut state: Value = world.run(&["state", "pull", "dev"]).ends_with(0).json();
    let subnets = ["private-1", "private-2", "public-1", "public-2"];
    let mut ids = Vec::new();
    for subnet in subnets {
        let entry = &mut state["resources"][format!("network.{subnet}")];
        let was = entry.clone();
        ids.push(was["id"].clone());
        let old = ["kind", "id", "spec", "depends_on"].map(|key| (key.to_owned(), was[key].clone()));
        entry["deposed"] = json!([Value::Object(old.into_iter().collect())]);
        entry["phase"] = "intent".into();
        entry["spec"]["availability_zone"] = "ap-south-1c".into();
        for gone in ["id", "outputs"] {
            entry.as_object_mut().unwrap().remove(gone);
        }
    }
    state["resources"].as_object_mut().unwrap().remove("network.nat-1");
    world.project.write("left.json", &state.to_string());
    world.run(&["state", "push", "left.json", "dev"]).ends_with(0);
    world.run(&["up", "dev", "--yes"]).ends_with(0);
    world.run(&["plan", "dev", "--exit-code"]).ends_with(0);
    let state: Value = world.run(&["state", "pull", "dev"]).ends_with(0).json();
    for (subnet, id) in subnets.iter().zip(ids) {
        let entry = &state["resources"][format!("network.{subnet}")];
        assert_eq!(
            (&entry["id"], &entry["phase"], &entry["deposed"]),
            (&id, &json!("ready"), &Value::Null),
            "{subnet}"
        );
    }
}

#[test]
fn zones_are_chosen_by_name_or_id_and_one_in_use_is_not_left_out() {
    let world = World::with_zones("abc");
    world.project.edit("dev", "zones = 2", "zones = 2\nzone_names = [\"ap-south-1c\", \"aps1-az1\"]");
    world.run(&["up", "dev", "--yes"]).ends_with(0);
    assert_eq!(world.zones(), "ca");
    world.run(&["plan", "dev", "--exit-code"]).ends_with(0);
    // Their order means nothing to subnets that exist.
    world.project.edit("dev", "[\"ap-south-1c\", \"aps1-az1\"]", "[\"ap-south-1a\", \"ap-south-1b\", \"ap-south-1c\"]");
    world.run(&["plan", "dev", "--exit-code"]).ends_with(0);
    world.project.edit("dev", "\"ap-south-1b\", \"ap-south-1c\"]", "\"ap-south-1b\"]");
    let refused = world.run(&["up", "dev", "--yes"]).ends_with(64);
    for part in ["dev.toml:19:14", "ap-south-1c", "private-1", "AWS moves no subnet", "nothing was touched"] {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
    world.run(&["drift", "dev"]).ends_with(0);
}

#[test]
fn too_few_zones_and_unknown_ones_are_told_with_their_place() {
    let world = World::with_zones("abc");
    world.project.edit("dev", "zones = 2", "zones = 6");
    let few = world.run(&["plan", "dev"]).ends_with(64);
    assert!(few.stderr.contains("dev.toml:18:9") && few.stderr.contains("has 3 to choose from"), "{}", few.stderr);
    world.project.edit("dev", "zones = 6", "zones = 2\nzone_names = [\"ap-south-1a\", \"ap-south-1f\"]");
    let unknown = world.run(&["plan", "dev"]).ends_with(64);
    for part in ["dev.toml:19:14", "`ap-south-1f`", "ap-south-1a, ap-south-1b, ap-south-1c"] {
        assert!(unknown.stderr.contains(part), "{part} is not in {}", unknown.stderr);
    }
}
