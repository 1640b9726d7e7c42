//! Structural differences in lines: one for each statement, rule, item or value that differs.

use super::{
    page::{Page, Piece, counted},
    value::whole,
};
use crate::printer::Style;
use review::{Difference, Differences, Kind, is_rule, is_statement, rule_in_words, statement_in_words};
use serde_json::Value;

/// The number of differences of a field on a folded page. Differences that a reviewer must see are always shown, and
/// the others are counted.
const MOST: usize = 12;

/// Writes the differences of a field.
pub(super) fn write(page: &mut Page<'_>, indent: usize, field: &str, differences: &Differences) {
    let drifted = differences.parts.iter().filter(|part| part.drifted).count();
    let is_mixed = drifted > 0 && drifted < differences.parts.len();
    let mut hidden = 0;
    for (position, part) in differences.parts.iter().enumerate() {
        if !page.form.full && position >= MOST && !part.is_wide() {
            hidden += 1;
            continue;
        }
        let (sign, style) = match part.kind {
            Kind::Added => ("+", Style::Green),
            Kind::Removed => ("-", Style::Red),
            Kind::Changed | Kind::Reordered => ("~", Style::Yellow),
        };
        let text = format!(" {}", line(page, field, part));
        let outside = if is_mixed && part.drifted { "  (changed outside of mlopsctl)" } else { "" };
        let pieces: [Piece<'_>; 3] = [(Some(style), sign), (None, &text), (Some(Style::Yellow), outside)];
        page.line(indent, 4, &pieces);
    }
    if hidden > 0 {
        page.fold(hidden);
        page.line(indent, 2, &[(Some(Style::Dim), &format!("… {} more", counted(hidden, "difference")))]);
    }
    let unchanged = differences.unchanged;
    if unchanged.count > 0 {
        page.line(indent, 2, &[(Some(Style::Dim), &format!("{} unchanged", counted(unchanged.count, unchanged.of)))]);
    }
}

fn line(page: &mut Page<'_>, field: &str, part: &Difference) -> String {
    let text = match part.kind {
        Kind::Added => words(page, field, &part.after),
        Kind::Removed => words(page, field, &part.before),
        Kind::Changed | Kind::Reordered => {
            let (before, after) = page.pair(&part.before, &part.after);
            let order = if part.kind == Kind::Reordered { "in another order: " } else { "" };
            format!("{order}{before} → {after}")
        }
    };
    match part.path.as_str() {
        "" | "Statement" => text,
        path => format!("{path}: {text}"),
    }
}

/// A statement or a rule in words. Any other value is shown whole.
fn words(page: &Page<'_>, field: &str, value: &Value) -> String {
    if is_statement(value) {
        return statement_in_words(value, page.names);
    }
    let direction = if field.ends_with("egress") { "to" } else { "from" };
    if is_rule(value) { rule_in_words(value, direction) } else { whole(value) }
}
