//! A plan for a person who has never seen the tool: by area, what and why, dangers first and last.

use super::value::short;
use crate::printer::{Printer, Style};
use engine::{Action, Change, Plan};
use resource::{FieldChange, Registry};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields that tell one new resource from another, in the order of their worth.
const TELLING: &[&str] =
    &["cidr", "service", "destination", "schedule", "metric", "instance_type", "memory_mb", "key", "name"];

pub(crate) fn page(plan: &Plan, registry: &Registry, printer: Printer) -> String {
    let mut lines = Vec::new();
    if plan.is_empty() {
        lines.push(format!(
            "Nothing to do: all {} resources of {} are as they should be.",
            plan.unchanged, plan.environment
        ));
        return lines.join("\n");
    }
    let mut areas: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        areas.entry(change.address.area()).or_default().push(change);
    }
    for (area, changes) in areas {
        lines.push(printer.paint(Style::Bold, area));
        for change in changes {
            lines.extend(entry(change, registry, printer));
        }
        lines.push(String::new());
    }
    lines.extend(dangers(plan, printer));
    lines.push(summary(plan));
    lines.join("\n")
}

fn entry(change: &Change, registry: &Registry, printer: Printer) -> Vec<String> {
    let noun = registry.get(&change.kind).map_or(change.kind.as_str(), |reconciler| reconciler.noun());
    let name = change.address.as_str().split_once('.').map_or("", |(_, name)| name);
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
    lines.extend(change.fields.iter().filter(|_| shown).map(|field| one(field, printer)));
    lines
}

fn one(field: &FieldChange, printer: Printer) -> String {
    let forces =
        if field.forces_replacement { printer.paint(Style::Alarm, "  (forces replacement)") } else { String::new() };
    format!("      {}: {} → {}{forces}", field.path, short(&field.before), short(&field.after))
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
        Printer { colour: false, terminal: false, json: false, quiet: false }
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

    #[test]
    fn a_plan_says_what_and_why_and_repeats_the_dangers() {
        let field = FieldChange {
            path: "cidr".into(),
            before: json!("10.0.0.0/24"),
            after: json!("⟦x.y⟧"),
            known: false,
            forces_replacement: true,
        };
        let plan = Plan {
            format: 1,
            environment: "dev".into(),
            lineage: "l".into(),
            serial: 1,
            inputs: "i".into(),
            changes: vec![
                change("a", Action::Create, vec![]),
                change("b", Action::Replace, vec![field]),
                change("c", Action::Delete, vec![]),
            ],
            unchanged: 7,
            targets: vec![],
        };
        let page = page(&plan, &blueprint::registry(), printer());
        let expected = "\
network
  + a (subnet)  cidr \"10.0.0.0/24\"
  ± b (subnet)  must be replaced  subnet-1
      cidr: \"10.0.0.0/24\" → (known after apply)  (forces replacement)
  - c (subnet)  will be deleted  subnet-1

1 will be deleted and made anew: network.b
1 will be deleted: network.c

Plan for dev: 1 to create, 0 to update, 1 to replace, 1 to delete, 7 unchanged.";
        assert_eq!(page, expected);
    }
}
