//! The resources of a network as documents in the shape of EC2's answers.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::answer::{Answer, Refusal, refuse};
use super::document::{Document, at};
use super::group_rules;
use super::kinds::{KINDS, Kind, SECURITY_GROUP};
use super::query::Query;

/// All resources of one region.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Network {
    items: BTreeMap<String, Item>,
    /// Client tokens of create calls and what they made.
    tokens: BTreeMap<String, String>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Item {
    kind: String,
    document: Document,
    tags: BTreeMap<String, String>,
}

impl Network {
    pub(super) fn has(&self, id: &str) -> bool {
        self.items.contains_key(id)
    }

    /// A new resource. `document` lacks only the id.
    pub(super) fn add(&mut self, kind: &Kind, query: Option<&Query>, document: Value) -> String {
        let id = generated(kind.prefix);
        let mut fields = Document::new();
        fields.insert(kind.id.to_owned(), id.clone().into());
        if let Value::Object(document) = document {
            fields.extend(document);
        }
        let tags = query.map(|query| query.tags(kind.name)).unwrap_or_default();
        let item = Item { kind: kind.name.to_owned(), document: fields, tags };
        self.items.insert(id.clone(), item);
        if let Some(token) = query.and_then(|query| query.get("ClientToken")) {
            self.tokens.insert(format!("{}/{token}", kind.name), id.clone());
        }
        id
    }

    /// The id that an earlier call with the same client token returned.
    pub(super) fn made_before(&self, kind: &Kind, query: &Query) -> Option<String> {
        let token = query.get("ClientToken")?;
        self.tokens.get(&format!("{}/{token}", kind.name)).cloned()
    }

    pub(super) fn get(&self, kind: &Kind, id: &str) -> Answer<&Document> {
        match self.items.get(id) {
            Some(item) if item.kind == kind.name => Ok(&item.document),
            _ => refuse(kind.missing, format!("The {} ID '{id}' does not exist", kind.name)),
        }
    }

    pub(super) fn get_mut(&mut self, kind: &Kind, id: &str) -> Answer<&mut Document> {
        match self.items.get_mut(id) {
            Some(item) if item.kind == kind.name => Ok(&mut item.document),
            _ => refuse(kind.missing, format!("The {} ID '{id}' does not exist", kind.name)),
        }
    }

    pub(super) fn remove(&mut self, kind: &Kind, id: &str) -> Answer<()> {
        self.get(kind, id)?;
        self.items.remove(id);
        Ok(())
    }

    pub(super) fn of(&self, kind: &Kind) -> impl Iterator<Item = (&String, &Document)> {
        let name = kind.name;
        self.items.iter().filter(move |(_, item)| item.kind == name).map(|(id, item)| (id, &item.document))
    }

    pub(super) fn of_mut(&mut self, kind: &Kind) -> impl Iterator<Item = &mut Document> {
        let name = kind.name;
        self.items.values_mut().filter(move |item| item.kind == name).map(|item| &mut item.document)
    }

    /// The first resource of a kind with a member of that value.
    pub(super) fn with(&self, kind: &Kind, member: &str, value: &str) -> Option<&String> {
        self.of(kind).find(|(_, document)| at(document, member).iter().any(|found| found == value)).map(|(id, _)| id)
    }

    /// A resource as EC2 shows it, tags included.
    pub(super) fn show(&self, id: &str) -> Value {
        let Some(item) = self.items.get(id) else { return Value::Null };
        let mut document = item.document.clone();
        if item.kind == SECURITY_GROUP.name {
            group_rules::show(&mut document);
        }
        let tags = item.tags.iter().map(|(key, value)| json!({ "key": key, "value": value }));
        document.insert("tagSet".to_owned(), tags.collect());
        Value::Object(document)
    }

    /// The answer to a describe operation, if it is one of ours.
    pub(super) fn describe(&self, operation: &str, query: &Query) -> Option<Answer> {
        let kind = KINDS.iter().find(|kind| kind.describe == operation)?;
        Some(self.select(kind, query))
    }

    fn select(&self, kind: &Kind, query: &Query) -> Answer {
        let ids = query.list(kind.select);
        for id in &ids {
            self.get(kind, id)?;
        }
        let mut found: Vec<Value> = self
            .of(kind)
            .filter(|(id, _)| ids.is_empty() || ids.contains(id))
            .map(|(id, _)| (id, self.show(id)))
            .filter(|(id, shown)| {
                query.passes(|filter| match filter.strip_prefix("tag:") {
                    Some(key) => self.tags(id).get(key).cloned().into_iter().collect(),
                    None if filter == "tag-key" => self.tags(id).into_keys().collect(),
                    None => kind
                        .filters
                        .iter()
                        .find(|(name, _)| *name == filter)
                        .and_then(|(_, member)| Some(at(shown.as_object()?, member)))
                        .unwrap_or_default(),
                })
            })
            .map(|(_, shown)| shown)
            .collect();
        let start = query.get("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let size: Option<usize> = query.get("MaxResults").and_then(|size| size.parse().ok());
        let end = size.map_or(usize::MAX, |size| start + size);
        let next = (found.len() > end).then(|| end.to_string());
        found.truncate(end);
        found.drain(..start.min(found.len()));
        Ok(json!({ kind.set: found, "nextToken": next }))
    }

    fn tags(&self, id: &str) -> BTreeMap<String, String> {
        self.items.get(id).map(|item| item.tags.clone()).unwrap_or_default()
    }

    pub(super) fn tag(&mut self, query: &Query, add: bool) {
        for id in query.list("ResourceId") {
            let Some(item) = self.items.get_mut(&id) else { continue };
            for tag in query.each("Tag") {
                let key = tag.get("Key").unwrap_or_default();
                match (add, tag.get("Value")) {
                    (true, value) => {
                        item.tags.insert(key, value.unwrap_or_default());
                    }
                    // With a value, only a tag of that value goes.
                    (false, Some(value)) if item.tags.get(&key) != Some(&value) => {}
                    (false, _) => {
                        item.tags.remove(&key);
                    }
                }
            }
        }
    }

    pub(super) fn describe_tags(&self, query: &Query) -> Value {
        let mut found = Vec::new();
        for (id, item) in &self.items {
            for (key, value) in &item.tags {
                let passes = query.passes(|filter| {
                    vec![match filter {
                        "resource-id" => id.clone(),
                        "resource-type" => item.kind.clone(),
                        "key" => key.clone(),
                        "value" => value.clone(),
                        filter if filter.strip_prefix("tag:") == Some(key) => value.clone(),
                        _ => return Vec::new(),
                    }]
                });
                if passes {
                    found.push(json!({
                        "resourceId": id, "resourceType": item.kind, "key": key, "value": value,
                    }));
                }
            }
        }
        json!({ "tagSet": found })
    }
}

/// An id as EC2 assigns them.
pub(super) fn generated(prefix: &str) -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("{prefix}-0{}", id.get(..16).unwrap_or(&id))
}

/// The refusal of a deletion that something else prevents.
pub(super) fn depends(what: &str, id: &str, on: &str) -> Refusal {
    Refusal {
        code: "DependencyViolation",
        message: format!("The {what} '{id}' has dependencies and cannot be deleted: {on} still depends on it."),
    }
}
