//! The identity of the caller, and its permissions for a platform.

mod simulation;

use crate::{DoctorInput, Finding, RoleInUse, recorded_state::listed};
use aws_client::{Attempt as _, NextPage, Operation, Pages, PolicyOf, Remedy, Result};
use aws_sdk_iam::Client;
use futures::future::join_all;
use simulation::Question;
use std::collections::BTreeMap;

const CREDENTIALS: &str = "credentials";
const PERMISSIONS: &str = "permissions";

pub(crate) async fn run_checks(input: &DoctorInput<'_>) -> Vec<Finding> {
    let sts = aws_sdk_sts::Client::new(input.sdk);
    let caller = match sts.get_caller_identity().send().await.during("GetCallerIdentity") {
        Ok(identity) => identity.arn.unwrap_or_default(),
        Err(failure) => return vec![Finding::unknown(CREDENTIALS, "who is asking", &failure)],
    };
    if caller.ends_with(":root") {
        return vec![Finding::warning(
            CREDENTIALS,
            format!("{caller}: the account's root user, whom no policy limits"),
            Remedy::Several(vec!["use a role".into(), print_policy(PolicyOf::Environment, "prints what it needs")]),
        )];
    }
    let who = Finding::ok(CREDENTIALS, format!("{caller}, region {}", input.place.region));
    let may = match allowed(input, &caller).await {
        Ok(finding) => finding,
        Err(failure) => Finding::unknown(PERMISSIONS, "what these credentials may do", &failure),
    };
    let iam = Client::new(input.sdk);
    let roles = join_all(input.roles.iter().map(|one| role(&iam, one))).await;
    [who, may].into_iter().chain(roles).collect()
}

/// Simulates in IAM whether an existing role has the permissions that the platform needs.
async fn role(iam: &Client, role: &RoleInUse<'_>) -> Finding {
    let (arn, mut denied) = (role.arn, Vec::new());
    for question in simulation::questions(&role.policy).into_iter().map(Question::without_unknowns) {
        match ask(iam, arn, &question).await {
            Ok((_, refused)) => denied.extend(refused),
            Err(failure) => return Finding::unknown(PERMISSIONS, arn, &failure),
        }
    }
    denied.sort();
    denied.dedup();
    match denied.as_slice() {
        [] => Finding::ok(PERMISSIONS, format!("{arn} may do everything that the platform does with it")),
        denied => Finding::warning(
            PERMISSIONS,
            format!("as far as IAM can tell, {arn} may not {}", by_service(denied)),
            Remedy::Several(vec![
                "its owner must allow it".into(),
                print_policy(PolicyOf::Role(role.key.to_owned()), "prints the policy that the platform needs"),
            ]),
        ),
    }
}

fn print_policy(of: PolicyOf, effect: &str) -> Remedy {
    Remedy::perform(Operation::PrintPolicy(of), None, effect)
}

/// Sorted actions by service: all names of a few, and the number of many.
fn by_service(actions: &[String]) -> String {
    const FEW: usize = 3;
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (service, action) in actions.iter().filter_map(|action| action.split_once(':')) {
        services.entry(service).or_default().push(action);
    }
    let shown = services.iter().map(|(service, actions)| match actions.len() {
        ..=FEW => format!("{service}:{}", actions.join(&format!(", {service}:"))),
        many => format!("{many} actions of {service}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Asks IAM whether the caller may do everything that the least policy allows. IAM knows the caller's policies and
/// boundary; what an organisation or a resource's own policy forbids, only the call itself tells.
async fn allowed(input: &DoctorInput<'_>, caller: &str) -> Result<Finding> {
    let iam = Client::new(input.sdk);
    let principal = principal(&iam, caller).await?;
    let questions = simulation::questions(input.policy);
    let answers = join_all(questions.iter().map(|question| ask(&iam, &principal, question))).await;
    let (mut asked, mut denied) = (0, Vec::new());
    for answer in answers {
        let (actions, refused) = answer?;
        asked += actions;
        denied.extend(refused);
    }
    denied.sort();
    denied.dedup();
    Ok(match denied.as_slice() {
        [] => Finding::ok(PERMISSIONS, format!("everything it takes is allowed, {asked} actions")),
        denied => Finding::warning(
            PERMISSIONS,
            match denied {
                [one] => format!("as far as IAM can tell, {one} is not allowed"),
                many => format!("as far as IAM can tell, {} actions are not allowed: {}", many.len(), listed(many)),
            },
            print_policy(PolicyOf::Environment, "prints a policy that allows everything it takes"),
        ),
    })
}

/// IAM knows no sessions, only the role that was assumed; and that by its whole name, of which a session shows a part.
async fn principal(iam: &Client, caller: &str) -> Result<String> {
    let assumed = caller.split_once(":assumed-role/").and_then(|(_, session)| session.split('/').next());
    match assumed {
        Some(role) => {
            let found = iam.get_role().role_name(role).send().await.during("GetRole")?.role;
            found.map(|role| role.arn).ok_or_else(|| aws_client::Failure::incomplete("GetRole", "role"))
        }
        None => Ok(caller.to_owned()),
    }
}

/// The number of actions that were asked about, and those that are not allowed.
async fn ask(iam: &Client, principal: &str, question: &Question) -> Result<(usize, Vec<String>)> {
    let call = iam
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .set_action_names(Some(question.actions.clone()))
        .set_resource_arns(Some(question.resources.clone()))
        .set_context_entries(Some(question.context.clone()));
    let pages = Pages::new("SimulatePrincipalPolicy", call.into_paginator().send(), |page| {
        NextPage::if_truncated(page.is_truncated(), page.marker())
    });
    let mut results = pages.items(|page| page.evaluation_results);
    // One result for each action, or for each action and resource.
    let mut allowed: BTreeMap<String, bool> = BTreeMap::new();
    while let Some(result) = results.next().await? {
        *allowed.entry(result.eval_action_name.clone()).or_default() |= simulation::is_allowed(&result);
    }
    let denied = allowed.into_iter().filter(|(_, allowed)| !allowed).map(|(action, _)| action);
    Ok((question.actions.len(), denied.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_actions_are_told_by_service() {
        let actions = ["ecr:A", "glue:A", "glue:B", "glue:C", "glue:D", "s3:GetObject", "s3:ListBucket"];
        let told = by_service(&actions.map(str::to_owned));
        assert_eq!(told, "ecr:A, 4 actions of glue, s3:GetObject, s3:ListBucket");
    }
}
