//! The overrides of an execution: `--input` and `--set`, checked before anything is started.

use crate::command_error::CommandError;
use config::environment::pipeline::{
    ChoiceMetric, Limits, LoadMode, Threshold, hyperparameter_mistake, hyperparameter_warning,
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path};

/// The fields that an execution of a definition without defaults of its own takes.
const FIELDS: [&str; 8] = [
    "raw_prefix",
    "load_mode",
    "schema",
    "split",
    "hyperparameters",
    "validation_limits",
    "thresholds",
    "decision_threshold",
];
/// Sections of the environment file, and the fields that they become.
const SECTIONS: [(&str, &str); 2] = [("training", "hyperparameters"), ("validation", "validation_limits")];
const HELP: &str = "such as --set training.num_round=200, --input '{\"hyperparameters\": {\"num_round\": \"200\"}}', or \
                    --input with the name of a file";

/// The input of an execution: the document of `--input`, with each `--set` merged into it or into the defaults of the
/// deployed definition.
pub(super) fn read(given: Option<&str>, settings: &[String], defaults: &Value) -> Result<Value, CommandError> {
    let mut fields = given.map_or_else(|| Ok(Map::new()), document)?;
    for setting in settings {
        set(&mut fields, setting, defaults)
            .map_err(|why| CommandError::usage(format!("--set {setting}: {why}"), HELP))?;
    }
    checked(fields, defaults).map_err(|mistakes| CommandError::usage(mistakes.join("; "), HELP))
}

/// The hyperparameters of an input, as text.
fn hyperparameters_of(input: &Value) -> impl Iterator<Item = (&str, &str)> {
    let given = input["hyperparameters"].as_object().into_iter().flatten();
    given.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
}

/// The warnings of hyperparameters for a container of SageMaker's XGBoost that is newer than all that are known.
pub(super) fn warnings(input: &Value) -> Vec<String> {
    hyperparameters_of(input).filter_map(|(name, value)| hyperparameter_warning(name, value)).collect()
}

/// Refuses hyperparameters that SageMaker's built-in XGBoost would refuse minutes later.
pub(super) fn refuse_unknown_hyperparameters(input: &Value) -> Result<(), CommandError> {
    let mistakes: Vec<String> = hyperparameters_of(input)
        .filter_map(|(name, value)| hyperparameter_mistake(name, value))
        .map(|(what, help)| if help.is_empty() { what } else { format!("{what}; {help}") })
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(CommandError::usage(mistakes.join("; "), "")) }
}

/// JSON, or the file that holds it.
fn document(given: &str) -> Result<Map<String, Value>, CommandError> {
    let (text, place) = match given.trim_start().starts_with('{') {
        true => (given.to_owned(), "--input"),
        false => {
            runs::Missing::check(Path::new(given))
                .map_err(|missing| CommandError::usage(missing.to_string(), missing.help))?;
            let unreadable = |error: std::io::Error| CommandError::usage(format!("{given}: {error}"), HELP);
            let bytes = app::input::read(Path::new(given)).map_err(unreadable)?;
            (String::from_utf8_lossy(&bytes).into_owned(), given)
        }
    };
    match serde_json::from_str(&text).map_err(|error| CommandError::usage(format!("{place}: {error}"), HELP))? {
        Value::Object(fields) => Ok(fields),
        _ => Err(CommandError::usage(format!("{place} is not a JSON object"), HELP)),
    }
}

/// Sets one value, `training.num_round=200`. What stands beside it in the field stays as it is.
fn set(fields: &mut Map<String, Value>, setting: &str, defaults: &Value) -> Result<(), String> {
    let (path, text) = setting.split_once('=').ok_or("a name, `=` and a value are needed")?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = SECTIONS.iter().find(|(section, _)| *section == first).map_or(first, |(_, field)| *field);
    let names: Vec<&str> = rest.split('.').filter(|name| !name.is_empty()).collect();
    put(fields.entry(field).or_insert_with(|| defaults[field].clone()), &names, value);
    Ok(())
}

/// Puts a value where the names lead.
fn put(place: &mut Value, names: &[&str], value: Value) {
    let Some((name, rest)) = names.split_first() else {
        *place = value;
        return;
    };
    if !place.is_object() {
        *place = json!({});
    }
    if let Some(object) = place.as_object_mut() {
        put(object.entry(*name).or_insert(Value::Null), rest, value);
    }
}

/// The fields as the definition takes them, or everything that is wrong with them.
fn checked(fields: Map<String, Value>, defaults: &Value) -> Result<Value, Vec<String>> {
    let known: Vec<&str> = match defaults.as_object() {
        Some(defaults) => defaults.keys().map(String::as_str).collect(),
        None => FIELDS.into(),
    };
    let mut input = Map::new();
    let mut mistakes = Vec::new();
    for (name, value) in fields {
        match if known.contains(&name.as_str()) { field(&name, value) } else { Err(unknown(&name, &known)) } {
            Ok(value) => drop(input.insert(name, value)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(input.into()) } else { Err(mistakes) }
}

fn unknown(name: &str, known: &[&str]) -> String {
    match config::nearest(name, known.iter().copied()) {
        Some(nearest) => format!("an execution takes no `{name}`; did you mean `{nearest}`?"),
        None => format!("an execution takes no `{name}`, but {}", known.join(", ")),
    }
}

fn field(name: &str, value: Value) -> Result<Value, String> {
    match name {
        "raw_prefix" | "split" if !value.is_string() => Err(format!("`{name}` must be text")),
        "schema" if !value.is_object() => Err(format!("`{name}` must be an object")),
        "load_mode" => fits(name, value, |value| serde_json::from_value::<LoadMode>(value).map(drop)),
        "validation_limits" => fits(name, value, |value| serde_json::from_value::<Limits>(value).map(drop)),
        "thresholds" => {
            fits(name, value, |value| serde_json::from_value::<BTreeMap<String, Threshold>>(value).map(drop))
        }
        "decision_threshold" => decision_threshold(value),
        "hyperparameters" => hyperparameters(value),
        _ => Ok(value),
    }
}

/// The value, if the type of the setting reads it.
fn fits(name: &str, value: Value, read: impl Fn(Value) -> serde_json::Result<()>) -> Result<Value, String> {
    read(value.clone()).map(|()| value).map_err(|error| format!("`{name}`: {error}"))
}

/// A probability, or the metric that is greatest at it.
fn decision_threshold(value: Value) -> Result<Value, String> {
    match &value {
        Value::Number(number) if number.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)) => Ok(value),
        Value::Object(choice) if choice.len() == 1 && choice.contains_key("maximise") => {
            let metric = serde_json::from_value::<ChoiceMetric>(choice["maximise"].clone());
            metric.map(|_| value).map_err(|error| format!("`decision_threshold`: {error}"))
        }
        _ => Err("`decision_threshold` must be from 0 to 1, or `{\"maximise\": \"f1\"}`".to_owned()),
    }
}

/// SageMaker takes text alone. Step Functions does not catch a refusal of anything else.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
fn hyperparameters(value: Value) -> Result<Value, String> {
    let Value::Object(values) = value else { return Err("`hyperparameters` must be an object".to_owned()) };
    let text = |(name, value): (String, Value)| match value {
        Value::String(_) => Ok((name, value)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string().into())),
        _ => Err(format!("the hyperparameter `{name}` must be text, a number or a boolean")),
    };
    values.into_iter().map(text).collect::<Result<Map<_, _>, _>>().map(Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Value {
        json!({
            "raw_prefix": "raw/", "load_mode": "snapshot", "schema": {}, "split": "0.8,0.1,0.1",
            "hyperparameters": {"objective": "binary:logistic", "num_round": "100"},
            "validation_limits": {"min_rows": 1000}, "thresholds": {"auc": {"min": 0.7}}, "decision_threshold": 0.5,
        })
    }

    fn input(given: Option<&str>, settings: &[&str]) -> Result<Value, String> {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        read(given, &settings, &defaults()).map_err(|end| match end {
            CommandError::Usage { what, .. } => what,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn set_changes_one_value_and_keeps_what_stands_beside_it() {
        let expected = json!({
            "hyperparameters": {"objective": "binary:logistic", "num_round": "200", "eta": "0.1"},
            "thresholds": {"auc": {"min": 0.7, "max": 0.99}},
            "validation_limits": {"min_rows": 50},
            "split": "0.6,0.2,0.2",
            "decision_threshold": {"maximise": "f1"},
        });
        let settings = [
            "training.num_round=200",
            "training.eta=0.1",
            "thresholds.auc.max=0.99",
            "validation.min_rows=50",
            "split=0.6,0.2,0.2",
            "decision_threshold={\"maximise\": \"f1\"}",
        ];
        assert_eq!(input(None, &settings).unwrap(), expected);
    }

    #[test]
    fn set_is_merged_into_the_given_document() {
        let given = "{\"hyperparameters\": {\"objective\": \"reg:squarederror\"}}";
        let expected = json!({"hyperparameters": {"objective": "reg:squarederror", "num_round": "7"}});
        assert_eq!(input(Some(given), &["training.num_round=7"]).unwrap(), expected);
    }

    #[test]
    fn input_with_numbers_becomes_text_where_sagemaker_wants_it() {
        let given = "{\"hyperparameters\": {\"num_round\": 200, \"verbose\": true}}";
        assert_eq!(
            input(Some(given), &[]).unwrap(),
            json!({"hyperparameters": {"num_round": "200", "verbose": "true"}})
        );
    }

    #[test]
    fn input_that_no_execution_takes_names_every_mistake() {
        for (given, settings, complaint) in [
            ("{\"hyperparameter\": {}}", vec![], "did you mean `hyperparameters`?"),
            ("{\"treshold\": 1}", vec![], "did you mean `thresholds`?"),
            ("{\"colour\": 1}", vec![], "an execution takes no `colour`, but "),
            ("{\"hyperparameters\": {\"a\": [1]}}", vec![], "`a` must be text"),
            ("{\"hyperparameters\": 1}", vec![], "must be an object"),
            ("{\"thresholds\": {\"auc\": {\"mim\": 1}}}", vec![], "unknown field `mim`"),
            ("{\"validation_limits\": {\"min_row\": 1}}", vec![], "unknown field `min_row`"),
            ("{\"load_mode\": \"all\"}", vec![], "unknown variant `all`"),
            ("{\"split\": 1}", vec![], "`split` must be text"),
            ("{\"decision_threshold\": {\"maximise\": \"auc\"}}", vec![], "`decision_threshold`"),
            ("{}", vec!["training.num_round"], "--set training.num_round: a name, `=` and a value"),
            ("{}", vec!["trainig.num_round=1"], "an execution takes no `trainig`"),
            ("[1]", vec![], "[1]"),
        ] {
            let refused = input(Some(given), &settings).unwrap_err();
            assert!(refused.contains(complaint), "{given}: {refused}");
        }
        let both = input(Some("{\"a\": 1, \"split\": 2}"), &[]).unwrap_err();
        assert!(both.contains("no `a`") && both.contains("`split` must be text"), "{both}");
    }
}
