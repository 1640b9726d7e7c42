//! EFS, as far as SageMaker has it: the file systems of domains. Nobody works here, so they are empty.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use winterbaume_core::parse_query_string;

use crate::service::{Scope, Service};
use crate::{Call, Response};

/// The size in EFS of a file system without files.
const EMPTY: u64 = 6144;

pub(crate) struct Homes;

impl Service for Homes {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        let query = call.request.uri.split_once('?').map(|(_, query)| parse_query_string(query)).unwrap_or_default();
        let answer = match (call.operation.as_str(), query.get("FileSystemId")) {
            ("GET /2015-02-01/file-systems", Some(id)) => {
                let system = json!({ "FileSystemId": id, "LifeCycleState": "available", "NumberOfMountTargets": 0,
                    "SizeInBytes": { "Value": EMPTY }, "OwnerId": "", "CreationToken": id, "CreationTime": 0,
                    "PerformanceMode": "generalPurpose", "Tags": [] });
                Response::json(200, json!({ "FileSystems": [system] }).to_string())
            }
            (operation, _) => {
                Response::error(501, "NotImplemented", &format!("the local cloud has no {operation} of EFS"))
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn snapshot(&self, _: Scope<'_>) -> Result<Value, String> {
        Ok(Value::Null)
    }

    fn restore(&self, _: Scope<'_>, _: Value) -> Result<(), String> {
        Ok(())
    }
}
