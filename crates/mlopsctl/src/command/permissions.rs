//! The least-privilege IAM policy for provisioning an environment. Made for those who have no permission yet: AWS is
//! asked only what everybody may ask, and for the state if that can be had.

use crate::{
    cli::{Global, PermissionsArgs},
    command_error::CommandError,
    output::{self, Readers},
    printer::Printer,
};
use app::EnvironmentAccess;
use aws_client::FailureKind;
use blueprint::{Inputs, Placement};
use config::Environment;
use permissions::{LARGEST, Policy, Repository, Runs};
use resource::Declaration;
use serde::Serialize;
use state::{State, StateKeys, Store};
use std::path::Path;
use vocabulary::{Permission, Place};

/// The number of managed policies that an identity can have without a request to AWS.
const ATTACHED: usize = 10;

pub(crate) async fn run(global: &Global, args: &PermissionsArgs, printer: Printer) -> Result<(), CommandError> {
    let (name, account, recorded) = match &args.account {
        Some(account) => {
            let told = global.settings().named_or_only(args.environment.as_deref())?;
            (told.ok_or_else(|| global.settings().ask_which())?, account.clone(), Recorded::default())
        }
        None => {
            let name = global.app().choose(args.environment.as_deref()).await?;
            let access = EnvironmentAccess::open(&global.app(), &name, global.settings().read(&name)?).await?;
            let recorded = recorded(&access).await?;
            (name, access.account, recorded)
        }
    };
    let environment = global.settings().read(&name)?;
    app::settings::refuse_other_account(&environment, &name, &account)?;
    let place = Place::new(account.as_str(), &environment.region);
    if let Some(repository) = &args.trust {
        return trust(repository, args, &place, printer);
    }
    let bucket = environment.state_bucket_name(&account);
    let inputs = Inputs {
        environment: &environment,
        name: &name,
        place: &place,
        // No permission is about a zone.
        placement: &Placement::without_aws(&environment),
        root: &global.settings().root(),
        is_state_at_root: recorded.is_at_root || app::environments::is_one_environments(&bucket, &account),
        program: None,
    };
    if let Some(key) = &args.role {
        return role(key, &inputs, printer);
    }
    let stack = blueprint::stack(&inputs).map_err(|error| CommandError::usage(error.to_string(), ""))?;
    let declared = stack.declarations(&blueprint::registry(), &place)?;
    let also = if args.doctor { checkup::permissions(&place) } else { Vec::new() };
    let policy = policy(&inputs, &declared, recorded.state.as_ref(), args.read_only, also)?;
    match &args.split {
        Some(folder) => split(&policy, folder, &file_name(&environment, args), printer),
        None => {
            let document = policy.document();
            printer.document(&document);
            printer.note(&counted(permissions::size(&document), &policy));
            Ok(())
        }
    }
}

/// Prints the trust policy of the role that the policy is for.
fn trust(repository: &Repository, args: &PermissionsArgs, place: &Place, printer: Printer) -> Result<(), CommandError> {
    let runs = match (&args.branch, &args.deployment, &args.subject) {
        (branch, Some(name), _) => Runs::Environment { name: name.clone(), branch: branch.clone() },
        (Some(branch), ..) => Runs::Branch(branch.clone()),
        (.., Some(subject)) => Runs::Subject(subject.clone()),
        _ if args.pull_requests || args.read_only => Runs::PullRequests,
        _ => {
            let help = "pass --branch main or --deployment NAME; or --read-only for the role of pull requests";
            return Err(CommandError::usage("which runs of the repository may provision?", help));
        }
    };
    let policy = repository.trust_policy(&runs, place).map_err(|error| CommandError::usage(error.to_string(), ""))?;
    printer.document(&policy);
    Ok(())
}

/// Prints what the platform does with an existing role.
fn role(key: &str, inputs: &Inputs<'_>, printer: Printer) -> Result<(), CommandError> {
    let existing = blueprint::existing(inputs).map_err(|error| CommandError::usage(error.to_string(), ""))?.roles;
    let Some(role) = existing.iter().find(|role| role.key() == key) else {
        let known: Vec<&str> = existing.iter().map(|role| role.key()).collect();
        let help = match known.is_empty() {
            true => "the file names no existing role that the platform uses".to_owned(),
            false => format!("the file names {}", known.join(", ")),
        };
        return Err(CommandError::usage(format!("[identity.roles] has no `{}`", key.escape_debug()), help));
    };
    let document = role.policy();
    printer.document(&document);
    printer.note(&format!("{} characters, white space aside, for {}", permissions::size(&document), role.arn));
    Ok(())
}

/// The content of the state bucket; no state if these credentials may not read it yet.
#[derive(Default)]
struct Recorded {
    state: Option<State>,
    /// True if the state is at the root of the bucket.
    is_at_root: bool,
}

async fn recorded(access: &EnvironmentAccess) -> Result<Recorded, CommandError> {
    let (store, identity) = (access.state_bucket().store(), access.state_identity());
    let found = async {
        let keys = access.state_keys().await?;
        let stored = store.get(&keys.state).await?;
        Ok((stored, store.place(&keys.state), keys == StateKeys::at_root()))
    };
    match found.await {
        Ok((None, _, is_at_root)) => Ok(Recorded { state: None, is_at_root }),
        Ok((Some(stored), place, is_at_root)) => {
            let state = State::read(&stored.bytes, &place, &identity)?;
            let place = Place::new(access.account.as_str(), &access.region);
            let state = engine::current_state(&state, &blueprint::registry(), &place).into_owned();
            Ok(Recorded { state: Some(state), is_at_root })
        }
        Err(state::Error::Store { failure, .. }) if failure.kind == FailureKind::Denied => Ok(Recorded::default()),
        Err(error) => Err(error.into()),
    }
}

/// The policy for provisioning an environment, or for reading it.
pub(crate) fn policy(
    inputs: &Inputs<'_>,
    declared: &[Declaration],
    state: Option<&State>,
    read_only: bool,
    also: Vec<Permission>,
) -> Result<Policy, CommandError> {
    let Inputs { environment, place, .. } = *inputs;
    let (registry, state_bucket) = (blueprint::registry(), environment.state_bucket_name(&place.account));
    let declared = declared.iter().map(|one| (one.kind, &one.spec)).collect();
    let names_state_bucket = environment.names_state_bucket(&place.account);
    let needed = permissions::PolicyInputs {
        declared,
        state,
        state_bucket: &state_bucket,
        names_state_bucket,
        project: &environment.project,
        environment: &environment.environment,
        state_prefix: environment.state.key_prefix.as_deref(),
        is_state_at_root: inputs.is_state_at_root,
        also,
        existing: blueprint::existing_permissions(inputs),
        registry: &registry,
        place,
    };
    Ok(needed.policy(&environment.prefix(), &blueprint::identity_of(environment), read_only)?)
}

fn counted(size: usize, policy: &Policy) -> String {
    let said = format!("{size} characters, white space aside");
    if size <= LARGEST {
        return format!("{said}: one managed policy, which holds {LARGEST}");
    }
    let parts = policy.split().len();
    format!("{said}: more than the {LARGEST} of a managed policy; `--split DIR` writes {parts} that hold it")
}

fn file_name(environment: &Environment, args: &PermissionsArgs) -> String {
    let what = if args.read_only { "read-only" } else { "provision" };
    format!("{}-{what}", environment.prefix())
}

/// The files of a policy in parts.
#[derive(Serialize)]
struct Written<'a> {
    files: &'a [String],
}

/// Writes the policies, and removes those that an earlier, larger one left behind.
fn split(policy: &Policy, folder: &Path, name: &str, printer: Printer) -> Result<(), CommandError> {
    let failed = |path: &Path, error: std::io::Error| CommandError::failed(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let file = |number: usize| folder.join(format!("{name}-{number}.json"));
    let parts = policy.split();
    let mut written = Vec::new();
    for (document, number) in parts.iter().zip(1..) {
        let path = file(number);
        let text = format!("{document:#}\n");
        output::write(&path, text.as_bytes(), Readers::AsBefore).map_err(|error| failed(&path, error))?;
        written.push(path.display().to_string());
    }
    for path in (parts.len() + 1..).map(file).take_while(|path| path.is_file()) {
        std::fs::remove_file(&path).map_err(|error| failed(&path, error))?;
    }
    match printer.json {
        true => printer.document(&Written { files: &written }),
        false => written.iter().for_each(|path| printer.data(path)),
    }
    let many = parts.len() > ATTACHED;
    let quota = format!("; an identity has at most {ATTACHED} managed policies, more by request to AWS");
    printer.note(&format!("{} policies{}", parts.len(), if many { &quota } else { "" }));
    Ok(())
}
