//! The command `destroy`: deletes an environment, and with `--with-state` also its state.

use super::change;
use crate::{
    cli::{DestroyArgs, Global},
    command_error::CommandError,
    printer::Printer,
    render::run_summary::RunSummary,
};
use app::{ApplyCondition, ChangeOptions, ChangeRequest, Session, Wanted, lost_state};
use engine::Claims;

const OPERATION: &str = "destroy";

pub(crate) async fn run(global: &Global, args: &DestroyArgs, printer: Printer) -> Result<(), CommandError> {
    let session = global.app().open_state_to_change(args.environment.as_deref()).await?;
    let (state, stored) = session.state().await?;
    if stored.is_none() {
        lost_state::refuse_lost_state(&session).await?;
    }
    let removes_state = args.with_state && session.bucket.exists().await?;
    if removes_state {
        announce_removal(&session, printer).await?;
    }
    if state.resources.is_empty() {
        if stored.is_some() {
            lost_state::warn(&session).await;
        }
        if removes_state {
            remove_empty(global, args, &session, printer).await?;
        }
        nothing(&session, stored.is_some() && !removes_state, printer);
        return Ok(());
    }
    let change = ChangeRequest {
        workspace: &session,
        wanted: Wanted::Nothing(&session),
        operation: OPERATION,
        targets: Vec::new(),
        claims: Claims::new(),
        condition: ApplyCondition::Confirmed,
        options: ChangeOptions { removes_state, ..global.options(&args.change) },
    };
    change::run(change, &session.names(), global.is_on_aws(), printer).await?;
    if !removes_state {
        say_that_state_stays(&session, printer);
    }
    Ok(())
}

/// Names what is left of an environment that has no resources.
fn say_that_state_stays(session: &Session, printer: Printer) {
    if printer.json {
        return;
    }
    printer.note(&format!("The state {} stays, with its history.", session.state_place()));
    printer.hint(&format!("`mlopsctl destroy {} --with-state` removes it", session.name));
}

/// Says what `--with-state` removes, before anything is asked. What is not ours in the bucket is refused before
/// anything is touched.
async fn announce_removal(session: &Session, printer: Printer) -> Result<(), CommandError> {
    let name = session.bucket.name();
    if session.bucket.is_named() {
        printer
            .note(&format!("The state {} will be removed with its history; the bucket stays.", session.state_place()));
        return Ok(());
    }
    session.bucket.refuse_other_keys(&session.keys).await?;
    printer.note(&format!("The state bucket {name} will be removed with the state and its history."));
    Ok(())
}

/// Removes a state that holds no resources.
async fn remove_empty(
    global: &Global,
    args: &DestroyArgs,
    session: &Session,
    printer: Printer,
) -> Result<(), CommandError> {
    if !args.change.yes && !global.local {
        if !printer.can_ask() {
            return Err(CommandError::unconfirmed());
        }
        let place = session.cloud.place();
        printer.say(&format!("The state is in account {}, region {}.", place.account, place.region));
        if printer.answer(&format!("Type {} to remove its state and history:", session.name)).await != session.name {
            return Err(CommandError::failed("nothing was done"));
        }
    }
    let lock = session.lock(OPERATION, std::future::pending()).await?;
    printer.note(&session.remove_state(lock).await?);
    Ok(())
}

fn nothing(session: &Session, has_state: bool, printer: Printer) {
    match printer.json {
        true => printer.line(&RunSummary::nothing()),
        false if has_state => {
            printer.say(&format!("There is nothing to do: the state of {} holds no resources.", session.name));
            say_that_state_stays(session, printer);
        }
        false => printer.say("There is nothing to do: nothing is left of this environment."),
    }
}
