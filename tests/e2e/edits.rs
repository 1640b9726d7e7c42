//! Edits of an environment file, each with the plan it must give: in place where AWS can, a replacement
//! with its cause where it cannot; and nothing to do afterwards.

use crate::project::Project;
use serde_json::Value;

struct Edited {
    project: Project,
}

/// `(address, action)` of each change.
type Changes<'a> = Vec<(&'a str, &'a str)>;

fn changes(plan: &Value) -> Changes<'_> {
    let changes = plan["changes"].as_array().unwrap();
    changes.iter().map(|change| (change["address"].as_str().unwrap(), change["action"].as_str().unwrap())).collect()
}

fn change<'a>(plan: &'a Value, address: &str) -> &'a Value {
    let changes = plan["changes"].as_array().unwrap();
    changes.iter().find(|change| change["address"] == address).unwrap_or_else(|| panic!("{address} is not in {plan:#}"))
}

fn fields(change: &Value) -> Vec<&str> {
    change["fields"].as_array().unwrap().iter().map(|field| field["path"].as_str().unwrap()).collect()
}

impl Edited {
    fn new() -> Self {
        let project = Project::new();
        project.local(&["up", "dev"]).ends_with(0);
        Self { project }
    }

    #[track_caller]
    fn plan(&self) -> Value {
        self.project.local(&["plan", "dev", "--json"]).ends_with(0).json()
    }

    /// The plan of a change that deletes data, which is refused unless that is agreed to.
    #[track_caller]
    fn plan_that_deletes_data(&self) -> Value {
        let refused = self.project.local(&["plan", "dev", "--json"]).ends_with(1).json();
        assert!(refused["refusals"].as_array().is_some_and(|refusals| !refusals.is_empty()), "{refused:#}");
        self.project.local(&["plan", "dev", "--json", "--delete-data"]).ends_with(0).json()
    }

    /// Applies, and expects nothing to do afterwards.
    #[track_caller]
    fn up(&self) {
        self.project.local(&["up", "dev", "--delete-data"]).ends_with(0);
        self.project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    }
}

#[test]
fn log_retention_changes_in_place() {
    let edited = Edited::new();
    edited.project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    let plan = edited.plan();
    assert!(!changes(&plan).is_empty());
    for (address, action) in changes(&plan) {
        assert_eq!(action, "update", "{address}");
        assert!(fields(change(&plan, address)).iter().all(|field| field.starts_with("retention")), "{address}");
    }
    edited.up();
}

#[test]
fn plan_of_a_target_counts_only_the_resources_that_it_looked_at() {
    let edited = Edited::new();
    let target = ["plan", "dev", "--target", "functions.logs-*"];
    let page = edited.project.local(&target).ends_with(0).stdout;
    assert!(
        page.contains(" of dev looked at, all are as they should be") && page.contains(" others not looked at"),
        "{page}"
    );
    let plan = edited.project.local(&[&target[..], &["--json"]].concat()).ends_with(0).json();
    let (looked_at, left_out) = (&plan["looked_at"]["resources"], &plan["looked_at"]["left_out"]);
    assert!(looked_at.as_u64().unwrap() < 10 && left_out.as_u64().unwrap() > 40, "{plan}");
}

#[test]
fn another_range_replaces_the_network_and_says_why() {
    let edited = Edited::new();
    edited.project.edit("dev", "cidr = \"10.0.0.0/16\"", "cidr = \"10.8.0.0/16\"");
    let plan = edited.plan();
    let vpc = change(&plan, "network.vpc");
    assert_eq!((&vpc["action"], &vpc["cause"]), (&"replace".into(), &"AWS cannot change cidr in place".into()));
    let domain = change(&plan, "studio.domain");
    assert_eq!(domain["action"], "replace");
    assert!(domain["cause"].as_str().unwrap().contains("vpc_id"), "{domain}");
    assert!(changes(&plan).iter().all(|(address, _)| !address.starts_with("storage.")));
    edited.up();
}

#[test]
fn another_zone_only_adds() {
    let edited = Edited::new();
    edited.project.edit("dev", "zones = 2", "zones = 3");
    let plan = edited.plan();
    assert_eq!(change(&plan, "network.private-3")["action"], "create");
    assert!(changes(&plan).iter().all(|(_, action)| matches!(*action, "create" | "update")), "{:?}", changes(&plan));
    edited.up();
}

#[test]
fn nat_in_every_zone_keeps_the_gateway_there_is() {
    let edited = Edited::new();
    edited.project.edit("dev", "nat = \"single\"", "nat = \"per-zone\"");
    let plan = edited.plan();
    assert_eq!(change(&plan, "network.nat-2")["action"], "create");
    assert!(changes(&plan).iter().all(|(address, action)| *address != "network.nat-1" && *action != "replace"));
    edited.up();
}

#[test]
fn a_new_feature_is_added_in_place_and_a_removed_one_replaces_with_its_name() {
    let edited = Edited::new();
    let column = "  { name = \"weekly_hours\", type = \"Fractional\" },\n";
    edited.project.edit("dev", column, &format!("{column}  {{ name = \"referrals\", type = \"Integral\" }},\n"));
    let plan = edited.plan();
    assert_eq!(changes(&plan), [("studio.features-customers", "update")]);
    edited.up();
    edited.project.edit("dev", column, "");
    let plan = edited.plan_that_deletes_data();
    let group = change(&plan, "studio.features-customers");
    assert_eq!(group["action"], "replace");
    assert!(group["cause"].as_str().unwrap().contains("weekly_hours"), "{group}");
    edited.up();
}

#[test]
fn a_function_comes_changes_and_goes() {
    let edited = Edited::new();
    let function =
        "\n[[functions]]\nname = \"extra\"\nsource = \"pipeline/functions/data-validation\"\nmemory_mb = 256\n";
    edited.project.append("dev", function);
    let plan = edited.plan();
    assert_eq!(change(&plan, "functions.extra")["action"], "create");
    assert!(changes(&plan).iter().all(|(_, action)| matches!(*action, "create" | "update")));
    edited.up();
    edited.project.edit("dev", "memory_mb = 256", "memory_mb = 512");
    let plan = edited.plan();
    assert_eq!(changes(&plan), [("functions.extra", "update")]);
    assert_eq!(fields(change(&plan, "functions.extra")), ["memory_mb"]);
    edited.up();
    edited.project.edit("dev", &function.replace("256", "512"), "");
    let plan = edited.plan();
    for address in ["functions.extra", "functions.logs-extra", "identity.extra-function", "monitoring.extra-errors"] {
        assert_eq!(change(&plan, address)["action"], "delete");
    }
    edited.up();
}

#[test]
fn functions_that_were_only_touched_are_not_shipped_again() {
    let edited = Edited::new();
    for name in ["data-validation", "model-evaluation"] {
        let handler = format!("pipeline/functions/{name}/handler.py");
        let file = edited.project.path().join(&handler);
        let content = std::fs::read_to_string(&file).unwrap();
        // Another inode, another time, other permissions, and what runs of tests leave behind.
        std::fs::remove_file(&file).unwrap();
        edited.project.write(&handler, &content);
        let hour = std::time::Duration::from_secs(3600);
        let opened = std::fs::File::options().write(true).open(&file).unwrap();
        opened.set_modified(std::time::SystemTime::now() - hour).unwrap();
        std::fs::set_permissions(&file, only_mine()).unwrap();
        edited.project.write(&format!("pipeline/functions/{name}/__pycache__/handler.cpython-312.pyc"), "cache");
    }
    edited.project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    // And what was changed is.
    edited.project.append_to("pipeline/functions/data-validation/handler.py", "# changed\n");
    let plan = edited.plan();
    // Each model names the code that made it, so the pipeline changes too.
    assert_eq!(changes(&plan), [("functions.data-validation", "update"), ("pipeline.training", "update")]);
    assert_eq!(fields(change(&plan, "functions.data-validation")), ["code_sha256"]);
}

fn only_mine() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o600)
}

#[test]
fn keys_of_ones_own_are_switched_on_and_off_again() {
    let edited = Edited::new();
    edited.project.edit("dev", "kms = false", "kms = true");
    let plan = edited.plan_that_deletes_data();
    assert_eq!(change(&plan, "encryption.data")["action"], "create");
    assert_eq!(change(&plan, "storage.data")["action"], "update");
    let repository = change(&plan, "registry.images");
    assert_eq!(repository["action"], "replace");
    assert!(repository["cause"].as_str().unwrap().contains("encryption"), "{repository}");
    edited.up();
    edited.project.edit("dev", "kms = true", "kms = false");
    // Without the keys nobody could read the encrypted data, so they stay. Plan refuses to delete the repository's
    // images.
    let plan = edited.project.local(&["plan", "dev", "--json"]).ends_with(1).json();
    let kept: Vec<&str> =
        plan["kept"].as_array().unwrap().iter().map(|kept| kept["address"].as_str().unwrap()).collect();
    assert!(kept.contains(&"encryption.data"), "{kept:?}");
    assert!(changes(&plan).iter().all(|(address, _)| !address.starts_with("encryption.")), "{:?}", changes(&plan));
    edited.up();
}

#[test]
fn an_alarm_is_added_alone() {
    let edited = Edited::new();
    edited.project.append(
        "dev",
        "\n[[monitoring.alarms]]\nname = \"queue\"\nnamespace = \"AWS/SQS\"\nmetric = \"ApproximateNumberOfMessagesVisible\"\ndimensions = { QueueName = \"work\" }\nstatistic = \"Maximum\"\nthreshold = 100\n",
    );
    let plan = edited.plan();
    assert_eq!(changes(&plan), [("monitoring.alarm-queue", "create")]);
    edited.up();
}

#[test]
fn renamed_project_does_not_take_over_the_state_of_the_old_one() {
    let edited = Edited::new();
    let bucket = format!("[state]\nbucket = \"mlops-pipeline-dev-mlopsctl-state-{}\"\n", local::ACCOUNT);
    edited.project.edit("dev", "project = \"mlops-pipeline\"", "project = \"churn\"");
    edited.project.edit("dev", "[tags]\n", &format!("{bucket}\n[tags]\n"));
    for command in ["plan", "up", "destroy"] {
        let refused = edited.project.local(&[command, "dev"]).ends_with(64);
        assert!(refused.stderr.contains("is of project mlops-pipeline, not churn"), "{}", refused.stderr);
    }
}

#[test]
fn a_budget_is_added_changed_and_removed() {
    let edited = Edited::new();
    let steps = [
        ("[[feature_groups]]", "[budget]\nmonthly_usd = 100\nalert_percent = [50]\n\n[[feature_groups]]", "create"),
        ("monthly_usd = 100\nalert_percent = [50]", "monthly_usd = 200", "update"),
        ("[budget]\nmonthly_usd = 200\n", "", "delete"),
    ];
    for (from, to, action) in steps {
        edited.project.edit("dev", from, to);
        assert_eq!(changes(&edited.plan()), [("operations.budget", action)]);
        edited.up();
    }
}
