//! The causes and changes that many resources of a plan have in common.

use super::{
    page::{Page, counted},
    plan_change::field_lines,
    value::short,
};
use crate::printer::Style;
use review::Shared;

/// Writes the shared changes. The change that most resources share comes first.
pub(super) fn write(page: &mut Page<'_>, shared: &Shared) {
    for one in &shared.causes {
        page.line(0, 2, &[(Some(Style::Bold), &format!("in {} resources", one.resources))]);
        page.line(6, 4, &[(Some(Style::Dim), "because"), (None, &format!(" {}", one.cause))]);
        page.gap();
    }
    let mut before = 0;
    for one in &shared.fields {
        if one.resources != before {
            if before != 0 {
                page.gap();
            }
            page.line(0, 2, &[(Some(Style::Bold), &format!("in {} resources", one.resources))]);
            before = one.resources;
        }
        field_lines(page, &one.field);
    }
    if before != 0 {
        page.gap();
    }
    if let [first, ..] = shared.names.as_slice() {
        page.line(0, 2, &[(Some(Style::Bold), &format!("in {} resources", shared.names.len()))]);
        page.plain(6, &format!("{}: a name of its own, such as {}", first.path, short(&first.after)));
        page.gap();
    }
    if shared.addresses > 0 {
        page.line(0, 2, &[(Some(Style::Bold), &format!("in {}", counted(shared.addresses, "resource")))]);
        page.plain(6, &format!("tags.{}: its own address", resource::ADDRESS_TAG));
        page.gap();
    }
}
