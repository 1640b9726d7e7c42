use crate::{
    cli::Global,
    fault::{EXIT_DIFFERENT, EXIT_FAILED, Fault},
    memory,
    printer::Printer,
    render,
    session::Session,
};

pub(super) async fn run(global: &Global, printer: &Printer, environment: Option<&str>) -> Result<u8, Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    let remembered = memory::read(&session, &session.bucket(&cloud)).await?;
    let mut drift = engine::drift(&remembered.state, &session.registry, &cloud, &session.identity).await;
    let ignored = &session.environment.drift.ignore;
    drift.drifted.retain(|one| !ignored.iter().any(|glob| one.address.matches(glob)));
    if printer.is_json() {
        printer.document(&render::drift::document(&drift))?;
    } else {
        printer.data(render::drift::text(&drift, printer.data_paint()).as_bytes())?;
    }
    if !drift.failed.is_empty() {
        render::failure::refusals(printer, &drift.failed);
        return Ok(EXIT_FAILED);
    }
    Ok(if drift.drifted.is_empty() { 0 } else { EXIT_DIFFERENT })
}
