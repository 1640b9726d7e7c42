//! Lambda functions.

use super::grants::{BucketGrants, BucketGrantsSchema, Permission};
use super::secrets::{self, FreeText};
use crate::check::{Place, RELATIVE, Surroundings, why_missing};
use crate::form::{
    Handler, KeyArn, Map, ProjectPath, Scalar, SecretReference, SecretText, Slug, Text, VariableName, scalars,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Lambda function, with a role and a log group of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// The short name. The function is called `<project>-<environment>-<name>`.
    #[schemars(with = "Text<Slug>")]
    pub name: String,
    /// A description for people.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub description: String,
    /// The folder of its code. Left out, it is `pipeline/functions/<name>`.
    #[serde(default)]
    #[schemars(with = "Option<Text<ProjectPath>>", example = &"pipeline/functions/enrich")]
    pub source: Option<String>,
    /// `<module>.<function>` within that folder.
    #[serde(default = "handler")]
    #[schemars(with = "Text<Handler>")]
    pub handler: String,
    /// The language.
    #[serde(default)]
    pub runtime: Runtime,
    /// The processor.
    #[serde(default)]
    pub architecture: Architecture,
    /// Memory, with which the processor's share grows.
    #[serde(default = "half_a_gigabyte")]
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u16,
    /// Seconds after which a call is given up.
    #[serde(default = "minute")]
    #[schemars(range(min = 1, max = 900))]
    pub timeout_seconds: u16,
    /// Run in the private subnets.
    #[serde(default = "yes")]
    pub vpc: bool,
    /// Environment variables.
    #[serde(default, deserialize_with = "scalars")]
    #[schemars(with = "Map<VariableName, Scalar>")]
    pub environment: BTreeMap<String, String>,
    /// Secrets that AWS keeps, by their references: the variable `KEY` gets the ARN or name. Its role may read them, and its code has to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Map<VariableName, SecretText<SecretReference>>")]
    pub secrets: BTreeMap<String, String>,
    /// The keys of your own that encrypt those secrets. Left out, AWS's keys do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<KeyArn>>", extend("uniqueItems" = true))]
    pub secret_keys: Vec<String>,
    /// Buckets of this environment that its code may use: `{ landing = "read" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BucketGrantsSchema")]
    pub buckets: BucketGrants,
    /// Further rights of its role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Variables that look like secrets and are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<VariableName>>", example = &["MAX_TOKENS"], extend("uniqueItems" = true))]
    pub not_secret: Vec<String>,
    /// The number of calls that may run at once, reserved for this function. Left out, it shares the account's concurrency.
    #[serde(default)]
    #[schemars(range(max = 10_000))]
    pub reserved_concurrency: Option<u16>,
    /// Trace calls with X-Ray.
    #[serde(default = "yes")]
    pub tracing: bool,
}

/// The language of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Runtime {
    #[serde(rename = "python3.11")]
    Python311,
    #[default]
    #[serde(rename = "python3.12")]
    Python312,
    #[serde(rename = "python3.13")]
    Python313,
}

/// The processor that a function runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Intel and AMD.
    #[default]
    #[serde(rename = "x86_64")]
    X86,
    /// Graviton, a fifth cheaper.
    Arm64,
}

fn handler() -> String {
    "handler.handler".to_owned()
}

fn half_a_gigabyte() -> u16 {
    512
}

fn minute() -> u16 {
    60
}

fn yes() -> bool {
    true
}

/// The name of a function and that of its role, `<function>-function`, have at most 64 characters.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LONGEST: usize = 64;
const ROLE: &str = "-function";
/// All variables together, names included.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_ENVIRONMENT: usize = 4096;

/// Variables that Lambda sets itself and does not let anyone set.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
const RESERVED: [&str; 19] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// The last function of a Python module that does not even mention the one with this name.
fn instead_of<'a>(text: &'a str, function: &str) -> Option<&'a str> {
    let mut words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    if text.contains("import *") || words.any(|word| word == function) {
        return None;
    }
    let defined = |line: &'a str| line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ");
    text.lines().filter_map(defined).filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.trim()).next_back()
}

pub(super) fn check(functions: &[Function], at: Place<'_>, around: &Surroundings<'_>) {
    at.unique("functions", functions.iter().map(|function| function.name.as_str()));
    for (index, function) in functions.iter().enumerate() {
        function.check(at.at(index), around);
    }
}

impl Function {
    /// The folder of its code.
    pub fn folder(&self) -> String {
        self.source.clone().unwrap_or_else(|| format!("pipeline/functions/{}", self.name))
    }

    fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let role = format!("{}-{}{ROLE}", around.prefix, self.name);
        let full = role.len();
        if full > LONGEST {
            at.get("name").report(
                format!("`{role}`, the function's role, has {full} characters; IAM takes at most {LONGEST}"),
                format!("shorten it by {}", full - LONGEST),
            );
        }
        self.check_environment(at, around);
        if at.sound(&["name", "source", "handler"]) {
            self.check_code(at, around);
        }
    }

    fn check_code(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let Some(root) = around.root else { return };
        let folder = self.folder();
        let place = at.get(if at.states("source") { "source" } else { "name" });
        match std::fs::metadata(root.join(&folder)) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return place.report(format!("the function's folder `{folder}` is not a folder"), RELATIVE),
            Err(error) => {
                return place.report(format!("the function's folder `{folder}` {}", why_missing(&error)), RELATIVE);
            }
        }
        if !place.stays_inside(root, &folder) {
            return;
        }
        let (module, function) = self.handler.rsplit_once('.').unwrap_or(("", &self.handler));
        let file = format!("{folder}/{}.py", module.replace('.', "/"));
        if !root.join(&file).is_file() {
            at.get("handler").report(format!("there is no `{file}`"), "a handler is `<module>.<function>`");
            return;
        }
        if !at.get("handler").stays_inside(root, &file) {
            return;
        }
        let text = std::fs::read_to_string(root.join(&file)).unwrap_or_default();
        if let Some(defined) = instead_of(&text, function) {
            at.get("handler").report(
                format!("`{file}` has no function `{function}`"),
                format!("write `handler = \"{module}.{defined}\"`, or rename the function"),
            );
        }
    }

    fn check_environment(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let variables = at.get("environment");
        let free = FreeText {
            key: "environment",
            values: &self.environment,
            not_secret: &self.not_secret,
            instead: secrets::REFERENCE,
        };
        free.check(at);
        secrets::check_keys(&self.secret_keys, at, around);
        secrets::check_references(&self.secrets, &self.environment, at, around);
        for key in self.secrets.keys().filter(|key| RESERVED.contains(&key.as_str())) {
            at.get("secrets").get(key).report(format!("Lambda sets `{key}` itself"), "leave it out");
        }
        for key in self.environment.keys().filter(|key| RESERVED.contains(&key.as_str())) {
            variables.get(key).report(format!("Lambda sets `{key}` itself"), "leave it out");
        }
        let size: usize =
            self.environment.iter().chain(&self.secrets).map(|(key, value)| key.len() + value.len()).sum();
        if size > LARGEST_ENVIRONMENT {
            variables.report(
                format!("the variables take {size} bytes of {LARGEST_ENVIRONMENT}"),
                "put large values into a file",
            );
        }
    }
}
