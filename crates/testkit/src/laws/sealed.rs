//! What is encrypted with a key of one's own can be read only while that key can be used.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html>

use super::{Law, World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::{Call, Request, Response};
use serde_json::json;
use std::collections::BTreeMap;

/// Which key encrypted each object, by bucket and key of the object.
#[derive(Clone, Default)]
pub(super) struct Sealed(BTreeMap<(String, String), String>);

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
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.service != "s3" || asked.operation != "GET object" {
            return None;
        }
        let key = self.0.get(&(asked.text("Bucket").to_owned(), asked.text("Key").to_owned()))?;
        let described = world.ask("kms", "DescribeKey", json!({ "KeyId": key })).await?;
        let state = described["KeyMetadata"]["KeyState"].as_str().unwrap_or_default();
        matches!(state, "PendingDeletion" | "Disabled").then(|| {
            let message = format!("{key} is {}.", if state == "Disabled" { "disabled" } else { "pending deletion" });
            Refusal::new("KMS.KMSInvalidStateException", message).to(&asked.call)
        })
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "s3" || asked.operation != "PUT object" || response.status >= 300 {
            return;
        }
        let (bucket, key) = (asked.text("Bucket").to_owned(), asked.text("Key").to_owned());
        match key_of(&bucket, asked, world).await {
            Some(sealed_by) => drop(self.0.insert((bucket, key), sealed_by)),
            None => drop(self.0.remove(&(bucket, key))),
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
