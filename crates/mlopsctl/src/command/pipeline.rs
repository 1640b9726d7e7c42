//! Using what was built: bring data, train, look, approve, ask.

mod approve;
mod follow;
mod image;
mod invoke;
mod local_work;
mod logs;
mod overrides;
mod platform;
mod resume;
mod run;
mod status;
mod upload;

use crate::{
    cli::{Global, PipelineArgs, PipelineCommand},
    end::End,
    printer::Printer,
};
use platform::{Platform, Work};
use std::time::Duration;

/// How long a command waits for another one to leave the embedded AWS: as long as an execution may take.
const WAITS: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn run(global: &Global, args: PipelineArgs, printer: Printer) -> Result<(), End> {
    let patient = Global { lock_timeout: global.lock_timeout.max(WAITS), ..global.clone() };
    let global = if global.local { &patient } else { global };
    let platform = Platform::open(global, args.environment.as_deref()).await?;
    match args.command {
        PipelineCommand::Upload { data } => upload::run(&platform, &data, printer).await,
        PipelineCommand::Run { follow, input, set } => {
            run::run(&platform, global, follow, input.as_deref(), &set, printer).await
        }
        PipelineCommand::Resume { execution, from, follow } => {
            resume::run(&platform, global, execution.as_deref(), from.as_deref(), follow, printer).await
        }
        PipelineCommand::Status { execution, deploy, follow } => {
            let work = Work::of(deploy);
            status::run(&platform, work, execution.as_deref(), follow, printer).await
        }
        PipelineCommand::Logs { execution, deploy, step, lines } => {
            let work = Work::of(deploy);
            logs::run(&platform, work, execution.as_deref(), step.as_deref(), usize::from(lines), printer).await
        }
        PipelineCommand::Approve { package, yes, allow_changed_features, reason } => {
            let asked = approve::Asked { yes: yes || global.local, allow_changed_features, reason };
            approve::run(&platform, global, package.as_deref(), asked, printer).await
        }
        PipelineCommand::Invoke { rows, first } => invoke::run(&platform, global, &rows, first, printer).await,
        PipelineCommand::Image { build, push, tag } => image::run(&platform, global, build, push, tag, printer).await,
    }
}
