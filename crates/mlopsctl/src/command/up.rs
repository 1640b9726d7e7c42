use super::change::{Change, Condition, Wanted};
use crate::{
    cli::{Global, UpArgs},
    end::End,
    printer::Printer,
    saved_plan,
    session::Session,
};
use engine::Claims;

pub(crate) async fn run(global: &Global, args: &UpArgs, printer: Printer) -> Result<(), End> {
    let saved = args.plan.as_deref().map(saved_plan::read).transpose()?;
    let session = Session::open_to_change(global, args.environment.as_deref()).await?;
    let targets = saved.as_ref().map_or_else(|| args.target.clone(), |plan| plan.targets.clone());
    let claims = saved.as_ref().map_or_else(Claims::new, |plan| plan.claims.clone());
    let condition = saved.map_or(Condition::Confirmed, Condition::SameAs);
    let change = Change {
        global,
        args: &args.change,
        session: &session,
        wanted: Wanted::Declared,
        operation: "up",
        targets,
        claims,
        no_wait: args.no_wait,
        condition,
        printer,
    };
    change.run().await
}
