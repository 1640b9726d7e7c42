//! Lambda: functions with the settings the emulated service forgets, and the hash of their code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::documents::Document;
use super::kind::default;
use crate::service::{Scope, Service};
use crate::{Call, Response};

/// The settings kept here, as requests and answers name them.
const SETTINGS: [&str; 10] = [
    "Architectures",
    "DeadLetterConfig",
    "EphemeralStorage",
    "FileSystemConfigs",
    "ImageConfig",
    "KMSKeyArn",
    "Layers",
    "LoggingConfig",
    "TracingConfig",
    "VpcConfig",
];

/// The member with a function's archive in base64. No answer shows it.
const ARCHIVE: &str = "Archive";

/// Lambda with whole functions.
pub(crate) struct Functions {
    inner: Box<dyn Service>,
    /// Settings by region and function.
    regions: Mutex<BTreeMap<String, BTreeMap<String, Document>>>,
}

impl Functions {
    pub(crate) fn new(inner: Box<dyn Service>) -> Self {
        Self { inner, regions: Mutex::default() }
    }

    fn regions(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, Document>>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a successful call gave.
    fn keep(&self, call: &Call, made: &Value) {
        let given: Value = serde_json::from_slice(&call.request.body).unwrap_or_default();
        let path: Vec<&str> = call.path().split('/').skip(1).collect();
        let (name, rest) = match path.as_slice() {
            ["2015-03-31", "functions"] => (made["FunctionName"].as_str(), "create"),
            ["2015-03-31", "functions", name, rest @ ..] => (Some(*name), rest.first().copied().unwrap_or("")),
            _ => return,
        };
        let Some(name) = name.map(short_name) else { return };
        let mut regions = self.regions();
        let functions = regions.entry(call.region.clone()).or_default();
        match (call.request.method.as_str(), rest) {
            ("POST", "create") => {
                let mut settings = defaults(&name);
                apply(&mut settings, &given);
                let runs_here = given["Runtime"].as_str().is_some_and(|runtime| runtime.starts_with("python"));
                keep_code(&mut settings, &given["Code"], runs_here);
                functions.insert(name, settings);
            }
            ("PUT", "configuration") => {
                if let Some(settings) = functions.get_mut(&name) {
                    apply(settings, &given);
                }
            }
            ("PUT", "code") => {
                if let Some(settings) = functions.get_mut(&name) {
                    let runs_here = settings.contains_key(ARCHIVE);
                    keep_code(settings, &given, runs_here);
                    if given["Architectures"].is_array() {
                        settings.insert("Architectures".to_owned(), given["Architectures"].clone());
                    }
                }
            }
            ("DELETE", "") => {
                functions.remove(&name);
            }
            _ => {}
        }
    }

    /// Adds the settings wherever the answer shows a function.
    fn complete(&self, region: &str, value: &mut Value) {
        if let Some(functions) = value["Functions"].as_array_mut() {
            for function in functions {
                self.complete(region, function);
            }
            return;
        }
        let is_whole = value.get("Configuration").is_some();
        let shown = if is_whole { &mut value["Configuration"] } else { &mut *value };
        let Some(shown) = shown.as_object_mut() else { return };
        let Some(name) = shown.get("FunctionName").and_then(Value::as_str) else { return };
        let regions = self.regions();
        if let Some(settings) = regions.get(region).and_then(|functions| functions.get(name)) {
            let mut settings = settings.clone();
            let archive = settings.remove(ARCHIVE);
            shown.extend(settings);
            default(shown, json!({ "State": "Active", "LastUpdateStatus": "Successful" }));
            if let Some(archive) = archive.as_ref().and_then(Value::as_str).filter(|_| is_whole) {
                value["Code"]["RepositoryType"] = "S3".into();
                // A URL that needs no server.
                value["Code"]["Location"] = format!("data:application/zip;base64,{archive}").into();
            }
        }
    }
}

/// A function may be named by its ARN.
fn short_name(name: &str) -> String {
    let name = name.replace("%3A", ":");
    match name.split_once(":function:") {
        Some((_, rest)) => rest.split(':').next().unwrap_or(rest).to_owned(),
        None => name,
    }
}

fn defaults(name: &str) -> Document {
    let mut settings = Map::new();
    default(
        &mut settings,
        json!({
            "Architectures": ["x86_64"],
            "EphemeralStorage": { "Size": 512 },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}") },
            "TracingConfig": { "Mode": "PassThrough" },
        }),
    );
    settings
}

fn apply(settings: &mut Document, given: &Value) {
    for name in SETTINGS {
        let Some(value) = given.get(name).filter(|value| !value.is_null()) else { continue };
        let shown = match name {
            "Layers" => {
                let layers = value.as_array().into_iter().flatten();
                layers.map(|arn| json!({ "Arn": arn, "CodeSize": 0 })).collect()
            }
            "VpcConfig" => {
                let mut vpc = value.as_object().cloned().unwrap_or_default();
                default(&mut vpc, json!({ "SubnetIds": [], "SecurityGroupIds": [] }));
                Value::Object(vpc)
            }
            // An empty key or queue takes the setting away.
            "KMSKeyArn" if value == "" => Value::Null,
            "DeadLetterConfig" if value["TargetArn"].as_str() == Some("") => Value::Null,
            _ => value.clone(),
        };
        if shown.is_null() {
            settings.remove(name);
        } else {
            settings.insert(name.to_owned(), shown);
        }
    }
}

/// AWS shows the SHA-256 of the archive. Code that came from S3 keeps the emulated service's hash. The archive itself is
/// kept if it can run here: others are as large as the programs in them, and are saved with everything else.
fn keep_code(settings: &mut Document, code: &Value, runs_here: bool) {
    for member in ["CodeSha256", "CodeSize", ARCHIVE] {
        settings.remove(member);
    }
    if let Some(archive) = code["ZipFile"].as_str().and_then(|zip| STANDARD.decode(zip).ok()) {
        if runs_here {
            settings.insert(ARCHIVE.to_owned(), code["ZipFile"].clone());
        }
        let hash = STANDARD.encode(Sha256::digest(&archive));
        settings.insert("CodeSha256".to_owned(), hash.into());
        settings.insert("CodeSize".to_owned(), archive.len().into());
    }
}

impl Service for Functions {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let mut answer = self.inner.answer(call.clone()).await;
            if answer.status >= 300 {
                return answer;
            }
            let mut shown: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            self.keep(&call, &shown);
            if shown.is_object() {
                self.complete(&call.region, &mut shown);
                answer.body = shown.to_string().into();
            }
            answer
        })
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        let settings = json!(self.regions().get(scope.region));
        Ok(json!({ "settings": settings, "service": self.inner.snapshot(scope)? }))
    }

    fn restore(&self, scope: Scope<'_>, mut state: Value) -> Result<(), String> {
        let settings: Option<BTreeMap<String, Document>> =
            serde_json::from_value(state["settings"].take()).map_err(|error| error.to_string())?;
        self.regions().insert(scope.region.to_owned(), settings.unwrap_or_default());
        self.inner.restore(scope, state["service"].take())
    }
}
