//! IAM: whether a policy allows what is asked. Each call is turned into what AWS asks of a policy for it (an action on
//! each resource that the request names, with the tags it gives, the tags that are there, the roles it hands over, and
//! what the service asks in the caller's name), by tables that are written from AWS's service authorization reference
//! and know nothing of what the resources declare.
//!
//! # Caveats
//! - Tags that are there are read from the embedded cloud for EC2, KMS and SageMaker. EFS is not embedded beyond what
//!   the laws show of it: a condition on its tags counts as met.
//! - A resource that does not exist has no owner: EC2 and KMS say so, whatever a policy requires of its tags.
//! - What services do with keys in the caller's name is not asked: no emulator encrypts.

pub(crate) mod demand;
mod early;
pub(crate) mod policy;
mod rights;
mod services;
mod tags;

pub use rights::Rights;

use crate::{
    laws::owners::expected_owner,
    wire::{Asked, Refusal},
};
use async_trait::async_trait;
use demand::Demand;
use early::Early;
use local::{Call, Cloud, Layer, LostAnswer, Next, Response};
use policy::Policies;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tags::Tags;

/// Stands before the cloud, and lets through what the policies allow.
pub(crate) struct IamEvaluator {
    tags: Tags,
    /// `None`: tags count at once.
    early: Option<Early>,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    policies: Option<Policies>,
    /// Service control policies. They deny requests, and allow everything else.
    /// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>
    control: Option<Policies>,
    used: BTreeSet<String>,
    denied: Vec<String>,
    without_owner: Vec<String>,
}

impl Noted {
    /// True if no policy is checked.
    fn is_open(&self) -> bool {
        self.policies.is_none() && self.control.is_none()
    }
}

impl IamEvaluator {
    /// Everything is allowed until there are policies. `cloud` is the one beneath all laws.
    pub(crate) fn over(cloud: Cloud) -> Self {
        Self { tags: Tags::of(cloud), early: None, noted: Mutex::default() }
    }

    /// The same, with tags of new resources that take effect late.
    pub(crate) fn seeing_tags_late(self) -> Self {
        Self { early: Some(Early::default()), ..self }
    }

    pub(crate) fn enforce(&self, documents: &[Value]) {
        self.noted().policies = Some(Policies::read(documents));
    }

    /// From now on, these service control policies apply, besides the allowed permissions.
    pub(crate) fn control(&self, documents: &[Value]) {
        self.noted().control = Some(Policies::read(documents));
    }

    pub(crate) fn end(&self) {
        self.noted().policies = None;
    }

    /// The actions that were allowed so far.
    pub(crate) fn used(&self) -> BTreeSet<String> {
        self.noted().used.clone()
    }

    /// The requests denied so far, in words.
    pub(crate) fn denied(&self) -> Vec<String> {
        self.noted().denied.clone()
    }

    /// The requests so far that are about a bucket and do not say which account must own it.
    pub(crate) fn without_owner(&self) -> Vec<String> {
        self.noted().without_owner.clone()
    }

    /// True if an allowed action is still denied because its tags are new.
    fn is_too_early(&self, demands: &[Demand]) -> bool {
        let noted = self.noted();
        let (Some(early), Some(policies)) = (&self.early, &noted.policies) else { return false };
        early.judged(demands).iter().any(|demand| !policies.allow(demand))
    }

    fn note_owner(&self, asked: &Asked) {
        let concerns_bucket = asked.service == "s3" && !asked.text("Bucket").is_empty();
        // A bucket has no owner before it is created.
        if concerns_bucket && asked.operation != "PUT bucket" && expected_owner(asked) != Some(demand::ACCOUNT) {
            self.noted().without_owner.push(format!("{} {}", asked.operation, asked.text("Bucket")));
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, demands: &[Demand]) -> Result<(), String> {
        let mut noted = self.noted();
        let noted = &mut *noted;
        if let Some(refused) = demands.iter().find(|demand| noted.control.iter().any(|control| control.deny(demand))) {
            noted.denied.push(format!("{refused}, by a service control policy"));
            return Err(refused.explicitly_denied());
        }
        let Some(policies) = &noted.policies else { return Ok(()) };
        if let Some(refused) = demands.iter().find(|demand| !policies.allow(demand)) {
            let words = refused.to_string();
            noted.denied.push(words.clone());
            return Err(format!("You are not authorized to perform: {words}"));
        }
        noted.used.extend(demands.iter().map(|demand| demand.action.clone()));
        Ok(())
    }
}

#[async_trait]
impl Layer for IamEvaluator {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if self.noted().is_open() {
            return next.run(call).await;
        }
        let asked = Asked::new(call);
        self.note_owner(&asked);
        let demands = services::demands(&asked, &self.tags).await;
        match self.judge(&demands) {
            Ok(()) if self.is_too_early(&demands) => {
                Ok(refusal(&asked.service, "You are not authorized: it is too new").to(&asked.call))
            }
            Ok(()) => {
                let response = next.run(asked.call.clone()).await?;
                if let Some(early) = &self.early {
                    early.note(&asked, &response);
                }
                Ok(response)
            }
            Err(words) => Ok(refusal(&asked.service, &words).to(&asked.call)),
        }
    }
}

/// Each service has its own words for what is not allowed.
fn refusal(service: &str, words: &str) -> Refusal {
    let (code, status) = match service {
        "ec2" => ("UnauthorizedOperation", 403),
        "sns" => ("AuthorizationError", 403),
        "s3" | "iam" | "sts" | "monitoring" => ("AccessDenied", 403),
        "lambda" | "elasticfilesystem" => ("AccessDeniedException", 403),
        _ => ("AccessDeniedException", 400),
    };
    Refusal::new(code, words).status(status)
}
