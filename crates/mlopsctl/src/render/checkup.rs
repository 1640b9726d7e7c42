//! The findings of a checkup, worst last, so that it stands where the eye is.

use super::versioned::Versioned;
use crate::{
    printer::{Printer, Style},
    remedy,
};
use checkup::{Finding, Verdict};
use serde::Serialize;

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
        if let Some(help) = remedy::words_of(finding.help.as_ref()) {
            let help = printer.advice(&help);
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
        told.push(format!("{unknown} could not be checked"));
    }
    format!("{environment}: {}.", told.join(", "))
}

/// The document of `doctor --json`.
#[derive(Serialize)]
struct Document<'a> {
    environment: &'a str,
    findings: Vec<FindingDocument<'a>>,
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    check: &'a str,
    verdict: Verdict,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl<'a> From<&'a Finding> for FindingDocument<'a> {
    fn from(Finding { check, verdict, what, help }: &'a Finding) -> Self {
        Self { check, verdict: *verdict, what, help: help.as_ref().map(remedy::words) }
    }
}

pub(crate) fn document<'a>(environment: &'a str, findings: &'a [Finding]) -> impl Serialize + use<'a> {
    Versioned::new(Document { environment, findings: findings.iter().map(FindingDocument::from).collect() })
}
