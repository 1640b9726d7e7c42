//! Pictures of declared and recorded resources. Reads only.

use super::not_done::refused;
use crate::{
    cli::{Global, GraphArgs, GraphFormat},
    command_error::CommandError,
    last_run,
    output::{self, Readers},
    printer::Printer,
    render::picture,
};
use app::Session;
use engine::{PlannedChange, Purpose};
use resource::Stack;
use state::State;

pub(crate) async fn run(global: &Global, args: &GraphArgs, printer: Printer) -> Result<(), CommandError> {
    if let Some(file) = &args.out {
        output::refuse_other(file, "picture that mlopsctl made", report::is_picture)?;
    }
    let format = format(args)?;
    let session = global.app().open(args.environment.as_deref()).await?;
    let (state, _) = session.state().await?;
    let stack = session.stack(&state).await?;
    let declarations = stack.declarations(&session.registry, session.cloud.place())?;
    let changes = match args.changes {
        true => Some(changes(&session, &stack, &state, printer).await?),
        false => None,
    };
    let picture = picture::draw(&session, &stack, &state, &declarations, changes.as_deref())
        .map_err(|error| CommandError::failed(error.to_string()))?;
    session.trace_calls();
    if printer.json {
        printer.document(&picture::document(&picture));
        return Ok(());
    }
    let text = match format {
        GraphFormat::Dot => report::dot(&picture),
        GraphFormat::Mermaid => report::mermaid(&picture),
        GraphFormat::Svg => report::svg(&picture),
        GraphFormat::Html => report::html(&picture, last_run::timeline(&session).as_ref()),
    };
    match &args.out {
        None => printer.data(text.trim_end_matches('\n')),
        Some(file) => {
            output::write(file, text.as_bytes(), Readers::AsBefore)
                .map_err(|error| CommandError::failed(format!("{}: {error}", file.display())))?;
            printer.note(&format!("wrote {}", file.display()));
        }
    }
    Ok(())
}

/// The form that was asked for, or the one that the name of the file says. A name that says another one is refused.
fn format(args: &GraphArgs) -> Result<GraphFormat, CommandError> {
    let Some(file) = &args.out else { return Ok(args.format.unwrap_or(GraphFormat::Dot)) };
    let Some(extension) = file.extension().map(|extension| extension.to_string_lossy().to_lowercase()) else {
        return Ok(args.format.unwrap_or(GraphFormat::Dot));
    };
    let named = match extension.as_str() {
        "dot" | "gv" => Some(GraphFormat::Dot),
        "mmd" | "mermaid" => Some(GraphFormat::Mermaid),
        "svg" => Some(GraphFormat::Svg),
        "html" | "htm" => Some(GraphFormat::Html),
        _ => None,
    };
    let name = file.display();
    match (args.format, named) {
        (None, None) => Err(CommandError::usage(
            format!("{name} names no form of picture that mlopsctl draws; nothing was written"),
            "let it end in .dot, .mmd, .svg or .html, or say the form with --format",
        )),
        (Some(format), Some(named)) if format != named => Err(CommandError::usage(
            format!("{name} is no name for what --format asks for; nothing was written"),
            "leave out --format, or name another file",
        )),
        (Some(format), _) | (None, Some(format)) => Ok(format),
    }
}

async fn changes(
    session: &Session,
    stack: &Stack,
    state: &State,
    printer: Printer,
) -> Result<Vec<PlannedChange>, CommandError> {
    let purpose =
        Purpose { delete_data: vec!["*".to_owned()], keep: true, inputs: session.inputs(stack), ..Purpose::default() };
    let planning = engine::plan(stack, state, &session.registry, &session.cloud, &session.identity, &purpose).await;
    match planning.refusals.as_slice() {
        [] => Ok(planning.plan.changes),
        refusals => Err(refused(refusals, printer)),
    }
}
