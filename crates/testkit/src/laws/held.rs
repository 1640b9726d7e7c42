//! A version of an object under a legal hold is deleted for nobody, and so neither is its bucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::{Call, Request, Response};
use std::collections::BTreeSet;

/// Versions under a legal hold, by bucket, name of the object, and version.
#[derive(Clone, Default)]
pub(super) struct Held(BTreeSet<[String; 3]>);

const MESSAGE: &str = "Access Denied because object protected by object lock.";

/// The text of a member of an XML element.
fn member<'a>(element: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    element.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map_or("", |(text, _)| text)
}

/// The version that a call names in its query.
fn version(call: &Call) -> &str {
    let query = call.request.uri.split_once('?').map_or("", |(_, query)| query);
    query.split('&').find_map(|part| part.strip_prefix("versionId=")).unwrap_or_default()
}

impl Held {
    fn holds(&self, bucket: &str, key: &str, version: &str) -> bool {
        self.0.iter().any(|held| *held == [bucket, key, version])
    }

    /// Deletes the versions that no hold protects, and refuses the others one by one, within an answer that is a success.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    async fn delete(&self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        let bucket = asked.text("Bucket");
        let body = String::from_utf8_lossy(&asked.call.request.body);
        let objects = body.split("<Object>").skip(1).filter_map(|rest| rest.split_once("</Object>"));
        let objects = objects.map(|(object, _)| object);
        let (held, others): (Vec<&str>, Vec<&str>) =
            objects.partition(|object| self.holds(bucket, member(object, "Key"), member(object, "VersionId")));
        if held.is_empty() {
            return None;
        }
        if !others.is_empty() {
            let objects: String = others.iter().map(|object| format!("<Object>{object}</Object>")).collect();
            let body = format!("<Delete>{objects}<Quiet>true</Quiet></Delete>").into();
            let request = Request { body, ..asked.call.request.clone() };
            world.pass(Call { request, ..asked.call.clone() }).await;
        }
        let refused: String = held
            .iter()
            .map(|object| format!("<Error>{object}<Code>AccessDenied</Code><Message>{MESSAGE}</Message></Error>"))
            .collect();
        Some(Response::xml(200, format!("<DeleteResult>{refused}</DeleteResult>")))
    }
}

#[async_trait]
impl Law for Held {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.is("s3", "POST bucket?delete") {
            return self.delete(asked, world).await;
        }
        let is_held = asked.is("s3", "DELETE object?versionId")
            && self.holds(asked.text("Bucket"), asked.text("Key"), version(&asked.call));
        is_held.then(|| Refusal::new("AccessDenied", MESSAGE).status(403).to(&asked.call))
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, _: &World<'_>) {
        if !asked.is("s3", "PUT object?legal-hold") || response.status >= 300 {
            return;
        }
        let object = [asked.text("Bucket"), asked.text("Key"), version(&asked.call)].map(str::to_owned);
        match member(&String::from_utf8_lossy(&asked.call.request.body), "Status") {
            "ON" => drop(self.0.insert(object)),
            _ => drop(self.0.remove(&object)),
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
