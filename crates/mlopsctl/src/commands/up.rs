use crate::{
    cli::{Global, Up},
    execute::{Run, execute},
    fault::Fault,
    memory,
    printer::Printer,
    session::Session,
};
use engine::{PLAN_FORMAT, Plan, Purpose};
use std::path::Path;

pub(super) async fn run(global: &Global, printer: &Printer, asked: &Up) -> Result<u8, Fault> {
    let saved = asked.plan.as_deref().map(load).transpose()?;
    let named = asked.environment.clone().or_else(|| saved.as_ref().map(|plan| plan.environment.clone()));
    let session = Session::open(global, named.as_deref()).await?;
    let declared = session.declare().await?;
    let cloud = session.cloud(declared.stack.assets());
    let bucket = session.bucket(&cloud);
    // A bucket without a state may be one whose making was interrupted.
    if memory::stored(&session, &bucket).await?.is_none() {
        bucket.make(&session.identity).await?;
    }
    let targets = saved.as_ref().map_or_else(|| asked.scope.targets.clone(), |plan| plan.targets.clone());
    let purpose = Purpose {
        targets,
        unprotect: asked.scope.unprotect.clone(),
        delete_data: asked.scope.delete_data,
        inputs: declared.inputs,
    };
    let run = Run {
        session: &session,
        cloud,
        bucket: &bucket,
        stack: &declared.stack,
        purpose,
        operation: "up",
        manner: &asked.manner,
        saved,
        lock_timeout: global.lock_timeout,
    };
    let applied = execute(printer, run).await?;
    if !printer.is_json() && applied.exit == 0 && !applied.outputs.is_empty() {
        printer.data(crate::render::output::table(&applied.outputs).as_bytes())?;
    }
    Ok(applied.exit)
}

fn load(file: &Path) -> Result<Plan, Fault> {
    let unreadable = |why: String| Fault::usage(format!("{} is no saved plan: {why}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format > PLAN_FORMAT => Err(Fault::usage(format!(
            "the plan has format {format}; this version of mlopsctl reads formats up to {PLAN_FORMAT}"
        ))
        .help("use the mlopsctl that made it")),
        Some(_) => serde_json::from_value(value).map_err(|error| unreadable(error.to_string())),
        None => Err(unreadable("it has no format number".to_owned())),
    }
}
