//! A tool of the server: its name, its arguments, and the command line that it stands for.

use super::line::Line;
use rmcp::{
    handler::server::common::{schema_for_input, schema_for_type},
    model::{JsonObject, Tool, ToolAnnotations},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{any::type_name, sync::Arc};

/// The arguments of a tool. Their doc comments are the descriptions that an agent reads.
pub(super) trait Arguments: DeserializeOwned + JsonSchema + Send + 'static {
    /// The name of the tool: the words of its command, joined by `_`.
    const NAME: &'static str;
    const EFFECT: Effect;

    /// The command line that does it.
    ///
    /// # Errors
    /// The words of a refusal, where the arguments do not contain the consent that the command needs.
    fn line(self) -> Result<Line, String>;
}

/// The effect of a tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    /// It writes a file of the project, and changes nothing in the cloud.
    WritesFiles,
    /// It adds or changes.
    Changes,
    /// It may delete.
    Deletes,
}

/// The description of a tool for an agent.
pub(super) fn describe<T: Arguments>() -> Tool {
    let description = schema_for_type::<T>().get("description").and_then(Value::as_str).map(str::to_owned);
    let effect = ToolAnnotations::new().read_only(T::EFFECT == Effect::Reads);
    let effect = if T::EFFECT == Effect::Reads { effect } else { effect.destructive(T::EFFECT == Effect::Deletes) };
    Tool::new(T::NAME, description.unwrap_or_default(), schema::<T>()).with_annotations(effect)
}

/// Reads the arguments of a call.
///
/// # Errors
/// The words of a refusal, where an argument is unknown, missing or no value of its type.
pub(super) fn read<T: Arguments>(given: JsonObject) -> Result<T, String> {
    let schema = schema::<T>();
    let known: Vec<&str> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    match given.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(format!("the tool {} has no argument `{unknown}`; it has: {}", T::NAME, known.join(", "))),
        None => serde_json::from_value(Value::Object(given)).map_err(|error| format!("the tool {}: {error}", T::NAME)),
    }
}

/// The schema of the arguments, which allows no others.
fn schema<T: Arguments>() -> Arc<JsonObject> {
    let schema = schema_for_input::<T>();
    let mut schema = schema.unwrap_or_else(|error| unreachable!("{} is a struct: {error}", type_name::<T>()));
    Arc::make_mut(&mut schema).insert("additionalProperties".to_owned(), json!(false));
    schema
}
