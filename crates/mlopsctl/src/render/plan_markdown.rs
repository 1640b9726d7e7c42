//! A plan as a comment on a pull request: what may hurt first, the changes of each area folded, and never longer than
//! a comment may be.

use super::{
    common,
    markdown::{Section, code, fit, length},
    page::{Form, Page},
    plan_change, plan_text,
    value::pair,
};
use crate::{printer::Printer, remedy};
use app::UsedParts;
use engine::{Action, DESTROYED, OverrideOption};
use review::{ChangeView, Names, PlanView, RefusalView, Shared};

/// The longest plan, in units of UTF-16. A comment of GitHub holds 65,536 characters, and a script writes a few lines
/// around the plan.
const LONGEST: usize = 64_000;

/// The longest of the lists before the changes. The changes of the areas get the rest.
const MOST: usize = LONGEST / 8;

/// The facts besides the view.
pub(crate) struct Facts<'a> {
    pub(crate) names: &'a Names,
    /// The costs in words.
    pub(crate) costs: Option<&'a str>,
    pub(crate) uses: &'a UsedParts,
    /// The options of the plan that allow to delete data and protected resources, as for a command line.
    pub(crate) consents: &'a str,
}

/// The whole comment.
pub(crate) fn page(view: &PlanView, facts: &Facts<'_>, printer: Printer) -> String {
    let heading = format!("### mlopsctl plan for {}\n\n", code(&view.environment));
    let summary = Section::sentences(summary(view, facts).join("\n\n"));
    let mut sections = vec![summary];
    sections.extend(list("Replacements", replaced(view)));
    sections.extend(list("Deletions", deleted(view)));
    sections.extend(list("Data at risk", at_risk(view, printer)));
    sections.extend(list("Refusals", refused(view, printer)));
    sections.extend(way_out(view, printer));
    sections.extend(apart(view, facts));
    sections.extend(changes(view, facts.names, printer));
    let how = match view.operation.as_str() {
        // `--show` has no command.
        "" => "mlopsctl plan --show FILE".to_owned(),
        _ => format!("mlopsctl plan {}", view.environment),
    };
    let how = code(&printer.command(&how));
    let note = |left_out: usize| {
        format!("**{left_out} entries do not fit this comment, and are left out.** {how} shows all of them.\n\n")
    };
    let (text, left_out) = fit(&sections, LONGEST.saturating_sub(length(&heading) + length(&note(usize::MAX))));
    let note = if left_out > 0 { note(left_out) } else { String::new() };
    format!("{heading}{note}{}", text.trim_end())
}

/// The counts, the costs, and everything else that is to be known before the rest.
fn summary(view: &PlanView, facts: &Facts<'_>) -> Vec<String> {
    let is_nothing = view.changes.is_empty() && view.state_bucket.is_none() && view.moved.is_empty();
    let mut lines = match (is_nothing, view.refusals.is_empty()) {
        (true, true) => vec![format!("**Nothing to do**: {}.", plan_text::counts(view))],
        _ => vec![format!("**{}.**", plan_text::counts(view))],
    };
    if !is_nothing {
        lines.extend(facts.costs.map(str::to_owned));
    }
    if !facts.consents.is_empty() {
        let options = code(facts.consents.trim());
        lines.push(format!("**Planned with {options}**, which allows to delete data or protected resources."));
    }
    if view.changed_outside > 0 {
        lines.push(format!("{} of these changed outside of mlopsctl.", view.changed_outside));
    }
    if let Some(bucket) = &view.state_bucket {
        let name = code(&bucket.name);
        lines.push(format!("The bucket {name} is created for the state; it is not among the resources counted above."));
    }
    if let Some(run) = &view.locked_by {
        let (who, what, since) = (code(&run.who), code(&run.operation), code(&run.since));
        lines.push(format!("{who} is running {what} since {since}: this plan shows what is not done yet."));
    }
    lines
}

fn list(heading: &str, entries: Vec<String>) -> Option<Section> {
    let heading = format!("{heading} ({})", entries.len());
    (!entries.is_empty()).then(|| Section::list(&heading, &entries, MOST))
}

fn resource(change: &ChangeView) -> String {
    let id = change.id.as_ref().map_or_else(String::new, |id| format!(" {}", code(id)));
    format!("**{}** ({}){id}", code(change.address.as_str()), change.noun)
}

fn replaced(view: &PlanView) -> Vec<String> {
    let replaced = view.changes.iter().filter(|change| change.action == Action::Replace);
    let one = |change: &ChangeView| {
        let forcing = change.fields.iter().filter(|field| field.forces_replacement);
        let fields: Vec<String> = forcing
            .map(|field| {
                let (before, after) = pair(&field.before, &field.after, false);
                format!("{}: {} → {}", code(&field.path), code(&before), code(&after))
            })
            .collect();
        match (fields.is_empty(), &change.cause) {
            (false, _) => format!("{}: {}", resource(change), fields.join("; ")),
            (true, Some(cause)) => format!("{}, because {}", resource(change), code(cause)),
            (true, None) => resource(change),
        }
    };
    replaced.map(one).collect()
}

fn deleted(view: &PlanView) -> Vec<String> {
    let deleted = view.changes.iter().filter(|change| change.action == Action::Delete);
    let one = |change: &ChangeView| match change.cause.as_deref().filter(|cause| *cause != DESTROYED) {
        Some(cause) => format!("{}, because {}", resource(change), code(cause)),
        None => resource(change),
    };
    deleted.map(one).collect()
}

/// Data that a deletion would destroy, resources that stay because of their data, and resources that nobody could
/// search for data.
fn at_risk(view: &PlanView, printer: Printer) -> Vec<String> {
    let lost = view.refusals.iter().filter(|one| is_of_data(one)).map(|one| refusal(one, printer));
    let kept = view.kept.iter().map(|kept| {
        let (address, holds) = (code(kept.address.as_str()), code(&kept.holds));
        format!("**{address}** stays, though the file no longer declares it: it holds {holds}")
    });
    let unseen = view.unknown_losses.iter().map(|one| {
        let (address, reason) = (code(one.address.as_str()), code(&one.reason));
        format!("**{address}** ({}): the permission to search it for data is missing: {reason}", one.noun)
    });
    lost.chain(kept).chain(unseen).collect()
}

fn is_of_data(refusal: &RefusalView) -> bool {
    refusal.lifted_by == Some(OverrideOption::DeleteData)
}

fn refused(view: &PlanView, printer: Printer) -> Vec<String> {
    view.refusals.iter().filter(|one| !is_of_data(one)).map(|one| refusal(one, printer)).collect()
}

fn refusal(refusal: &RefusalView, printer: Printer) -> String {
    let text = format!("**{}** ({}): {}", code(refusal.address.as_str()), refusal.noun, code(&refusal.reason));
    match remedy::words_of(refusal.help.as_ref().filter(|_| refusal.lifted_by.is_none())) {
        Some(help) => format!("{text}; help: {}", code(&printer.advice(&help))),
        None => text,
    }
}

/// The command that refuses the plan, and the one that lifts the refusals.
fn way_out(view: &PlanView, printer: Printer) -> Option<Section> {
    if view.refusals.is_empty() {
        return None;
    }
    let refused = format!("**{} refuses this plan.**", code(&printer.command(&remedy::command_of(view))));
    let lifted = remedy::way_out(view).map(|way| format!(" To do it all the same: {}", code(&printer.command(&way))));
    Some(Section::sentences(refused + &lifted.unwrap_or_default()))
}

/// Resources that change no setting in AWS.
fn apart(view: &PlanView, facts: &Facts<'_>) -> Vec<Section> {
    let moved = view.moved.iter().map(|one| format!("{} is now {}", code(one.from.as_str()), code(one.to.as_str())));
    let ignored = view.ignored.iter().map(|one| code(&format!("{}#{}", one.address, one.field.path)));
    let used = facts.uses.lines().into_iter().map(|line| code(&line));
    let folded = |title: &str, entries: Vec<String>| {
        let title = format!("{title}: {}", entries.len());
        (!entries.is_empty()).then(|| Section::folded_list(&title, &entries, MOST))
    };
    let sections = [
        folded("moved by the file", moved.collect()),
        folded("differences ignored", ignored.collect()),
        folded("existing resources used unchanged", used.collect()),
    ];
    sections.into_iter().flatten().collect()
}

/// The changes of each area, and those that many resources share.
fn changes(view: &PlanView, names: &Names, printer: Printer) -> Vec<Section> {
    let shared = Shared::new(&view.changes);
    let lines = |write: &dyn Fn(&mut Page<'_>)| {
        let mut page = Page::new(printer.colourless(), Form::new(true, None), names);
        write(&mut page);
        // Signs at the beginning of a line give it its colour.
        let outdented = |line: String| line.strip_prefix("  ").map(str::to_owned).unwrap_or(line);
        page.finish().into_iter().map(outdented).collect::<Vec<String>>()
    };
    let mut sections = Vec::new();
    for (area, changes) in plan_change::by_area(&view.changes) {
        let title = format!("{area}: {}", counted(&changes));
        let (alike, separate): (Vec<&ChangeView>, Vec<&ChangeView>) =
            changes.into_iter().partition(|change| shared.covers(change));
        let entry = |change: &&ChangeView| lines(&|page| plan_change::entry(page, change, &shared));
        let mut entries: Vec<Vec<String>> = separate.iter().map(entry).collect();
        if !alike.is_empty() {
            entries.push(lines(&|page| plan_change::alike(page, &alike)));
        }
        sections.push(Section::folded_lines(&title, &entries));
    }
    let common = lines(&|page| common::write(page, &shared));
    if !common.is_empty() {
        sections.push(Section::folded_lines("changes that many resources share", &[common]));
    }
    sections
}

/// `2 to create, 1 to delete`.
fn counted(changes: &[&ChangeView]) -> String {
    let actions = [
        (Action::Create, "to create"),
        (Action::Update, "to update"),
        (Action::Replace, "to replace"),
        (Action::Delete, "to delete"),
    ];
    let count = |action: Action| changes.iter().filter(|change| change.action == action).count();
    let counts = actions.map(|(action, what)| (count(action), what));
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{ChangeDrift, Plan, PlannedChange, RetainedResource};
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    use resource::{Address, FieldChange};
    use review::{RequiredConsents, Surroundings};
    use serde_json::{Value, json};

    const PRINTER: Printer =
        Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false, repeated: "" };

    fn change(name: &str, action: Action, text: &str) -> PlannedChange {
        let field = FieldChange {
            path: "cidr".into(),
            before: json!("10.0.0.0/16"),
            after: json!(text),
            known: true,
            forces_replacement: action == Action::Replace,
            sensitive: false,
        };
        PlannedChange {
            address: Address::new("network", name),
            kind: "ec2:subnet".into(),
            action,
            cause: Some(text.into()),
            id: Some(text.into()),
            fields: vec![field],
            spec: Value::Null,
            deposed: false,
            drift: ChangeDrift::None,
        }
    }

    fn view(environment: &str, changes: Vec<PlannedChange>, kept: Vec<RetainedResource>) -> PlanView {
        let plan = Plan {
            format: engine::PLAN_FORMAT,
            tool: String::new(),
            environment: environment.into(),
            lineage: "l".into(),
            serial: 1,
            inputs: "i".into(),
            changes,
            unchanged: 0,
            kept,
            ignored: vec![],
            moved: vec![],
            targets: vec![],
            delete_data: vec![],
            unprotect: vec![],
            claims: engine::Claims::new(),
        };
        let surroundings = Surroundings { operation: "up".to_owned(), ..Surroundings::default() };
        PlanView::of_plan(&plan, &blueprint::registry(), surroundings)
    }

    fn markdown(view: &PlanView, consents: &str) -> String {
        let (names, uses) = (Names::default(), UsedParts::default());
        page(view, &Facts { names: &names, costs: Some("Costs 1.00 USD."), uses: &uses, consents }, PRINTER)
    }

    /// Everything of a page that a reader's program takes for more than text in code, as CommonMark says.
    fn outside_of_code(page: &str) -> String {
        let (mut outside, mut is_block) = (String::new(), false);
        for event in Parser::new_ext(page, Options::ENABLE_GFM | Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => is_block = true,
                Event::End(TagEnd::CodeBlock) => is_block = false,
                Event::Text(text) if !is_block => outside.push_str(&text),
                Event::Html(text) | Event::InlineHtml(text) => outside.push_str(&text),
                Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Table(_)) => outside.push_str("[link]"),
                _ => {}
            }
        }
        outside
    }

    /// A plan that has the text in each place that holds a text of others.
    fn hostile(text: &str) -> PlanView {
        let actions = [Action::Create, Action::Update, Action::Replace, Action::Delete];
        let changes = actions.iter().map(|action| change(&format!("{text}{action:?}"), *action, text)).collect();
        let kept = RetainedResource {
            address: Address::new("storage", text),
            kind: "s3:bucket".into(),
            id: text.into(),
            holds: text.into(),
        };
        let mut view = view(text, changes, vec![kept]);
        let refusal = |lifted_by| RefusalView {
            address: Address::new("storage", text),
            kind: "s3:bucket".into(),
            noun: "bucket".into(),
            reason: text.into(),
            help: Some(text.into()),
            lifted_by,
            is_taken: false,
        };
        view.refusals = vec![refusal(None), refusal(Some(OverrideOption::DeleteData))];
        view.unknown_losses = vec![refusal(None)];
        view.way_out = Some(RequiredConsents { targets: vec![text.into()], unprotect: vec![], delete_data: vec![] });
        view
    }

    #[test]
    fn markdown_shows_dangers_before_the_changes() {
        let changes =
            vec![change("a", Action::Replace, "10.8.0.0/16"), change("b", Action::Delete, "nobody declares it")];
        let expected = "### mlopsctl plan for `dev`

**0 to create, 0 to update, 1 to replace, 1 to delete, 0 unchanged.**

Costs 1.00 USD.

#### Replacements (1)

- **`network.a`** (subnet) `10.8.0.0/16`: `cidr`: `\"10.0.0.0/16\"` → `\"10.8.0.0/16\"`

#### Deletions (1)

- **`network.b`** (subnet) `nobody declares it`, because `nobody declares it`

<details><summary><code>network: 1 to replace, 1 to delete</code></summary>

```diff
± a (subnet)  must be replaced  10.8.0.0/16
    because 10.8.0.0/16
    cidr: \"10.0.0.0/16\" → \"10.8.0.0/16\"  (forces replacement)
- b (subnet)  will be deleted  nobody declares it
    because nobody declares it
```

</details>";
        assert_eq!(markdown(&view("dev", changes, vec![]), ""), expected);
    }

    #[test]
    fn markdown_of_many_changes_leaves_out_whole_entries_and_says_so() {
        let many = |action: Action| (0..3000).map(move |number| change(&format!("{action:?}-{number}"), action, "x"));
        let changes = many(Action::Delete).chain(many(Action::Replace)).chain(many(Action::Create)).collect();
        let page = markdown(&view("dev", changes, vec![]), "");
        assert!(length(&page) <= LONGEST && length(&page) > LONGEST * 9 / 10, "{}", length(&page));
        let note = page.lines().nth(2).unwrap();
        assert!(note.ends_with("are left out.** `mlopsctl plan dev` shows all of them."), "{note}");
        let all = ["#### Replacements (3000)", "#### Deletions (3000)", "- … ", "</details>"];
        assert!(all.iter().all(|part| page.contains(part)), "{page}");
        let said: usize = note.trim_start_matches('*').split(' ').next().unwrap().parse().unwrap();
        let told = page.lines().filter_map(|line| line.trim_start_matches("- ").strip_prefix("… ")?.split(' ').next());
        assert_eq!(told.map(|count| count.parse::<usize>().unwrap()).sum::<usize>(), said);
        assert_eq!(page.matches("```").count(), 2);
    }

    #[test]
    fn markdown_names_the_consents_of_the_plan() {
        let page = markdown(&view("dev", vec![], vec![]), " --delete-data=storage.a");
        assert!(page.contains("**Planned with `--delete-data=storage.a`**"), "{page}");
    }

    proptest! {
        #[test]
        fn markdown_keeps_text_of_others_in_code(
            parts in prop::collection::vec(prop::sample::select(vec![
                "@EVIL", "`", "```", "\n", "</details>", "<img src=EVIL>", "[EVIL](http://EVIL)", "/EVIL", "|", "~~~",
                "#EVIL", "-->", "<!-- EVIL", "&", "*", "_", " ", "EVIL", "\\", "\r",
            ]), 1..8),
            consents in "[`@ ]{0,5}",
        ) {
            let text = parts.concat();
            let page = markdown(&hostile(&text), &format!("{consents}EVIL"));
            let outside = outside_of_code(&page);
            prop_assert!(!outside.contains("EVIL") && !outside.contains('@'), "{outside}\n---\n{page}");
            prop_assert!(!outside.contains("[link]") && outside.matches("</details>").count() == 1, "{page}");
            prop_assert!(!page.lines().any(|line| line.starts_with('/')), "a quick action of GitLab: {page}");
        }
    }
}
