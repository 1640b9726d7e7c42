//! The commands that use the platform: upload data, train, show executions, approve models, ask for predictions.

mod approve;
mod consent;
mod data;
mod deploy;
mod follow;
mod image;
mod invoke;
mod local_work;
mod logs;
mod models;
mod overrides;
mod platform;
mod reject;
mod resume;
mod run;
mod schema;
mod status;
mod stop;
mod upload;

use crate::{
    cli::{Global, PipelineArgs, PipelineCommand},
    command_error::CommandError,
    printer::Printer,
};
use consent::Consent;
use platform::{Platform, Work};
use std::{path::Path, time::Duration};

/// The time that a command waits for another one to release the embedded AWS: as long as an execution may take.
const WAITS: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn run(global: &Global, args: PipelineArgs, printer: Printer) -> Result<(), CommandError> {
    let waiting = Global { lock_timeout: global.lock_timeout.max(WAITS), ..global.clone() };
    let global = if global.local { &waiting } else { global };
    refuse_other_order(global, &args)?;
    for path in args.command.files() {
        runs::Missing::check(path).map_err(|missing| CommandError::usage(missing.to_string(), missing.help))?;
    }
    let environment = args.environment.as_deref();
    let open = async || Platform::open(global, environment).await;
    let change = async || Platform::open_to_change(global, environment).await;
    match args.command {
        PipelineCommand::Schema { data, label, task, out } => {
            schema::run(global, environment, schema::Asked { data: &data, label: &label, task, out: &out }, printer)
        }
        PipelineCommand::Upload { data, unchecked } => upload::run(&change().await?, &data, unchecked, printer).await,
        PipelineCommand::Data { remove: None, .. } => data::list(&open().await?, printer).await,
        PipelineCommand::Data { remove: Some(names), all, delete_data, yes } => {
            let asked = data::Asked { names: &names, all, delete_data, yes: yes || global.local };
            data::remove(&change().await?, asked, printer).await
        }
        PipelineCommand::Run { follow, input, set } => {
            run::run(&change().await?, global, follow, input.as_deref(), &set, printer).await
        }
        PipelineCommand::Resume { execution, from, follow } => {
            resume::run(&change().await?, global, execution.as_deref(), from.as_deref(), follow, printer).await
        }
        PipelineCommand::Status { execution, deploy, follow } => {
            let work = Work::new(deploy);
            status::run(&open().await?, work, execution.as_deref(), follow, printer).await
        }
        PipelineCommand::Logs { execution, deploy, step, lines } => {
            let work = Work::new(deploy);
            logs::run(&open().await?, work, execution.as_deref(), step.as_deref(), usize::from(lines), printer).await
        }
        PipelineCommand::Approve { package, yes, allow_changed_features, reason } => {
            let asked =
                approve::Asked { consent: Consent { yes: yes || global.local, allow_changed_features }, reason };
            approve::run(&change().await?, global, package.as_deref(), asked, printer).await
        }
        PipelineCommand::Reject { package, yes, reason } => {
            reject::run(&change().await?, &package, yes || global.local, &reason, printer).await
        }
        PipelineCommand::Models { last } => models::run(&open().await?, usize::from(last), printer).await,
        PipelineCommand::Deploy { package, deployment, again } => {
            let asked = deploy::Asked::from_arguments(&deployment, global, again);
            deploy::run(&change().await?, global, package.as_deref(), asked, printer).await
        }
        PipelineCommand::Rollback { deployment } => {
            let asked = deploy::Asked::from_arguments(&deployment, global, false);
            deploy::back(&change().await?, global, asked, printer).await
        }
        PipelineCommand::Stop { execution, deploy, yes } => {
            let work = Work::new(deploy);
            stop::run(&change().await?, work, execution.as_deref(), yes || global.local, printer).await
        }
        PipelineCommand::Invoke { rows, first } => invoke::run(&open().await?, global, &rows, first, printer).await,
        PipelineCommand::Image { build, push, tag } => {
            image::run(&change().await?, global, build, push, tag, printer).await
        }
    }
}

/// Refuses an environment after the command, where a file or an execution stands: `pipeline upload dev data.csv`.
fn refuse_other_order(global: &Global, args: &PipelineArgs) -> Result<(), CommandError> {
    let Some(word) = args.word_after_command().filter(|_| args.environment.is_none()) else { return Ok(()) };
    let is_environment = config::discover(&global.environments).contains(&word);
    if !is_environment || Path::new(&word).exists() {
        return Ok(());
    }
    let help = format!("write `mlopsctl pipeline {word}`, then the command and the rest");
    Err(CommandError::usage(format!("`{word}` is an environment, which stands before the command"), help))
}
