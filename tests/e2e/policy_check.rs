//! A check of plans in a company's CI pipeline, on the output of `plan --json`. It can judge every policy, although the
//! resources in it do not exist yet.

use crate::project::Project;
use serde_json::Value;

/// All values in a value, including itself.
fn within(value: &Value) -> Vec<&Value> {
    let inner: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    };
    std::iter::once(value).chain(inner.into_iter().flat_map(within)).collect()
}

/// The findings of the check. The same in jq:
///
/// ```text
/// .changes[] as $c | $c.fields[]
/// | (select(.known==false and (.path|test("polic"))) | "\($c.address) \(.path) is unknown"),
///   (select(.path|test("^(inline_policies|policy|trust)")) | .after | .. | objects | select(.Effect?=="Allow")
///     | select([.Resource?] | flatten | index("*")) | "\($c.address) allows \(.Action|tojson) on *"),
///   (select(.path|test("ingress")) | .after | .. | strings | select(.=="0.0.0.0/0") | "\($c.address) is open")
/// ```
fn check(plan: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for change in plan["changes"].as_array().unwrap() {
        let address = change["address"].as_str().unwrap();
        for field in change["fields"].as_array().unwrap() {
            let (path, after) = (field["path"].as_str().unwrap(), &field["after"]);
            if field["known"] == false && path.contains("polic") {
                said.push(format!("{address} {path} is unknown"));
            }
            let is_policy = ["inline_policies", "policy", "trust"].iter().any(|name| path.starts_with(name));
            for value in within(after) {
                let is_on_all = [&value["Resource"], &value["Resource"][0]].into_iter().any(|one| one == "*");
                if is_policy && value["Effect"] == "Allow" && is_on_all {
                    said.push(format!("{address} allows {} on *", value["Action"]));
                }
                if path.contains("ingress") && value == "0.0.0.0/0" {
                    said.push(format!("{address} is open"));
                }
            }
        }
    }
    said
}

#[track_caller]
fn plan(project: &Project, environment: &str) -> Value {
    let plan = project.local(&["plan", environment, "--json"]).json();
    for field in plan["changes"].as_array().unwrap().iter().flat_map(|change| change["fields"].as_array().unwrap()) {
        let path = field["path"].as_str().unwrap();
        let unknown = field["unknown"].as_array().cloned().unwrap_or_default();
        let placeholders =
            within(&field["after"]).into_iter().filter(|value| value.as_str().is_some_and(|text| text.contains('⟦')));
        assert!(unknown.len() >= placeholders.count(), "{field:#}");
        assert!(unknown.iter().all(|one| one.as_str().unwrap().starts_with(path)), "{field:#}");
        assert!(field["known"] == true || !unknown.is_empty(), "{field:#}");
    }
    plan
}

#[test]
fn policies_of_the_shipped_environments_can_be_judged_before_anything_exists() {
    for environment in ["dev", "staging", "prod"] {
        let plan = plan(&Project::new(), environment);
        let said = check(&plan);
        assert!(!said.iter().any(|one| one.ends_with("is unknown") || one.ends_with("is open")), "{said:#?}");
        assert_eq!(plan["state_bucket"]["action"], "create", "{environment}");
        let roles: Vec<&Value> =
            plan["changes"].as_array().unwrap().iter().filter(|change| change["kind"] == "iam:role").collect();
        assert!(roles.iter().all(|role| !role["allows"].as_array().unwrap().is_empty()), "{environment}");
    }
}

#[test]
fn policies_can_be_judged_when_keys_are_switched_on() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "kms = false", "kms = true");
    let plan = plan(&project, "dev");
    let said = check(&plan);
    assert!(!said.iter().any(|one| one.ends_with("is unknown")), "{said:#?}");
    let texts: Vec<&str> = within(&plan["changes"]).into_iter().filter_map(Value::as_str).collect();
    assert!(texts.iter().any(|text| text.contains("⟦encryption.data.arn⟧")));
}
