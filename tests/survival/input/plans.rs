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

/// The change of a good plan, and the message for it. A plan file is applied without a confirmation.
type Forgery = (&'static str, fn(&mut Value), &'static str);

/// The message for a plan that was edited without a new digest.
const EDITED: &str = "it was changed after it was saved";
const FORGERIES: &[Forgery] = &[
    ("of another environment", |plan| plan["environment"] = json!("prod"), EDITED),
    ("of other inputs", |plan| plan["inputs"] = json!("0"), EDITED),
    ("of a later state", |plan| plan["serial"] = json!(7), EDITED),
    ("a change less", |plan| drop(plan["changes"].as_array_mut().unwrap().pop()), EDITED),
    ("no changes", |plan| plan["changes"] = json!([]), EDITED),
    ("another action", |plan| plan["changes"][0]["action"] = json!("delete"), EDITED),
    ("another address", |plan| plan["changes"][0]["address"] = json!("a.\u{1b}[2J"), EDITED),
    ("another value", |plan| plan["changes"][0]["spec"]["cidr"] = json!("0.0.0.0/0"), EDITED),
    ("targets", |plan| plan["targets"] = json!(["network.*"]), EDITED),
    ("targets that are none", |plan| plan["targets"] = json!(["nowhere.*"]), EDITED),
    ("another count", |plan| plan["unchanged"] = json!(54), EDITED),
    ("another digest", |plan| plan["digest"] = json!("0"), EDITED),
    ("no digest", |plan| drop(plan.as_object_mut().unwrap().remove("digest")), "it has no digest"),
    ("an action nobody knows", |plan| plan["changes"][0]["action"] = json!("explode"), "unknown variant `explode`"),
    ("a negative serial", |plan| plan["serial"] = json!(-1), "is not a saved plan"),
    ("a count that is none", |plan| plan["unchanged"] = json!(1e300), "is not a saved plan"),
    ("changes that are none", |plan| plan["changes"] = json!({"all": true}), "is not a saved plan"),
    ("a change without fields", |plan| plan["changes"] = json!([{}]), "missing field"),
];

/// The same with a digest that matches the changed plan.
const SIGNED: &[Forgery] = &[
    ("of another environment", |plan| plan["environment"] = json!("prod"), "it was made for another environment"),
    ("of other inputs", |plan| plan["inputs"] = json!("0"), "have changed"),
    ("of a later state", |plan| plan["serial"] = json!(7), "the state has changed"),
    ("a change less", |plan| drop(plan["changes"].as_array_mut().unwrap().pop()), "the cloud has changed"),
    ("no changes", |plan| plan["changes"] = json!([]), "the cloud has changed"),
    ("another action", |plan| plan["changes"][0]["action"] = json!("delete"), "the cloud has changed"),
    ("another value", |plan| plan["changes"][0]["spec"]["cidr"] = json!("0.0.0.0/0"), "the cloud has changed"),
    ("targets that are none", |plan| plan["targets"] = json!(["nowhere.*"]), "the cloud has changed"),
];

/// Gives a plan the digest of what it says.
fn sign(plan: &mut Value) {
    plan.as_object_mut().unwrap().remove("digest");
    plan["digest"] = resource::sha256_hex(plan.to_string().as_bytes()).into();
}

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

    std::fs::remove_file(&file).unwrap();
    served.run(&project, &["plan", "dev", "--out", "plan.json"]).ends_with(0);
    let good: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (forgeries, code) in [(FORGERIES, 64), (SIGNED, 1)] {
        for (what, forge, says) in forgeries {
            eprintln!("{what}");
            let mut plan = good.clone();
            forge(&mut plan);
            if code == 1 {
                sign(&mut plan);
            }
            std::fs::write(&file, plan.to_string()).unwrap();
            refused(code, says);
        }
    }
    std::fs::write(&file, good.to_string()).unwrap();
    served.run(&project, &["up", "dev", "--plan", "plan.json"]).ends_with(0);
}

#[test]
fn a_saved_plan_of_some_resources_says_what_it_leaves_out() {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, &["plan", "dev", "--target", "network.*", "--out", "plan.json"]).ends_with(0);
    let run = served.run(&project, &["up", "dev", "--plan", "plan.json"]).ends_with(0);
    let said = "note: this plan is about network.* only and leaves out 41 resources: identity.glue, ";
    assert!(run.stderr.starts_with(said) && run.stderr.contains(" and 31 more\n"), "{}", run.stderr);
    // Applied in vain: its edited targets have nothing to do.
    served.run(&project, &["plan", "dev", "--out", "plan.json"]).ends_with(0);
    let file = project.path().join("plan.json");
    let mut plan: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    (plan["targets"], plan["changes"]) = (json!(["network.*"]), json!([]));
    sign(&mut plan);
    std::fs::write(&file, plan.to_string()).unwrap();
    let run = served.run(&project, &["up", "dev", "--plan", "plan.json"]).ends_with(0);
    assert!(run.stderr.starts_with(said), "{}", run.stderr);
}

#[test]
fn a_saved_plan_is_for_its_owner_and_never_written_through_a_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let project = Project::new();
    let (file, link) = (project.path().join("plan.json"), project.path().join("link.json"));
    project.local(&["plan", "dev", "--out", "plan.json"]).ends_with(0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    project.write("precious", "mine");
    symlink("precious", &link).unwrap();
    project.local(&["plan", "dev", "--out", "link.json"]).ends_with(1).says(&["link.json", "it is a symbolic link"]);
    assert_eq!(std::fs::read_to_string(project.path().join("precious")).unwrap(), "mine");
}
