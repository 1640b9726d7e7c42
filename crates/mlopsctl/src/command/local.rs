//! The embedded AWS, for other tools.

use crate::{
    cli::{Global, LocalCommand},
    command_error::CommandError,
    printer::Printer,
};
#[cfg(feature = "local")]
use std::sync::Arc;

#[cfg(feature = "local")]
fn worker(global: &Global, endpoint: &str, printer: Printer) -> Result<Arc<dyn local::Worker>, CommandError> {
    let (root, cache) = (global.settings().root(), app::embedded::cache_folder()?);
    Ok(Arc::new(local::Runner::new(endpoint, &root, &cache, move |text| printer.note(text))))
}

/// Leaves executions to another program, which records what it does.
#[cfg(feature = "local")]
struct Elsewhere;

#[cfg(feature = "local")]
impl local::Worker for Elsewhere {
    fn work(&self, _: String) -> futures::future::BoxFuture<'static, Result<(), String>> {
        Box::pin(std::future::pending())
    }

    fn invoke(&self, _: local::Invocation) -> futures::future::BoxFuture<'static, Result<local::Answer, String>> {
        Box::pin(async { Err("another program does the work of this embedded AWS".to_owned()) })
    }
}

#[cfg(feature = "local")]
pub(crate) async fn run(global: &Global, what: LocalCommand, printer: Printer) -> Result<(), CommandError> {
    let folder = global.settings().data_folder();
    match what {
        LocalCommand::Serve { port, keep_only } => {
            // The region of a call is in its signature; this one only makes the SDK configuration complete.
            let cloud = local::Cloud::open(Some(&folder), "us-east-1", local::ACCOUNT)?;
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await;
            let listener = listener.map_err(|error| CommandError::failed(format!("port {port}: {error}")))?;
            let endpoint = format!("http://{}", listener.local_addr()?);
            cloud.set_worker(match keep_only {
                true => Arc::new(Elsewhere),
                false => worker(global, &endpoint, printer)?,
            });
            printer.data(&format!("export AWS_ENDPOINT_URL={endpoint}"));
            printer.data("export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local");
            printer.note("serving the embedded AWS until Ctrl-C");
            let mut stopped = crate::signals::listen(printer).subscribe();
            let until = async move {
                let _ = stopped.wait_for(|mode| *mode != engine::StopMode::Go).await;
            };
            Ok(cloud.serve(listener, until).await?)
        }
        LocalCommand::Reset => {
            local::Cloud::reset(&folder)?;
            printer.note(&format!("{} is forgotten", folder.display()));
            Ok(())
        }
    }
}

#[cfg(not(feature = "local"))]
pub(crate) async fn run(_: &Global, _: LocalCommand, _: Printer) -> Result<(), CommandError> {
    Err(CommandError::usage("this mlopsctl was built without the embedded AWS", "build it with the feature `local`"))
}
