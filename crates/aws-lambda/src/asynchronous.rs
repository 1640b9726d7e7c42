//! Lambda's retries of failed asynchronous invocations, such as those of EventBridge.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use crate::{AsynchronousCalls, Function};
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_lambda::Client;
use resource::Context;
use std::time::Duration;
use vocabulary::Permission;

const NONE: &[ErrorPattern] = &[("ResourceNotFoundException", "")];
/// Another change is under way.
const BUSY: &[ErrorPattern] = &[("ResourceConflictException", "")];
/// As long as any change of the function may take.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>
const BUSY_FOR: Duration = Duration::from_secs(300);

/// The function's setting. Callers read it only if it is declared, because most functions keep Lambda's default.
pub(crate) async fn read(function: &Function, id: &str, cx: &Context) -> Result<Option<AsynchronousCalls>> {
    if function.asynchronous.is_none() {
        return Ok(None);
    }
    let call = cx.client(Client::new).get_function_event_invoke_config().function_name(id);
    let answer = call.send().await.during("GetFunctionEventInvokeConfig").none_on(NONE)?;
    Ok(answer.map(|shown| AsynchronousCalls {
        // Lambda's defaults: two retries, and six hours.
        // <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>
        retries: shown.maximum_retry_attempts().unwrap_or(2),
        max_age_seconds: shown.maximum_event_age_in_seconds().unwrap_or(21_600),
    }))
}

pub(crate) async fn write(function: &Function, id: &str, cx: &Context) -> Result<()> {
    let client = cx.client(Client::new);
    match function.asynchronous {
        Some(calls) => {
            let call = client.put_function_event_invoke_config().function_name(id);
            let call = call.maximum_retry_attempts(calls.retries).maximum_event_age_in_seconds(calls.max_age_seconds);
            call.send().await.during("PutFunctionEventInvokeConfig").retry_on(BUSY, BUSY_FOR)?;
        }
        None => {
            let call = client.delete_function_event_invoke_config().function_name(id);
            let answer = call.send().await.during("DeleteFunctionEventInvokeConfig");
            answer.retry_on(BUSY, BUSY_FOR).none_on(NONE)?;
        }
    }
    Ok(())
}

/// The permissions to read and set it.
pub(crate) fn permissions(arn: &str) -> [Permission; 2] {
    let changes = ["lambda:PutFunctionEventInvokeConfig", "lambda:DeleteFunctionEventInvokeConfig"];
    [Permission::read(["lambda:GetFunctionEventInvokeConfig"]).on([arn]), Permission::change(changes).on([arn])]
}
