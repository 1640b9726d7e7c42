//! IAM: GetRole with description, boundary and tags, which the emulated service keeps but does not
//! show; and AWS's own policies, which it does not know.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use winterbaume_core::{default_account_id, parse_query_string, xml_escape};

use super::simulation;
use crate::service::{Over, Scope, Service};
use crate::{Call, Response};

/// IAM with whole roles.
pub(crate) struct Roles {
    pub(crate) inner: Box<dyn Service>,
}

impl Roles {
    /// Lets the emulated service know a policy of AWS when one is named.
    fn publish_aws_policy(&self, call: &Call) -> Result<(), String> {
        let given = parse_query_string(&String::from_utf8_lossy(&call.request.body));
        let member = match call.operation.as_str() {
            "AttachRolePolicy" => "PolicyArn",
            "CreateRole" | "PutRolePermissionsBoundary" => "PermissionsBoundary",
            _ => return Ok(()),
        };
        let Some(arn) = given.get(member) else { return Ok(()) };
        let Some(path) = arn.strip_prefix("arn:aws:iam::aws:policy/") else { return Ok(()) };
        let scope = Scope { account: default_account_id(), region: &call.region };
        let mut state = self.inner.snapshot(scope)?;
        if state["policies"].get(arn).is_some() {
            return Ok(());
        }
        let (path, name) =
            path.rsplit_once('/').map_or(("/".to_owned(), path), |(path, name)| (format!("/{path}/"), name));
        // The emulator does not evaluate policies, so a policy of AWS's may be empty here.
        let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
        state["policies"][arn] = json!({
            "policy_name": name, "policy_id": format!("ANPA{name}"), "arn": arn, "path": path,
            "default_version_id": "v1", "description": "", "create_date": null,
            "update_date": null, "is_attachable": true, "document": document,
            "versions": [{
                "version_id": "v1", "document": document, "is_default_version": true,
                "create_date": null,
            }],
            "attachment_count": 0,
        });
        self.inner.restore(scope, state)
    }

    /// The answer with what the state says about each role and the answer does not.
    fn complete(&self, call: &Call, shown: &str) -> Option<String> {
        let scope = Scope { account: default_account_id(), region: &call.region };
        let state = self.inner.snapshot(scope).ok()?;
        let roles = state["roles"].as_object()?;
        let mut whole = String::new();
        for piece in shown.split_inclusive("</RoleName>") {
            whole.push_str(piece);
            // IAM allows no character in a name that XML escapes.
            let name = piece.strip_suffix("</RoleName>").and_then(|text| text.rsplit('>').next());
            let Some(role) = name.and_then(|name| roles.get(name)) else { continue };
            whole += &match call.operation.as_str() {
                "ListRoles" => description(role),
                // Role details have no description.
                "GetAccountAuthorizationDetails" => boundary(role) + &tags(role),
                _ => description(role) + &boundary(role) + &tags(role),
            };
        }
        Some(whole)
    }
}

fn description(role: &Value) -> String {
    match role["description"].as_str() {
        Some(text) if !text.is_empty() => format!("<Description>{}</Description>", xml_escape(text)),
        _ => String::new(),
    }
}

fn boundary(role: &Value) -> String {
    role["permissions_boundary"].as_str().map_or_else(String::new, |arn| {
        let arn = xml_escape(arn);
        format!(
            "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
        )
    })
}

fn tags(role: &Value) -> String {
    let tags = role["tags"].as_object().into_iter().flatten().map(|(key, value)| {
        let value = xml_escape(value.as_str().unwrap_or_default());
        format!("<member><Key>{}</Key><Value>{value}</Value></member>", xml_escape(key))
    });
    format!("<Tags>{}</Tags>", tags.collect::<String>())
}

/// The operations that show roles.
const SHOW: [&str; 4] = ["CreateRole", "GetAccountAuthorizationDetails", "GetRole", "ListRoles"];

impl Over for Roles {
    fn inner(&self) -> &dyn Service {
        self.inner.as_ref()
    }

    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            if let Some(answer) = simulation::answer(&call) {
                return answer;
            }
            if let Err(reason) = self.publish_aws_policy(&call) {
                return Response::error(500, "ServiceFailure", &reason);
            }
            let answer = self.inner.answer(call.clone()).await;
            if answer.status >= 300 || !SHOW.contains(&call.operation.as_str()) {
                return answer;
            }
            match self.complete(&call, &String::from_utf8_lossy(&answer.body)) {
                Some(whole) => Response::xml(answer.status, whole),
                None => answer,
            }
        })
    }
}
