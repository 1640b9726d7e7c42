//! The command `up`: applies a new or a saved plan.

use super::change;
use crate::{
    cli::{ChangeArgs, Global, UpArgs},
    command_error::CommandError,
    last_run,
    printer::Printer,
    render::next_steps,
    saved_plan,
};
use app::{ApplyCondition, ChangeOptions, ChangeRequest, Wanted};
use engine::{Action, Claims, Plan};
use std::path::Path;

pub(crate) async fn run(global: &Global, args: &UpArgs, printer: Printer) -> Result<(), CommandError> {
    let saved = args.plan.as_deref().map(|file| saved(file, args)).transpose()?;
    let session = global.app().open_to_change(args.environment.as_deref()).await?;
    let targets = saved.as_ref().map_or_else(|| args.target.clone(), |plan| plan.targets.clone());
    let claims = saved.as_ref().map_or_else(Claims::new, |plan| plan.claims.clone());
    let is_whole = targets.is_empty();
    let condition = saved.map_or(ApplyCondition::Confirmed, ApplyCondition::SameAs);
    let change = ChangeRequest {
        workspace: &session,
        wanted: Wanted::Declared(&session),
        operation: "up",
        targets,
        claims,
        condition,
        options: ChangeOptions {
            no_wait: args.no_wait,
            measured: last_run::measured(&session),
            ..global.options(&args.change)
        },
    };
    let applied = change::run(change, &session.names(), global.is_on_aws(), printer).await?;
    last_run::keep(&session, &applied.timeline);
    // An update needs no first steps: its user knows the platform already.
    let is_new = applied.done.iter().any(|(_, action)| *action == Action::Create);
    if is_whole && is_new {
        next_steps::tell(&session, &applied.outputs, global.is_on_aws(), printer);
    }
    Ok(())
}

/// Reads a saved plan. The user who applies it must consent to the same losses as its author.
fn saved(file: &Path, args: &UpArgs) -> Result<Plan, CommandError> {
    let plan = saved_plan::read(file)?.plan;
    let consents = |asked: &[String], given: &[String]| {
        given.iter().any(|glob| glob == "*") || asked.iter().all(|glob| given.contains(glob))
    };
    let ChangeArgs { delete_data, unprotect, .. } = &args.change;
    if consents(&plan.delete_data, delete_data) && consents(&plan.unprotect, unprotect) {
        return Ok(plan);
    }
    let (file, options) = (file.display(), saved_plan::consents(&plan));
    Err(CommandError::usage(
        format!("{file} was planned with{options}, and may be applied only with the same; nothing was touched"),
        format!(
            "look at it with `mlopsctl plan --show {file}`, then: `mlopsctl up {} --plan {file}{options}`",
            plan.environment
        ),
    ))
}
