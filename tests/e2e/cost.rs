//! The cost of a platform, by itself and in a plan.

use crate::project::{Project, Ran};
use serde_json::{Value, json};

fn estimate(project: &Project, environment: &str, more: &[&str]) -> Value {
    project.local(&[&["cost", environment, "--json"], more].concat()).ends_with(0).json()
}

/// An amount in cents.
fn cents(amount: &Value) -> i64 {
    let cents = amount.as_f64().unwrap() * 100.0;
    #[allow(clippy::cast_possible_truncation, reason = "a sum of money")]
    let rounded = cents.round() as i64;
    rounded
}

#[test]
fn what_is_paid_every_month_is_the_sum_of_what_it_is_computed_from() {
    let project = Project::new();
    for environment in ["dev", "staging", "prod"] {
        let estimate = estimate(&project, environment, &[]);
        let all = |of: &Value, list: &str| of[list].as_array().unwrap().clone();
        let mut sum = 0.0;
        for area in all(&estimate, "areas") {
            for resource in all(&area, "resources") {
                for item in all(&resource, "items") {
                    sum += item["quantity"].as_f64().unwrap() * item["unit_price"].as_f64().unwrap();
                }
            }
        }
        assert_eq!(cents(&json!(sum)), cents(&estimate["monthly"]), "{environment}");
        assert!(all(&estimate, "not_priced").iter().all(|gap| gap["missing_from"] == "by_use"), "{estimate:#}");
        assert!(!all(&estimate, "runs").is_empty() && !all(&estimate, "by_use").is_empty());
    }
}

#[test]
fn a_plan_says_what_it_changes_about_the_bill() {
    let project = Project::new();
    let cost = |project: &Project| project.local(&["plan", "dev", "--json"]).ends_with(0).json()["cost"].clone();
    let fresh = cost(&project);
    assert_eq!((&fresh["currency"], cents(&fresh["monthly_before"])), (&json!("USD"), 0));
    let dev = cents(&estimate(&project, "dev", &[])["monthly"]);
    assert_eq!(cents(&fresh["monthly_after"]), dev);

    project.local(&["up", "dev"]).ends_with(0);
    let unchanged = cost(&project);
    assert_eq!((cents(&unchanged["monthly_before"]), cents(&unchanged["monthly_after"])), (dev, dev));

    project.edit("dev", "nat = \"single\"", "nat = \"per-zone\"");
    let more = cost(&project);
    // A gateway, its address and its alarm.
    assert_eq!(cents(&more["monthly_after"]) - cents(&more["monthly_before"]), 4088 + 365 + 10);
    let text = project.local(&["plan", "dev"]).ends_with(0).stdout;
    assert!(text.contains("USD a month, 48.23 before"), "{text}");
    let part = project.local(&["plan", "dev", "--target", "storage.*", "--json"]).ends_with(0).json();
    assert_eq!(cents(&part["cost"]["monthly_after"]), dev, "a plan of some resources leaves the others");
}

#[test]
fn estimate_needs_no_credentials() {
    let project = Project::new();
    let cost = |more: &[&str]| {
        let mut command = project.command(&[&["cost", "prod"], more].concat());
        command.env("HOME", project.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        Ran::of(command.output().unwrap()).ends_with(0)
    };
    assert_eq!(cost(&["--json"]).json(), estimate(&project, "prod", &[]));
    let page = cost(&[]);
    assert!(page.stderr.contains("without AWS credentials, this is what the file describes"), "{}", page.stderr);
    assert!(page.stdout.contains("every month, USD"), "{}", page.stdout);
}

#[test]
fn prices_of_ones_own_take_the_place_of_the_list_prices() {
    let project = Project::new();
    let list = json!({
        "format": 1, "currency": "USD", "as_of": "2026-01-01", "about": "what we pay",
        "meters": {"ec2:nat-gateway-hour": {
            "unit": "hour", "as_of": "2026-01-01", "source": "our contract", "usd": {"ap-south-1": "0.01"}
        }}
    });
    project.write("prices.json", &list.to_string());
    let estimate = estimate(&project, "dev", &["--prices", "prices.json"]);
    assert_eq!(cents(&estimate["monthly"]), 730);
    let lacks = |gap: &Value| gap["missing_from"] == "monthly";
    assert!(estimate["not_priced"].as_array().unwrap().iter().any(lacks), "{estimate:#}");
    let page = project.local(&["cost", "dev", "--prices", "prices.json"]).ends_with(0).stdout;
    assert!(page.contains("at least, every month, USD"), "{page}");
}

#[test]
fn the_built_in_list_can_be_printed_and_used() {
    let project = Project::new();
    let printed = project.command(&["cost", "--print-prices"]).output().unwrap().stdout;
    project.write("prices.json", &String::from_utf8(printed).unwrap());
    assert_eq!(estimate(&project, "dev", &["--prices", "prices.json"]), estimate(&project, "dev", &[]));
    project.local(&["cost", "dev", "--print-prices"]).ends_with(64);
}

#[test]
fn what_is_no_price_list_is_refused_with_the_place() {
    let project = Project::new();
    for (text, says) in [
        ("", "EOF"),
        ("{}", "format"),
        ("{\"format\": 2}", "format"),
        (
            r#"{"format":1,"currency":"USD","as_of":"2026-01-01","about":"x","meters":{"kms:key-month":{"unit":"month","as_of":"2026-01-01","source":"x","usd":{"eu-west-1":"cheap"}}}}"#,
            "meters.kms:key-month.usd.eu-west-1",
        ),
    ] {
        project.write("prices.json", text);
        let run = project.local(&["cost", "dev", "--prices", "prices.json"]).ends_with(64);
        assert!(run.stderr.contains("is not a price list") && run.stderr.contains(says), "{}", run.stderr);
    }
}

#[test]
fn plan_says_what_a_larger_machine_makes_of_the_cost_of_an_execution() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let unchanged = project.local(&["plan", "dev"]).ends_with(0).stdout;
    assert!(!unchanged.contains("each execution"), "{unchanged}");
    project.edit(
        "dev",
        "[pipeline.training]\ninstance_type = \"ml.m5.large\"",
        "[pipeline.training]\ninstance_type = \"ml.m5.4xlarge\"",
    );
    let plan = project.local(&["plan", "dev"]).ends_with(0).stdout;
    let (_, most) = plan.split_once("as before. At most for each execution, in USD: pipeline.training ").unwrap();
    let (after, before) = most.split_once(", ").unwrap();
    let before = before.split_once(" before.").unwrap().0;
    let amount = |text: &str| text.parse::<f64>().unwrap();
    assert!(amount(after) > amount(before) + 0.5, "{after} is not much more than {before}");
}
