//! The least IAM policy with which an environment can be provisioned. Made for those who have no permission yet: AWS is
//! asked only what everybody may ask, and for the state if that can be had.

use crate::{
    cli::{Global, PermissionsArgs},
    end::End,
    output::{self, Readers},
    printer::Printer,
};
use app::Site;
use config::Environment;
use permissions::{LARGEST, Policy, Repository, Runs};
use resource::{Declaration, FailureKind, Permission, Place, Stack};
use state::{State, Store};
use std::path::Path;

/// How many managed policies an identity can have without a request to AWS.
const ATTACHED: usize = 10;

pub(crate) async fn run(global: &Global, args: &PermissionsArgs, printer: Printer) -> Result<(), End> {
    let (name, account, state) = match &args.account {
        Some(account) => {
            let told = global.settings().named_or_only(args.environment.as_deref())?;
            (told.ok_or_else(|| global.settings().ask_which())?, account.clone(), None)
        }
        None => {
            let name = global.app().choose(args.environment.as_deref()).await?;
            let site = Site::of(&global.app(), &name, global.settings().read(&name)?).await?;
            let state = state_of(&site).await?;
            (name, site.account, state)
        }
    };
    let environment = global.settings().read(&name)?;
    app::settings::refuse_other_account(&environment, &name, &account)?;
    let place = Place::new(account.as_str(), &environment.region);
    if let Some(repository) = &args.trust {
        return trust(repository, args, &place, printer);
    }
    let stack = stack(global, &environment, &name, &place)?;
    let declared = stack.declarations(&blueprint::registry(), &place)?;
    let also = if args.doctor { checkup::permissions(&place) } else { Vec::new() };
    let policy = policy(&environment, &name, &place, &declared, state.as_ref(), args.read_only, also)?;
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
fn trust(repository: &Repository, args: &PermissionsArgs, place: &Place, printer: Printer) -> Result<(), End> {
    let runs = match (&args.branch, &args.deployment, &args.subject) {
        (Some(branch), ..) => Runs::Branch(branch.clone()),
        (_, Some(deployment), _) => Runs::Environment(deployment.clone()),
        (.., Some(subject)) => Runs::Subject(subject.clone()),
        _ if args.pull_requests || args.read_only => Runs::PullRequests,
        _ => {
            let help = "pass --branch main or --deployment NAME; or --read-only for the role of pull requests";
            return Err(End::usage("which runs of the repository may provision?", help));
        }
    };
    let policy = repository.trust_policy(&runs, place).map_err(|error| End::usage(error.to_string(), ""))?;
    printer.document(&policy);
    Ok(())
}

/// The state, unless there is none or these credentials may not read it yet.
async fn state_of(site: &Site) -> Result<Option<State>, End> {
    let (store, identity) = (site.state_bucket().store(), site.state_identity());
    let found = async {
        let key = site.state_keys().await?.state;
        Ok(store.get(&key).await?.map(|stored| (stored, store.place(&key))))
    };
    match found.await {
        Ok(Some((stored, place))) => {
            let state = State::read(&stored.bytes, &place, &identity)?;
            let place = Place::new(site.account.as_str(), &site.region);
            Ok(Some(engine::current_state(&state, &blueprint::registry(), &place).into_owned()))
        }
        Ok(None) => Ok(None),
        Err(state::Error::Store { failure, .. }) if failure.kind == FailureKind::Denied => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What it takes to provision an environment, or to look at it.
pub(crate) fn policy(
    environment: &Environment,
    name: &str,
    place: &Place,
    declared: &[Declaration],
    state: Option<&State>,
    read_only: bool,
    also: Vec<Permission>,
) -> Result<Policy, End> {
    let (registry, state_bucket) = (blueprint::registry(), environment.state_bucket_name(&place.account));
    let declared = declared.iter().map(|one| (one.kind, &one.spec)).collect();
    let names_state_bucket = environment.names_state_bucket(&place.account);
    // No permission depends on the project's folder or on the zones.
    let placement = blueprint::Placement::default();
    let inputs = blueprint::Inputs { environment, name, place, placement: &placement, root: Path::new(".") };
    let site = permissions::Site {
        declared,
        state,
        state_bucket: &state_bucket,
        names_state_bucket,
        project: &environment.project,
        environment: &environment.environment,
        state_prefix: environment.state.key_prefix.as_deref(),
        also,
        existing: blueprint::existing_permissions(&inputs),
        registry: &registry,
        place,
    };
    Ok(site.policy(&environment.prefix(), &blueprint::identity_of(environment), read_only)?)
}

/// The platform, in zones of any name: no permission is about a zone.
fn stack(global: &Global, environment: &Environment, name: &str, place: &Place) -> Result<Stack, End> {
    let zones = (1..=environment.network.zones).map(|zone| format!("{}-{zone}", place.region));
    let placement = blueprint::Placement::in_zones(zones);
    let root = global.settings().root();
    let inputs = blueprint::Inputs { environment, name, place, placement: &placement, root: &root };
    blueprint::stack(&inputs).map_err(|error| End::usage(error.to_string(), ""))
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

/// Writes the policies, and removes those that an earlier, larger one left behind.
fn split(policy: &Policy, folder: &Path, name: &str, printer: Printer) -> Result<(), End> {
    let failed = |path: &Path, error: std::io::Error| End::failed(format!("{}: {error}", path.display()));
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
        true => printer.document(&serde_json::json!({"files": written})),
        false => written.iter().for_each(|path| printer.data(path)),
    }
    let many = parts.len() > ATTACHED;
    let quota = format!("; an identity has at most {ATTACHED} managed policies, more by request to AWS");
    printer.note(&format!("{} policies{}", parts.len(), if many { &quota } else { "" }));
    Ok(())
}
