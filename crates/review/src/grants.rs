//! The permissions that a new resource gives, with the principals: policies of roles, resource policies, security group
//! rules, routes.

use crate::{
    names::{Names, literal},
    rule::{is_open, is_rule, is_to_the_internet, route_in_words, rule_in_words},
    statement::{is_wide, principals, statement_in_words, statements, what},
};
use serde::Serialize;
use serde_json::Value;

/// One permission that a resource gives or denies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// In words, on one line.
    pub text: String,
    /// True if it has no bound that a reviewer could rely on: all actions of a service, all resources, everybody.
    pub wide: bool,
}

/// Every permission that a resource with this declaration gives or denies, in the order of its fields.
pub(crate) fn grants(spec: &Value, names: &Names) -> Vec<Grant> {
    let mut all = Vec::new();
    let Some(fields) = spec.as_object() else { return all };
    if let Some(boundary) = fields.get("permissions_boundary").and_then(Value::as_str) {
        all.push(Grant { text: format!("at most what {} allows", names.short(boundary)), wide: false });
    }
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("inline_policies", Value::Object(policies)) => {
                let granted = policies.values().flat_map(statements);
                all.extend(granted.map(|statement| granted_to_role(&statement, names)));
            }
            ("managed_policies", Value::Array(arns)) => {
                let arns = arns.iter().filter_map(Value::as_str);
                all.extend(arns.map(|arn| Grant {
                    text: format!("may: what {} allows", literal(arn)),
                    wide: arn.ends_with(":policy/AdministratorAccess") || arn.ends_with(":policy/PowerUserAccess"),
                }));
            }
            ("trust", policy) => {
                all.extend(
                    statements(policy)
                        .iter()
                        .map(|statement| Grant { wide: is_wide(statement), ..trusts(statement, names) }),
                );
            }
            ("ingress" | "egress", Value::Array(rules)) => {
                let direction = if field == "ingress" { "from" } else { "to" };
                all.extend(rules.iter().filter(|rule| is_rule(rule)).map(|rule| Grant {
                    text: format!(
                        "lets {} {}",
                        if field == "ingress" { "in" } else { "out" },
                        rule_in_words(rule, direction)
                    ),
                    wide: field == "ingress" && is_open(rule),
                }));
            }
            ("routes", Value::Array(routes)) => all.extend(
                routes
                    .iter()
                    .filter(|route| route["destination"].is_string())
                    .map(|route| Grant { text: route_in_words(route), wide: is_to_the_internet(route) }),
            ),
            (_, policy @ (Value::Object(_) | Value::String(_))) => {
                let all_statements = statements(policy);
                all.extend(
                    all_statements.iter().map(|statement| Grant {
                        text: statement_in_words(statement, names),
                        wide: is_wide(statement),
                    }),
                );
            }
            _ => {}
        }
    }
    all
}

/// A statement of a role's own policy, or of a managed policy.
fn granted_to_role(statement: &Value, names: &Names) -> Grant {
    let verb = if statement["Effect"] == "Allow" { "may" } else { "may not" };
    Grant { text: format!("{verb}: {}", what(statement, names)), wide: is_wide(statement) }
}

/// A statement of a trust policy.
fn trusts(statement: &Value, names: &Names) -> Grant {
    let text = match (statement["Effect"].as_str(), statement["Action"].as_array().map(Vec::as_slice)) {
        (Some("Allow"), Some([action])) if action == "sts:AssumeRole" => {
            let conditions = what(statement, names);
            let conditions = conditions.strip_prefix("sts:AssumeRole").unwrap_or_default();
            format!("assumed by {}{conditions}", principals(statement, names))
        }
        _ => format!("trust: {}", statement_in_words(statement, names)),
    };
    Grant { text, wide: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(spec: &Value) -> Vec<String> {
        let names = Names { prefix: "shop-dev-".into(), account: "123456789012".into(), region: "eu-west-1".into() };
        let marked = |one: Grant| if one.wide { format!("! {}", one.text) } else { one.text };
        grants(spec, &names).into_iter().map(marked).collect()
    }

    #[test]
    fn roles_say_who_assumes_them_and_what_they_may_do() {
        let role = json!({
            "name": "shop-dev-glue",
            "trust": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                     "Principal": {"Service": "glue.amazonaws.com"}}]},
            "managed_policies": ["arn:aws:iam::aws:policy/AdministratorAccess"],
            "inline_policies": {"data": {"Statement": [
                {"Effect": "Allow", "Action": ["s3:GetObject"],
                 "Resource": "arn:aws:s3:::shop-dev-data-123456789012/processed/*"},
                {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["⟦storage.models.arn⟧"]},
                {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}}});
        assert_eq!(
            texts(&role),
            [
                "may not: iam:* on *",
                "! may: s3:* on ⟦storage.models.arn⟧",
                "may: s3:GetObject on data/processed/*",
                "! may: what arn:aws:iam::aws:policy/AdministratorAccess allows",
                "assumed by glue.amazonaws.com",
            ]
        );
    }

    #[test]
    fn rules_and_resource_policies_name_the_world() {
        let rule = |cidr: &str| {
            json!({"description": "", "protocol": "tcp", "from_port": 443, "to_port": 443,
                                      "peer": {"type": "cidr", "cidr": cidr}})
        };
        let group = json!({"egress": [rule("0.0.0.0/0")], "ingress": [rule("0.0.0.0/0"), rule("10.0.0.0/8")]});
        assert_eq!(
            texts(&group),
            ["lets out 443/tcp to 0.0.0.0/0", "! lets in 443/tcp from 0.0.0.0/0", "lets in 443/tcp from 10.0.0.0/8",]
        );
        let route = |kind: &str, id: &str| json!({"destination": "0.0.0.0/0", "target": {"type": kind, "id": id}});
        let table = json!({"routes": [route("nat_gateway", "⟦network.nat-1.id⟧"), route("internet_gateway", "igw-1")]});
        assert_eq!(texts(&table), ["leads 0.0.0.0/0 to ⟦network.nat-1.id⟧", "! leads 0.0.0.0/0 to igw-1"]);
        let bucket = json!({"name": "b", "policy": {"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}});
        assert_eq!(texts(&bucket), ["! allow *: s3:GetObject on arn:aws:s3:::b/*"]);
    }
}
