//! Accepts drift: writes live values into the environment file if one of its settings declares them.

use crate::{
    command_error::CommandError,
    output::{self, Readers},
    printer::Printer,
    render::versioned::Versioned,
};
use app::Session;
use config::Environment;
use engine::{Drift, DriftChange};
use resource::{Address, Declaration, FieldChange, Stack};
use serde::Serialize;
use serde_json::Value;
use state::State;

/// Settings with another name than their fields.
const OTHER_NAMES: [(&str, &str); 1] = [("number_of_workers", "workers")];
/// Fields that one setting declares for many resources.
const SHARED: [(&str, &str); 1] = [("retention.Days", "monitoring.log_retention_days")];

/// The changed file and its declarations.
struct Edited {
    source: String,
    environment: Environment,
    declared: Vec<Declaration>,
}

/// A difference that the user wants to accept.
struct Wanted<'a> {
    address: &'a Address,
    field: &'a FieldChange,
}

impl Wanted<'_> {
    /// The line of `ignore` that ignores the field instead.
    fn rule(&self) -> String {
        format!("{}#{}", self.address, self.field.path)
    }
}

/// Writes live values into the environment file: those of the drift at these addresses.
pub(crate) async fn run(
    session: &Session,
    state: &State,
    drift: &Drift,
    addresses: &[String],
    printer: Printer,
) -> Result<(), CommandError> {
    let Some(environment) = session.environment.clone() else {
        return Err(CommandError::usage(format!("{} has no environment file to write to", session.name), ""));
    };
    let chosen = |address: &Address| addresses.iter().any(|glob| address.matches(glob));
    if let Some(unknown) = addresses.iter().find(|glob| !drift.drifted.iter().any(|one| one.address.matches(glob))) {
        return Err(CommandError::usage(
            format!("nothing has drifted at `{}`", unknown.escape_debug()),
            format!("`mlopsctl drift {}` shows what has", session.name),
        ));
    }
    let invalid = |invalid| CommandError::Invalid(Box::new(invalid));
    let source = config::text(&session.file, &session.root).map_err(invalid)?;
    let stack = session.stack(state).await?;
    let mut edited = Edited { source, environment, declared: declarations(session, &stack)? };
    let before = edited.source.clone();
    let mut outcome = Outcome::default();
    let drifted = drift.drifted.iter().filter(|one| chosen(&one.address));
    let mut wanted = Vec::new();
    for one in drifted {
        match &one.change {
            DriftChange::Missing(why) => outcome.left.push((one.address.to_string(), why.clone(), None)),
            DriftChange::Modified(fields) => {
                wanted.extend(fields.iter().map(|field| Wanted { address: &one.address, field }));
            }
        }
    }
    for one in &wanted {
        if is_declared(session, &edited, one) {
            // An earlier run wrote it, or the setting of another resource says it as well.
            outcome.declared.push(one.rule());
            continue;
        }
        match edit(session, state, &stack, &edited, one, &wanted).await {
            Some((setting, next)) => {
                outcome.accepted.push((one.rule(), setting, one.field.after.clone()));
                edited = next;
            }
            None => outcome.left.push((one.rule(), "no setting of the file says it".to_owned(), Some(one.rule()))),
        }
    }
    if edited.source != before {
        // A symbolic link within the project stays a link.
        let written = session.file.canonicalize();
        let written = written.and_then(|real| output::write(&real, edited.source.as_bytes(), Readers::AsBefore));
        written.map_err(|error| CommandError::failed(format!("{}: {error}", session.file.display())))?;
    }
    match printer.json {
        true => printer.document(&outcome.document()),
        false => outcome.say(session, printer),
    }
    if outcome.left.is_empty() { Ok(()) } else { Err(CommandError::Differences) }
}

/// The file with a setting that declares the live value. The edit changes nothing else than accepted values.
async fn edit(
    session: &Session,
    state: &State,
    stack: &Stack,
    now: &Edited,
    one: &Wanted<'_>,
    wanted: &[Wanted<'_>],
) -> Option<(String, Edited)> {
    if one.field.sensitive {
        return None;
    }
    for setting in settings(stack, one) {
        let Some(source) = config::set_setting(&now.source, &setting, &one.field.after) else { continue };
        let Ok(environment) = config::parse(&session.name, &source, Some(&session.root)) else { continue };
        let Ok(stack) = session.stack_of(&environment, state).await else { continue };
        let declared = declarations(session, &stack).ok()?;
        let next = Edited { source, environment, declared };
        if is_declared(session, &next, one) && changes_only(session, now, &next, wanted) {
            return Some((setting, next));
        }
    }
    None
}

/// The settings that may declare the value of a field: in the section of the resource, or in a section for many.
fn settings(stack: &Stack, one: &Wanted<'_>) -> Vec<String> {
    let path = one.field.path.as_str();
    let section = stack.position(one.address).map(|position| stack.nodes()[position].setting.as_str());
    let section = section.unwrap_or_default();
    let section = section.strip_suffix(".name").unwrap_or(section);
    let other = OTHER_NAMES.iter().find(|(field, _)| *field == path).map(|(_, setting)| *setting);
    let own = [Some(path), other].into_iter().flatten().filter(|_| !section.is_empty());
    let shared = SHARED.iter().filter(|(field, _)| *field == path).map(|(_, setting)| (*setting).to_owned());
    own.map(|key| format!("{section}.{key}")).chain(shared).collect()
}

fn declarations(session: &Session, stack: &Stack) -> Result<Vec<Declaration>, CommandError> {
    stack
        .declarations(&session.registry, session.cloud.place())
        .map_err(|failure| CommandError::failed(failure.to_string()))
}

/// True if the file declares the live value of the field.
fn is_declared(session: &Session, edited: &Edited, one: &Wanted<'_>) -> bool {
    let Some(declared) = edited.declared.iter().find(|declared| declared.address == *one.address) else { return false };
    let Ok(reconciler) = session.registry.get(declared.kind) else { return false };
    let pointer = format!("/{}", one.field.path.replace('.', "/"));
    let mut live = declared.spec.clone();
    match live.pointer_mut(&pointer) {
        Some(value) => *value = one.field.after.clone(),
        None => return one.field.after.is_null(),
    }
    !reconciler.compare(&declared.spec, None, &live).has(&one.field.path)
}

/// True if an edit gives every changed resource only live values that the user accepts.
fn changes_only(session: &Session, before: &Edited, after: &Edited, wanted: &[Wanted<'_>]) -> bool {
    before.environment != after.environment
        && before.declared.len() == after.declared.len()
        && before.declared.iter().zip(&after.declared).all(|(was, is)| {
            let Ok(reconciler) = session.registry.get(is.kind) else { return false };
            let changes = reconciler.compare(&is.spec, Some(&was.spec), &was.spec).changes;
            let is_wanted = |change: &FieldChange| {
                let of = |one: &&Wanted<'_>| *one.address == is.address && one.field.path == change.path;
                wanted.iter().find(of).is_some_and(|one| one.field.after == change.after)
            };
            was.address == is.address && changes.iter().all(is_wanted)
        })
}

/// The differences that the user wanted to accept.
#[derive(Default)]
struct Outcome {
    /// The fields that this run wrote into the file: rule, setting and value.
    accepted: Vec<(String, String, Value)>,
    /// The rules of the fields whose live values the file declares anyway.
    declared: Vec<String>,
    /// The differences that the file cannot say: what, why, and the rule that ignores them.
    left: Vec<(String, String, Option<String>)>,
}

impl Outcome {
    fn say(&self, session: &Session, printer: Printer) {
        let (file, name) = (session.file.display(), &session.name);
        for (what, setting, value) in &self.accepted {
            printer.page(&format!("accepted {what}: {file} says `{setting}` = {value}"));
        }
        for what in &self.declared {
            printer.page(&format!("accepted {what}: {file} declares the live value"));
        }
        for (what, why, _) in &self.left {
            printer.page(&format!("not accepted: {what}: {why}"));
        }
        if !self.accepted.is_empty() || !self.declared.is_empty() {
            printer.hint(&format!("`mlopsctl up {name}` records it; until then `drift` shows it."));
        }
        let rules: Vec<String> =
            self.left.iter().filter_map(|(_, _, rule)| rule.as_ref()).map(|rule| format!("{rule:?}")).collect();
        if !rules.is_empty() {
            printer.page("To leave these fields to others, add this at the top of the environment file:");
            printer.data(&format!("ignore = [{}]", rules.join(", ")));
        }
    }

    fn document(&self) -> Versioned<Document<'_>> {
        let accepted = self.accepted.iter().map(|(field, setting, value)| Accepted { field, setting, value });
        let left = self.left.iter().map(|(field, reason, ignore)| Left { field, reason, ignore: ignore.as_deref() });
        Versioned::new(Document { accepted: accepted.collect(), declared: &self.declared, left: left.collect() })
    }
}

/// The outcome for a program.
#[derive(Serialize)]
struct Document<'a> {
    accepted: Vec<Accepted<'a>>,
    declared: &'a [String],
    left: Vec<Left<'a>>,
}

#[derive(Serialize)]
struct Accepted<'a> {
    field: &'a str,
    setting: &'a str,
    value: &'a Value,
}

#[derive(Serialize)]
struct Left<'a> {
    field: &'a str,
    reason: &'a str,
    /// The rule that ignores the difference.
    ignore: Option<&'a str>,
}
