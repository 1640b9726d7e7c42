//! A plan for a person who has never seen the tool: by area, what and why, dangers first and last.

use super::{
    common,
    page::{Form, Page, counted},
    plan_change::{self, by_area, entry},
};
use crate::{
    printer::{Printer, Style},
    remedy,
};
use engine::Action;
use review::{ChangeView, Names, PlanView, ReadCount, RefusalView, Shared};

/// The whole page. Its end are the counts and the costs, in words.
pub(crate) fn page(view: &PlanView, names: &Names, costs: Option<&str>, printer: Printer, form: Form) -> String {
    let mut page = Page::new(printer, form, names);
    let is_nothing = view.changes.is_empty() && view.state_bucket.is_none();
    if !is_nothing {
        changes(&mut page, view);
    }
    dangers(&mut page, view);
    kept(&mut page, view);
    refused(&mut page, view);
    outside_and_folded(&mut page, view);
    end(view, costs).iter().for_each(|line| page.plain(0, line));
    page.finish().join("\n")
}

/// The last lines of the page: the counts, and the costs if resources change.
pub(crate) fn end(view: &PlanView, costs: Option<&str>) -> Vec<String> {
    let is_nothing = view.changes.is_empty() && view.state_bucket.is_none() && view.moved.is_empty();
    let ignored = super::ignored::line(&view.ignored);
    match (is_nothing, view.refusals.is_empty()) {
        (true, false) => ignored.into_iter().collect(),
        (true, true) => std::iter::once(nothing(view)).chain(ignored).collect(),
        (false, _) => {
            let costs = costs.map(str::to_owned);
            moved(view).chain([summary(view)]).chain(ignored).chain(costs).collect()
        }
    }
}

fn nothing(view: &PlanView) -> String {
    let (environment, unchanged) = (&view.environment, view.summary.unchanged);
    match view.read_count {
        None => format!("Nothing to do: all {unchanged} resources of {environment} are as they should be."),
        Some(read_count) => format!(
            "Nothing to do: of the {} of {environment} looked at, all are as they should be{}.",
            counted(unchanged, "resource"),
            left_out(read_count)
        ),
    }
}

/// The number of the resources that a plan with targets is not about, for the end of a sentence.
fn left_out(read_count: ReadCount) -> String {
    match read_count.left_out {
        0 => String::new(),
        others => format!("; {} not looked at", counted(others, "other")),
    }
}

/// Resources that get a new address.
fn moved(view: &PlanView) -> impl Iterator<Item = String> {
    view.moved.iter().map(|one| {
        let id = one.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        format!("Moved by the file: {} is now {}{id}.", one.from, one.to)
    })
}

fn summary(view: &PlanView) -> String {
    format!("Plan for {}: {}.", view.environment, counts(view))
}

/// The number of resources of each action.
pub(super) fn counts(view: &PlanView) -> String {
    let counts = view.summary;
    let moved = if counts.moved == 0 { String::new() } else { format!(", {} moved", counts.moved) };
    let read_count = view.read_count.map_or_else(String::new, |read_count| {
        format!(" of the {} looked at{}", read_count.resources, left_out(read_count))
    });
    format!(
        "{} to create, {} to update, {} to replace, {} to delete, {} unchanged{moved}{read_count}",
        counts.create, counts.update, counts.replace, counts.delete, counts.unchanged
    )
}

fn changes(page: &mut Page<'_>, view: &PlanView) {
    let shared = Shared::new(&view.changes);
    for (area, changes) in by_area(&view.changes) {
        page.line(0, 2, &[(Some(Style::Bold), area)]);
        let (alike, apart): (Vec<&ChangeView>, Vec<&ChangeView>) =
            changes.into_iter().partition(|change| shared.covers(change));
        for change in apart {
            entry(page, change, &shared);
        }
        if !alike.is_empty() {
            plan_change::alike(page, &alike);
        }
        page.gap();
    }
    if let Some(bucket) = &view.state_bucket {
        page.line(0, 2, &[(Some(Style::Bold), "state of mlopsctl")]);
        let text = format!(" {} (bucket)  keeps the state; not among the resources counted below", bucket.name);
        page.line(2, 4, &[(Some(Style::Green), "+"), (None, &text)]);
        page.gap();
    }
    common::write(page, &shared);
}

/// Repeats replacements and deletions, so that nobody misses them. A plan that deletes everything needs no repetition.
fn dangers(page: &mut Page<'_>, view: &PlanView) {
    if view.changes.iter().all(|change| change.action == Action::Delete) && view.summary.unchanged == 0 {
        return;
    }
    let mut is_any = false;
    for (action, fate) in [(Action::Replace, "will be deleted and made anew"), (Action::Delete, "will be deleted")] {
        let lost = view.changes.iter().filter(|change| change.action == action);
        let addresses: Vec<&str> = lost.map(|change| change.address.as_str()).collect();
        if !addresses.is_empty() {
            let text = format!("{} {fate}: {}", addresses.len(), addresses.join(", "));
            page.line(0, 2, &[(Some(Style::Alarm), &text)]);
            is_any = true;
        }
    }
    if is_any {
        page.gap();
    }
}

/// Resources that stay although the file no longer declares them. Without these lines, only a bill would show them.
fn kept(page: &mut Page<'_>, view: &PlanView) {
    for kept in &view.kept {
        page.plain(0, &format!("Kept, though the file no longer declares it: {} holds {}.", kept.address, kept.holds));
    }
    if !view.kept.is_empty() {
        page.plain(0, "`--delete-data` deletes what is kept, and `--delete-data=ADDRESS` only what is kept there.");
        page.gap();
    }
}

/// The refusals of the plan, the command that lifts them, and the resources that could not be searched for data.
fn refused(page: &mut Page<'_>, view: &PlanView) {
    let unseen = "Whether data would be lost cannot be told, as the permission to look is missing:".to_owned();
    let refused = format!("`{}` refuses this plan:", remedy::command_of(view));
    for (refusals, title) in [(&view.refusals, refused), (&view.unknown_losses, unseen)] {
        if refusals.is_empty() {
            continue;
        }
        page.line(0, 2, &[(Some(Style::Alarm), &title)]);
        let taken = refusals.iter().map(|refusal| refusal.help.as_ref().filter(|_| refusal.is_taken));
        let (left_out, for_many) = remedy::shared(&taken.collect::<Vec<_>>());
        for (one, is_advised) in refusals.iter().zip(left_out) {
            refusal(page, one, is_advised);
        }
        if let Some(advice) = for_many {
            page.advice(2, 2, (Some(Style::Cyan), "help:"), &format!(" {advice}"));
        }
        page.gap();
    }
    if let Some(command) = remedy::way_out(view) {
        let command = format!(" `{}`", page.printer.command(&command));
        page.line(0, 2, &[(Some(Style::Cyan), "To do it all the same:"), (None, &command)]);
        page.gap();
    }
}

fn refusal(page: &mut Page<'_>, refusal: &RefusalView, is_advised: bool) {
    page.line(2, 2, &[(None, &format!("{} ({}): {}", refusal.address, refusal.noun, refusal.reason))]);
    // One command at the end is the help for all refusals that options lift.
    let help = refusal.help.as_ref().filter(|_| refusal.lifted_by.is_none() && !is_advised);
    if let Some(help) = remedy::words_of(help) {
        page.advice(4, 2, (Some(Style::Cyan), "help:"), &format!(" {help}"));
    }
}

fn outside_and_folded(page: &mut Page<'_>, view: &PlanView) {
    let count = view.changed_outside;
    if count > 0 {
        let were = if count == 1 { "was" } else { "were" };
        page.plain(0, &format!("{count} of these {were} changed outside of mlopsctl."));
    }
    let how = match view.operation.as_str() {
        // `--show` has no command.
        "" => "`--full` shows all.".to_owned(),
        "up" => format!("`mlopsctl plan {} --full` shows all.", view.environment),
        _ => "a file or a pipe gets all.".to_owned(),
    };
    let how = page.printer.advice(&how).into_owned();
    page.tell_folded(&how);
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{AppliedField, ChangeDrift, Plan, PlannedChange};
    use resource::{Address, FieldChange};
    use review::Surroundings;
    use serde_json::{Value, json};

    fn change(name: &str, action: Action, fields: Vec<FieldChange>) -> PlannedChange {
        PlannedChange {
            address: Address::new("network", name),
            kind: "ec2:subnet".into(),
            action,
            cause: None,
            id: Some("subnet-1".into()),
            fields,
            spec: json!({"cidr": "10.0.0.0/24"}),
            deposed: false,
            drift: ChangeDrift::None,
        }
    }

    fn field(path: &str, before: Value, after: Value) -> FieldChange {
        FieldChange { path: path.into(), before, after, known: true, forces_replacement: false, sensitive: false }
    }

    /// The page of these changes, without its last two lines.
    fn changes_page(changes: &[PlannedChange], width: Option<usize>) -> Vec<String> {
        let registry = blueprint::registry();
        let printer =
            Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false, repeated: "" };
        let plan = Plan {
            format: engine::PLAN_FORMAT,
            tool: String::new(),
            environment: "dev".into(),
            lineage: "l".into(),
            serial: 1,
            inputs: "i".into(),
            changes: changes.to_vec(),
            unchanged: 0,
            kept: vec![],
            ignored: vec![],
            moved: vec![],
            targets: vec![],
            delete_data: vec![],
            unprotect: vec![],
            claims: engine::Claims::new(),
        };
        let view = PlanView::of_plan(&plan, &registry, Surroundings::default());
        let names = Names::default();
        let mut page = Page::new(printer, Form::new(false, width), &names);
        super::changes(&mut page, &view);
        dangers(&mut page, &view);
        outside_and_folded(&mut page, &view);
        page.finish()
    }

    #[test]
    fn changes_that_many_share_are_said_once() {
        let owner = || field("tags.Owner", json!("A"), json!("B"));
        let mut changes: Vec<PlannedChange> =
            ["a", "b", "c", "d"].map(|name| change(name, Action::Update, vec![owner()])).into();
        changes.push(change("e", Action::Update, vec![field("map_public_ip", json!(true), json!(false)), owner()]));
        let taken = vec![owner(), field("tags.mlopsctl:address", Value::Null, json!("network.f"))];
        changes.push(PlannedChange { cause: Some("it is taken over".into()), ..change("f", Action::Update, taken) });
        let expected = [
            "network",
            "  ~ e (subnet)  subnet-1",
            "      map_public_ip: true → false",
            "  ~ f (subnet)  subnet-1",
            "      because it is taken over",
            "  ~ 4 resources with only the changes listed below: a, b, c, d",
            "",
            "in 6 resources",
            "      tags.Owner: \"A\" → \"B\"",
            "",
            "in 1 resource",
            "      tags.mlopsctl:address: its own address",
            "",
        ];
        assert_eq!(changes_page(&changes, None), expected);
    }

    #[test]
    fn names_that_many_get_are_said_once() {
        let named = |name: &str| {
            let tag = field("tags.Name", Value::Null, json!(format!("shop-dev-{name}")));
            change(name, Action::Update, vec![tag])
        };
        let expected = [
            "network",
            "  ~ 5 resources with only the changes listed below: a, b, c, d, e",
            "",
            "in 5 resources",
            "      tags.Name: a name of its own, such as \"shop-dev-a\"",
            "",
        ];
        assert_eq!(changes_page(&["a", "b", "c", "d", "e"].map(named), None), expected);
    }

    #[test]
    fn a_plan_says_what_and_why_and_repeats_the_dangers() {
        let cidr = FieldChange { forces_replacement: true, ..field("cidr", json!("10.0.0.0/24"), json!("⟦x.y⟧")) };
        let gone = PlannedChange {
            cause: Some("the file no longer declares it".into()),
            ..change("c", Action::Delete, vec![])
        };
        let changes = [change("a", Action::Create, vec![]), change("b", Action::Replace, vec![cidr]), gone];
        let expected = [
            "network",
            "  + a (subnet)  cidr \"10.0.0.0/24\"",
            "  ± b (subnet)  must be replaced  subnet-1",
            "      cidr: \"10.0.0.0/24\" → ⟦x.y⟧  (forces replacement)",
            "  - c (subnet)  will be deleted  subnet-1",
            "      because the file no longer declares it",
            "",
            "1 will be deleted and made anew: network.b",
            "1 will be deleted: network.c",
            "",
        ];
        assert_eq!(changes_page(&changes, None), expected);
    }

    #[test]
    fn drift_is_told_apart_from_the_authors_change() {
        let both = field("memory_mb", json!(3008), json!(2048));
        let drifted = field("timeout", json!(9), json!(3));
        let applied = |path: &str, applied: Value| AppliedField { path: path.into(), applied };
        let drift = ChangeDrift::Fields(vec![applied("memory_mb", json!(1024)), applied("timeout", json!(3))]);
        let changes = [PlannedChange { drift, ..change("a", Action::Update, vec![both, drifted]) }];
        let expected = [
            "network",
            "  ~ a (subnet)  subnet-1",
            "      memory_mb: 1024 → 2048, changed to 3008 outside of mlopsctl",
            "      timeout: 9 → 3, as it was applied: changed outside of mlopsctl",
            "",
            "1 of these was changed outside of mlopsctl.",
        ];
        assert_eq!(changes_page(&changes, None), expected);
    }

    #[test]
    fn terminals_fold_long_lists_but_nothing_that_is_open_to_the_world() {
        let mut after: Vec<Value> = (0..20).map(|n| json!(format!("10.0.{n}.0/24"))).collect();
        after.push(json!("0.0.0.0/0"));
        let changes = [change("a", Action::Update, vec![field("ranges", json!([]), json!(after))])];
        let folded = changes_page(&changes, Some(80));
        assert!(folded.contains(&"        + \"0.0.0.0/0\"".to_owned()), "{folded:#?}");
        assert!(folded.contains(&"        … 8 differences more".to_owned()), "{folded:#?}");
        assert!(folded.last().unwrap().starts_with("8 lines not shown: `--full` shows all"), "{folded:#?}");
        assert_eq!(changes_page(&changes, None).iter().filter(|line| line.starts_with("        + ")).count(), 21);
    }
}
