//! A kind of resource as one table entry: which operations make, read and end it, and what AWS
//! adds to what it was given.

use serde_json::Value;

use super::documents::{Document, Documents, Refusal};

/// One kind of resource of a JSON-protocol service.
pub(crate) struct Kind {
    /// AWS's name for it, used in messages.
    pub(crate) name: &'static str,
    pub(crate) create: &'static str,
    pub(crate) describe: &'static str,
    pub(crate) update: Option<&'static str>,
    pub(crate) delete: &'static str,
    pub(crate) lists: &'static [List],
    /// The fields that identify it, each with the other names requests use for it.
    pub(crate) key: &'static [(&'static str, &'static [&'static str])],
    /// The member of create (and update) requests that holds the fields, if they are wrapped.
    pub(crate) input: Option<&'static str>,
    /// The same of update requests, if it differs.
    pub(crate) update_input: Option<&'static str>,
    /// The member of answers that holds the resource, if it is wrapped.
    pub(crate) output: Option<&'static str>,
    /// The fields in the answer of the create call.
    pub(crate) answer: &'static [&'static str],
    /// The fields in the answer of the update call.
    pub(crate) updated: &'static [&'static str],
    /// The pattern of its ARN; `{…}` names `region`, `account` or a field.
    pub(crate) arn: Option<&'static str>,
    /// The field that holds the ARN; some services tag by ARN and never show it.
    pub(crate) arn_field: Option<&'static str>,
    /// Text fields the service adds, made like ARNs: status, URL.
    pub(crate) computed: &'static [(&'static str, &'static str)],
    /// The fields that hold the times of creation and of the last change.
    pub(crate) created: Option<&'static str>,
    pub(crate) modified: Option<&'static str>,
    /// Refuses a create or update request, given with the operation, whose fields AWS does not accept.
    pub(crate) check: fn(&Documents, &str, &Value) -> Result<(), Refusal>,
    /// Completes a new document: generated ids, defaults that depend on what was given.
    pub(crate) complete: fn(&Documents, &mut Document),
    /// Applies an update to the document.
    pub(crate) apply: fn(&mut Document, Document),
    /// The kind that must exist first, found by the first fields of the key.
    pub(crate) parent: Option<&'static str>,
    /// Kinds that forbid deletion while they share the whole key.
    pub(crate) children: &'static [&'static str],
    pub(crate) in_use: &'static str,
    /// The kinds whose documents it takes with it: their keys begin with its key and a line break.
    pub(crate) contents: &'static [&'static str],
    /// Code and message for a key that names nothing.
    pub(crate) missing: (&'static str, &'static str),
    /// Code and message for a key that is taken.
    pub(crate) exists: (&'static str, &'static str),
    /// Deleting what is not there succeeds.
    pub(crate) delete_is_idempotent: bool,
    /// The emulated service is told too, because its other operations need to know the resource.
    pub(crate) mirrored: bool,
}

/// One list operation.
pub(crate) struct List {
    pub(crate) operation: &'static str,
    /// The member of the answer that holds the list.
    pub(crate) member: &'static str,
    /// Only this field of each resource, where the service lists names.
    pub(crate) only: Option<&'static str>,
    /// Member of the request, field of the document, comparison.
    pub(crate) filters: &'static [(&'static str, &'static str, Match)],
}

/// The comparison of a list filter.
#[derive(Clone, Copy)]
pub(crate) enum Match {
    Equals,
    Contains,
    Prefix,
}

/// The defaults of a kind.
pub(crate) const KIND: Kind = Kind {
    name: "",
    create: "",
    describe: "",
    update: None,
    delete: "",
    lists: &[],
    key: &[],
    input: None,
    update_input: None,
    output: None,
    answer: &[],
    updated: &[],
    arn: None,
    arn_field: None,
    computed: &[],
    created: Some("CreationTime"),
    modified: Some("LastModifiedTime"),
    check: |_, _, _| Ok(()),
    complete: |_, _| {},
    apply: merge,
    parent: None,
    children: &[],
    contents: &[],
    in_use: "ResourceInUse",
    missing: ("ResourceNotFound", ""),
    exists: ("ResourceInUse", ""),
    delete_is_idempotent: false,
    mirrored: false,
};

impl Kind {
    /// The fields of a create or update request.
    pub(crate) fn fields(&self, body: &Value, input: Option<&str>) -> Document {
        let fields = input.map_or(body, |input| &body[input]);
        fields.as_object().cloned().unwrap_or_default()
    }

    /// The key as one text, from a document or from a request. Where a name is asked for, AWS
    /// takes an ARN as well.
    pub(crate) fn key_of(&self, fields: &Document) -> Option<String> {
        let part = |(field, aliases): &(&str, &[&str])| {
            std::iter::once(field).chain(aliases.iter()).find_map(|name| fields.get(*name)?.as_str()).map(|value| {
                match value.split_once('/') {
                    Some((prefix, name)) if prefix.starts_with("arn:") => name.to_owned(),
                    _ => value.to_owned(),
                }
            })
        };
        let parts: Option<Vec<_>> = self.key.iter().map(part).collect();
        parts.map(|parts| parts.join("/"))
    }

    pub(crate) fn refuse(&self, (code, message): (&'static str, &str), key: &str) -> Refusal {
        let message = if message.is_empty() {
            let state = if code == self.missing.0 { "not found" } else { "already exists" };
            format!("{} {key} {state}", self.name)
        } else {
            message.replace("{key}", key)
        };
        Refusal { code, message }
    }
}

/// Fills the `{…}` of a template from the document.
pub(crate) fn fill(template: &str, document: &Document, region: &str, account: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        match name {
            "region" => text.push_str(region),
            "account" => text.push_str(account),
            field => match document.get(field) {
                Some(Value::String(value)) => text.push_str(value),
                Some(value) => text.push_str(&value.to_string()),
                None => {}
            },
        }
        rest = after;
    }
    text + rest
}

/// The fields given replace those that were; structures are merged, lists replaced.
pub(crate) fn merge(document: &mut Document, update: Document) {
    for (field, new) in update {
        match (document.get_mut(&field), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, new) => {
                document.insert(field, new);
            }
        }
    }
}

/// Adds the members that `defaults` has and the document lacks, at every depth.
pub(crate) fn default(document: &mut Document, defaults: Value) {
    let Value::Object(defaults) = defaults else { return };
    for (field, value) in defaults {
        match (document.get_mut(&field), value) {
            (None, value) => {
                document.insert(field, value);
            }
            (Some(Value::Object(inner)), value @ Value::Object(_)) => default(inner, value),
            (Some(_), _) => {}
        }
    }
}
