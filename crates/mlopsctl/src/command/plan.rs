//! The command `plan`: shows the differences to apply, and saves them if asked.

use super::not_done::{refused, refused_plan};
use crate::{
    cli::{Global, PlanArgs, PlanFormat},
    command_error::CommandError,
    printer::Printer,
    render::{self, page::Form, plan_markdown::Facts, refusal_json::RefusalDocument},
    saved_plan::{self, PlanNotes, SavedPlan},
};
use app::{Session, lost_state};
use engine::Purpose;
use resource::Stack;
use review::{Names, PlanView, RefusalView, Surroundings};
use serde_json::json;
use state::State;
use std::path::Path;

pub(crate) async fn run(global: &Global, args: &PlanArgs, printer: Printer) -> Result<(), CommandError> {
    if let Some(file) = &args.show {
        return show(file, args, printer);
    }
    let session = global.app().open(args.environment.as_deref()).await?;
    let (state, stored) = session.state().await?;
    session.warn_of_unknown_settings();
    session.warn_of_later_tool(&state);
    session.warn_of_bucket().await;
    if stored.is_none() {
        lost_state::note_other_projects(&session).await;
    }
    session.refuse_unfit_existing(&state).await?;
    let stack = session.stack(&state).await?;
    session.refuse_unknown_targets(&args.target, &stack, &state)?;
    session.warn_of_unmatched(&args.unprotect, &stack, &state);
    let purpose = Purpose {
        targets: args.target.clone(),
        inputs: session.inputs(&stack),
        delete_data: args.delete_data.clone(),
        is_read_only: true,
        unprotect: args.unprotect.clone(),
        ..Purpose::default()
    };
    let preview = Preview {
        session: &session,
        state: &state,
        stack: &stack,
        purpose,
        out: args.out.as_deref(),
        is_full: args.full,
        format: args.format,
        is_on_aws: global.is_on_aws(),
    };
    let has_changes = preview.show(printer).await?;
    if args.exit_code && has_changes { Err(CommandError::Differences) } else { Ok(()) }
}

/// Shows a saved plan. It needs neither the environment file nor AWS.
fn show(file: &Path, args: &PlanArgs, printer: Printer) -> Result<(), CommandError> {
    let registry = blueprint::registry();
    let SavedPlan { mut plan, beside } = saved_plan::read(file)?;
    if let Some(named) = args.environment.as_deref().filter(|named| *named != plan.environment) {
        let what = format!("{} is a plan of {}, and not of {named}", file.display(), plan.environment);
        return Err(CommandError::usage(what, ""));
    }
    plan.hide_sensitive(&registry);
    let surroundings = Surroundings { state_bucket: beside.state_bucket.clone(), ..Surroundings::default() };
    let mut view = PlanView::of_plan(&plan, &registry, surroundings);
    view.add_unknown_losses(beside.not_looked_for.iter().map(RefusalView::from).collect(), &registry);
    let (names, costs, consents) = (Names::default(), beside.costs.as_deref(), saved_plan::consents(&plan));
    match (args.format, printer.json, printer.quiet) {
        (PlanFormat::Markdown, ..) => {
            let facts = Facts { names: &names, costs, uses: &beside.uses, consents: &consents };
            printer.verbatim(&render::plan_markdown::page(&view, &facts, printer));
        }
        (PlanFormat::Text, true, _) => printer.document(&render::plan_json::saved(&view, &plan, &beside)),
        (PlanFormat::Text, false, true) => printer.page(&render::plan_text::end(&view, costs).join("\n")),
        (PlanFormat::Text, false, false) => {
            beside.uses.lines().iter().for_each(|line| printer.page(line));
            let form = Form::new(args.full, printer.columns_of_data());
            printer.page(&render::plan_text::page(&view, &names, costs, printer.for_data(), form));
            if !consents.is_empty() {
                printer.page(&format!("Planned with{consents}: `up --plan` needs the same."));
            }
        }
    }
    Ok(())
}

/// A plan that is shown and perhaps saved, but not applied.
pub(crate) struct Preview<'a> {
    pub(crate) session: &'a Session,
    pub(crate) state: &'a State,
    pub(crate) stack: &'a Stack,
    pub(crate) purpose: Purpose,
    /// The file to save the plan in.
    pub(crate) out: Option<&'a Path>,
    /// True if no lines are folded.
    pub(crate) is_full: bool,
    pub(crate) format: PlanFormat,
    /// False on an emulator, where nothing costs anything.
    pub(crate) is_on_aws: bool,
}

impl Preview<'_> {
    /// Plans, shows the plan and saves it. Returns whether the plan has changes.
    pub(crate) async fn show(self, printer: Printer) -> Result<bool, CommandError> {
        let Self { session, state, stack, purpose, out, is_full, format, is_on_aws } = self;
        out.map_or(Ok(()), saved_plan::refuse_other)?;
        let planning = engine::plan(stack, state, &session.registry, &session.cloud, &session.identity, &purpose).await;
        if !planning.is_whole() && !printer.json {
            return Err(refused(&planning.refusals, printer));
        }
        let plan = &planning.plan;
        session.trace_calls();
        let costs = app::costs::of_plan(session, state, plan)?;
        let used = session.used_parts().await?;
        let surroundings = Surroundings {
            operation: "up".to_owned(),
            names: session.names(),
            state_bucket: if state.serial == 0 { session.missing_bucket().await } else { None },
            locked_by: session.run_at_work().await,
        };
        let (names, state_bucket) = (surroundings.names.clone(), surroundings.state_bucket.clone());
        let words = render::cost::change(&costs, is_on_aws);
        let view = PlanView::new(&planning, &session.registry, surroundings);
        if let Some(run) = &view.locked_by {
            printer.note(&format!(
                "{} is running `{}` since {}: this plan shows what is not done yet.",
                run.who, run.operation, run.since
            ));
        }
        match (format, printer.json, printer.quiet) {
            (PlanFormat::Markdown, ..) => {
                let consents = saved_plan::consents(plan);
                let facts = Facts { names: &names, costs: Some(&words), uses: &used, consents: &consents };
                printer.verbatim(&render::plan_markdown::page(&view, &facts, printer));
            }
            (PlanFormat::Text, true, _) => {
                printer.document(&render::plan_json::document(&view, costs.summary(), &session.meter, &used));
            }
            (PlanFormat::Text, false, true) => {
                printer.page(&render::plan_text::end(&view, Some(&words)).join("\n"));
            }
            (PlanFormat::Text, false, false) => {
                used.lines().iter().for_each(|line| printer.page(line));
                let form = Form::new(is_full, printer.columns_of_data());
                printer.page(&render::plan_text::page(&view, &names, Some(&words), printer.for_data(), form));
            }
        }
        if !planning.refusals.is_empty() {
            if let Some(file) = out {
                printer.note(&format!("not saved to {}: `up` would refuse the plan", file.display()));
            }
            return Err(refused_plan(&view, printer));
        }
        if let Some(file) = out {
            let cost = json!(costs.summary());
            let not_looked_for = view.unknown_losses.iter().map(RefusalDocument::from).collect();
            let beside = PlanNotes { cost, costs: Some(words), uses: used, state_bucket, not_looked_for };
            saved_plan::write(&SavedPlan { plan: plan.clone(), beside }, file)?;
            let (file, name, options) = (file.display(), &session.name, saved_plan::consents(plan));
            printer.hint(&format!("saved to {file}; apply it with `mlopsctl up {name} --plan {file}{options}`"));
        }
        Ok(!plan.is_empty())
    }
}
