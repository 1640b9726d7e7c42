//! Rules for ignored fields: the resources and fields that they name must exist.

use crate::{ACCOUNT, repository};
use resource::Address;

fn findings(rules: &[&str]) -> Vec<(String, String, String)> {
    let root = repository();
    let mut environment = config::load(&root.join("environments/dev.toml"), &root).unwrap();
    environment.allowed_accounts = vec![ACCOUNT.to_owned()];
    environment.ignore = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let found = blueprint::check(&environment, "dev", &root);
    found.into_iter().map(|one| (one.setting, one.message, one.help)).collect()
}

#[test]
fn rule_that_names_a_field_of_a_resource_is_right() {
    let right = ["identity.data-validation-function#inline_policies.queue", "functions.*#tags.CostCenter"];
    assert_eq!(findings(&right), []);
}

#[test]
fn rule_that_names_nothing_is_told_with_what_is_near() {
    let found = findings(&["functions.data-validaton#memory_mb", "functions.data-validation#memory"]);
    let said: Vec<_> = found.iter().map(|(at, what, help)| (at.as_str(), what.as_str(), help.as_str())).collect();
    let unknown = "the environment has no resource `functions.data-validaton`";
    let field = "functions.data-validation (lambda:function) has no field `memory`";
    assert_eq!(
        said,
        [
            ("ignore.0", unknown, "did you mean `functions.data-validation`?"),
            ("ignore.1", field, "did you mean `memory_mb`?")
        ]
    );
}

#[test]
fn rule_for_a_part_of_what_is_compared_as_a_whole_is_told() {
    let found = findings(&["functions.data-validation#memory_mb.size"]);
    assert_eq!(found[0].1, "`memory_mb` of functions.data-validation is compared as a whole");
}

#[test]
fn move_from_what_is_declared_or_to_what_is_not_is_told() {
    let root = repository();
    let mut environment = config::load(&root.join("environments/dev.toml"), &root).unwrap();
    let moved = |from: &str, to: &str| config::environment::Moved { from: from.into(), to: to.into() };
    environment.moved = vec![moved("storage.data", "storage.models"), moved("storage.old", "storage.modles")];
    let found = blueprint::check(&environment, "dev", &root);
    let said: Vec<_> = found.iter().map(|one| (one.setting.as_str(), one.message.as_str())).collect();
    assert_eq!(
        said,
        [
            ("moved.0.from", "storage.data is still declared, so it cannot have moved"),
            ("moved.1.to", "the environment has no resource `storage.modles`")
        ]
    );
}

#[test]
fn rules_of_the_file_are_those_of_the_stack() {
    let root = repository();
    let mut environment = config::load(&root.join("environments/dev.toml"), &root).unwrap();
    environment.ignore = vec!["functions.*#tags.CostCenter".to_owned()];
    let rules = blueprint::ignore_rules(&environment);
    assert_eq!(rules.paths(&Address::new("functions", "data-validation")), ["tags.CostCenter"]);
    assert!(rules.paths(&Address::new("storage", "data")).is_empty());
}
