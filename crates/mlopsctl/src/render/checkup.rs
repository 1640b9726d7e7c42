//! What a checkup found, worst last, so that it stands where the eye is.

use crate::printer::{Printer, Style};
use checkup::{Finding, Verdict};
use serde_json::{Value, json};

pub(crate) fn page(environment: &str, findings: &[Finding], printer: Printer) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.verdict);
    let mut lines = Vec::new();
    for finding in sorted {
        let (sign, style) = match finding.verdict {
            Verdict::Ok => ("✓", Style::Green),
            Verdict::Unknown => ("?", Style::Cyan),
            Verdict::Warning => ("!", Style::Yellow),
            Verdict::Problem => ("✗", Style::Alarm),
        };
        lines.push(format!("{} {:width$}  {}", printer.paint(style, sign), finding.check, finding.what));
        if let Some(help) = finding.help.as_deref().filter(|help| !help.is_empty()) {
            let help = printer.advice(help);
            lines.push(format!("  {:width$}  {} {help}", "", printer.paint(Style::Cyan, "help:")));
        }
    }
    lines.push(String::new());
    lines.push(last_line(environment, findings));
    lines.join("\n")
}

fn last_line(environment: &str, findings: &[Finding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (problems, warnings, unknown) = (count(Verdict::Problem), count(Verdict::Warning), count(Verdict::Unknown));
    if problems + warnings + unknown == 0 {
        return format!("Nothing is wrong with {environment}.");
    }
    let named = [(problems, "problem"), (warnings, "warning")];
    let mut told: Vec<String> = named
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if unknown > 0 {
        told.push(format!("{unknown} not to be looked at"));
    }
    format!("{environment}: {}.", told.join(", "))
}

pub(crate) fn document(environment: &str, findings: &[Finding]) -> Value {
    json!({ "format": 1, "environment": environment, "findings": findings })
}
