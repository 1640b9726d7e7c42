//! Takes over resources that a person, a script or Terraform made.

use super::{change, plan::Preview};
use crate::{
    cli::{AdoptArgs, Global, PlanFormat},
    command_error::CommandError,
    printer::Printer,
};
use app::{ApplyCondition, ChangeOptions, ChangeRequest, Session, Wanted};
use engine::{Claim, Claims, Purpose};
use resource::{Address, Declaration, Stack};
use state::{Phase, State};
use std::{collections::BTreeMap, path::Path, time::Instant};
use tfstate::{Declared, Matching, Tfstate, Types};

/// More of what is left to Terraform is counted only.
const MOST_LEFT: usize = 20;

pub(crate) async fn run(global: &Global, args: &AdoptArgs, printer: Printer) -> Result<(), CommandError> {
    let began = Instant::now();
    let (environment, what) = environment(&args.what);
    let named = Named::parse_all(what)?;
    let terraform = args.from_tfstate.as_deref().map(read).transpose()?;
    if named.is_empty() && terraform.is_none() {
        return Err(CommandError::usage(
            "no resource to adopt is named",
            "name at least one: ADDRESS=ID, or ADDRESS alone for a resource that has its declared name in AWS",
        ));
    }
    let session = global.app().open_to_change(environment).await?;
    let (state, _) = session.state().await?;
    let stack = session.stack(&state).await?;
    let mut claims = Claims::new();
    for named in named {
        let (address, claim) = named.claim(&session, &stack, terraform.as_ref())?;
        if claims.insert(address.clone(), claim).is_some() {
            return Err(CommandError::usage(format!("{address} is named twice"), "one thing can stand at an address"));
        }
    }
    if let Some(terraform) = &terraform {
        let declarations = stack.declarations(&session.registry, session.cloud.place())?;
        let matching = find(terraform, &declarations, &state, &claims, &Types::from(session.registry.as_ref()));
        tell(&matching, printer);
        let found = matching.matches.into_iter().map(|one| (one.address, one.id.map_or(Claim::Name, Claim::Id)));
        claims.extend(found);
    }
    is_adopted_already(&mut claims, &state, printer);
    if claims.is_empty() {
        printer.note("There is nothing to take over.");
        return if args.out.is_some() { Ok(()) } else { change::nothing_done(&session, began, printer) };
    }
    each_once(&claims, &stack)?;
    refuse_existing(&claims, &session)?;
    if let Some(out) = &args.out {
        let targets = claims.keys().map(Address::to_string).collect();
        let inputs = session.inputs(&stack);
        let purpose = Purpose { targets, inputs, is_read_only: true, claims, ..Purpose::default() };
        let preview = Preview {
            session: &session,
            state: &state,
            stack: &stack,
            purpose,
            out: Some(out),
            is_full: false,
            format: PlanFormat::Text,
            is_on_aws: global.is_on_aws(),
        };
        return preview.show(printer).await.map(drop);
    }
    let targets = claims.keys().map(Address::to_string).collect();
    let change = ChangeRequest {
        workspace: &session,
        wanted: Wanted::Declared(&session),
        operation: "adopt",
        targets,
        claims,
        condition: ApplyCondition::Confirmed,
        options: ChangeOptions { is_confirmed: args.yes || global.local, ..ChangeOptions::default() },
    };
    change::run(change, &session.names(), global.is_on_aws(), printer).await?;
    if terraform.is_some() {
        printer.note(
            "Terraform still takes these for its own. Have it forget them (`terraform state rm`), or retire its state, \
             before anybody runs it again.",
        );
    }
    Ok(())
}

/// Refuses to adopt a part of a network that the environment file names as existing.
fn refuse_existing(claims: &Claims, session: &Session) -> Result<(), CommandError> {
    let mut ids = claims.iter().filter_map(|(address, claim)| match claim {
        Claim::Id(id) => Some((address, id)),
        Claim::Name => None,
    });
    match ids.find(|(_, id)| session.names_as_existing(id)) {
        None => Ok(()),
        Some((address, id)) => Err(CommandError::usage(
            format!("the environment file names {id} as existing, so it cannot become {address}"),
            "mlopsctl never owns what [network] names; leave it out there to take it over",
        )),
    }
}

/// An address has a dot, the name of an environment has none.
fn environment(what: &[String]) -> (Option<&str>, &[String]) {
    match what {
        [first, rest @ ..] if !first.contains(['.', '=']) => (Some(first), rest),
        all => (None, all),
    }
}

fn read(file: &Path) -> Result<Tfstate, CommandError> {
    let invalid = |why: String| {
        CommandError::usage(
            format!("{}: {why}", file.display()),
            "`terraform state pull > FILE` writes one that can be read",
        )
    };
    let bytes = app::input::read(file).map_err(|error| invalid(error.to_string()))?;
    Tfstate::read(&bytes).map_err(|error| invalid(error.to_string()))
}

/// Drops claims on resources that the state already records at their addresses, and prints a note.
fn is_adopted_already(claims: &mut Claims, state: &State, printer: Printer) {
    claims.retain(|address, claim| {
        let finished = |entry: &&state::Entry| entry.phase == Phase::Ready && !entry.adopting;
        let Some(id) = state.resources.get(address).filter(finished).and_then(|entry| entry.id.as_ref()) else {
            return true;
        };
        let is_this = matches!(claim, Claim::Name) || *claim == Claim::Id(id.clone());
        if is_this {
            printer.note(&format!("{address} is adopted already ({id})."));
        }
        !is_this
    });
}

/// `ADDRESS`, `ADDRESS=ID` or `ADDRESS ID`.
struct Named {
    address: Address,
    id: Option<String>,
}

impl Named {
    /// The id may follow the address as a separate word. An id is no address.
    fn parse_all(words: &[String]) -> Result<Vec<Self>, CommandError> {
        let mut all: Vec<Self> = Vec::new();
        for word in words {
            match all.last_mut() {
                Some(last) if last.id.is_none() && !word.contains('=') && Address::parse(word).is_none() => {
                    last.id = Some(word.clone());
                }
                _ => all.push(Self::parse(word)?),
            }
        }
        Ok(all)
    }

    fn parse(text: &str) -> Result<Self, CommandError> {
        let (address, id) = match text.split_once('=') {
            Some((address, id)) => (address, Some(id.to_owned())),
            None => (text, None),
        };
        match Address::parse(address) {
            Some(address) if id.as_ref().is_none_or(|id| !id.is_empty()) => Ok(Self { address, id }),
            _ => Err(CommandError::usage(
                format!("`{}` is not ADDRESS or ADDRESS=ID", text.escape_debug()),
                "for example network.vpc=vpc-0123456789abcdef0",
            )),
        }
    }

    fn claim(
        self,
        session: &Session,
        stack: &Stack,
        terraform: Option<&Tfstate>,
    ) -> Result<(Address, Claim), CommandError> {
        let Self { address, id } = self;
        if stack.position(&address).is_none() {
            return Err(CommandError::usage(
                format!("the file of {} declares no {address}", session.name),
                format!("`mlopsctl plan {}` shows the addresses of what it does declare", session.name),
            ));
        }
        let claim = match id {
            None => Claim::Name,
            Some(id) => {
                let id = terraform.and_then(|terraform| terraform.id(&id)).map_or(id.clone(), str::to_owned);
                // The id of a subscription contains its endpoint. No message and no state may show the endpoint's
                // password.
                Claim::Id(aws_sns::without_password(&id))
            }
        };
        Ok((address, claim))
    }
}

/// Refuses one thing at two addresses: each would take it from the other.
fn each_once(claims: &Claims, stack: &Stack) -> Result<(), CommandError> {
    let kind = |address: &Address| stack.position(address).map(|at| stack.nodes()[at].kind);
    let mut taken = BTreeMap::new();
    for (address, claim) in claims {
        if let Claim::Id(id) = claim
            && let Some(other) = taken.insert((kind(address), id), address)
        {
            return Err(CommandError::usage(
                format!("{id} is named for {other} and for {address}"),
                "one thing can stand at one address",
            ));
        }
    }
    Ok(())
}

fn find(terraform: &Tfstate, declarations: &[Declaration], state: &State, claims: &Claims, types: &Types) -> Matching {
    // The ids from an interrupted adoption stay in use.
    let id = |address: &Address| match claims.get(address) {
        Some(Claim::Id(id)) => Some(id.as_str()),
        _ => state.resources.get(address).filter(|entry| entry.phase == Phase::Ready)?.id.as_deref(),
    };
    let declared = declarations.iter().map(|one| Declared {
        address: &one.address,
        kind: one.kind,
        spec: &one.spec,
        id: id(&one.address),
    });
    let declared: Vec<Declared<'_>> = declared.collect();
    terraform.find(&declared, types)
}

fn tell(matching: &Matching, printer: Printer) {
    let Matching { matches, adopted, settings, left } = matching;
    printer.note(&format!(
        "Of the resources in Terraform's state, {} are to be adopted, {} are adopted already, {} are settings of other \
         resources, {} have no counterpart.",
        matches.len(),
        adopted.len(),
        settings.len(),
        left.len()
    ));
    for one in left.iter().take(MOST_LEFT) {
        printer.note(&format!("  left: {} ({})", one.terraform, one.why));
    }
    if left.len() > MOST_LEFT {
        printer.note(&format!("  … and {} more", left.len() - MOST_LEFT));
    }
}
