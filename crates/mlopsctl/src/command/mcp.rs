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

#[cfg(feature = "mcp")]
pub(crate) use server::run;

#[cfg(not(feature = "mcp"))]
use crate::{cli::Global, end::End, printer::Printer};

#[cfg(not(feature = "mcp"))]
pub(crate) async fn run(_: &Global, _: bool, _: Printer) -> Result<(), End> {
    Err(End::usage("this mlopsctl was built without the server for agents", "build it with the feature `mcp`"))
}
