use super::not_done::{refused, refused_plan};
use crate::{
    cli::{Global, PlanArgs},
    end::End,
    printer::Printer,
    render::{self, page::Form},
    saved_plan,
};
use app::{Session, lost_state};
use engine::Purpose;
use resource::{FailureKind, Stack};
use review::{Names, PlanView, Surroundings};
use state::State;
use std::path::Path;

pub(crate) async fn run(global: &Global, args: &PlanArgs, printer: Printer) -> Result<(), End> {
    if let Some(file) = &args.show {
        return show(file, args, printer);
    }
    let session = global.app().open(args.environment.as_deref()).await?;
    let (state, stored) = session.state().await?;
    session.warn_of_later_tool(&state);
    session.warn_of_bucket().await;
    if stored.is_none() {
        lost_state::note_other_projects(&session).await;
    }
    session.refuse_unfit_network(&state).await?;
    session.refuse_unfit_existing().await?;
    let stack = session.stack(&state).await?;
    session.knows(&args.target, &stack, &state)?;
    session.warn_of_unmatched(&args.unprotect, &stack, &state);
    let purpose = Purpose {
        targets: args.target.clone(),
        inputs: session.inputs(&stack),
        delete_data: args.delete_data,
        keep: !args.delete_data,
        looks_only: true,
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
    };
    let has_changes = preview.show(printer).await?;
    if args.exit_code && has_changes { Err(End::Differences) } else { Ok(()) }
}

/// Shows a saved plan. It needs neither the environment file nor AWS.
fn show(file: &Path, args: &PlanArgs, printer: Printer) -> Result<(), End> {
    let registry = blueprint::registry();
    let mut plan = saved_plan::read(file)?;
    if let Some(named) = args.environment.as_deref().filter(|named| *named != plan.environment) {
        let what = format!("{} is a plan of {}, and not of {named}", file.display(), plan.environment);
        return Err(End::usage(what, ""));
    }
    plan.hide_sensitive(&registry);
    let view = PlanView::of_plan(&plan, &registry, Surroundings::default());
    match (printer.json, printer.quiet) {
        (true, _) => printer.document(&render::plan_json::saved(&view, &plan)),
        (false, true) => printer.data(&render::plan_text::end(&view, None).join("\n")),
        (false, false) => {
            let form = Form::new(args.full, printer.columns_of_data());
            let names = Names::default();
            printer.data(&render::plan_text::page(&view, &names, None, printer.for_data(), form));
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
}

impl Preview<'_> {
    /// Plans, shows the plan and saves it. Returns whether the plan has changes.
    pub(crate) async fn show(self, printer: Printer) -> Result<bool, End> {
        let Self { session, state, stack, purpose, out, is_full } = self;
        out.map_or(Ok(()), saved_plan::refuse_other)?;
        let planning = engine::plan(stack, state, &session.registry, &session.cloud, &session.identity, &purpose).await;
        // Without a refresh of every resource, the rest of the plan is unreliable.
        let is_whole = planning.refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused);
        if !is_whole && !printer.json {
            return Err(refused(&planning.refusals, printer));
        }
        let plan = &planning.plan;
        session.trace_calls();
        let costs = app::costs::of_plan(session, state, plan)?;
        let used = session.used_parts().await?;
        let surroundings = Surroundings {
            command: format!("mlopsctl up {}", session.name),
            names: session.names(),
            state_bucket: if state.serial == 0 { session.missing_bucket().await } else { None },
            locked_by: session.run_at_work().await,
        };
        let names = surroundings.names.clone();
        let view = PlanView::new(&planning, &session.registry, surroundings);
        if let Some(run) = &view.locked_by {
            printer.note(&format!(
                "{} is running `{}` since {}: this plan shows what is not done yet.",
                run.who, run.operation, run.since
            ));
        }
        match (printer.json, printer.quiet) {
            (true, _) => {
                let mut document = render::plan_json::document(&view, costs.summary(), &session.meter);
                document["uses"] = used.json();
                printer.document(&document);
            }
            (false, true) => printer.data(&render::plan_text::end(&view, Some(&costs)).join("\n")),
            (false, false) => {
                used.lines().iter().for_each(|line| printer.data(line));
                let form = Form::new(is_full, printer.columns_of_data());
                printer.data(&render::plan_text::page(&view, &names, Some(&costs), printer.for_data(), form));
            }
        }
        if !planning.refusals.is_empty() {
            return Err(refused_plan(&view, printer));
        }
        if let Some(file) = out {
            saved_plan::write(plan, file)?;
            let (file, name) = (file.display(), &session.name);
            printer.note(&format!("saved to {file}; apply it with `mlopsctl up {name} --plan {file}`"));
        }
        Ok(!plan.is_empty())
    }
}
