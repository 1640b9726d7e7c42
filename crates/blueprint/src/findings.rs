//! Finds settings that AWS would refuse, before any request, and names the line of each.

use crate::{Error, Finding, Inputs, Placement, ignored::ignore_findings};
use config::Environment;
use resource::{Address, Declaration, IdForm, KindRegistry, Stack, spec_as};
use serde_json::Value;
use std::{collections::HashMap, path::Path};
use vocabulary::Place;

/// An account and zones to build a stack with before AWS was asked: only their length matters.
const ANY_ACCOUNT: &str = "000000000000";

/// The problems of an environment file's stack, in any account.
pub fn check(environment: &Environment, name: &str, root: &Path) -> Vec<Finding> {
    let (place, stack) = offline(environment, name, root);
    match stack {
        Ok(stack) => findings(&stack, &place, environment),
        Err(error) => vec![error.into()],
    }
}

/// The addresses that an environment file declares, without any network. Empty if the file describes no platform.
pub fn addresses(environment: &Environment, name: &str, root: &Path) -> Vec<Address> {
    let (_, stack) = offline(environment, name, root);
    stack.map(|stack| stack.nodes().iter().map(|node| node.address.clone()).collect()).unwrap_or_default()
}

/// The stack in an account and in zones that AWS was not asked about.
fn offline(environment: &Environment, name: &str, root: &Path) -> (Place, Result<Stack, Error>) {
    let account = environment.allowed_accounts.first().map_or(ANY_ACCOUNT, String::as_str);
    let place = Place::new(account, environment.region.as_str());
    let zones = ('a'..='z').take(environment.network.zones.into());
    let placement = Placement::in_zones(zones.map(|zone| format!("{}{zone}", environment.region)));
    let inputs = Inputs {
        environment,
        name,
        place: &place,
        placement: &placement,
        root,
        is_state_at_root: false,
        program: None,
    };
    let stack = crate::stack(&inputs);
    (place, stack)
}

/// The problems of an environment file's stack.
pub fn findings(stack: &Stack, place: &Place, environment: &Environment) -> Vec<Finding> {
    let registry = crate::registry();
    let declarations = match stack.declarations(&registry, place) {
        Ok(declarations) => declarations,
        Err(failure) => return vec![Finding { message: failure.to_string(), ..Finding::default() }],
    };
    let settings = stack.nodes().iter().map(|node| node.setting.as_str());
    let declared: Vec<(&Declaration, &str)> = declarations.iter().zip(settings).collect();
    let mut findings = names_given_twice(&declared, &registry, place);
    findings.extend(impossible_moves(stack));
    findings.extend(ignore_findings(stack.ignored(), &declarations, &registry));
    findings.extend(state_in_a_bucket_of_the_platform(&declared, place, environment));
    for (declaration, setting) in declared {
        let Ok(reconciler) = registry.get(declaration.kind) else { continue };
        let noun = reconciler.noun();
        let excesses = reconciler.excesses(&declaration.spec).into_iter().map(|excess| excess.to_string());
        for wrong in excesses.chain(leftovers(declaration)) {
            findings.push(Finding {
                setting: setting.to_owned(),
                message: format!("the {noun} {}: {wrong}", declaration.address),
                help: String::new(),
            });
        }
    }
    findings
}

/// Reports moves from an address that is still declared, or to one that is not.
fn impossible_moves(stack: &Stack) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (from, to)) in stack.moves().iter().enumerate() {
        if stack.position(from).is_some() {
            findings.push(Finding {
                setting: format!("moved.{index}.from"),
                message: format!("{from} is still declared, so it cannot have moved"),
                help: "remove the entry, or what declares the old address".to_owned(),
            });
        }
        if stack.position(to).is_none() {
            let known = stack.nodes().iter().map(|node| node.address.as_str());
            let near = config::nearest(to.as_str(), known).map(|near| format!("did you mean `{near}`?"));
            findings.push(Finding {
                setting: format!("moved.{index}.to"),
                message: format!("the environment has no resource `{to}`"),
                help: near.unwrap_or_else(|| "a plan lists the addresses".to_owned()),
            });
        }
    }
    findings
}

/// Resources that AWS would take for one, as they have the same name.
fn names_given_twice(declared: &[(&Declaration, &str)], registry: &KindRegistry, place: &Place) -> Vec<Finding> {
    let mut taken: HashMap<(&str, String), &Address> = HashMap::new();
    let mut findings = Vec::new();
    for (declaration, setting) in declared {
        let form = registry.get(declaration.kind).and_then(|kind| kind.id_form(&declaration.spec, place));
        let Ok(IdForm::Is(id)) = form else { continue };
        // Both sorts of alarms share their names.
        let kind = if declaration.kind.ends_with("-alarm") { "alarm" } else { declaration.kind };
        let Some(other) = taken.insert((kind, id.clone()), &declaration.address) else { continue };
        findings.push(Finding {
            setting: (*setting).to_owned(),
            message: format!("{other} and {} would both be {id}", declaration.address),
            help: "give one of them another name".to_owned(),
        });
    }
    findings
}

/// Reports a state in a bucket of the platform: it would be deleted with the bucket, and the bucket's lifecycle rules
/// would expire it.
fn state_in_a_bucket_of_the_platform(
    declared: &[(&Declaration, &str)],
    place: &Place,
    environment: &Environment,
) -> Option<Finding> {
    let bucket = environment.state.bucket.as_deref()?;
    // `validate` does not know the account, and names of buckets end with it.
    let in_any_account = |name: &str| match name.strip_suffix(place.account.as_str()) {
        Some(stem) => bucket.strip_prefix(stem).is_some_and(|account| {
            account.len() == place.account.len() && account.bytes().all(|byte| byte.is_ascii_digit())
        }),
        None => name == bucket,
    };
    let is_its_place =
        |one: &Declaration| spec_as::<aws_s3::Bucket>(one.kind, &one.spec).is_some_and(|it| in_any_account(&it.name));
    let (owner, _) = declared.iter().find(|(one, _)| is_its_place(one))?;
    Some(Finding {
        setting: "state.bucket".to_owned(),
        message: format!("{bucket} is {} of this platform, and its state cannot be kept in it", owner.address),
        help: "name a bucket that is not of this platform, or leave `bucket` out: mlopsctl makes one".to_owned(),
    })
}

/// Placeholders of a definition that stand for nothing.
fn leftovers(declaration: &Declaration) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(machine) = spec_as::<aws_sfn::StateMachine>(declaration.kind, &declaration.spec) {
        placeholders(&machine.definition, &mut found);
        found.sort();
        found.dedup();
    }
    found.into_iter().map(|name| format!("its definition holds `${{{name}}}`, and there is no such value")).collect()
}

fn placeholders(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
            found.extend(names.map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| placeholders(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| placeholders(field, found)),
        _ => {}
    }
}
