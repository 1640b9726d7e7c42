//! Lake Formation with the defaults of new accounts: IAM controls the data catalog. The emulator stores nothing for it.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::service::{Scope, Service};
use crate::{Call, Response};

pub(crate) struct Lake;

impl Service for Lake {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        let answer = match call.operation.as_str() {
            // https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
            "POST /GetDataLakeSettings" => {
                let principal = json!({ "DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS" });
                let defaults = json!([{ "Principal": principal, "Permissions": ["ALL"] }]);
                let settings = json!({ "DataLakeAdmins": [], "CreateDatabaseDefaultPermissions": defaults,
                    "CreateTableDefaultPermissions": defaults });
                Response::json(200, json!({ "DataLakeSettings": settings }).to_string())
            }
            operation => {
                Response::error(501, "NotImplemented", &format!("the local cloud has no {operation} of Lake Formation"))
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
