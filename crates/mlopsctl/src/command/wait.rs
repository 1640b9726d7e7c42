use super::change::{Change, Condition, Wanted};
use crate::{
    cli::{ChangeArgs, Global},
    end::End,
    printer::Printer,
    session::Session,
};
use engine::Claims;
use state::Phase;

/// Finishes what an earlier run has started, and starts nothing.
pub(crate) async fn run(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), End> {
    let session = Session::open_to_change(global, environment).await?;
    let (state, _) = session.state().await?;
    let unfinished = state.resources.iter().filter(|(_, entry)| entry.phase != Phase::Ready);
    let unfinished: Vec<String> = unfinished.map(|(address, _)| address.to_string()).collect();
    if unfinished.is_empty() {
        printer.note("There is nothing to wait for.");
        return Ok(());
    }
    let change = Change {
        global,
        args: &ChangeArgs::default(),
        session: &session,
        wanted: Wanted::Declared,
        operation: "wait",
        targets: unfinished,
        claims: Claims::new(),
        no_wait: false,
        condition: Condition::OnlyFinishes(state),
        printer,
    };
    change.run().await
}
