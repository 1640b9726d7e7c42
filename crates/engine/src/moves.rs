//! Moves: recorded resources that have a new address in the environment file. They keep their ids.

use crate::{Moved, Refusal};
use aws_client::Failure;
use resource::Stack;
use state::State;
use std::borrow::Cow;

/// The state after the moves of a stack.
pub(crate) struct AfterMoves<'a> {
    /// The state with the moved resources at their new addresses.
    pub(crate) state: Cow<'a, State>,
    /// The moves that this plan makes. Moves of an earlier run are not among them.
    pub(crate) moved: Vec<Moved>,
    /// Moves that cannot be made.
    pub(crate) refusals: Vec<Refusal>,
}

/// Moves recorded resources to their new addresses, and updates the dependencies of others on them.
pub(crate) fn after_moves<'a>(stack: &Stack, state: &'a State) -> AfterMoves<'a> {
    let mut after = AfterMoves { state: Cow::Borrowed(state), moved: Vec::new(), refusals: Vec::new() };
    for (from, to) in stack.moves() {
        let Some(entry) = state.resources.get(from) else { continue };
        let declared = stack.position(to).map(|position| stack.nodes()[position].kind);
        let refused = match declared {
            // `destroy` declares nothing. An unknown new address is reported when the file is read.
            None => continue,
            Some(kind) if kind != entry.kind => Some(Failure::refused(
                format!("{from} is of kind {}, and {to} is declared as {kind}", entry.kind),
                "a resource can move only to an address of its own kind: remove the entry from `[[moved]]`",
            )),
            Some(_) if state.resources.contains_key(to) => Some(Failure::refused(
                format!("{from} cannot move to {to}: the state records a resource at both"),
                format!("remove the entry from `[[moved]]`; then the next run deletes {from} and keeps {to}"),
            )),
            Some(_) => None,
        };
        if let Some(failure) = refused {
            after.refusals.push(Refusal { address: to.clone(), kind: entry.kind.clone(), failure, lifted_by: None });
            continue;
        }
        after.moved.push(Moved { from: from.clone(), to: to.clone(), kind: entry.kind.clone(), id: entry.id.clone() });
        let resources = &mut after.state.to_mut().resources;
        if let Some(entry) = resources.remove(from) {
            resources.insert(to.clone(), entry);
        }
        for needed in resources.values_mut().flat_map(|entry| &mut entry.depends_on) {
            if needed.address == *from {
                needed.address = to.clone();
            }
        }
    }
    after
}
