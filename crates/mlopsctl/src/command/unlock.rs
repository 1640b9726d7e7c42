//! Ends the lease of a lock. The lock stays, marked, until the next run takes it over and fences its holder.

use crate::{cli::Global, command_error::CommandError, printer::Printer};
use state::{Error, Lock};
use std::time::Duration;

pub(crate) async fn run(
    global: &Global,
    environment: &str,
    id: &str,
    force: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let session = global.app().open_state_to_change(Some(environment)).await?;
    let (holder, wait) = match Lock::remove(&*session.store, &session.keys.lock, id, force).await {
        Ok(removed) => removed,
        Err(error @ Error::AtWork { .. }) => return Err(at_work(environment, &error)),
        Err(error) => return Err(error.into()),
    };
    if holder.is_alive_here() {
        printer.note("that process is alive on this host: end it, or it stops by itself once it hears of this");
    }
    if wait > Duration::ZERO {
        printer.note(&format!(
            "that run relies on its lock for another {} s at most; waiting until it has surely stopped",
            wait.as_secs_f64().ceil()
        ));
        tokio::time::sleep(wait).await;
    }
    printer.note(&format!("removed the lock of {holder}; the next run takes it over"));
    Ok(())
}

fn at_work(environment: &str, error: &Error) -> CommandError {
    let Error::AtWork { holder, seconds } = error else { return CommandError::failed(error.to_string()) };
    let here = match holder.is_alive_here() {
        true => format!("; process {} is alive on this host", holder.process.as_ref().map_or(0, |process| process.pid)),
        false => String::new(),
    };
    CommandError::failed_with(
        format!(
            "the lock was renewed {seconds} s ago, so that run is at work: {holder}{here}; the lock was left alone"
        ),
        format!(
            "wait for that run, or stop it with Ctrl-C; a run that has died is taken over a minute after its last \
             renewal; `mlopsctl unlock {environment} {} --force` takes the lock from a run that is at work",
            holder.id
        ),
    )
}
