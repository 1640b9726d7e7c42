//! Checks a definition as Step Functions does, as far as the definition alone allows.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html>

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The types of states, and whether they say what comes next.
const TYPES: [(&str, bool); 8] = [
    ("Task", true),
    ("Pass", true),
    ("Wait", true),
    ("Parallel", true),
    ("Map", true),
    ("Choice", false),
    ("Succeed", false),
    ("Fail", false),
];
/// The longest name of a state.
const LONGEST_NAME: usize = 80;

/// Every mistake, with the name of its state.
pub(super) fn mistakes(definition: &Value) -> Vec<String> {
    let mut found = Vec::new();
    machine(definition, "", &mut found);
    found
}

/// A whole machine, or one within a state of another: `within` names that state.
fn machine(definition: &Value, within: &str, found: &mut Vec<String>) {
    let place = |field: &str| if within.is_empty() { format!("`{field}`") } else { format!("`{field}` of {within}") };
    let Some(states) = definition["States"].as_object().filter(|states| !states.is_empty()) else {
        found.push(format!("{} must be an object with at least one state", place("States")));
        return;
    };
    let start = definition["StartAt"].as_str();
    match start {
        Some(start) if states.contains_key(start) => {}
        Some(start) => found.push(format!("{} leads to `{start}`, and there is no such state", place("StartAt"))),
        None => found.push(format!("{} must name a state", place("StartAt"))),
    }
    for (name, body) in states {
        if name.chars().count() > LONGEST_NAME {
            found.push(format!("the name of state `{name}` has more than {LONGEST_NAME} characters"));
        }
        state(name, body, states, found);
    }
    if let Some(start) = start.filter(|start| states.contains_key(*start)) {
        let reached = reached(start, states);
        let unreached = states.keys().filter(|name| !reached.contains(name.as_str()));
        found.extend(unreached.map(|name| format!("no state leads to state `{name}`")));
    }
}

fn state(name: &str, body: &Value, states: &Map<String, Value>, found: &mut Vec<String>) {
    let kind = body["Type"].as_str().unwrap_or_default();
    let Some((_, goes_on)) = TYPES.iter().find(|(known, _)| *known == kind) else {
        let types: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
        found.push(format!("`Type` of state `{name}` must be one of {}", types.join(", ")));
        return;
    };
    let (has_next, ends) = (body.get("Next").is_some(), body["End"] == Value::Bool(true));
    match goes_on {
        true if has_next == ends => found.push(format!("state `{name}` must have either `Next` or `\"End\": true`")),
        false if has_next || ends => {
            found.push(format!("state `{name}` is a {kind}, which has neither `Next` nor `End`"))
        }
        _ => {}
    }
    if kind == "Choice" && body["Choices"].as_array().is_none_or(Vec::is_empty) {
        found.push(format!("state `{name}` must have `Choices`"));
    }
    if kind == "Task" && !body["Resource"].is_string() {
        found.push(format!("state `{name}` must have a `Resource`"));
    }
    for (key, target) in targets(body) {
        match target.as_str() {
            Some(target) if states.contains_key(target) => {}
            Some(target) => {
                found.push(format!("`{key}` of state `{name}` leads to `{target}`, and there is no such state"));
            }
            None => found.push(format!("`{key}` of state `{name}` must name a state")),
        }
    }
    let branches = body["Branches"].as_array().into_iter().flatten();
    let within = format!("state `{name}`");
    for inner in
        branches.chain([&body["ItemProcessor"], &body["Iterator"]].into_iter().filter(|inner| !inner.is_null()))
    {
        machine(inner, &within, found);
    }
}

/// The states that a state leads to, with the keys that name them.
fn targets(body: &Value) -> Vec<(&'static str, &Value)> {
    let lists = [("Choices", "Next in Choices"), ("Catch", "Next in Catch")];
    let listed = lists
        .into_iter()
        .flat_map(|(list, key)| body[list].as_array().into_iter().flatten().map(move |one| (key, &one["Next"])));
    let own = ["Next", "Default"].into_iter().filter_map(|key| Some((key, body.get(key)?)));
    own.chain(listed).collect()
}

fn reached<'a>(start: &'a str, states: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            let next = states.get(name).map(targets).unwrap_or_default();
            open.extend(next.into_iter().filter_map(|(_, target)| target.as_str()));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_step_functions_would_refuse_is_named() {
        let sound = json!({"StartAt": "A", "States": {
            "A": {"Type": "Task", "Resource": "r", "Next": "B", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
            "B": {"Type": "Choice", "Choices": [{"Condition": "x", "Next": "C"}], "Default": "D"},
            "C": {"Type": "Fail"},
            "D": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}}}});
        assert_eq!(mistakes(&sound), Vec::<String>::new());
        let broken = |edit: fn(&mut Value)| {
            let mut broken = sound.clone();
            edit(&mut broken);
            mistakes(&broken)
        };
        let said = broken(|machine| machine["States"]["A"]["Next"] = "NoSuchState".into());
        assert_eq!(said[0], "`Next` of state `A` leads to `NoSuchState`, and there is no such state");
        assert!(said.contains(&"no state leads to state `B`".to_owned()), "{said:?}");
        assert_eq!(
            broken(|machine| machine["StartAt"] = "X".into()),
            ["`StartAt` leads to `X`, and there is no such state"]
        );
        assert_eq!(
            broken(|machine| machine["States"]["C"]["Type"] = "Failure".into()),
            ["`Type` of state `C` must be one of Task, Pass, Wait, Parallel, Map, Choice, Succeed, Fail"]
        );
        assert_eq!(
            broken(|machine| machine["States"]["D"]["ItemProcessor"]["StartAt"] = json!(1)),
            ["`StartAt` of state `D` must name a state"]
        );
        assert_eq!(mistakes(&json!([])), ["`States` must be an object with at least one state"]);
    }
}
