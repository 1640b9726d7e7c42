//! The exit of a command whose plan is refused.

use crate::{end::End, printer::Printer};
use engine::Refusal;
use resource::FailureKind;
use review::PlanView;

/// The exit after a page or a document that lists the refusals. The page itself names the command that lifts them.
pub(crate) fn refused_plan(view: &PlanView, printer: Printer) -> End {
    let count = view.refusals.len();
    let what = if count == 1 { "1 refusal".to_owned() } else { format!("{count} refusals") };
    let refused = format!("`{}` refuses this plan: {what}; nothing was touched", view.command);
    match view.way_out.as_ref().filter(|_| printer.json || printer.quiet) {
        Some(command) => End::failed_with(refused, format!("to do it all the same: {command}")),
        None => End::failed(refused),
    }
}

/// Reports all refusals of a plan. Advice that is the same for many taken names is printed once.
pub(crate) fn refused(refusals: &[Refusal], printer: Printer) -> End {
    let is_taken = |refusal: &&Refusal| refusal.failure.kind == FailureKind::Exists;
    let many_are_taken = refusals.iter().filter(is_taken).count() > 2;
    for refusal in refusals {
        let advised = many_are_taken && is_taken(&refusal);
        printer.error(
            &format!("{} ({}): {}", refusal.address, refusal.kind, refusal.failure),
            refusal.failure.help.as_deref().filter(|_| !advised),
        );
    }
    if many_are_taken {
        printer.help(
            "take over what is yours with `mlopsctl adopt <env> ADDRESS…`, what Terraform made with `--from-tfstate FILE`; \
             or choose other names in the environment file",
        );
    }
    let denied = refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused);
    let what = if denied { "refused" } else { "no plan could be made" };
    End::failed(format!("{what}; nothing was touched"))
}
