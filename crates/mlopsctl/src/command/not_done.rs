//! The exit of a command whose plan was refused.

use super::stale_plan;
use crate::{
    command_error::CommandError,
    printer::Printer,
    remedy,
    render::{self, page::Form},
};
use app::{NotDone, NotReconciled, RefusedPlan};
use aws_client::FailureKind;
use engine::Refusal;
use review::{Names, PlanView};

/// The exit of a change that was not begun.
pub(crate) fn not_done(why: NotDone, names: &Names, is_on_aws: bool, printer: Printer) -> CommandError {
    match why {
        NotDone::Error(error) => error.into(),
        NotDone::Stale(stale) => stale_plan::refused(&stale),
        NotDone::Overtaken(stale) => stale_plan::overtaken(&stale),
        NotDone::Refused(plan) => refused_change(&plan, names, is_on_aws, printer),
    }
}

/// The exit of a reconciliation that was not begun.
pub(crate) fn not_reconciled(why: NotReconciled, names: &Names, is_on_aws: bool, printer: Printer) -> CommandError {
    match why {
        NotReconciled::Unobserved(refusals) => refused(&refusals, printer),
        NotReconciled::NotDone(why) => not_done(why, names, is_on_aws, printer),
    }
}

/// Shows the plan with all refusals. An incomplete plan, or one without a reader, is refused without being shown.
fn refused_change(plan: &RefusedPlan, names: &Names, is_on_aws: bool, printer: Printer) -> CommandError {
    if printer.json {
        render::plan_json::refusal_events(&plan.refusals).for_each(|line| printer.line(&line));
    }
    if !plan.is_whole || printer.json || printer.quiet || plan.is_empty {
        return refused(&plan.refusals, printer);
    }
    let form = Form::new(false, printer.columns());
    let costs = render::cost::change(&plan.costs, is_on_aws);
    printer.note(&render::plan_text::page(&plan.view, names, Some(&costs), printer, form));
    refused_plan(&plan.view, printer)
}
/// The exit after a page or a document that lists the refusals. The page itself names the command that lifts them.
pub(crate) fn refused_plan(view: &PlanView, printer: Printer) -> CommandError {
    let count = view.refusals.len();
    let what = if count == 1 { "1 refusal".to_owned() } else { format!("{count} refusals") };
    let refused = format!("`{}` refuses this plan: {what}; nothing was touched", remedy::command_of(view));
    match remedy::way_out(view).filter(|_| printer.json || printer.quiet) {
        Some(command) => CommandError::failed_with(refused, format!("to do it all the same: `{command}`")),
        None => CommandError::failed(refused),
    }
}

/// Reports all refusals of a plan. Advice that is the same for many taken names is printed once.
pub(crate) fn refused(refusals: &[Refusal], printer: Printer) -> CommandError {
    let failures = refusals.iter().map(|refusal| &refusal.failure);
    let taken = failures.map(|failure| failure.help.as_ref().filter(|_| failure.kind == FailureKind::Exists));
    let (left_out, for_many) = remedy::shared(&taken.collect::<Vec<_>>());
    for (refusal, advised) in refusals.iter().zip(left_out) {
        printer.error(
            &format!("{} ({}): {}", refusal.address, refusal.kind, refusal.failure),
            remedy::words_of(refusal.failure.help.as_ref()).as_deref().filter(|_| !advised),
        );
    }
    if let Some(advice) = for_many {
        printer.help(&advice);
    }
    let denied = refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused);
    let what = if denied { "refused" } else { "no plan could be made" };
    CommandError::failed(format!("{what}; nothing was touched"))
}
