use super::change::{Change, Condition};
use crate::{
    cli::{Global, UpArgs},
    end::End,
    printer::Printer,
    session::Session,
};
use engine::Plan;
use std::path::Path;

pub(crate) async fn run(global: &Global, args: &UpArgs, printer: Printer) -> Result<(), End> {
    let saved = args.plan.as_deref().map(saved).transpose()?;
    let session = Session::open(global, args.environment.as_deref()).await?;
    let targets = saved.as_ref().map_or_else(|| args.target.clone(), |plan| plan.targets.clone());
    let condition = saved.map_or(Condition::Confirmed, Condition::SameAs);
    let change = Change {
        global,
        args: &args.change,
        session: &session,
        stack: &session.stack,
        operation: "up",
        targets,
        no_wait: args.no_wait,
        condition,
        printer,
    };
    change.run().await
}

fn saved(file: &Path) -> Result<Plan, End> {
    let invalid = |why: String| {
        End::usage(format!("{} is not a saved plan: {why}", file.display()), "make one with `mlopsctl plan --out FILE`")
    };
    let text = std::fs::read_to_string(file).map_err(|error| invalid(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))
}
