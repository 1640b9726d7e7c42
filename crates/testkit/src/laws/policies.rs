//! A new managed policy is not known to all of IAM at once, nor which of its versions has become the default one; and
//! what let go of a policy a moment ago counts as having it.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Managed policies that were made or changed a moment ago, by ARN.
#[derive(Clone, Default)]
pub(super) struct Policies {
    /// From when on IAM knows them.
    known: BTreeMap<String, Instant>,
    /// From when on roles can have them.
    attachable: BTreeMap<String, Instant>,
    /// Their default versions.
    defaults: BTreeMap<String, String>,
    /// The version that is still shown as the default one, and until when.
    outdated: BTreeMap<String, (String, Instant)>,
    /// Until when they count as attached.
    attached: BTreeMap<String, Instant>,
    changes: u64,
}

impl Policies {
    fn shortly(&mut self, what: &str, world: &World<'_>) -> Instant {
        self.changes += 1;
        world.after(0..=5, &format!("{what} {}", self.changes))
    }
}

/// The operations that give a policy to a role.
const GIVE: [&str; 3] = ["AttachRolePolicy", "CreateRole", "PutRolePermissionsBoundary"];

/// The policy that a call is about, or that a role is to have.
fn named(asked: &Asked) -> &str {
    match asked.text("PolicyArn") {
        "" => asked.text("PermissionsBoundary"),
        arn => arn,
    }
}

/// The text of the first element of that name.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0)
}

#[async_trait]
impl Law for Policies {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.service != "iam" {
            return None;
        }
        let arn = named(asked);
        let lasts = |until: &BTreeMap<String, Instant>| until.get(arn).is_some_and(|until| *until > world.now);
        let unknown = match GIVE.contains(&asked.operation.as_str()) {
            true => lasts(&self.attachable).then(|| format!("Policy {arn} does not exist or is not attachable.")),
            false => lasts(&self.known).then(|| format!("Policy {arn} was not found.")),
        };
        if let Some(message) = unknown {
            return Some(Refusal::new("NoSuchEntity", message).status(404).to(&asked.call));
        }
        let refusal = Refusal::new("DeleteConflict", "Cannot delete a policy attached to entities.").status(409);
        (asked.operation == "DeletePolicy" && lasts(&self.attached)).then(|| refusal.to(&asked.call))
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "iam" || response.status >= 300 {
            return;
        }
        let arn = named(asked).to_owned();
        let body = String::from_utf8_lossy(&response.body).into_owned();
        match asked.operation.as_str() {
            "CreatePolicy" => {
                let arn = element(&body, "Arn").unwrap_or_default().to_owned();
                let known = world.after(0..=5, &format!("{arn} is known"));
                let attachable = known + world.chance.span(0..=10, &format!("{arn} is attachable"));
                self.known.insert(arn.clone(), known);
                self.attachable.insert(arn.clone(), attachable);
                self.defaults.insert(arn, "v1".to_owned());
            }
            "CreatePolicyVersion" if asked.text("SetAsDefault") == "true" => {
                let made = element(&body, "VersionId").unwrap_or_default().to_owned();
                let until = self.shortly("default version", world);
                if let Some(old) = self.defaults.insert(arn.clone(), made) {
                    self.outdated.insert(arn, (old, until));
                }
            }
            "SetDefaultPolicyVersion" => {
                self.defaults.insert(arn, asked.text("VersionId").to_owned());
            }
            "DetachRolePolicy" => {
                let until = self.shortly("detached", world);
                self.attached.insert(arn, until);
            }
            "GetPolicy" => {
                if let Some((old, until)) = self.outdated.get(&arn)
                    && *until > world.now
                {
                    let shown = |id: &str| format!("<DefaultVersionId>{id}</DefaultVersionId>");
                    response.body = body.replace(&shown(&self.defaults[&arn]), &shown(old)).into();
                }
            }
            "DeletePolicy" => {
                self.known.remove(&arn);
                self.attachable.remove(&arn);
                self.defaults.remove(&arn);
                self.outdated.remove(&arn);
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
