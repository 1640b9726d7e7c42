//! Plans in files: written by `plan --out`, applied by `up --plan`.

use crate::{
    command_error::CommandError,
    output::{self, Readers},
    render::refusal_json::RefusalDocument,
};
use app::UsedParts;
use engine::Plan;
use resource::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// The field with the digest of all others. Each change of the form gives other digests.
const DIGEST: &str = "digest";

/// Refuses to save a plan over a file that holds something else.
pub(crate) fn refuse_other(file: &Path) -> Result<(), CommandError> {
    output::refuse_other(file, "saved plan", |content| {
        let document: Value = serde_json::from_slice(content).unwrap_or_default();
        document["changes"].is_array() && document["serial"].is_u64()
    })
}

/// A plan in a file, with the facts that its reviewer sees beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedPlan {
    #[serde(flatten)]
    pub(crate) plan: Plan,
    #[serde(default)]
    pub(crate) beside: PlanNotes,
}

/// The facts beside a plan. `up --plan` does not compare them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlanNotes {
    /// The monthly costs before and after, as in `plan --json`.
    pub(crate) cost: Value,
    /// The same in words.
    pub(crate) costs: Option<String>,
    /// The existing resources that the platform uses.
    pub(crate) uses: UsedParts,
    /// The bucket for the state, if the first `up` creates it.
    pub(crate) state_bucket: Option<String>,
    /// Resources of which nobody could tell whether data would be lost with them.
    pub(crate) not_looked_for: Vec<RefusalDocument>,
}

/// The options without which `up` refuses a plan.
pub(crate) fn consents(plan: &Plan) -> String {
    let mut options = match plan.delete_data.as_slice() {
        [] => String::new(),
        globs if globs.iter().any(|glob| glob == "*") => " --delete-data".to_owned(),
        globs => format!(" --delete-data={}", globs.join(",")),
    };
    if !plan.unprotect.is_empty() {
        options += &format!(" --unprotect '{}'", plan.unprotect.join(","));
    }
    options
}

/// Saves a plan. Only its owner can read the file, since a plan tells what is in the cloud.
pub(crate) fn write(plan: &SavedPlan, file: &Path) -> Result<(), CommandError> {
    let failed = |why: String| CommandError::failed(format!("saving the plan to {}: {why}", file.display()));
    let mut document = serde_json::to_value(plan).map_err(|error| failed(error.to_string()))?;
    document[DIGEST] = digest(plan).map_err(|error| failed(error.to_string()))?.into();
    output::write(file, format!("{document:#}\n").as_bytes(), Readers::Owner).map_err(|error| failed(error.to_string()))
}

/// Reads a plan. One that was edited is refused: removed targets or changes would let a deployment do
/// less than was reviewed, and end well.
pub(crate) fn read(file: &Path) -> Result<SavedPlan, CommandError> {
    let invalid = |why: String| {
        CommandError::usage(
            format!("{} is not a saved plan: {why}", file.display()),
            "make one with `mlopsctl plan --out FILE`",
        )
    };
    let bytes = app::input::read(file).map_err(|error| invalid(error.to_string()))?;
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    // Before anything else of it: a later format may be another altogether.
    if document["format"].as_u64().is_some_and(|format| format > engine::PLAN_FORMAT) {
        return Err(invalid("it was made by a newer mlopsctl".to_owned()));
    }
    is_of_this_version(&document, file)?;
    let recorded = document[DIGEST].as_str().map(str::to_owned);
    let plan = serde_json::from_value(document).map_err(|error| invalid(error.to_string()))?;
    match recorded {
        None => Err(invalid("it has no digest: the file was edited".to_owned())),
        Some(recorded) if recorded != digest(&plan).map_err(|error| invalid(error.to_string()))? => {
            Err(invalid("it was changed after it was saved: its content does not fit its digest".to_owned()))
        }
        Some(_) => Ok(plan),
    }
}

/// Another version may do something else about the same differences than the plan shows.
fn is_of_this_version(document: &Value, file: &Path) -> Result<(), CommandError> {
    let this = env!("CARGO_PKG_VERSION");
    let maker = match document["tool"].as_str() {
        Some(tool) if tool == this => return Ok(()),
        Some(tool) => format!("mlopsctl {}", tool.escape_debug()),
        None if document["changes"].is_array() => "mlopsctl 0.1".to_owned(),
        // Not a plan at all, which reading it says better.
        None => return Ok(()),
    };
    Err(CommandError::usage(
        format!("{} was made by {maker}, and this is mlopsctl {this}; nothing was touched", file.display()),
        "make a new one with `mlopsctl plan --out FILE`",
    ))
}

/// The digest of everything a plan says. It shows an edit, by accident or by hand. A person who can replace the file can
/// give it another digest: keep saved plans where only those can write who may deploy.
fn digest(plan: &SavedPlan) -> serde_json::Result<String> {
    Ok(sha256_hex(serde_json::to_value(plan)?.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn plan() -> SavedPlan {
        serde_json::from_value(json!({
            "format": 1, "tool": env!("CARGO_PKG_VERSION"), "environment": "dev", "lineage": "l", "serial": 3, "inputs": "i", "unchanged": 2,
            "targets": ["network.*"], "delete_data": ["storage.a"], "unprotect": ["storage.*"],
            "beside": {"cost": {"monthly_after": 3.5}, "costs": "Costs 3.50", "uses": [{"id": "vpc-1", "kind": "VPC", "details": ["a"]}],
                       "state_bucket": "b", "not_looked_for": []},
            "changes": [{
                "address": "network.vpc", "kind": "ec2:vpc", "action": "update", "cause": "it is taken over",
                "id": "vpc-1", "spec": {"cidr": "10.0.0.0/16", "zones": [1, 2.5, null]},
                "fields": [{"path": "cidr", "before": "10.1.0.0/16", "after": "10.0.0.0/16", "known": true,
                            "forces_replacement": false}]
            }]
        }))
        .unwrap()
    }

    #[test]
    fn a_plan_is_read_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        write(&plan(), &file).unwrap();
        assert_eq!(read(&file).unwrap(), plan());
    }

    /// The places of all values of a document.
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found))
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn a_plan_that_was_edited_anywhere_is_refused(place in any::<prop::sample::Index>(), to in 0..6_usize) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("plan.json");
            write(&plan(), &file).unwrap();
            let good: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            let mut all = Vec::new();
            places(&good, "", &mut all);
            let mut forged = good.clone();
            let place: &String = place.get(&all);
            let value = forged.pointer_mut(place).unwrap();
            *value = [json!([]), json!({}), json!(7), json!("x"), json!(["identity.*"]), Value::Null][to].clone();
            if forged != good {
                std::fs::write(&file, forged.to_string()).unwrap();
                prop_assert!(read(&file).is_err(), "{forged}");
            }
        }
    }
}
