//! Lambda: a function comes to work and changes after a while, one change at a time; in a VPC it has
//! network interfaces, which Lambda keeps long after the function has left. Lambda gives them up in the name of the
//! function's role, and never if the role is gone before.
//! <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>
//! <https://github.com/hashicorp/terraform-provider-aws/issues/10329>
//! <https://github.com/awslabs/aws-support-tools/pull/174>

use super::{Law, World};
use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone, Default)]
struct Function {
    pending: Option<Instant>,
    updating: Option<Instant>,
    /// The subnets it has interfaces in.
    subnets: Vec<String>,
    /// The name of its role.
    role: String,
}

/// What Lambda has let go of and not given back.
#[derive(Clone)]
struct Interface {
    function: String,
    /// The name of the role in whose name Lambda made it.
    role: String,
    /// When it is free, if its function has left.
    free: Option<Instant>,
    /// When Lambda removes it itself, if its function is still there, by whose role it does that.
    reclaimed: Option<Instant>,
    /// Whether the role was deleted before Lambda let go of it.
    stuck: bool,
}

impl Interface {
    fn is_used(&self, now: Instant) -> bool {
        self.stuck || self.free.is_none_or(|free| free > now)
    }
}

/// The functions, and the interfaces Lambda has, by id.
#[derive(Clone, Default)]
pub(super) struct Functions {
    functions: BTreeMap<String, Function>,
    interfaces: BTreeMap<String, Interface>,
    changes: u64,
}

impl Functions {
    async fn join(&mut self, name: &str, vpc: &Value, world: &World<'_>) {
        let role = self.functions.get(name).map(|function| function.role.clone()).unwrap_or_default();
        let (subnets, groups) = (texts(&vpc["SubnetIds"]), texts(&vpc["SecurityGroupIds"]));
        for (at, subnet) in subnets.into_iter().enumerate() {
            let mut given = json!({ "SubnetId": subnet, "Description": format!("AWS Lambda VPC ENI-{name}-{at}") });
            for (at, group) in groups.iter().enumerate() {
                given[format!("SecurityGroupId.{}", at + 1)] = (*group).into();
            }
            let made = world.ask("ec2", "CreateNetworkInterface", given).await.unwrap_or_default();
            if let Some(id) = made["networkInterface"]["networkInterfaceId"].as_str() {
                let interface = Interface {
                    function: name.to_owned(),
                    role: role.clone(),
                    free: None,
                    reclaimed: None,
                    stuck: false,
                };
                self.interfaces.insert(id.to_owned(), interface);
            }
        }
    }

    /// Minutes, worst about 40.
    fn leave(&mut self, name: &str, world: &World<'_>) {
        for (id, interface) in self.interfaces.iter_mut().filter(|(_, one)| one.function == name && one.free.is_none())
        {
            let minutes = if world.chance.once_in(4, name) { 1200..=2400 } else { 120..=900 };
            interface.free = Some(world.after(minutes, &format!("{name} lets go of {}", id.len())));
            interface.reclaimed = Some(world.after(2400..=3600, &format!("{name} removes {}", id.len())));
        }
    }

    async fn reclaim(&mut self, world: &World<'_>) {
        let functions = &self.functions;
        let is_due = |_: &String, one: &mut Interface| {
            !one.stuck && one.reclaimed.is_some_and(|at| at <= world.now) && functions.contains_key(&one.function)
        };
        for (id, _) in self.interfaces.extract_if(.., is_due).collect::<Vec<_>>() {
            world.ask("ec2", "DeleteNetworkInterface", json!({ "NetworkInterfaceId": id })).await;
        }
    }

    fn busy(&self, asked: &Asked) -> Option<Response> {
        let name = asked.text("FunctionName");
        let function = self.functions.get(name)?;
        let message = match (function.pending, function.updating) {
            (Some(_), _) => "The operation cannot be performed at this time. The function is currently in the following state: Pending".to_owned(),
            (None, Some(_)) => format!("The operation cannot be performed at this time. An update is in progress for resource: {name}"),
            (None, None) => return None,
        };
        Some(Refusal::new("ResourceConflictException", message).status(409).to(&asked.call))
    }

    async fn interfaces(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        let mut answer = answered(asked, response);
        for shown in answer["networkInterfaceSet"].as_array_mut().into_iter().flatten() {
            let interface = self.interfaces.get(shown["networkInterfaceId"].as_str().unwrap_or_default());
            if interface.is_some_and(|interface| interface.is_used(world.now)) {
                shown["status"] = "in-use".into();
                shown["requesterManaged"] = "true".into();
            }
        }
        show(asked, response, &answer);
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[async_trait]
impl Law for Functions {
    async fn tick(&mut self, world: &World<'_>) {
        for function in self.functions.values_mut() {
            function.pending.take_if(|until| *until <= world.now);
            function.updating.take_if(|until| *until <= world.now);
        }
        self.reclaim(world).await;
    }

    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        match (asked.service.as_str(), asked.operation.as_str()) {
            ("lambda", "UpdateFunctionConfiguration" | "UpdateFunctionCode" | "DeleteFunction") => self.busy(asked),
            ("ec2", "DeleteNetworkInterface") => {
                let id = asked.text("NetworkInterfaceId");
                let message = format!("Network interface '{id}' is currently in use.");
                self.interfaces
                    .get(id)?
                    .is_used(world.now)
                    .then(|| Refusal::new("InvalidParameterValue", message).to(&asked.call))
            }
            _ => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if response.status >= 300 {
            return;
        }
        if asked.is("ec2", "DescribeNetworkInterfaces") {
            return self.interfaces(asked, response, world).await;
        }
        if asked.is("iam", "DeleteRole") {
            let role = asked.text("RoleName");
            for interface in self.interfaces.values_mut().filter(|one| one.role == role && one.is_used(world.now)) {
                interface.stuck = true;
            }
        }
        if asked.service != "lambda" {
            return;
        }
        let name = asked.text("FunctionName").to_owned();
        self.changes += 1;
        let change = format!("change {} of {name}", self.changes);
        let vpc = &asked.given["VpcConfig"];
        let subnets: Vec<String> = texts(&vpc["SubnetIds"]).into_iter().map(str::to_owned).collect();
        let joins = !subnets.is_empty();
        match asked.operation.as_str() {
            "CreateFunction" => {
                let seconds = if joins { 20..=90 } else { 1..=8 };
                let pending = world.works(&name, seconds, &change);
                let role = asked.text("Role").rsplit('/').next().unwrap_or_default().to_owned();
                let function = Function { pending: Some(pending), updating: None, subnets, role };
                self.functions.insert(name.clone(), function);
                if joins {
                    self.join(&name, vpc, world).await;
                }
            }
            "UpdateFunctionConfiguration" | "UpdateFunctionCode" => {
                let function = self.functions.entry(name.clone()).or_default();
                let moves = !vpc.is_null() && subnets != function.subnets;
                let until = if moves { world.after(20..=90, &change) } else { world.after(1..=8, &change) };
                function.updating = Some(until);
                if moves {
                    function.subnets = subnets;
                    self.leave(&name, world);
                    self.join(&name, vpc, world).await;
                }
            }
            "DeleteFunction" => {
                self.functions.remove(&name);
                self.leave(&name, world);
            }
            "GetFunction" | "GetFunctionConfiguration" => {}
            _ => return,
        }
        let Some(function) = self.functions.get(&name) else { return };
        let mut answer = answered(asked, response);
        let shown = if asked.operation == "GetFunction" { &mut answer["Configuration"] } else { &mut answer };
        if function.pending.is_some() {
            shown["State"] = "Pending".into();
            shown["StateReason"] = "The function is being created.".into();
            shown["StateReasonCode"] = "Creating".into();
        }
        if function.pending.is_some() || function.updating.is_some() {
            shown["LastUpdateStatus"] = "InProgress".into();
        }
        show(asked, response, &answer);
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
