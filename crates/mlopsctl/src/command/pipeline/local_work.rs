//! Executions of the embedded AWS: this process serves it on a loopback port, and works on them.

use super::platform::Platform;
use crate::{cli::Global, command_error::CommandError, printer::Printer};

/// Makes this process the worker of the embedded AWS. Elsewhere AWS does the work.
#[cfg(feature = "local")]
pub(super) async fn begin(platform: &Platform, global: &Global, printer: Printer) -> Result<(), CommandError> {
    let Some(cloud) = app::embedded::embedded().filter(|_| platform.is_local()) else { return Ok(()) };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let cache = app::embedded::cache_folder()?;
    let runner = local::Runner::new(&endpoint, &global.settings().root(), &cache, move |text| printer.note(text));
    runner.prepare().await?;
    cloud.set_worker(std::sync::Arc::new(runner));
    // Served until the process ends.
    tokio::spawn(async move { cloud.serve(listener, std::future::pending()).await });
    Ok(())
}

#[cfg(not(feature = "local"))]
pub(super) async fn begin(_: &Platform, _: &Global, _: Printer) -> Result<(), CommandError> {
    Ok(())
}
