//! A plan for a person who has never seen the tool: by area, what and why, dangers first and last.

use super::{
    common::Common,
    differences::{self, Differences},
    value::short,
};
use crate::printer::{Printer, Style};
use ::cost::Comparison;
use engine::{Action, Change, Kept, Plan, Planning, Refusal};
use resource::{FieldChange, Registry};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields that tell one new resource from another, in the order of their worth.
const TELLING: &[&str] =
    &["cidr", "service", "destination", "schedule", "metric", "instance_type", "memory_mb", "key", "name"];

pub(crate) fn page(planning: &Planning, costs: &Comparison, registry: &Registry, printer: Printer) -> String {
    let mut page = changes(&planning.plan, Some(costs), registry, printer, !planning.refusals.is_empty());
    page.extend(refused(planning, printer));
    page.join("\n")
}

/// A saved plan, which does not tell what the platform costs.
pub(crate) fn saved(plan: &Plan, registry: &Registry, printer: Printer) -> String {
    changes(plan, None, registry, printer, false).join("\n")
}

fn changes(
    plan: &Plan,
    costs: Option<&Comparison>,
    registry: &Registry,
    printer: Printer,
    is_refused: bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    if plan.is_empty() {
        if is_refused {
            return kept(plan);
        }
        lines.push(format!(
            "Nothing to do: all {} resources of {} are as they should be.",
            plan.unchanged, plan.environment
        ));
        lines.extend(kept(plan));
        return lines;
    }
    let common = Common::of(plan);
    let mut areas: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        areas.entry(change.address.area()).or_default().push(change);
    }
    for (area, changes) in areas {
        lines.push(printer.paint(Style::Bold, area));
        let (alike, apart): (Vec<&Change>, Vec<&Change>) = changes.into_iter().partition(|one| common.covers(one));
        for change in apart {
            lines.extend(entry(change, &common, registry, printer));
        }
        if !alike.is_empty() {
            let names: Vec<&str> = alike.iter().map(|change| name(change)).collect();
            lines.push(format!("  {} as said below: {}", printer.paint(Style::Yellow, "~"), names.join(", ")));
        }
        lines.push(String::new());
    }
    lines.extend(common.lines(printer));
    lines.extend(dangers(plan, printer));
    lines.extend(kept(plan));
    lines.push(summary(plan));
    lines.extend(costs.map(super::cost::change));
    lines
}

/// The refusals of the plan, and the resources that could not be searched for data.
fn refused(planning: &Planning, printer: Printer) -> Vec<String> {
    let mut lines = Vec::new();
    let one = |refusal: &Refusal| {
        let what = format!("  {} ({}): {}", refusal.address, refusal.kind, refusal.failure);
        let help =
            refusal.failure.help.as_ref().map(|help| format!("    {} {help}", printer.paint(Style::Cyan, "help:")));
        std::iter::once(what).chain(help).collect::<Vec<_>>()
    };
    for (refusals, title) in [
        (&planning.refusals, "`up` refuses this:"),
        (&planning.unseen, "Whether data would be lost cannot be told, as the permission to look is missing:"),
    ] {
        if !refusals.is_empty() {
            lines.push(String::new());
            lines.push(printer.paint(Style::Alarm, title));
            lines.extend(refusals.iter().flat_map(one));
        }
    }
    lines
}

fn name(change: &Change) -> &str {
    change.address.as_str().split_once('.').map_or("", |(_, name)| name)
}

fn entry(change: &Change, common: &Common<'_>, registry: &Registry, printer: Printer) -> Vec<String> {
    let noun = registry.get(&change.kind).map_or(change.kind.as_str(), |reconciler| reconciler.noun());
    let name = name(change);
    let (sign, style) = match change.action {
        Action::Create => ("+", Style::Green),
        Action::Update => ("~", Style::Yellow),
        Action::Replace => ("±", Style::Alarm),
        Action::Delete => ("-", Style::Red),
    };
    let mut first = format!("  {} {name} ({noun})", printer.paint(style, sign));
    match change.action {
        Action::Create => first.push_str(&telling(&change.spec)),
        Action::Replace => first.push_str(&printer.paint(Style::Alarm, "  must be replaced")),
        Action::Delete => first.push_str(&printer.paint(Style::Red, "  will be deleted")),
        Action::Update => {}
    }
    if let Some(id) = change.id.as_deref().filter(|_| change.action != Action::Create) {
        first.push_str(&printer.paint(Style::Dim, &format!("  {id}")));
    }
    let mut lines = vec![first];
    if let Some(cause) = &change.cause {
        lines.push(format!("      {} {cause}", printer.paint(Style::Dim, "because")));
    }
    let shown = matches!(change.action, Action::Update | Action::Replace);
    let said_here = |field: &&FieldChange| {
        let elsewhere = change.action == Action::Update && (common.has(field) || is_own_address(change, field));
        shown && !elsewhere
    };
    lines.extend(change.fields.iter().filter(said_here).flat_map(|field| one(field, printer)));
    lines
}

/// That it gets its own address as a tag goes without saying.
fn is_own_address(change: &Change, field: &FieldChange) -> bool {
    field.path.strip_prefix("tags.") == Some(resource::ADDRESS_TAG) && field.after == change.address.as_str()
}

/// A changed field.
pub(super) fn one(field: &FieldChange, printer: Printer) -> Vec<String> {
    let forces =
        if field.forces_replacement { printer.paint(Style::Alarm, "  (forces replacement)") } else { String::new() };
    match differences::between(&field.path, &field.before, &field.after) {
        Differences::Inline(text) => vec![format!("      {}: {text}{forces}", field.path)],
        Differences::Lines(lines) => {
            let first = format!("      {}:{forces}", field.path);
            std::iter::once(first).chain(lines.iter().map(|line| format!("        {}", line.paint(printer)))).collect()
        }
    }
}

fn telling(spec: &Value) -> String {
    let fields = TELLING.iter().filter_map(|field| Some((field, spec.get(field)?)));
    let simple = fields.filter(|(_, value)| value.is_string() || value.is_number());
    let shown: Vec<String> = simple.take(2).map(|(field, value)| format!("{field} {}", short(value))).collect();
    if shown.is_empty() { String::new() } else { format!("  {}", shown.join(", ")) }
}

/// Replacements and deletions once more, so that they cannot be missed.
fn dangers(plan: &Plan, printer: Printer) -> Vec<String> {
    let of = |action| {
        plan.changes.iter().filter(move |change| change.action == action).map(|change| change.address.as_str())
    };
    let mut lines = Vec::new();
    for (action, what) in [(Action::Replace, "will be deleted and made anew"), (Action::Delete, "will be deleted")] {
        let addresses: Vec<&str> = of(action).collect();
        if !addresses.is_empty() {
            lines.push(printer.paint(Style::Alarm, &format!("{} {what}: {}", addresses.len(), addresses.join(", "))));
        }
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// What stays although the file dropped it. Nobody should have to look for it in a bill.
fn kept(plan: &Plan) -> Vec<String> {
    let line =
        |kept: &Kept| format!("Kept, though the file no longer declares it: {} holds {}.", kept.address, kept.holds);
    let mut lines: Vec<String> = plan.kept.iter().map(line).collect();
    if !lines.is_empty() {
        lines.push("`--delete-data` deletes what is kept.".to_owned());
        lines.push(String::new());
    }
    lines
}

fn summary(plan: &Plan) -> String {
    let counts = plan.summary();
    format!(
        "Plan for {}: {} to create, {} to update, {} to replace, {} to delete, {} unchanged.",
        plan.environment, counts.create, counts.update, counts.replace, counts.delete, counts.unchanged
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::Address;
    use serde_json::json;

    fn printer() -> Printer {
        Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false }
    }

    fn change(name: &str, action: Action, fields: Vec<FieldChange>) -> Change {
        Change {
            address: Address::new("network", name),
            kind: "ec2:subnet".into(),
            action,
            cause: None,
            id: Some("subnet-1".into()),
            fields,
            spec: json!({"cidr": "10.0.0.0/24"}),
            deposed: false,
        }
    }

    fn free() -> Comparison {
        ::cost::compare(&[], &[], "eu-west-1", &::cost::Prices::builtin().unwrap())
    }

    fn plan(changes: Vec<Change>, unchanged: usize) -> Plan {
        Plan {
            format: 1,
            tool: String::new(),
            environment: "dev".into(),
            lineage: "l".into(),
            serial: 1,
            inputs: "i".into(),
            changes,
            unchanged,
            kept: vec![],
            targets: vec![],
            claims: engine::Claims::new(),
        }
    }

    fn changes_page(plan: &Plan) -> String {
        super::changes(plan, Some(&free()), &blueprint::registry(), printer(), false).join("\n")
    }

    fn field(path: &str, before: Value, after: Value) -> FieldChange {
        FieldChange { path: path.into(), before, after, known: true, forces_replacement: false, sensitive: false }
    }

    #[test]
    fn what_many_have_in_common_is_said_once() {
        let owner = || field("tags.Owner", json!("A"), json!("B"));
        let mut changes: Vec<Change> =
            ["a", "b", "c", "d"].map(|name| change(name, Action::Update, vec![owner()])).into();
        changes.push(change("e", Action::Update, vec![field("map_public_ip", json!(true), json!(false)), owner()]));
        let taken = vec![owner(), field("tags.mlopsctl:address", Value::Null, json!("network.f"))];
        changes.push(Change { cause: Some("it is taken over".into()), ..change("f", Action::Update, taken) });
        let page = changes_page(&plan(changes, 0));
        let expected = "\
network
  ~ e (subnet)  subnet-1
      map_public_ip: true → false
  ~ f (subnet)  subnet-1
      because it is taken over
  ~ as said below: a, b, c, d

in 6 resources
      tags.Owner: \"A\" → \"B\"

Plan for dev: 0 to create, 6 to update, 0 to replace, 0 to delete, 0 unchanged.
Costs nothing by being there.";
        assert_eq!(page, expected);
    }

    #[test]
    fn names_that_many_get_are_said_once() {
        let named = |name: &str| {
            let tag = field("tags.Name", Value::Null, json!(format!("shop-dev-{name}")));
            change(name, Action::Update, vec![tag])
        };
        let changes = ["a", "b", "c", "d", "e"].map(named).into();
        let page = changes_page(&plan(changes, 0));
        let expected = "\
network
  ~ as said below: a, b, c, d, e

in 5 resources
      tags.Name: a name of its own, such as \"shop-dev-a\"

Plan for dev: 0 to create, 5 to update, 0 to replace, 0 to delete, 0 unchanged.
Costs nothing by being there.";
        assert_eq!(page, expected);
    }

    #[test]
    fn a_plan_says_what_and_why_and_repeats_the_dangers() {
        let cidr = FieldChange {
            known: false,
            forces_replacement: true,
            ..field("cidr", json!("10.0.0.0/24"), json!("⟦x.y⟧"))
        };
        let changes = vec![
            change("a", Action::Create, vec![]),
            change("b", Action::Replace, vec![cidr]),
            change("c", Action::Delete, vec![]),
        ];
        let plan = plan(changes, 7);
        let page = changes_page(&plan);
        let expected = "\
network
  + a (subnet)  cidr \"10.0.0.0/24\"
  ± b (subnet)  must be replaced  subnet-1
      cidr: \"10.0.0.0/24\" → (known after apply)  (forces replacement)
  - c (subnet)  will be deleted  subnet-1

1 will be deleted and made anew: network.b
1 will be deleted: network.c

Plan for dev: 1 to create, 0 to update, 1 to replace, 1 to delete, 7 unchanged.
Costs nothing by being there.";
        assert_eq!(page, expected);
    }
}
