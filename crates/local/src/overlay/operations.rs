//! The operations on the documents of a kind, as its table entry describes them.

use serde_json::{Map, Value, json};

use super::documents::{Document, Documents, Refusal, now};
use super::kind::{Kind, List, Match, fill};
use crate::service::Scope;

impl Documents {
    pub(crate) fn create(&mut self, kind: &Kind, body: &Value, scope: Scope<'_>) -> Result<Value, Refusal> {
        let mut document = kind.fields(body, kind.input);
        let tags =
            ["Tags", "tags"].iter().find_map(|member| document.remove(*member).or_else(|| body.get(*member).cloned()));
        (kind.complete)(self, &mut document);
        if let (Some(arn), Some(field)) = (kind.arn, kind.arn_field)
            && !document.contains_key(field)
        {
            let arn = fill(arn, &document, scope.region, scope.account);
            document.insert(field.to_owned(), arn.into());
        }
        let key = kind.key_of(&document).ok_or_else(|| no_key(kind))?;
        if let Some(parent) = kind.parent {
            let parent_key = key.split('/').next().unwrap_or(&key);
            if self.get(parent, parent_key).is_none() {
                let message = format!("{parent} {parent_key} does not exist");
                return Err(Refusal { code: kind.missing.0, message });
            }
        }
        if self.get(kind.name, &key).is_some() {
            return Err(kind.refuse(kind.exists, &key));
        }
        for (field, template) in kind.computed {
            let value = fill(template, &document, scope.region, scope.account);
            document.entry(*field).or_insert_with(|| value.into());
        }
        for time in [kind.created, kind.modified].into_iter().flatten() {
            document.insert(time.to_owned(), now());
        }
        if let Some(arn) = kind.arn {
            let arn = fill(arn, &document, scope.region, scope.account);
            self.tag(&arn, tags.as_ref());
        }
        let answer = select(&document, kind.answer);
        self.by_kind.entry(kind.name.to_owned()).or_default().insert(key, document);
        Ok(answer)
    }

    pub(crate) fn describe(&self, kind: &Kind, body: &Value) -> Result<Value, Refusal> {
        let key = key_in(kind, body)?;
        let document = self.get(kind.name, &key).ok_or_else(|| kind.refuse(kind.missing, &key))?;
        Ok(wrap(kind, document))
    }

    pub(crate) fn update(&mut self, kind: &Kind, body: &Value) -> Result<Value, Refusal> {
        let key = key_in(kind, body)?;
        let document = self.get_mut(kind.name, &key).ok_or_else(|| kind.refuse(kind.missing, &key))?;
        let update = kind.fields(body, kind.update_input.or(kind.input));
        (kind.apply)(document, update);
        if let Some(modified) = kind.modified {
            document.insert(modified.to_owned(), now());
        }
        let mut answer = select(document, kind.updated);
        if kind.output.is_some() {
            answer = merged(answer, wrap(kind, document));
        }
        Ok(answer)
    }

    pub(crate) fn delete(&mut self, kind: &Kind, body: &Value, scope: Scope<'_>) -> Result<Value, Refusal> {
        let key = key_in(kind, body)?;
        for child in kind.children {
            if let Some(child_key) = self.first_below(child, &format!("{key}/")) {
                return Err(Refusal {
                    code: kind.in_use,
                    message: format!("{} {key} still has {child} {child_key}", kind.name),
                });
            }
        }
        match self.by_kind.get_mut(kind.name).and_then(|kept| kept.remove(&key)) {
            Some(document) => {
                for content in kind.contents {
                    let inside = format!("{key}\n");
                    self.by_kind.entry((*content).to_owned()).or_default().retain(|key, _| !key.starts_with(&inside));
                }
                if let Some(arn) = kind.arn {
                    self.tags.remove(&fill(arn, &document, scope.region, scope.account));
                }
                Ok(json!({}))
            }
            None if kind.delete_is_idempotent => Ok(json!({})),
            None => Err(kind.refuse(kind.missing, &key)),
        }
    }

    pub(crate) fn list(&self, kind: &Kind, list: &List, body: &Value) -> Value {
        let mut found: Vec<&Document> = self
            .of(kind.name)
            .filter(|(_, document)| {
                list.filters.iter().all(|(member, field, how)| {
                    let Some(wanted) = body[*member].as_str() else { return true };
                    let value = document.get(*field).and_then(Value::as_str).unwrap_or_default();
                    match how {
                        Match::Equals => value == wanted,
                        Match::Contains => value.contains(wanted),
                        Match::Prefix => value.starts_with(wanted),
                    }
                })
            })
            .map(|(_, document)| document)
            .collect();
        if let (Some("CreationTime"), Some(created)) = (body["SortBy"].as_str(), kind.created) {
            let time = |document: &Document| document.get(created).and_then(Value::as_f64).unwrap_or_default();
            found.sort_by(|one, other| time(one).total_cmp(&time(other)));
        }
        if body["SortOrder"] == "Descending" {
            found.reverse();
        }
        // The token is the position of the next page. Older services begin members in upper case.
        let member = |names: [&str; 3]| names.into_iter().find_map(|name| body.get(name).cloned());
        let start = member(["NextToken", "nextToken", "Marker"]);
        let start = start.as_ref().and_then(Value::as_str).and_then(|token| token.parse().ok());
        let start = start.unwrap_or(0);
        let size = member(["MaxResults", "maxResults", "limit"]).as_ref().and_then(Value::as_u64);
        let end = start + size.and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
        let mut answer = Map::new();
        if found.len() > end {
            let upper = list.member.starts_with(|first: char| first.is_ascii_uppercase());
            let name = if upper { "NextToken" } else { "nextToken" };
            answer.insert(name.to_owned(), end.to_string().into());
            found.truncate(end);
        }
        let shown = found.into_iter().skip(start).map(|document| match list.only {
            Some(field) => document.get(field).cloned().unwrap_or_default(),
            None => Value::Object(document.clone()),
        });
        answer.insert(list.member.to_owned(), shown.collect());
        Value::Object(answer)
    }
}

fn key_in(kind: &Kind, body: &Value) -> Result<String, Refusal> {
    let fields = body.as_object();
    fields.and_then(|fields| kind.key_of(fields)).ok_or_else(|| no_key(kind))
}

fn no_key(kind: &Kind) -> Refusal {
    let fields: Vec<&str> = kind.key.iter().map(|(field, _)| *field).collect();
    let message = format!("{} needs {}", kind.name, fields.join(" and "));
    Refusal { code: "ValidationException", message }
}

fn select(document: &Document, fields: &[&str]) -> Value {
    fields.iter().filter_map(|field| Some(((*field).to_owned(), document.get(*field)?.clone()))).collect()
}

fn wrap(kind: &Kind, document: &Document) -> Value {
    match kind.output {
        Some(member) => json!({ member: document }),
        None => Value::Object(document.clone()),
    }
}

fn merged(mut value: Value, other: Value) -> Value {
    if let (Value::Object(value), Value::Object(other)) = (&mut value, other) {
        value.extend(other);
    }
    value
}
