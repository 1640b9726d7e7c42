//! The environment files of the repository and the JSON Schema beside them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use config::environment::network::Nat;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn environment(name: &str) -> config::Environment {
    let path = project().join("environments").join(format!("{name}.toml"));
    config::load(&path, &project()).unwrap_or_else(|invalid| panic!("{invalid}"))
}

#[test]
fn the_environments_are_discovered_and_load() {
    let names = config::discover(&project().join("environments"));
    assert_eq!(names, ["dev", "prod", "staging"]);
    for name in names {
        assert_eq!(environment(&name).environment, name);
    }
}

#[test]
fn the_files_are_formatted() {
    for name in ["dev", "staging", "prod"] {
        let text = std::fs::read_to_string(project().join("environments").join(format!("{name}.toml"))).unwrap();
        assert_eq!(config::format(&text).as_deref(), Ok(text.as_str()), "{name}");
    }
}

#[test]
fn the_environments_differ_as_the_platform_promises() {
    let [dev, staging, prod] = ["dev", "staging", "prod"].map(environment);
    assert_eq!(dev.network.cidr.unwrap().to_string(), "10.0.0.0/16");
    assert_eq!(staging.network.cidr.unwrap().to_string(), "10.1.0.0/16");
    assert_eq!(prod.network.cidr.unwrap().to_string(), "10.2.0.0/16");
    let zones = [&dev, &staging, &prod].map(|e| (e.network.zones, e.network.nat));
    assert_eq!(zones, [(2, Nat::Single), (2, Nat::Single), (3, Nat::PerZone)]);
    assert_eq!([&dev, &staging, &prod].map(|e| e.encryption.kms), [false, true, true]);
    assert_eq!([&dev, &staging, &prod].map(|e| e.network.flow_logs), [false, true, true]);
    assert_eq!([&dev, &staging, &prod].map(|e| e.network.endpoints.len()), [0, 6, 10]);
    assert_eq!([&dev, &staging, &prod].map(|e| e.monitoring.log_retention_days), [7, 30, 365]);
    let tag = |e: &config::Environment, key: &str| e.tags.get(key).cloned();
    assert_eq!(
        [&dev, &staging, &prod].map(|e| tag(e, "Compliance")),
        ["None", "SOC2", "SOC2"].map(|v| Some(v.to_owned()))
    );
    assert_eq!(tag(&prod, "Backup").as_deref(), Some("Required"));
    assert_eq!(tag(&prod, "CostCenter").as_deref(), Some("Production"));
    assert!(dev.protection.protect.is_empty() && staging.protection.protect.is_empty());
    assert_eq!(prod.protection.protect, ["storage.*", "encryption.*", "studio.*", "registry.*", "pipeline.endpoint"]);
    let copied: Vec<&str> = prod.storage.buckets.iter().filter(|b| b.replicate).map(|b| b.name.as_str()).collect();
    assert_eq!(copied, ["data", "models"]);
    assert_ne!(prod.storage.replication.unwrap().region, prod.region);
}

#[test]
fn a_file_of_four_lines_is_a_whole_environment() {
    let text = "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n";
    let small = config::parse("test", text, None).unwrap();
    assert_eq!(small.prefix(), "shop-test");
    assert_eq!(small.bucket_name("data", "123456789012"), "shop-test-data-123456789012");
    assert_eq!(small.database_name(), "shop_test");
    let buckets: Vec<&str> = small.storage.buckets.iter().map(|bucket| bucket.name.as_str()).collect();
    assert_eq!(buckets, ["data", "models", "artifacts"]);
    assert!(small.network.s3_endpoint && small.pipeline.is_none());
}

#[test]
fn the_state_bucket_of_the_longest_prefix_is_still_a_bucket_name() {
    let of = |project: &str| {
        let text = format!("project = \"{project}\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n");
        config::parse("test", &text, None)
    };
    let longest = (1..64).filter_map(|length| of(&"a".repeat(length)).ok()).next_back().unwrap();
    let name = longest.state_bucket_name("123456789012");
    assert_eq!(name, format!("{}-mlopsctl-state-123456789012", longest.prefix()));
    assert!(name.len() <= 63, "{name}");
}

#[test]
fn numbers_become_the_text_that_sagemaker_and_lambda_want() {
    let hyperparameters = environment("dev").pipeline.unwrap().training.hyperparameters;
    let expected = [("eval_metric", "auc"), ("num_round", "100"), ("objective", "binary:logistic")];
    assert_eq!(hyperparameters, BTreeMap::from(expected.map(|(key, value)| (key.to_owned(), value.to_owned()))));
}

#[test]
fn an_environment_survives_being_written_down() {
    for name in ["dev", "staging", "prod"] {
        let environment = environment(name);
        let text = serde_json::to_string(&environment).unwrap();
        assert_eq!(serde_json::from_str::<config::Environment>(&text).unwrap(), environment);
    }
}

#[test]
fn the_schema_file_is_the_schema_of_the_code() {
    let path = project().join("state/schemas/environment.schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&config::schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "the schema has changed; regenerate it: UPDATE_SCHEMA=1 cargo test -p mlopsctl-config"
    );
}

/// Keywords the reader enforces, and those that only tell editors something.
const ENFORCED: [&str; 19] = [
    "additionalProperties",
    "const",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
    "uniqueItems",
    "patternErrorMessage",
    "examples",
];
const INFORMATIVE: [&str; 5] = ["$schema", "title", "description", "default", "writeOnly"];

#[test]
fn the_schema_says_nothing_that_reading_does_not_enforce() {
    fn walk(schema: &serde_json::Value, at: &str) {
        let Some(object) = schema.as_object() else { return };
        for (keyword, value) in object {
            let known = ENFORCED.contains(&keyword.as_str()) || INFORMATIVE.contains(&keyword.as_str());
            assert!(known, "{at} says `{keyword}`");
            match keyword.as_str() {
                "properties" => {
                    for (name, property) in value.as_object().unwrap() {
                        assert!(property["description"].is_string(), "{at}.{name} has no description");
                        walk(property, &format!("{at}.{name}"));
                    }
                }
                "items" | "additionalProperties" | "propertyNames" => walk(value, &format!("{at}/{keyword}")),
                "oneOf" => value.as_array().unwrap().iter().for_each(|branch| walk(branch, at)),
                _ => {}
            }
        }
        if object.contains_key("properties") {
            assert_eq!(object["additionalProperties"], false, "{at} takes unknown keys");
        }
    }
    walk(&config::schema(), "environment");
}
