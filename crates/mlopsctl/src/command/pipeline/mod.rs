//! Using what was built: bring data, train, look, approve.

mod approve;
mod follow;
mod image;
mod logs;
mod platform;
mod run;
mod status;
mod upload;

use crate::{
    cli::{Global, PipelineArgs, PipelineCommand},
    end::End,
    printer::Printer,
};
use platform::Platform;

pub(crate) async fn run(global: &Global, args: PipelineArgs, printer: Printer) -> Result<(), End> {
    let platform = Platform::open(global, args.environment.as_deref()).await?;
    match args.command {
        PipelineCommand::Upload { data } => upload::run(&platform, &data, printer).await,
        PipelineCommand::Run { follow, input } => run::run(&platform, follow, input.as_deref(), printer).await,
        PipelineCommand::Status { execution, follow } => {
            status::run(&platform, execution.as_deref(), follow, printer).await
        }
        PipelineCommand::Logs { execution, step, lines } => {
            logs::run(&platform, execution.as_deref(), step.as_deref(), usize::from(lines), printer).await
        }
        PipelineCommand::Approve { package, yes, reason } => {
            approve::run(&platform, package.as_deref(), yes || global.local, &reason, printer).await
        }
        PipelineCommand::Image { build, push, tag } => image::run(&platform, global, build, push, tag, printer).await,
    }
}
