//! Checks of state machine definitions in Amazon States Language, as far as the definition alone allows.
//! `mlopsctl validate` and the embedded AWS both use them.
//! <https://states-language.net/spec.html>

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
/// A Wait state has exactly one of these fields.
const WAITS: [&str; 4] = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
/// The error name that stands for all errors.
const ALL_ERRORS: &str = "States.ALL";

/// Every mistake for which Step Functions refuses the definition, with the name of its state.
///
/// Placeholders such as `${name}` may stand wherever text may stand.
pub fn mistakes(definition: &Value) -> Vec<String> {
    let mut check = Check { found: Vec::new(), names: BTreeSet::new() };
    check.machine(definition, "");
    check.found
}

struct Check<'a> {
    found: Vec<String>,
    /// The names so far: they are unique in the whole machine, with all machines within it.
    names: BTreeSet<&'a str>,
}

impl<'a> Check<'a> {
    fn report(&mut self, mistake: String) {
        self.found.push(mistake);
    }

    /// Checks a whole machine, or one within a state of another: `within` names that state.
    fn machine(&mut self, definition: &'a Value, within: &str) {
        let place =
            |field: &str| if within.is_empty() { format!("`{field}`") } else { format!("`{field}` of {within}") };
        let Some(states) = definition["States"].as_object().filter(|states| !states.is_empty()) else {
            self.report(format!("{} must be an object with at least one state", place("States")));
            return;
        };
        let start = definition["StartAt"].as_str();
        match start {
            Some(start) if states.contains_key(start) => {}
            Some(start) => self.report(format!("{} leads to `{start}`, and there is no such state", place("StartAt"))),
            None => self.report(format!("{} must name a state", place("StartAt"))),
        }
        for (name, body) in states {
            if name.chars().count() > LONGEST_NAME {
                self.report(format!("the name of state `{name}` has more than {LONGEST_NAME} characters"));
            }
            if !self.names.insert(name) {
                self.report(format!("two states have the name `{name}`"));
            }
            self.state(name, body, states);
        }
        if let Some(start) = start.filter(|start| states.contains_key(*start)) {
            let reached = reached(start, states);
            let unreached = states.keys().filter(|name| !reached.contains(name.as_str()));
            self.found.extend(unreached.map(|name| format!("no state leads to state `{name}`")));
        }
    }

    fn state(&mut self, name: &str, body: &'a Value, states: &Map<String, Value>) {
        let kind = body["Type"].as_str().unwrap_or_default();
        let Some((_, goes_on)) = TYPES.iter().find(|(known, _)| *known == kind) else {
            let types: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
            self.report(format!("`Type` of state `{name}` must be one of {}", types.join(", ")));
            return;
        };
        let (has_next, ends) = (body.get("Next").is_some(), body["End"] == Value::Bool(true));
        match goes_on {
            true if has_next == ends => {
                self.report(format!("state `{name}` must have either `Next` or `\"End\": true`"))
            }
            false if has_next || ends => {
                self.report(format!("state `{name}` is a {kind}, which has neither `Next` nor `End`"));
            }
            _ => {}
        }
        self.own_fields(name, kind, body);
        self.handlers(name, body);
        for (key, target) in targets(body) {
            match target.as_str() {
                Some(target) if states.contains_key(target) => {}
                Some(target) => {
                    self.report(format!("`{key}` of state `{name}` leads to `{target}`, and there is no such state"));
                }
                None => self.report(format!("`{key}` of state `{name}` must name a state")),
            }
        }
        let branches = body["Branches"].as_array().into_iter().flatten();
        let within = format!("state `{name}`");
        for inner in
            branches.chain([&body["ItemProcessor"], &body["Iterator"]].into_iter().filter(|inner| !inner.is_null()))
        {
            self.machine(inner, &within);
        }
    }

    /// Checks the fields that only one type has.
    fn own_fields(&mut self, name: &str, kind: &str, body: &Value) {
        let has_list = |field: &str| body[field].as_array().is_some_and(|list| !list.is_empty());
        let missing = match kind {
            "Choice" if !has_list("Choices") => "`Choices`",
            "Task" if !body["Resource"].is_string() => "a `Resource`",
            "Parallel" if !has_list("Branches") => "`Branches`",
            "Map" if !body["ItemProcessor"].is_object() && !body["Iterator"].is_object() => "an `ItemProcessor`",
            "Wait" if WAITS.iter().filter(|field| body.get(**field).is_some()).count() != 1 => {
                "exactly one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`"
            }
            _ => return,
        };
        self.report(format!("state `{name}` must have {missing}"));
    }

    /// Checks the errors of retries and catches. `States.ALL` stands alone, and in the last of them.
    fn handlers(&mut self, name: &str, body: &Value) {
        for field in ["Retry", "Catch"] {
            let handlers = body[field].as_array().map(Vec::as_slice).unwrap_or_default();
            for (index, handler) in handlers.iter().enumerate() {
                let errors = handler["ErrorEquals"].as_array().map(Vec::as_slice).unwrap_or_default();
                if errors.is_empty() {
                    self.report(format!("`{field}` of state `{name}` must name the errors in `ErrorEquals`"));
                } else if errors.contains(&ALL_ERRORS.into()) && (errors.len() > 1 || index + 1 < handlers.len()) {
                    self.report(format!(
                        "`{ALL_ERRORS}` in `{field}` of state `{name}` must stand alone, in the last entry"
                    ));
                }
            }
        }
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

    fn sound() -> Value {
        json!({"StartAt": "A", "States": {
            "A": {"Type": "Task", "Resource": "r", "Next": "B", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
            "B": {"Type": "Choice", "Choices": [{"Condition": "x", "Next": "C"}], "Default": "D"},
            "C": {"Type": "Fail"},
            "D": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}}}})
    }

    fn broken(edit: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut broken = sound();
        edit(&mut broken);
        mistakes(&broken)
    }

    #[test]
    fn a_definition_is_refused_for_transitions_that_lead_nowhere() {
        assert_eq!(mistakes(&sound()), Vec::<String>::new());
        let said = broken(|machine| machine["States"]["A"]["Next"] = "NoSuchState".into());
        assert_eq!(said[0], "`Next` of state `A` leads to `NoSuchState`, and there is no such state");
        assert!(said.contains(&"no state leads to state `B`".to_owned()), "{said:?}");
        assert_eq!(
            broken(|machine| machine["StartAt"] = "X".into()),
            ["`StartAt` leads to `X`, and there is no such state"]
        );
        assert_eq!(
            broken(|machine| machine["States"]["D"]["ItemProcessor"]["StartAt"] = json!(1)),
            ["`StartAt` of state `D` must name a state"]
        );
        assert_eq!(mistakes(&json!([])), ["`States` must be an object with at least one state"]);
    }

    #[test]
    fn a_definition_is_refused_for_states_that_lack_what_their_type_needs() {
        assert_eq!(
            broken(|machine| machine["States"]["C"]["Type"] = "Failure".into()),
            ["`Type` of state `C` must be one of Task, Pass, Wait, Parallel, Map, Choice, Succeed, Fail"]
        );
        let with = |state: Value| mistakes(&json!({"StartAt": "S", "States": {"S": state}}));
        assert_eq!(with(json!({"Type": "Map", "End": true})), ["state `S` must have an `ItemProcessor`"]);
        assert_eq!(with(json!({"Type": "Parallel", "End": true})), ["state `S` must have `Branches`"]);
        assert_eq!(with(json!({"Type": "Choice"})), ["state `S` must have `Choices`"]);
        assert_eq!(with(json!({"Type": "Task", "End": true})), ["state `S` must have a `Resource`"]);
        let waits = ["state `S` must have exactly one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`"];
        assert_eq!(with(json!({"Type": "Wait", "End": true})), waits);
        assert_eq!(with(json!({"Type": "Wait", "End": true, "Seconds": 5, "SecondsPath": "$.s"})), waits);
        assert_eq!(with(json!({"Type": "Wait", "End": true, "Seconds": 5})), Vec::<String>::new());
    }

    #[test]
    fn a_definition_is_refused_for_a_name_that_a_state_within_a_state_has_too() {
        let said = broken(|machine| {
            machine["States"]["D"]["ItemProcessor"] = json!({"StartAt": "C", "States": {"C": {"Type": "Succeed"}}});
        });
        assert_eq!(said, ["two states have the name `C`"]);
    }

    #[test]
    fn a_definition_is_refused_for_all_errors_before_others() {
        let last = "`States.ALL` in `Catch` of state `A` must stand alone, in the last entry";
        let catch = |machine: &mut Value, errors: [Value; 2]| {
            let handlers = errors.map(|errors| json!({"ErrorEquals": errors, "Next": "C"}));
            machine["States"]["A"]["Catch"] = json!(handlers);
        };
        assert_eq!(broken(|machine| catch(machine, [json!(["States.ALL"]), json!(["Other"])])), [last]);
        assert_eq!(broken(|machine| catch(machine, [json!(["Other"]), json!(["Another", "States.ALL"])])), [last]);
        assert_eq!(broken(|machine| catch(machine, [json!(["Other"]), json!(["States.ALL"])])), Vec::<String>::new());
        let unnamed = broken(|machine| machine["States"]["A"]["Retry"] = json!([{"MaxAttempts": 2}]));
        assert_eq!(unnamed, ["`Retry` of state `A` must name the errors in `ErrorEquals`"]);
    }
}
