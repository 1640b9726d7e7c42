//! What went wrong, with what to do next.

use crate::{fault::Fault, printer::Printer};
use config::Invalid;
use engine::Refusal;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Severity};
use resource::Failure;
use serde_json::{Value, json};

/// Says why a command ends.
pub(crate) fn fault(printer: &Printer, fault: &Fault) {
    match fault {
        Fault::Said { what, .. } => printer.raw(&drawn(printer, &**what)),
        Fault::Invalid(found) => invalid(printer, found),
        Fault::Told(_) => {}
    }
}

/// Shows every problem of an environment file where it is.
pub(crate) fn invalid(printer: &Printer, invalid: &Invalid) {
    let file = invalid.file.display().to_string();
    for problem in &invalid.problems {
        let mut what = MietteDiagnostic::new(problem.message.clone()).with_severity(Severity::Error);
        what.help.clone_from(&problem.help);
        if !invalid.source.is_empty() {
            what = what.with_label(LabeledSpan::new_with_span(None, problem.span.clone()));
        }
        let report = miette::Report::new(what).with_source_code(NamedSource::new(&file, invalid.source.clone()));
        printer.raw(&drawn(printer, report.as_ref()));
        // The picture shows the place to people; this shows it to editors and to grep.
        printer.insist(&format!("  at {file}:{}:{}\n", problem.line, problem.column));
    }
}

/// Shows what stands in the way, all of it.
pub(crate) fn refusals(printer: &Printer, refusals: &[Refusal]) {
    for refusal in refusals {
        let what = format!("{} ({}): {}", refusal.address, refusal.kind, refusal.failure);
        let mut what = MietteDiagnostic::new(what);
        what.help.clone_from(&refusal.failure.help);
        printer.raw(&drawn(printer, &what));
    }
    let things = if refusals.len() == 1 { "this stands" } else { "these stand" };
    printer.insist(&format!("{things} in the way; nothing was touched"));
}

fn drawn(printer: &Printer, what: &dyn Diagnostic) -> String {
    let colour = printer.talk_paint().is_on();
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(printer.width())
        .with_wrap_lines(false)
        .with_break_words(false)
        .with_links(false);
    let mut out = String::new();
    match handler.render_report(&mut out, what) {
        Ok(()) => out,
        Err(_) => format!("{what}\n"),
    }
}

/// A failure as programs read it.
pub(crate) fn failure_json(failure: &Failure) -> Value {
    json!({
        "operation": failure.operation,
        "code": failure.code,
        "message": failure.message,
        "request_id": failure.request_id,
        "residue": failure.residue,
        "help": failure.help,
    })
}
