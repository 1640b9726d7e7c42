use crate::{cli::Global, fault::Fault, memory, printer::Printer, session::Session};
use serde_json::json;
use state::Lock;

pub(super) async fn run(global: &Global, printer: &Printer, environment: Option<&str>, id: &str) -> Result<u8, Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    let store = session.bucket(&cloud).store();
    let holder = Lock::remove(&store, memory::LOCK, id).await?;
    if printer.is_json() {
        printer.document(&json!({"unlocked": holder}))?;
    } else {
        printer.note(&format!("removed the lock of {holder}"));
    }
    Ok(0)
}
