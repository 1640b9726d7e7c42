//! The command `state list`: lists the recorded resources, also as import blocks of Terraform.

use crate::{
    cli::ListFormat,
    command_error::CommandError,
    printer::{Printer, escape::word},
    render::columns::columns,
};
use app::Session;
use resource::Address;
use serde::Serialize;
use state::{Entry, Phase, State};
use tfstate::{Exported, Types, import_blocks};

/// A recorded resource.
#[derive(Serialize)]
struct Row<'a> {
    address: &'a Address,
    kind: &'a str,
    id: Option<&'a str>,
    phase: Phase,
}

impl<'a> From<(&'a Address, &'a Entry)> for Row<'a> {
    fn from((address, entry): (&'a Address, &'a Entry)) -> Self {
        Self { address, kind: &entry.kind, id: entry.id.as_deref(), phase: entry.phase }
    }
}

pub(super) async fn run(session: &Session, format: Option<ListFormat>, printer: Printer) -> Result<(), CommandError> {
    let (state, _) = session.state().await?;
    match format {
        Some(ListFormat::TerraformImport) => {
            printer.data(&terraform(&state, &Types::from(session.registry.as_ref()))?);
        }
        None if printer.json => {
            printer.document(&state.resources.iter().map(Row::from).collect::<Vec<_>>());
        }
        None if state.resources.is_empty() => {}
        None => printer.page(&page(&state, printer.columns_of_data())),
    }
    Ok(())
}

fn page(state: &State, width: Option<usize>) -> String {
    let row = |(address, entry): (&Address, &Entry)| {
        let phase = if entry.phase == Phase::Ready { String::new() } else { format!("  ({})", entry.phase.as_str()) };
        let id = word(entry.id.as_deref().unwrap_or("–"));
        vec![address.to_string(), word(&entry.kind).into_owned(), format!("{id}{phase}")]
    };
    columns(&state.resources.iter().map(row).collect::<Vec<_>>(), width)
}

/// Terraform's import blocks for every recorded resource that exists.
fn terraform(state: &State, types: &Types) -> Result<String, CommandError> {
    let exported = state.resources.iter().filter_map(|(address, entry)| {
        Some(Exported {
            address,
            kind: &entry.kind,
            id: entry.id.as_deref()?,
            spec: &entry.spec,
            outputs: &entry.outputs,
            account: &state.account,
        })
    });
    import_blocks(&exported.collect::<Vec<_>>(), types).map_err(|error| CommandError::failed(error.to_string()))
}
