//! IAM's managed policies. A name is given once, whatever the path; versions are numbered on and on; documents are shown
//! encoded; and a policy that has more versions than one, or is a permissions boundary, is not deleted.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::HashMap;
use winterbaume_core::{default_account_id, parse_query_string};

use super::completed::{element, percent_encode, text};
use crate::service::{Over, Scope, Service};
use crate::{Call, Response};

/// IAM that is strict with managed policies.
pub(crate) struct Policies {
    pub(crate) inner: Box<dyn Service>,
}

const OF_AWS: &str = "arn:aws:iam::aws:";

const VERSIONS_REMAIN: &str = "This policy has more than one version. Before you delete a policy, you must delete the \
                               policy's versions. The default version is deleted with the policy.";

fn scope(call: &Call) -> Scope<'_> {
    Scope { account: default_account_id(), region: &call.region }
}

impl Policies {
    /// The refusals of AWS that the emulated service lacks.
    fn refuse(&self, call: &Call, given: &HashMap<String, String>) -> Option<Response> {
        match call.operation.as_str() {
            "CreatePolicy" => {
                let name = given.get("PolicyName")?;
                let state = self.inner.snapshot(scope(call)).ok()?;
                let mut own = state["policies"].as_object()?.iter().filter(|(arn, _)| !arn.starts_with(OF_AWS));
                let taken = own.any(|(_, policy)| is_called(policy, name));
                let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
                taken.then(|| Response::error(409, "EntityAlreadyExists", &message))
            }
            "DeletePolicy" => {
                let arn = given.get("PolicyArn")?;
                let state = self.inner.snapshot(scope(call)).ok()?;
                let mut holders = ["roles", "users"].iter().filter_map(|kind| state[*kind].as_object()).flatten();
                let bounds = holders.any(|(_, holder)| holder["permissions_boundary"] == **arn);
                let versions = state["policies"][arn]["versions"].as_array()?.len();
                let reason = match versions {
                    _ if bounds => "Cannot delete a policy attached to entities.",
                    0 | 1 => return None,
                    _ => VERSIONS_REMAIN,
                };
                Some(Response::error(409, "DeleteConflict", reason))
            }
            _ => None,
        }
    }

    /// The version that was just made follows the others. The emulated service begins again at one when its state was
    /// put back.
    fn number(&self, call: &Call, arn: &str, answer: &Response) -> Option<Response> {
        let mut state = self.inner.snapshot(scope(call)).ok()?;
        let policy = &mut state["policies"][arn];
        let (made, others) = policy["versions"].as_array_mut()?.split_last_mut()?;
        let highest = others.iter().filter_map(number).max()?;
        if number(made)? > highest {
            return None;
        }
        let (was, is) = (made["version_id"].as_str()?.to_owned(), format!("v{}", highest + 1));
        made["version_id"] = json!(is);
        if made["is_default_version"] == true {
            policy["default_version_id"] = json!(is);
        }
        self.inner.restore(scope(call), state).ok()?;
        let shown = |id: &str| format!("<VersionId>{id}</VersionId>");
        let body = String::from_utf8_lossy(&answer.body).replace(&shown(&was), &shown(&is));
        Some(Response::xml(answer.status, body))
    }
}

/// Names are not told apart by case.
fn is_called(policy: &Value, name: &str) -> bool {
    policy["policy_name"].as_str().is_some_and(|one| one.eq_ignore_ascii_case(name))
}

fn number(version: &Value) -> Option<u64> {
    version["version_id"].as_str()?.strip_prefix('v')?.parse().ok()
}

fn encoded(answer: &Response) -> Option<Response> {
    let body = String::from_utf8_lossy(&answer.body);
    let (shown, document) = (element(&body, "Document")?, text(&body, "Document")?);
    Some(Response::xml(answer.status, body.replace(shown, &percent_encode(&document))))
}

impl Over for Policies {
    fn inner(&self) -> &dyn Service {
        self.inner.as_ref()
    }

    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let given = parse_query_string(&String::from_utf8_lossy(&call.request.body));
            if let Some(refusal) = self.refuse(&call, &given) {
                return refusal;
            }
            let answer = self.inner.answer(call.clone()).await;
            let changed = match (call.operation.as_str(), given.get("PolicyArn")) {
                _ if answer.status >= 300 => None,
                ("CreatePolicyVersion", Some(arn)) => self.number(&call, arn, &answer),
                ("GetPolicyVersion", _) => encoded(&answer),
                _ => None,
            };
            changed.unwrap_or(answer)
        })
    }
}
