//! The executions of a state machine that is being deleted.

use crate::errors::GONE;
use aws_client::{Attempt, Pages, Result};
use aws_sdk_sfn::{Client, types::ExecutionStatus};
use resource::Context;
use vocabulary::{Permission, Place};

/// The cause that the execution's history shows.
const CAUSE: &str = "mlopsctl deletes the state machine";

/// Stops the executions under way, with the jobs they wait for; returns how many there were.
///
/// AWS deletes a state machine only once each execution has come to its next transition, which a task that waits for a
/// job (`.sync`) reaches when the job ends.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html>
pub(crate) async fn stop(machine: &str, cx: &Context) -> Result<usize> {
    let client = cx.client(Client::new);
    let call = client.list_executions().state_machine_arn(machine).status_filter(ExecutionStatus::Running);
    let pages = Pages::new("ListExecutions", call.into_paginator().send(), |page| page.next_token().into());
    let mut executions = pages.items(|page| Some(page.executions));
    let mut count = 0;
    while let Some(execution) = executions.next().await.none_on(GONE)?.flatten() {
        let call = client.stop_execution().execution_arn(execution.execution_arn).cause(CAUSE);
        call.send().await.during("StopExecution").none_on(&[("ExecutionDoesNotExist", "")])?;
        count += 1;
    }
    Ok(count)
}

/// The permissions to stop executions.
pub(crate) fn permissions(machine: &str, name: &str, place: &Place) -> [Permission; 2] {
    let executions = place.arn("states", &format!("execution:{name}:*"));
    [
        Permission::change(["states:ListExecutions"]).on([machine]),
        Permission::change(["states:StopExecution"]).on([executions]),
    ]
}
