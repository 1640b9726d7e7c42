//! The command `mcp`: a server of the Model Context Protocol, whose tools are commands of mlopsctl.
//! <https://modelcontextprotocol.io/specification>

#[cfg(feature = "mcp")]
mod input;
#[cfg(feature = "mcp")]
mod line;
#[cfg(feature = "mcp")]
mod pipeline_tools;
#[cfg(feature = "mcp")]
mod platform_tools;
#[cfg(feature = "mcp")]
mod runner;
#[cfg(feature = "mcp")]
mod server;
#[cfg(feature = "mcp")]
mod tool;

use crate::{cli::Global, command_error::CommandError, printer::Printer};

/// Serves all tools on stdin and stdout.
#[cfg(feature = "mcp")]
pub(crate) async fn run(global: &Global, allows_changes_on_aws: bool, printer: Printer) -> Result<(), CommandError> {
    let mut tools = server::Tools::new();
    platform_tools::add_all(&mut tools);
    pipeline_tools::add_all(&mut tools);
    server::run(global, allows_changes_on_aws, tools, printer).await
}

#[cfg(not(feature = "mcp"))]
pub(crate) async fn run(_: &Global, _: bool, _: Printer) -> Result<(), CommandError> {
    Err(CommandError::usage("this mlopsctl was built without the server for agents", "build it with the feature `mcp`"))
}
