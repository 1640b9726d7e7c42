//! Pictures of what is declared and what is there. Reads only.

use super::not_done::refused;
use crate::{
    cli::{Global, GraphArgs, GraphFormat},
    end::End,
    output::{self, Readers},
    printer::Printer,
    render::picture,
};
use app::Session;
use engine::{Change, Purpose};
use resource::Stack;
use state::State;

pub(crate) async fn run(global: &Global, args: &GraphArgs, printer: Printer) -> Result<(), End> {
    if let Some(file) = &args.out {
        output::refuse_other(file, "picture that mlopsctl made", report::is_picture)?;
    }
    let session = global.app().open(args.environment.as_deref()).await?;
    let (state, _) = session.state().await?;
    let stack = session.stack(&state).await?;
    let declarations = stack.declarations(&session.registry, session.cloud.place())?;
    let changes = match args.changes {
        true => Some(changes(&session, &stack, &state, printer).await?),
        false => None,
    };
    let picture = picture::of(&session, &stack, &state, &declarations, changes.as_deref())
        .map_err(|error| End::failed(error.to_string()))?;
    session.trace_calls();
    if printer.json {
        printer.document(&picture::document(&picture));
        return Ok(());
    }
    let text = match args.format {
        GraphFormat::Dot => report::dot(&picture),
        GraphFormat::Mermaid => report::mermaid(&picture),
        GraphFormat::Svg => report::svg(&picture),
        GraphFormat::Html => report::html(&picture),
    };
    match &args.out {
        None => printer.data(text.trim_end_matches('\n')),
        Some(file) => {
            output::write(file, text.as_bytes(), Readers::AsBefore)
                .map_err(|error| End::failed(format!("{}: {error}", file.display())))?;
            printer.note(&format!("wrote {}", file.display()));
        }
    }
    Ok(())
}

async fn changes(session: &Session, stack: &Stack, state: &State, printer: Printer) -> Result<Vec<Change>, End> {
    let purpose =
        Purpose { delete_data: vec!["*".to_owned()], keep: true, inputs: session.inputs(stack), ..Purpose::default() };
    let planning = engine::plan(stack, state, &session.registry, &session.cloud, &session.identity, &purpose).await;
    match planning.refusals.as_slice() {
        [] => Ok(planning.plan.changes),
        refusals => Err(refused(refusals, printer)),
    }
}
