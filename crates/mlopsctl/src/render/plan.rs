use super::value::{difference, is_structured, short};
use crate::paint::Paint;
use engine::{Action, Change, Plan};
use resource::FieldChange;
use serde_json::Value;
use std::fmt::Write as _;

/// Fields that tell one resource from another, the most telling first.
const TELLING: [&str; 10] =
    ["name", "alias", "bucket", "cidr", "availability_zone", "service", "endpoint", "key", "function", "statement_id"];
/// How many of them are shown.
const TELLING_AT_ONCE: usize = 3;
/// Lines of a difference within one field.
const LINES: usize = 16;

/// A plan as people read it, the summary in its last line.
pub(crate) fn plan(plan: &Plan, paint: Paint) -> String {
    let mut out = String::new();
    if !plan.is_empty() {
        let mut areas: Vec<&str> = Vec::new();
        for change in &plan.changes {
            if !areas.contains(&change.address.area()) {
                areas.push(change.address.area());
            }
        }
        for area in areas {
            let _ = writeln!(out, "{}", paint.bold(area));
            for one in plan.changes.iter().filter(|change| change.address.area() == area) {
                change(&mut out, one, paint);
            }
            out.push('\n');
        }
        warning(&mut out, plan, paint);
    }
    let _ = writeln!(out, "{}", summary(plan));
    out
}

fn summary(plan: &Plan) -> String {
    let counts = plan.summary();
    let said = if plan.is_empty() { "Nothing to do" } else { "Plan" };
    format!(
        "{said}: {} to create, {} to update, {} to replace, {} to delete, {} unchanged.",
        counts.create, counts.update, counts.replace, counts.delete, counts.unchanged
    )
}

fn symbol(action: Action, paint: Paint) -> String {
    match action {
        Action::Create => paint.green("+"),
        Action::Update => paint.yellow("~"),
        Action::Replace => paint.alarm("±"),
        Action::Delete => paint.red("-"),
    }
}

fn change(out: &mut String, change: &Change, paint: Paint) {
    let head = format!("  {} {}  {}", symbol(change.action, paint), change.address, paint.dim(&change.kind));
    let _ = match change.action {
        Action::Create => writeln!(out, "{head}{}", telling(&change.spec)),
        Action::Delete => writeln!(out, "{head}  {}", change.id.as_deref().unwrap_or_default()),
        Action::Update => writeln!(out, "{head}"),
        Action::Replace => writeln!(out, "{head}  {}", paint.alarm("must be replaced")),
    };
    if let Some(cause) = &change.cause {
        let cause = if change.action == Action::Replace { paint.alarm(cause) } else { paint.dim(cause) };
        let _ = writeln!(out, "      {cause}");
    }
    // A creation's fields are all of it; one that replaces without a comparison has no before either.
    let compared = |field: &&FieldChange| change.action == Action::Update || !field.before.is_null() || field.forces_replacement;
    if matches!(change.action, Action::Update | Action::Replace) {
        for one in change.fields.iter().filter(compared) {
            field(out, one, paint);
        }
    }
}

/// One field that differs: in a line, or where that would say nothing, in the lines that differ.
pub(super) fn field(out: &mut String, field: &FieldChange, paint: Paint) {
    let forced = if field.forces_replacement { paint.alarm("  forces replacement") } else { String::new() };
    let both = !field.before.is_null() && !field.after.is_null() && field.known;
    if both && (is_structured(&field.before) || is_structured(&field.after)) {
        let _ = writeln!(out, "      {}:{forced}", field.path);
        for line in difference(&field.before, &field.after, LINES) {
            let line = match line.chars().next() {
                Some('-') => paint.red(&line),
                Some('+') => paint.green(&line),
                _ => paint.dim(&line),
            };
            let _ = writeln!(out, "        {line}");
        }
        return;
    }
    let _ = writeln!(out, "      {}: {} → {}{forced}", field.path, short(&field.before), short(&field.after));
}

fn telling(spec: &Value) -> String {
    let known = TELLING.iter().filter_map(|name| {
        let value = spec.get(name).filter(|value| !resource::has_unknown(value))?;
        match value {
            Value::String(text) if !text.is_empty() => Some(format!("{name} {text}")),
            Value::Number(number) => Some(format!("{name} {number}")),
            _ => None,
        }
    });
    let shown: Vec<String> = known.take(TELLING_AT_ONCE).collect();
    if shown.is_empty() { String::new() } else { format!("  {}", shown.join(", ")) }
}

/// What is lost if this is done.
fn warning(out: &mut String, plan: &Plan, paint: Paint) {
    for (action, said) in [(Action::Replace, "replaced: deleted and made anew"), (Action::Delete, "deleted")] {
        let lost: Vec<&Change> = plan.changes.iter().filter(|change| change.action == action).collect();
        if lost.is_empty() {
            continue;
        }
        let noun = if lost.len() == 1 { "1 resource is".to_owned() } else { format!("{} resources are", lost.len()) };
        let _ = writeln!(out, "{}", paint.alarm(&format!("! {noun} {said}")));
        for change in lost {
            let cause = change.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
            let _ = writeln!(out, "    {}{cause}", change.address);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::Address;
    use serde_json::json;

    fn change(area: &str, name: &str, kind: &str, action: Action) -> Change {
        Change {
            address: Address::new(area, name),
            kind: kind.into(),
            action,
            cause: None,
            id: None,
            fields: vec![],
            spec: Value::Null,
            deposed: false,
        }
    }

    fn differs(path: &str, before: Value, after: Value, forces_replacement: bool) -> FieldChange {
        let known = !resource::has_unknown(&after);
        FieldChange { path: path.into(), before, after, known, forces_replacement }
    }

    fn made_of(changes: Vec<Change>) -> Plan {
        Plan {
            format: engine::PLAN_FORMAT,
            environment: "dev".into(),
            lineage: "l".into(),
            serial: 1,
            inputs: "i".into(),
            changes,
            unchanged: 7,
            targets: vec![],
        }
    }

    #[test]
    fn a_plan_reads_area_by_area_and_ends_with_its_summary() {
        let vpc = Change { spec: json!({"cidr": "10.0.0.0/16", "tags": {"a": "b"}}), ..change("network", "vpc", "ec2:vpc", Action::Create) };
        let bucket = Change {
            fields: vec![
                differs("versioning", json!(false), json!(true), false),
                differs("encryption.key", Value::Null, json!("⟦encryption.data.arn⟧"), false),
            ],
            ..change("storage", "data", "s3:bucket", Action::Update)
        };
        let subnet = Change {
            cause: Some("the CIDR of a subnet cannot be changed".into()),
            fields: vec![differs("cidr", json!("10.0.0.0/24"), json!("10.0.1.0/24"), true)],
            ..change("network", "private-a", "ec2:subnet", Action::Replace)
        };
        let old = Change { id: Some("old".into()), ..change("functions", "old", "lambda:function", Action::Delete) };
        let text = plan(&made_of(vec![vpc, bucket, subnet, old]), Paint::new(false));
        assert_eq!(
            text,
            "network\n\
             \x20 + network.vpc  ec2:vpc  cidr 10.0.0.0/16\n\
             \x20 ± network.private-a  ec2:subnet  must be replaced\n\
             \x20     the CIDR of a subnet cannot be changed\n\
             \x20     cidr: \"10.0.0.0/24\" → \"10.0.1.0/24\"  forces replacement\n\
             \n\
             storage\n\
             \x20 ~ storage.data  s3:bucket\n\
             \x20     versioning: false → true\n\
             \x20     encryption.key: (none) → (known after apply)\n\
             \n\
             functions\n\
             \x20 - functions.old  lambda:function  old\n\
             \n\
             ! 1 resource is replaced: deleted and made anew\n\
             \x20   network.private-a: the CIDR of a subnet cannot be changed\n\
             \n\
             ! 1 resource is deleted\n\
             \x20   functions.old\n\
             \n\
             Plan: 1 to create, 1 to update, 1 to replace, 1 to delete, 7 unchanged.\n"
        );
    }

    #[test]
    fn a_policy_shows_the_lines_that_differ() {
        let policy = |action: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
        let role = Change {
            fields: vec![differs("policy", policy("s3:GetObject"), policy("s3:PutObject"), false)],
            ..change("identity", "glue", "iam:role", Action::Update)
        };
        let text = plan(&made_of(vec![role]), Paint::new(false));
        assert!(text.contains("policy:\n        -       \"Action\": \"s3:GetObject\",\n        +       \"Action\": \"s3:PutObject\",\n"), "{text}");
        assert!(!text.contains("Version"), "{text}");
    }

    #[test]
    fn nothing_to_do_is_one_line() {
        let text = plan(&made_of(vec![]), Paint::new(true));
        assert_eq!(text, "Nothing to do: 0 to create, 0 to update, 0 to replace, 0 to delete, 7 unchanged.\n");
    }

    #[test]
    fn replacements_stand_out_in_colour() {
        let text = plan(&made_of(vec![change("a", "b", "x:y", Action::Replace)]), Paint::new(true));
        assert!(text.contains("\x1b[1;31mmust be replaced\x1b[0m"), "{text:?}");
    }
}
