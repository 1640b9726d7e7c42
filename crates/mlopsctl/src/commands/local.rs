use crate::{
    account,
    cli::{Global, Local},
    fault::Fault,
    printer::Printer,
    session::project_root,
    signals::Signals,
};
use serde_json::json;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

pub(super) async fn run(global: &Global, printer: &Printer, asked: &Local) -> Result<u8, Fault> {
    let root = project_root(global);
    match asked {
        Local::Reset => {
            ::local::Cloud::reset(&root.join("state/local")).map_err(|error| account::local_fault(&error))?;
            printer.note("the embedded AWS is empty");
        }
        Local::Serve { port, region } => {
            let cloud = account::open_local(&root, region, global.lock_timeout).await?;
            let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await;
            let listener = bound.map_err(|error| {
                Fault::failed(format!("port {port} cannot be used: {error}")).help("`--port 0` takes any that is free")
            })?;
            let address = listener.local_addr().map_err(|error| Fault::failed(error.to_string()))?;
            tell(printer, &format!("http://{address}"), region)?;
            let signals = Signals::listen(|_| ());
            cloud.serve(listener, signals.first()).await.map_err(|error| account::local_fault(&error))?;
        }
    }
    Ok(0)
}

/// What other programs need to reach it; it checks no signature, so the credentials are anybody's.
fn tell(printer: &Printer, url: &str, region: &str) -> Result<(), Fault> {
    let variables = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "AKIALOCAL"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", region),
    ];
    if printer.is_json() {
        let map: serde_json::Map<String, serde_json::Value> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        printer.event(&json!({"event": "serving", "environment": map}))?;
    } else {
        for (name, value) in variables {
            printer.line(&format!("export {name}={value}"))?;
        }
        printer.note("serving the embedded AWS; Ctrl-C ends it");
    }
    Ok(())
}
