//! Data that is encrypted with a customer managed key can be read only while that key can be used.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::{Call, Request, Response};
use serde_json::json;
use std::collections::BTreeMap;

/// The key of each version of an object, by bucket, name of the object, and version.
#[derive(Clone, Default)]
pub(super) struct Sealed(BTreeMap<[String; 3], String>);

/// The version that an answer is about.
fn version(response: &Response) -> &str {
    response.headers.get("x-amz-version-id").and_then(|version| version.to_str().ok()).unwrap_or("null")
}

/// The reason why a key decrypts nothing, if there is one.
async fn unusable(key: &str, world: &World<'_>) -> Option<&'static str> {
    let described = world.ask("kms", "DescribeKey", json!({ "KeyId": key })).await;
    let state = described.as_ref().map(|described| described["KeyMetadata"]["KeyState"].as_str().unwrap_or_default());
    match state {
        None => Some("deleted"),
        Some("PendingDeletion") => Some("pending deletion"),
        Some("Disabled") => Some("disabled"),
        Some(_) => None,
    }
}

/// The key that a bucket encrypts new objects with, if it is one of the account's own.
async fn key_of(bucket: &str, asked: &Asked, world: &World<'_>) -> Option<String> {
    let uri = asked.call.request.uri.split('/').take(3).collect::<Vec<_>>().join("/");
    let request = Request {
        method: "GET".to_owned(),
        uri: format!("{uri}/{bucket}?encryption"),
        headers: http::HeaderMap::new(),
        body: Vec::new().into(),
    };
    let call = Call { operation: "GET bucket?encryption".to_owned(), request, ..asked.call.clone() };
    let response = world.pass(call).await;
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let key = text.split("<KMSMasterKeyID>").nth(1)?.split('<').next()?;
    Some(key.to_owned()).filter(|key| !key.is_empty())
}

#[async_trait]
impl Law for Sealed {
    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "s3" || response.status >= 300 {
            return;
        }
        let object = [asked.text("Bucket"), asked.text("Key"), version(response)].map(str::to_owned);
        match asked.operation.as_str() {
            "PUT object" => match key_of(&object[0], asked, world).await {
                Some(key) => drop(self.0.insert(object, key)),
                None => drop(self.0.remove(&object)),
            },
            "GET object" | "GET object?versionId" => {
                if let Some(key) = self.0.get(&object)
                    && let Some(state) = unusable(key, world).await
                {
                    let refusal = Refusal::new("KMS.KMSInvalidStateException", format!("{key} is {state}."));
                    *response = refusal.to(&asked.call);
                }
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
