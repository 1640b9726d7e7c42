//! Evaluates a resource policy: the policy of a key, or the trust policy of a role.

use serde_json::Value;

/// The principals of a request. The policy must name one of them.
#[derive(Clone, Copy, Debug)]
pub enum Principals<'a> {
    /// Names such as `glue.amazonaws.com`.
    Services(&'a [String]),
    /// Accounts. The policy names an account by its root's ARN or by its number.
    Accounts(&'a [String]),
}

/// True if a statement of the policy allows an action to one of the principals. A context gives the requests' value of
/// a condition key, or none where AWS never sends the key. Conditions on keys outside of the context count as met,
/// because services send more keys than AWS documents. Deny statements are not evaluated.
pub fn policy_allows(
    policy: &Value,
    principals: Principals<'_>,
    action: &str,
    context: &[(String, Option<String>)],
) -> bool {
    let (kind, principals) = match principals {
        Principals::Services(services) => ("Service", services),
        Principals::Accounts(accounts) => ("AWS", accounts),
    };
    list(&policy["Statement"]).into_iter().any(|statement| {
        let named = &statement["Principal"];
        let is_named = *named == "*"
            || list(&named[kind]).iter().any(|one| *one == "*" || principals.iter().any(|own| **one == **own));
        let actions = list(&statement["Action"]);
        statement["Effect"] == "Allow"
            && is_named
            && actions.iter().filter_map(|pattern| pattern.as_str()).any(|pattern| covers(pattern, action))
            && meets(&statement["Condition"], context)
    })
}

/// The items of a value that a policy may write alone or as a list.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// True if a request with this context meets the conditions.
fn meets(conditions: &Value, context: &[(String, Option<String>)]) -> bool {
    conditions.as_object().into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, values)| {
            let Some((_, sent)) = context.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) else {
                return true;
            };
            let Some(sent) = sent else { return operator.ends_with("IfExists") || operator == "Null" };
            let mut patterns = list(values).into_iter().filter_map(Value::as_str);
            let is_like = operator.contains("Like") || operator.starts_with("Arn");
            match operator.contains("Not") || operator == "Null" {
                true => true,
                false => patterns.any(|pattern| if is_like { covers(pattern, sent) } else { pattern == sent }),
            }
        })
    })
}

/// True if a pattern of a policy covers a text, which may end in `*` itself. Case does not matter, as in actions.
fn covers(pattern: &str, text: &str) -> bool {
    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some(b'*'), _) => matches(&pattern[1..], text) || (!text.is_empty() && matches(pattern, &text[1..])),
            (Some(b'?'), Some(_)) => matches(&pattern[1..], &text[1..]),
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other) && matches(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
    // A needed action such as `kms:GenerateDataKey*` may also be sent without its suffix.
    matches(pattern.as_bytes(), text.trim_end_matches('*').as_bytes()) || matches(pattern.as_bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trusts(condition: Value) -> bool {
        let policy = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": condition,
                            "Principal": {"Service": ["glue.amazonaws.com", "lambda.amazonaws.com"]}}});
        let context =
            [("aws:SourceAccount".to_owned(), Some("111122223333".to_owned())), ("aws:Never".to_owned(), None)];
        policy_allows(&policy, Principals::Services(&["glue.amazonaws.com".to_owned()]), "sts:AssumeRole", &context)
    }

    #[test]
    fn policy_allows_where_known_conditions_hold_and_others_are_left_to_aws() {
        assert!(trusts(json!({})));
        assert!(trusts(json!({"StringEquals": {"aws:SourceAccount": "111122223333"}})));
        assert!(trusts(json!({"StringLike": {"aws:sourceaccount": ["9*", "1*"]}})));
        assert!(!trusts(json!({"StringEquals": {"aws:SourceAccount": "999999999999"}})));
        assert!(!trusts(json!({"StringEquals": {"aws:Never": "x"}})));
        assert!(trusts(json!({"StringEqualsIfExists": {"aws:Never": "x"}})));
        assert!(trusts(json!({"StringEquals": {"aws:Unheard": "x"}})));
    }

    #[test]
    fn policy_allows_named_principals_and_actions_only() {
        let policy =
            json!({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "111122223333"}}]});
        let root = ["111122223333".to_owned()];
        assert!(policy_allows(&policy, Principals::Accounts(&root), "kms:Decrypt", &[]));
        assert!(!policy_allows(&policy, Principals::Services(&root), "kms:Decrypt", &[]));
        assert!(!policy_allows(&policy, Principals::Accounts(&root), "s3:GetObject", &[]));
    }
}
