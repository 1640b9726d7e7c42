use super::change;
use crate::{
    cli::{Global, UpArgs},
    end::End,
    printer::Printer,
    saved_plan,
};
use app::{Change, ChangeOptions, Condition, Wanted};
use engine::Claims;

pub(crate) async fn run(global: &Global, args: &UpArgs, printer: Printer) -> Result<(), End> {
    let saved = args.plan.as_deref().map(saved_plan::read).transpose()?;
    let session = global.app().open_to_change(args.environment.as_deref()).await?;
    let targets = saved.as_ref().map_or_else(|| args.target.clone(), |plan| plan.targets.clone());
    let claims = saved.as_ref().map_or_else(Claims::new, |plan| plan.claims.clone());
    let condition = saved.map_or(Condition::Confirmed, Condition::SameAs);
    let change = Change {
        workspace: &session,
        wanted: Wanted::Declared(&session),
        operation: "up",
        targets,
        claims,
        condition,
        options: ChangeOptions { no_wait: args.no_wait, ..global.options(&args.change) },
    };
    change::run(change, &session.names(), printer).await
}
