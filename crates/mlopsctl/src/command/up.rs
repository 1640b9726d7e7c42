use super::change::{Change, Condition};
use crate::{
    cli::{Global, UpArgs},
    end::End,
    input,
    printer::Printer,
    session::Session,
};
use engine::{Claims, Plan};
use serde_json::Value;
use std::path::Path;

pub(crate) async fn run(global: &Global, args: &UpArgs, printer: Printer) -> Result<(), End> {
    let saved = args.plan.as_deref().map(saved).transpose()?;
    let session = Session::open_to_change(global, args.environment.as_deref()).await?;
    let targets = saved.as_ref().map_or_else(|| args.target.clone(), |plan| plan.targets.clone());
    let condition = saved.map_or(Condition::Confirmed, Condition::SameAs);
    let change = Change {
        global,
        args: &args.change,
        session: &session,
        stack: &session.stack,
        operation: "up",
        targets,
        claims: Claims::new(),
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
    let bytes = input::read(file).map_err(|error| invalid(error.to_string()))?;
    let plan: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    // Before anything else of it: a later format may be another altogether.
    if plan["format"].as_u64().is_some_and(|format| format > engine::PLAN_FORMAT) {
        return Err(invalid("it was made by a newer mlopsctl".to_owned()));
    }
    let plan: Plan = serde_json::from_value(plan).map_err(|error| invalid(error.to_string()))?;
    is_of_this_version(&plan, file).map(|()| plan)
}

/// Another version may do something else about the same differences than the plan shows.
fn is_of_this_version(plan: &Plan, file: &Path) -> Result<(), End> {
    let this = env!("CARGO_PKG_VERSION");
    let maker = match plan.tool.as_str() {
        tool if tool == this => return Ok(()),
        "" => "mlopsctl 0.1".to_owned(),
        tool => format!("mlopsctl {}", tool.escape_debug()),
    };
    Err(End::usage(
        format!("{} was made by {maker}, and this is mlopsctl {this}; nothing was touched", file.display()),
        "make a new one with `mlopsctl plan --out FILE`",
    ))
}
