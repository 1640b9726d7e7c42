//! A state machine goes only when its executions have come to their next transition; one that waits for a job comes
//! there when the job ends, or when it is stopped.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::{Call, Response};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone)]
struct Execution {
    machine: String,
    /// When the job ends that it waits for.
    ends: Instant,
}

/// The executions under way by ARN, and deletions that wait for them by machine.
#[derive(Clone, Default)]
pub(super) struct Executions {
    running: BTreeMap<String, Execution>,
    deletions: BTreeMap<String, Call>,
}

impl Executions {
    fn of<'a>(&'a self, machine: &'a str) -> impl Iterator<Item = &'a str> {
        self.running.iter().filter(move |(_, one)| one.machine == machine).map(|(arn, _)| arn.as_str())
    }
}

#[async_trait]
impl Law for Executions {
    async fn tick(&mut self, world: &World<'_>) {
        self.running.retain(|_, execution| execution.ends > world.now);
        let waiting = std::mem::take(&mut self.deletions);
        for (machine, call) in waiting {
            if self.of(&machine).next().is_some() {
                self.deletions.insert(machine, call);
            } else {
                world.pass(call).await;
            }
        }
    }

    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.service != "states" {
            return None;
        }
        let machine = asked.text("stateMachineArn");
        match asked.operation.as_str() {
            "StartExecution" => {
                let arn = format!("{}:{}", machine.replace(":stateMachine:", ":execution:"), asked.text("name"));
                let ends = world.after(3600..=5400, &arn);
                self.running.insert(arn.clone(), Execution { machine: machine.to_owned(), ends });
                Some(Response::json(200, json!({ "executionArn": arn, "startDate": 0 }).to_string()))
            }
            "ListExecutions" if asked.text("statusFilter") == "RUNNING" => {
                let executions: Vec<_> = self
                    .of(machine)
                    .map(|arn| {
                        json!({ "executionArn": arn, "stateMachineArn": machine, "status": "RUNNING", "startDate": 0,
                            "name": arn.rsplit(':').next() })
                    })
                    .collect();
                Some(Response::json(200, json!({ "executions": executions }).to_string()))
            }
            "StopExecution" => Some(match self.running.remove(asked.text("executionArn")) {
                Some(_) => Response::json(200, json!({ "stopDate": 0 }).to_string()),
                None => Refusal::new("ExecutionDoesNotExist", "Execution Does Not Exist").to(&asked.call),
            }),
            "DeleteStateMachine" if self.of(machine).next().is_some() => {
                self.deletions.insert(machine.to_owned(), asked.call.clone());
                Some(Response::json(200, "{}"))
            }
            _ => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, _: &World<'_>) {
        if asked.is("states", "DescribeStateMachine") && self.deletions.contains_key(asked.text("stateMachineArn")) {
            let mut answer = answered(asked, response);
            answer["status"] = "DELETING".into();
            show(asked, response, &answer);
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
