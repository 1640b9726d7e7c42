use crate::{cli::Global, fault::Fault, memory, printer::Printer, render, session::Session};

pub(super) async fn run(
    global: &Global,
    printer: &Printer,
    environment: Option<&str>,
    name: Option<&str>,
) -> Result<u8, Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    let stored = memory::stored(&session, &session.bucket(&cloud)).await?;
    let outputs = stored.map(|remembered| remembered.state.outputs).unwrap_or_default();
    match name {
        None if printer.is_json() => printer.document(&outputs)?,
        None if outputs.is_empty() => {
            printer.note(&format!("`{0}` gives nothing back yet: build it with `mlopsctl up {0}`", session.name));
        }
        None => printer.data(render::output::table(&outputs).as_bytes())?,
        Some(name) => match outputs.get(name) {
            Some(value) if printer.is_json() => printer.document(value)?,
            Some(value) => printer.line(&render::output::plain(value))?,
            None => {
                let known: Vec<&str> = outputs.keys().map(String::as_str).collect();
                let fault = Fault::failed(format!("`{}` has no output `{name}`", session.name));
                return Err(match known.is_empty() {
                    true => fault.help(format!("build it with `mlopsctl up {}`", session.name)),
                    false => fault.help(format!("there are {}", known.join(", "))),
                });
            }
        },
    }
    Ok(0)
}
