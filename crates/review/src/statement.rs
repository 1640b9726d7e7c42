//! Statements of policies in words. They leave out no element.

use crate::names::{Names, literal};
use serde_json::{Map, Value, json};
use vocabulary::policy_spelling;

/// True if a value is a statement of a policy.
pub fn is_statement(value: &Value) -> bool {
    value["Effect"].is_string() && (!value["Action"].is_null() || !value["NotAction"].is_null())
}

/// The statements of a policy in the canonical spelling; empty if the value is no policy.
pub(crate) fn statements(policy: &Value) -> Vec<Value> {
    match policy_spelling(policy).get("Statement") {
        Some(Value::Array(statements)) => statements.iter().filter(|one| is_statement(one)).cloned().collect(),
        _ => Vec::new(),
    }
}

/// A statement in the canonical spelling.
fn spelled(statement: &Value) -> Value {
    let document = json!({"Statement": [statement]});
    policy_spelling(&document)["Statement"][0].take()
}

/// A statement on one line: effect, principals, actions, resources, conditions, and its Sid. Only the environment's own
/// names are shortened.
///
/// # Example
/// `allow s3:GetObject on data/raw/* if Bool aws:SecureTransport = true`
pub fn statement_in_words(statement: &Value, names: &Names) -> String {
    let statement = spelled(statement);
    let verb = match statement["Effect"].as_str() {
        Some("Allow") => "allow".to_owned(),
        Some("Deny") => "deny".to_owned(),
        other => literal(other.unwrap_or_default()),
    };
    let who = principals(&statement, names);
    let who = if who.is_empty() { String::new() } else { format!(" {who}:") };
    format!("{verb}{who} {}{}", what(&statement, names), sid(&statement))
}

/// The actions, resources and conditions of a statement in the canonical spelling.
pub(crate) fn what(statement: &Value, names: &Names) -> String {
    let mut text = match (&statement["Action"], &statement["NotAction"]) {
        (Value::Null, except) => format!("everything but {}", listed(except, &literal)),
        (actions, _) => listed(actions, &literal),
    };
    match (&statement["Resource"], &statement["NotResource"]) {
        (Value::Null, Value::Null) => {}
        (Value::Null, except) => text += &format!(" on everything but {}", listed(except, &|one| names.short(one))),
        (resources, _) => text += &format!(" on {}", listed(resources, &|one| names.short(one))),
    }
    let conditions = conditions(&statement["Condition"], names);
    if !conditions.is_empty() {
        text += &format!(" if {}", conditions.join(" and "));
    }
    text + &rest(statement)
}

/// The principals of a statement in words; empty if it names none.
pub(crate) fn principals(statement: &Value, names: &Names) -> String {
    let named = |value: &Value| -> Vec<String> {
        let Some(kinds) = value.as_object() else { return Vec::new() };
        kinds.values().map(|who| listed(who, &|one| principal(one, names))).collect()
    };
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => String::new(),
        (Value::Null, except) => format!("everybody but {}", named(except).join(", ")),
        (who, _) => named(who).join(", "),
    }
}

/// A principal. The root of an account stands for every principal that the account allows, and not only for its root
/// user.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts>
fn principal(name: &str, names: &Names) -> String {
    let account = name.strip_suffix(":root").and_then(|rest| rest.rsplit(':').next());
    account.map_or_else(|| names.short(name), |account| format!("account {}", literal(account)))
}

fn conditions(condition: &Value, names: &Names) -> Vec<String> {
    let Some(operators) = condition.as_object() else { return Vec::new() };
    let keys = operators.iter().flat_map(|(operator, keys)| {
        let keys = keys.as_object().cloned().unwrap_or_default();
        keys.into_iter().map(move |(key, values)| (operator.clone(), key, values))
    });
    keys.map(|(operator, key, values)| {
        format!("{} {} = {}", literal(&operator), literal(&key), listed(&values, &|one| names.short(one)))
    })
    .collect()
}

fn sid(statement: &Value) -> String {
    statement["Sid"].as_str().map_or_else(String::new, |sid| format!("  [{}]", literal(sid)))
}

/// Elements of a statement that this code does not know. They are shown, so that nothing is left out.
fn rest(statement: &Value) -> String {
    const KNOWN: [&str; 9] =
        ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];
    let other: Map<String, Value> = statement
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !KNOWN.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if other.is_empty() { String::new() } else { format!(" {}", Value::Object(other)) }
}

fn listed(values: &Value, shown: &dyn Fn(&str) -> String) -> String {
    let one = |value: &Value| value.as_str().map_or_else(|| value.to_string(), shown);
    match value_list(values).as_slice() {
        [] => "nothing".to_owned(),
        values => values.iter().map(|value| one(value)).collect::<Vec<_>>().join(", "),
    }
}

fn value_list(values: &Value) -> Vec<&Value> {
    match values {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// True if a statement in the canonical spelling allows more than named actions on named resources to named principals.
pub(crate) fn is_wide(statement: &Value) -> bool {
    let any =
        |field: &str, is: fn(&str) -> bool| value_list(&statement[field]).into_iter().filter_map(Value::as_str).any(is);
    let everybody = statement["Principal"]
        .as_object()
        .into_iter()
        .flatten()
        .any(|(_, who)| value_list(who).into_iter().any(|one| one == "*"));
    statement["Effect"] == "Allow"
        && (everybody
            || any("Action", |action| action == "*" || action.ends_with(":*"))
            || any("Resource", |resource| resource == "*")
            || ["NotAction", "NotResource", "NotPrincipal"].iter().any(|field| !statement[*field].is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_statement_leave_nothing_out() {
        let words = |statement: Value| statement_in_words(&statement, &Names::default());
        assert_eq!(
            words(json!({"Sid": "Data", "Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"],
                         "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:SecureTransport": true}}})),
            "allow s3:GetObject, s3:PutObject on arn:aws:s3:::b/* if Bool aws:SecureTransport = true  [Data]"
        );
        assert_eq!(
            words(json!({"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "NotResource": "*"})),
            "deny *: everything but s3:* on everything but *"
        );
        assert_eq!(
            words(json!({"Effect": "Allow", "Action": "sts:AssumeRole",
                         "Principal": {"Service": "glue.amazonaws.com"}})),
            "allow glue.amazonaws.com: sts:AssumeRole"
        );
        assert_eq!(
            words(json!({"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "123456789012"}})),
            "allow account 123456789012: kms:*"
        );
    }

    #[test]
    fn wide_statements_are_those_without_a_bound() {
        let wide = |statement: Value| is_wide(&spelled(&statement));
        assert!(wide(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"})));
        assert!(wide(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})));
        assert!(wide(json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "r"})));
        assert!(wide(json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "r"})));
        assert!(!wide(json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})));
        assert!(!wide(json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"})));
    }
}
