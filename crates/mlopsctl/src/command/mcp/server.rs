//! The server: answers a client on stdin and stdout until one of them ends it.

use super::{
    input::{Input, stop_softly},
    line::Platform,
    runner::{Ended, Runner},
    tool::{Arguments, Effect, describe, read},
};
use crate::{cli::Global, command_error::CommandError, printer::Printer, signals};
use engine::StopMode;
use futures::{FutureExt as _, future::BoxFuture};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt as _,
    handler::server::{
        router::tool::{ToolRoute, ToolRouter},
        tool::ToolCallContext,
    },
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerInfo, Tool,
    },
    service::RequestContext,
    transport::stdio,
};
use serde_json::Value;

/// The rules of docs/agents.md that concern tools.
const RULES: &str = "Builds and keeps an MLOps platform on AWS from environments/<name>.toml. Try changes with local: true \
first: an AWS inside of the binary, without account and cost. On AWS, save a plan with `out`, show it to a person, and \
apply exactly that with `plan` of `up`. Pass delete_data, unprotect, with_state, yes and confirm only if a person asked \
for it. After a failure, call the same tool again: it continues. A resource has an address, <area>.<name>.";

/// Serves until the client closes stdin, or a signal ends it. Commands under way end softly before it does.
pub(super) async fn run(
    global: &Global,
    allows_changes_on_aws: bool,
    router: Tools,
    printer: Printer,
) -> Result<(), CommandError> {
    let stop = signals::listen(printer);
    let mut stopped = stop.subscribe();
    let mut signal = std::pin::pin!(async move {
        let _ = stopped.wait_for(|mode| *mode != StopMode::Go).await;
    });
    let runner = Runner::new(global, stop.clone())?;
    let running = runner.running();
    let server = Server { router, runner, is_only_local: global.local, allows_changes_on_aws };
    let (stdin, stdout) = stdio();
    let pipes = (Input::new(stdin, stop.clone()), stdout);
    printer.note("serving the Model Context Protocol on stdin and stdout");
    let service = tokio::select! {
        begun = server.serve(pipes) => begun.map_err(|error| CommandError::failed(error.to_string()))?,
        () = &mut signal => return Ok(()),
    };
    let token = service.cancellation_token();
    let mut served = std::pin::pin!(service.waiting());
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = &mut signal => {
            token.cancel();
            served.await
        }
    };
    stop_softly(&stop);
    drop(running.write().await);
    ended.map(drop).map_err(|error| CommandError::failed(error.to_string()))
}

pub(super) struct Server {
    router: ToolRouter<Self>,
    runner: Runner,
    is_only_local: bool,
    allows_changes_on_aws: bool,
}

/// Adds a tool.
pub(super) fn add<T: Arguments>(tools: &mut Tools) {
    tools.add_route(ToolRoute::new_dyn(describe::<T>(), call::<T>));
}

/// The tools of the server.
pub(super) type Tools = ToolRouter<Server>;

fn call<T: Arguments>(context: ToolCallContext<'_, Server>) -> BoxFuture<'_, Result<CallToolResponse, ErrorData>> {
    let ToolCallContext { service, arguments, request_context, .. } = context;
    async move {
        let line = read::<T>(arguments.unwrap_or_default()).and_then(T::line);
        let result = match line.and_then(|line| service.permit(line.platform.as_ref(), T::EFFECT).map(|()| line)) {
            Err(refusal) => CallToolResult::error(vec![ContentBlock::text(format!("error: {refusal}"))]),
            Ok(line) => match service.runner.run(&line, &request_context).await {
                Ok(ended) => result(ended),
                Err(error) => CallToolResult::error(vec![ContentBlock::text(format!("error: {error}"))]),
            },
        };
        Ok(result.into())
    }
    .boxed()
}

impl Server {
    /// Refuses a command that this server may not run.
    fn permit(&self, platform: Option<&Platform>, effect: Effect) -> Result<(), String> {
        let Some(Platform { environment, local }) = platform else { return Ok(()) };
        if environment.trim().is_empty() {
            return Err("`environment` is empty: which environment?".to_owned());
        }
        if *local {
            return Ok(());
        }
        if self.is_only_local {
            return Err(format!("this server works on the embedded AWS only; pass local: true for {environment}"));
        }
        if matches!(effect, Effect::Reads | Effect::WritesFiles) || self.allows_changes_on_aws {
            return Ok(());
        }
        Err("this server changes nothing on AWS; nothing was done\n  help: pass local: true for the embedded AWS. A person \
             may start the server with `mlopsctl mcp --allow-changes-on-aws`"
            .to_owned())
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerInfo {
        ServerInfo::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("mlopsctl", env!("CARGO_PKG_VERSION")))
            .with_instructions(RULES)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.router.list_all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.router.get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.router.call(ToolCallContext::new(self, request, context)).await
    }
}

/// The result of a tool: the document or the last events of its command, and its errors and warnings in the words that a
/// person gets. Differences are no failure.
fn result(Ended { code, stdout, stderr }: Ended) -> CallToolResult {
    let last = stdout.lines().last().unwrap_or_default();
    let document = [stdout.as_str(), last].into_iter().find_map(|text| serde_json::from_str::<Value>(text).ok());
    let texts = [stdout.as_str(), &stderr].into_iter().filter(|text| !text.is_empty());
    let content: Vec<ContentBlock> = texts.map(ContentBlock::text).collect();
    let mut result = match code {
        Some(0 | 2) => CallToolResult::success(content),
        Some(_) => CallToolResult::error(content),
        None => {
            CallToolResult::error([content, vec![ContentBlock::text("error: a signal ended the command")]].concat())
        }
    };
    result.structured_content = document.filter(Value::is_object);
    result
}
