use crate::{
    cli::{Global, Plan},
    fault::{EXIT_DIFFERENT, EXIT_FAILED, Fault},
    memory,
    printer::Printer,
    render,
    session::Session,
};
use engine::Purpose;
use std::path::Path;

pub(super) async fn run(global: &Global, printer: &Printer, asked: &Plan) -> Result<u8, Fault> {
    let session = Session::open(global, asked.environment.as_deref()).await?;
    let declared = session.declare().await?;
    let cloud = session.cloud(declared.stack.assets());
    let remembered = memory::read(&session, &session.bucket(&cloud)).await?;
    let purpose = Purpose {
        targets: asked.scope.targets.clone(),
        unprotect: asked.scope.unprotect.clone(),
        delete_data: asked.scope.delete_data,
        inputs: declared.inputs,
    };
    let planning =
        engine::plan(&declared.stack, &remembered.state, &session.registry, &cloud, &session.identity, &purpose).await;
    if printer.is_json() {
        printer.document(&render::plan_json::document(&planning.plan, &planning.refusals))?;
    } else {
        printer.data(render::plan::plan(&planning.plan, printer.data_paint()).as_bytes())?;
    }
    if !planning.refusals.is_empty() {
        render::failure::refusals(printer, &planning.refusals);
        return Ok(EXIT_FAILED);
    }
    if let Some(file) = &asked.out {
        save(&planning.plan, file)?;
        printer.note(&format!("saved; apply exactly this with `mlopsctl up {} --plan {}`", session.name, file.display()));
    }
    Ok(if asked.exit_code && !planning.plan.is_empty() { EXIT_DIFFERENT } else { 0 })
}

fn save(plan: &engine::Plan, file: &Path) -> Result<(), Fault> {
    let text = serde_json::to_vec_pretty(plan).map_err(|error| Fault::failed(format!("the plan is no JSON: {error}")))?;
    std::fs::write(file, text).map_err(|error| Fault::failed(format!("{} cannot be written: {error}", file.display())))
}
