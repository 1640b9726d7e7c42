//! Policy documents compared by meaning: AWS gives them back reordered and in other spellings.

use serde_json::{Map, Value};

/// The version of a document that names none.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
const OLDEST_VERSION: &str = "2008-10-17";

/// True if two policy documents mean the same.
pub fn same_policy(one: &Value, other: &Value) -> bool {
    policy_meaning(one) == policy_meaning(other)
}

/// The meaning of a policy document: its canonical spelling, with actions and condition keys in lower case and without
/// `Id` and `Sid`, which IAM does not evaluate.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
pub fn policy_meaning(policy: &Value) -> Value {
    let mut policy = policy_spelling(policy);
    let Value::Object(document) = &mut policy else { return policy };
    let Some(Value::Array(mut statements)) = document.remove("Statement") else { return policy };
    for statement in statements.iter_mut().filter_map(Value::as_object_mut) {
        statement.remove("Sid");
        for field in ["Action", "NotAction"] {
            if let Some(actions) = statement.get_mut(field) {
                *actions = in_lower_case(actions.take());
            }
        }
        if let Some(Value::Object(operators)) = statement.get_mut("Condition") {
            for keys in operators.values_mut() {
                *keys = keys_in_lower_case(keys.take());
            }
        }
    }
    if !statements.is_empty() {
        document.remove("Id");
        document.entry("Version").or_insert_with(|| OLDEST_VERSION.into());
    }
    document.insert("Statement".into(), distinct(statements));
    policy
}

/// A policy document in one canonical spelling: statements and lists sorted, single values as lists,
/// account ids as root ARNs. A document given as text is parsed.
pub fn policy_spelling(policy: &Value) -> Value {
    let parsed = match policy {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    };
    let Some(Value::Object(mut document)) = parsed else { return policy.clone() };
    let statements = match document.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    document.insert("Statement".into(), distinct(statements.into_iter().map(statement).collect()));
    Value::Object(document)
}

fn distinct(mut items: Vec<Value>) -> Value {
    items.sort_by_key(Value::to_string);
    items.dedup();
    Value::Array(items)
}

/// IAM reads actions without regard to case.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
fn in_lower_case(actions: Value) -> Value {
    let Value::Array(actions) = actions else { return actions };
    let lower = actions.into_iter().map(|action| match action {
        Value::String(action) => Value::String(action.to_ascii_lowercase()),
        other => other,
    });
    distinct(lower.collect())
}

/// IAM reads the keys of conditions without regard to case.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>
fn keys_in_lower_case(keys: Value) -> Value {
    match keys {
        Value::Object(keys) => {
            keys.into_iter().map(|(key, values)| (key.to_ascii_lowercase(), values)).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn statement(statement: Value) -> Value {
    let Value::Object(fields) = statement else { return statement };
    let fields =
        fields.into_iter().filter(|(key, value)| key != "Sid" || value.as_str() != Some("")).map(|(key, value)| {
            let value = match key.as_str() {
                "Action" | "NotAction" | "Resource" | "NotResource" => list(value),
                "Principal" | "NotPrincipal" => principal(value),
                "Condition" => condition(value),
                _ => value,
            };
            (key, value)
        });
    Value::Object(fields.collect())
}

fn list(value: Value) -> Value {
    let mut items = match value {
        Value::Array(items) => items,
        single => vec![single],
    };
    for item in &mut items {
        if matches!(item, Value::Bool(_) | Value::Number(_)) {
            *item = Value::String(item.to_string());
        }
    }
    distinct(items)
}

fn principal(value: Value) -> Value {
    let kinds = match value {
        Value::Object(kinds) => kinds,
        star => Map::from_iter([("AWS".to_owned(), star)]),
    };
    let spelled = kinds.into_iter().map(|(kind, who)| {
        let Value::Array(who) = list(who) else { return (kind, Value::Null) };
        let accounts = kind == "AWS";
        let who = who.into_iter().map(|one| match one.as_str() {
            Some(account) if accounts && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) => {
                Value::String(format!("arn:aws:iam::{account}:root"))
            }
            _ => one,
        });
        (kind, list(Value::Array(who.collect())))
    });
    Value::Object(spelled.collect())
}

fn condition(value: Value) -> Value {
    let Value::Object(operators) = value else { return value };
    let spelled = operators.into_iter().map(|(operator, keys)| match keys {
        Value::Object(keys) => {
            let keys = keys.into_iter().map(|(key, values)| (key, list(values)));
            (operator, Value::Object(keys.collect()))
        }
        other => (operator, other),
    });
    Value::Object(spelled.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spelling_does_not_matter_and_meaning_does() {
        let ours = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*",
             "Principal": {"AWS": "123456789012"}, "Condition": {"Bool": {"aws:SecureTransport": false}}},
            {"Effect": "Deny", "Action": "*", "Resource": "*"}]});
        let theirs = json!({"Statement": [
            {"Effect": "Deny", "Action": ["*"], "Resource": ["*"]},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::b/*"], "Sid": "",
             "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}, "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}],
             "Version": "2012-10-17"});
        assert!(same_policy(&ours, &theirs));
        assert!(same_policy(&ours, &Value::String(theirs.to_string())));
        let mut numbered = theirs.clone();
        numbered["Id"] = json!("x");
        numbered["Statement"][0]["Sid"] = json!("1");
        numbered["Statement"][1]["Action"] = json!(["S3:*object", "S3:GetObject", "s3:putobject"]);
        assert!(!same_policy(&ours, &numbered), "another action is another meaning");
        numbered["Statement"][1]["Action"] = json!(["S3:GetObject", "s3:putobject"]);
        assert!(same_policy(&ours, &numbered), "neither names nor case have a meaning");
        let condition = &mut numbered["Statement"][1]["Condition"]["Bool"];
        *condition = json!({"AWS:secureTransport": "false"});
        assert!(same_policy(&ours, &numbered), "nor has the case of a condition's key");
        let spelled = policy_spelling(&numbered).to_string();
        assert!(spelled.contains("AWS:secureTransport"), "it is shown as it is written: {spelled}");
        let mut wider = theirs.clone();
        wider["Statement"][1]["Resource"] = json!("*");
        assert!(!same_policy(&ours, &wider));
    }
}
