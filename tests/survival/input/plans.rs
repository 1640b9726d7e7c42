//! Saved plans that are none, or of something else.

use crate::{project::Project, served::Served};
use serde_json::{Value, json};

const NO_PLANS: [(&str, &str, &str); 10] = [
    ("nothing", "", "is not a saved plan: EOF"),
    ("no JSON", "format = 1", "is not a saved plan: expected"),
    ("cut short", "{\"format\": 1, \"environment\": \"de", "is not a saved plan: EOF"),
    ("a number", "7", "is not a saved plan: invalid type"),
    ("a list", "[]", "is not a saved plan: "),
    ("an empty object", "{}", "is not a saved plan: missing field"),
    (
        "Terraform's",
        "{\"format_version\":\"1.2\",\"terraform_version\":\"1.11.4\",\"resource_changes\":[]}",
        "missing field",
    ),
    ("a later format", "{\"format\": 2, \"steps\": []}", "is not a saved plan: it was made by a newer mlopsctl"),
    ("a later format, in full", "{\"format\": 18446744073709551615}", "made by a newer mlopsctl"),
    ("bytes", "\u{0}\u{1}\u{2}", "is not a saved plan: expected"),
];

/// What is changed in a good plan, and what is said of it. Nobody confirms what a file says.
type Forgery = (&'static str, fn(&mut Value), i32, &'static str);

const FORGERIES: &[Forgery] = &[
    ("of another environment", |plan| plan["environment"] = json!("prod"), 1, "it is of another environment"),
    ("of other inputs", |plan| plan["inputs"] = json!("0"), 1, "have changed"),
    ("of a later state", |plan| plan["serial"] = json!(7), 1, "the state has changed"),
    ("a change less", |plan| drop(plan["changes"].as_array_mut().unwrap().pop()), 1, "the cloud has changed"),
    ("no changes", |plan| plan["changes"] = json!([]), 1, "the cloud has changed"),
    ("another action", |plan| plan["changes"][0]["action"] = json!("delete"), 1, "the cloud has changed"),
    ("another address", |plan| plan["changes"][0]["address"] = json!("a.\u{1b}[2J"), 1, "the cloud has changed"),
    ("another value", |plan| plan["changes"][0]["spec"]["cidr"] = json!("0.0.0.0/0"), 1, "the cloud has changed"),
    ("targets that are none", |plan| plan["targets"] = json!(["nowhere.*"]), 1, "the cloud has changed"),
    ("an action nobody knows", |plan| plan["changes"][0]["action"] = json!("explode"), 64, "unknown variant `explode`"),
    ("a negative serial", |plan| plan["serial"] = json!(-1), 64, "is not a saved plan"),
    ("a count that is none", |plan| plan["unchanged"] = json!(1e300), 64, "is not a saved plan"),
    ("changes that are none", |plan| plan["changes"] = json!({"all": true}), 64, "is not a saved plan"),
    ("a change without fields", |plan| plan["changes"] = json!([{}]), 64, "missing field"),
];

#[test]
fn what_is_no_plan_of_now_is_not_applied() {
    let (project, served) = (Project::new(), Served::start());
    let file = project.path().join("plan.json");
    let refused = |code: i32, says: &str| {
        let run = served.run(&project, &["up", "dev", "--plan", "plan.json"]).ends_with(code);
        run.says(&[says]);
        assert_eq!(served.door().changes(), [""; 0]);
    };
    for (what, text, says) in NO_PLANS {
        eprintln!("{what}");
        std::fs::write(&file, text).unwrap();
        refused(64, says);
    }
    std::fs::write(&file, format!("{{\"format\": 1, \"changes\": {}", "[".repeat(100_000))).unwrap();
    refused(64, "recursion limit");

    served.run(&project, &["plan", "dev", "--out", "plan.json"]).ends_with(0);
    let good: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (what, forge, code, says) in FORGERIES {
        eprintln!("{what}");
        let mut plan = good.clone();
        forge(&mut plan);
        std::fs::write(&file, plan.to_string()).unwrap();
        refused(*code, says);
    }
    std::fs::write(&file, good.to_string()).unwrap();
    served.run(&project, &["up", "dev", "--plan", "plan.json"]).ends_with(0);
}
