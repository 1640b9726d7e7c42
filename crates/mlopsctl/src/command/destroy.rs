use super::change::{Change, Condition};
use crate::{
    cli::{DestroyArgs, Global},
    end::End,
    printer::Printer,
    session::Session,
};
use engine::Claims;
use resource::{Stack, Tags};

pub(crate) async fn run(global: &Global, args: &DestroyArgs, printer: Printer) -> Result<(), End> {
    let session = Session::open_state(global, args.environment.as_deref()).await?;
    let (state, _) = session.state().await?;
    if state.resources.is_empty() {
        nothing(printer);
    } else {
        let nothing = Stack::new(session.identity.clone(), Tags::default());
        let change = Change {
            global,
            args: &args.change,
            session: &session,
            stack: &nothing,
            operation: "destroy",
            targets: Vec::new(),
            claims: Claims::new(),
            no_wait: false,
            condition: Condition::Confirmed,
            printer,
        };
        change.run().await?;
    }
    if args.with_state && session.bucket.exists().await? {
        session.bucket.remove(&session.identity).await?;
        printer.note(&format!("the state bucket {} is gone as well", session.bucket.name()));
    }
    Ok(())
}

fn nothing(printer: Printer) {
    match printer.json {
        true => printer.data(
            &serde_json::json!({"event": "summary", "created": 0, "updated": 0, "replaced": 0, "deleted": 0, "failed": 0, "skipped": 0, "elapsed_ms": 0, "api_calls": 0})
                .to_string(),
        ),
        false => printer.say("There is nothing to do: nothing is left of this environment."),
    }
}
