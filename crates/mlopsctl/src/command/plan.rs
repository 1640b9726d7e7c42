use super::{change::refused, lost_state};
use crate::{
    cli::{Global, PlanArgs},
    end::End,
    printer::Printer,
    render, saved_plan,
    session::Session,
};
use engine::Purpose;
use resource::FailureKind;

pub(crate) async fn run(global: &Global, args: &PlanArgs, printer: Printer) -> Result<(), End> {
    let session = Session::open(global, args.environment.as_deref()).await?;
    let (state, stored) = session.state().await?;
    session.warn_of_bucket(printer).await;
    if stored.is_none() {
        lost_state::note_other_projects(&session, printer).await;
    }
    let stack = session.stack(&state).await?;
    session.knows(&args.target, &stack, &state)?;
    let purpose = Purpose {
        targets: args.target.clone(),
        inputs: session.inputs(&stack),
        delete_data: args.delete_data,
        keep: !args.delete_data,
        looks_only: true,
        unprotect: args.unprotect.clone(),
        ..Purpose::default()
    };
    let planning = engine::plan(&stack, &state, &session.registry, &session.cloud, &session.identity, &purpose).await;
    // Without a read of every resource, nobody could judge the rest of the plan.
    let is_whole = planning.refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused);
    if !is_whole && !printer.json {
        return Err(refused(&planning.refusals, printer));
    }
    let plan = &planning.plan;
    session.trace_calls();
    let costs = super::cost::of_plan(&session, &state, plan)?;
    match printer.json {
        true => printer.document(&render::plan_json::document(&planning, costs.summary(), &session.meter)),
        false => printer.data(&render::plan_text::page(&planning, &costs, &session.registry, printer.for_data())),
    }
    if !planning.refusals.is_empty() {
        return Err(refused(&planning.refusals, printer));
    }
    if let Some(file) = &args.out {
        saved_plan::write(plan, file)?;
        printer.note(&format!("saved to {}; apply it with `mlopsctl up {} --plan {0}`", file.display(), session.name));
    }
    if args.exit_code && !plan.is_empty() { Err(End::Differences) } else { Ok(()) }
}
