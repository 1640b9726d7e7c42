//! mlopsctl: builds and keeps a production MLOps platform on AWS.

mod cli;
mod command;
mod command_error;
mod last_run;
mod output;
mod panics;
mod printer;
mod remedy;
mod render;
mod saved_plan;
mod signals;
mod terminal;

use clap::{CommandFactory as _, Parser};
use cli::{Cli, Command, SelfCommand};
use command_error::CommandError;
use printer::Printer;
use std::{
    io::{ErrorKind, Write as _},
    process::ExitCode,
};
use tracing_subscriber::{
    filter::{FilterExt as _, LevelFilter},
    layer::{Layer as _, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

fn main() -> ExitCode {
    panics::end_process_at_panic();
    cli::completing::answer_shell(Cli::command);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let arguments: Vec<String> = std::env::args_os().map(|one| one.to_string_lossy().into_owned()).collect();
            let error = cli::other_words::suggest(error, &Cli::command(), &arguments);
            // The usage text goes where clap sends it; help and version are no mistake.
            if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
                let what = error.to_string();
                let end = CommandError::usage(what.trim_end(), "");
                render::ending::document(&end).iter().for_each(Printer::document_of_usage);
            }
            let printed = error.print().and_then(|()| std::io::stdout().flush());
            return match printed {
                Err(lost) if !error.use_stderr() && lost.kind() != ErrorKind::BrokenPipe => ExitCode::FAILURE,
                _ => ExitCode::from(if error.use_stderr() { 64 } else { 0 }),
            };
        }
    };
    let printer = Printer::new(&cli.global);
    trace(&cli, printer);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&error.to_string(), None);
            return ExitCode::FAILURE;
        }
    };
    let gives_events = cli.command.gives_events();
    let result = runtime.block_on(async {
        let ended = run(cli, printer).await;
        ended.and(app::embedded::keep_local().await.map_err(CommandError::from))
    });
    // Reads on stdin cannot be cancelled; do not wait for them.
    runtime.shutdown_background();
    if let Err(end) = &result {
        printer.print_end(end, gives_events);
    }
    match (printer.unwritten(), result) {
        (None, Ok(())) => ExitCode::SUCCESS,
        (Some(error), Ok(()) | Err(CommandError::Differences)) => {
            printer.error(
                &format!("writing to stdout: {error}"),
                Some("the command did its work, but not all that it printed arrived: do not rely on it"),
            );
            ExitCode::FAILURE
        }
        (_, Err(end)) => end.code(),
    }
}

async fn run(cli: Cli, printer: Printer) -> Result<(), CommandError> {
    let global = &cli.global;
    match cli.command {
        Command::Init(args) => command::init::run(&args, printer).await,
        Command::Validate { environment } => command::files::validate(global, environment.as_deref(), printer),
        Command::Fmt { check } => command::files::format(global, check, printer),
        Command::Plan(args) => command::plan::run(global, &args, printer).await,
        Command::Up(args) => command::up::run(global, &args, printer).await,
        Command::Destroy(args) => command::destroy::run(global, &args, printer).await,
        Command::Output { environment, name } => {
            command::inspect::output(global, environment.as_deref(), name.as_deref(), printer).await
        }
        Command::Drift { environment, accept, who } => {
            command::inspect::drift(global, environment.as_deref(), &accept, who, printer).await
        }
        Command::Reconcile { environment } => command::reconcile::run(global, environment.as_deref(), printer).await,
        Command::Job { environment } => command::job::run(global, &environment, printer).await,
        Command::Wait { environment } => command::wait::run(global, environment.as_deref(), printer).await,
        Command::Cost { print_prices: true, .. } => {
            printer.verbatim(cost::BUILTIN);
            Ok(())
        }
        Command::Cost { environment, prices, .. } => {
            command::cost::run(global, environment.as_deref(), prices.as_deref(), printer).await
        }
        Command::Doctor { environment } => command::doctor::run(global, environment.as_deref(), printer).await,
        Command::Graph(args) => command::graph::run(global, &args, printer).await,
        Command::Adopt(args) => command::adopt::run(global, &args, printer).await,
        Command::Permissions(args) => command::permissions::run(global, &args, printer).await,
        Command::State(what) => command::state::run(global, what, printer).await,
        Command::Unlock { environment, lock_id, force } => {
            command::unlock::run(global, &environment, &lock_id, force, printer).await
        }
        Command::Pipeline(args) => command::pipeline::run(global, args, printer).await,
        Command::Local(what) => command::local::run(global, what, printer).await,
        Command::Mcp { allow_changes_on_aws } => command::mcp::run(global, allow_changes_on_aws, printer).await,
        Command::Itself(SelfCommand::Check { releases }) => command::self_check::run(&releases, printer).await,
        Command::Completions { shell } => command::files::completions(shell, printer),
        Command::Man => command::files::manual(printer),
    }
}

fn trace(cli: &Cli, printer: Printer) {
    let level = match cli.global.verbose {
        // The embedded AWS has no connections to close.
        0 => {
            "warn,aws_config=error,aws_runtime=error,aws_smithy_http_client=error,\
             aws_smithy_runtime::client::http::connection_poisoning=off"
        }
        1 => "info,engine=debug,state=debug",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
    // At the level below, AWS's SDK writes whatever it sends and gets, secrets included.
    let filter = filter.and(LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(printer)
        .with_ansi(false)
        // A terminal that was closed is no reason to panic.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
