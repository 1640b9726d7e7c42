//! Lambda: a function comes to work and changes after a while, one change at a time. For the functions in the same
//! subnet and security groups, Lambda has one network interface, and keeps it long after the last of them has left.
//! Lambda gives it up in the name of that function's role, and never while the role is gone.
//! <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
//! <https://github.com/hashicorp/terraform-provider-aws/issues/10329>
//! <https://github.com/awslabs/aws-support-tools/pull/174>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::Response;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

#[derive(Clone, Default)]
struct Function {
    pending: Option<Instant>,
    updating: Option<Instant>,
    place: Place,
    /// The name of its role.
    role: String,
}

/// The VPC settings of a function; without subnets it is in none.
#[derive(Clone, Default, PartialEq)]
struct Place {
    subnets: Vec<String>,
    groups: BTreeSet<String>,
}

impl Place {
    fn given(vpc: &Value) -> Self {
        let texts = |member: &str| vpc[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        let (subnets, groups) = (texts("SubnetIds"), texts("SecurityGroupIds"));
        Self { subnets: subnets.map(str::to_owned).collect(), groups: groups.map(str::to_owned).collect() }
    }
}

/// A network interface of Lambda.
#[derive(Clone)]
struct Interface {
    subnet: String,
    groups: BTreeSet<String>,
    /// The functions that use it.
    users: BTreeSet<String>,
    /// The end of it, once the last function has left.
    end: Option<Detachment>,
}

#[derive(Clone)]
struct Detachment {
    /// The name of the role in whose name Lambda gives it up.
    role: String,
    /// When Lambda lets go of it.
    free: Instant,
    /// When Lambda removes it.
    removed: Instant,
    /// True if the role was gone at the time when Lambda would have released it.
    stuck: bool,
}

impl Interface {
    fn is_used(&self, now: Instant) -> bool {
        self.end.as_ref().is_none_or(|end| end.stuck || end.free > now)
    }
}

/// The functions, the interfaces that Lambda has, by id, and the names of deleted roles.
#[derive(Clone, Default)]
pub(super) struct Functions {
    functions: BTreeMap<String, Function>,
    interfaces: BTreeMap<String, Interface>,
    deleted_roles: BTreeSet<String>,
    changes: u64,
    made: u64,
}

impl Functions {
    async fn join(&mut self, name: &str, place: &Place, world: &World<'_>) {
        for subnet in &place.subnets {
            let mut shared = self.interfaces.values_mut();
            if let Some(shared) = shared.find(|one| one.subnet == *subnet && one.groups == place.groups) {
                shared.users.insert(name.to_owned());
                shared.end = None;
                continue;
            }
            self.made += 1;
            let description = format!("AWS Lambda VPC ENI-{name}-00000000-0000-4000-8000-{:012}", self.made);
            let mut given = json!({ "SubnetId": subnet, "Description": description });
            for (at, group) in place.groups.iter().enumerate() {
                given[format!("SecurityGroupId.{}", at + 1)] = group.as_str().into();
            }
            let made = world.ask("ec2", "CreateNetworkInterface", given).await.unwrap_or_default();
            if let Some(id) = made["networkInterface"]["networkInterfaceId"].as_str() {
                let (groups, users) = (place.groups.clone(), BTreeSet::from([name.to_owned()]));
                let interface = Interface { subnet: subnet.clone(), groups, users, end: None };
                self.interfaces.insert(id.to_owned(), interface);
            }
        }
    }

    /// Lambda gives up what no other function uses.
    fn leave(&mut self, name: &str, role: &str, world: &World<'_>) {
        for interface in self.interfaces.values_mut().filter(|one| one.users.contains(name)) {
            interface.users.remove(name);
            if interface.users.is_empty() {
                interface.end = Some(Detachment::begin(name, role, self.deleted_roles.contains(role), world));
            }
        }
    }

    fn role_deleted(&mut self, role: &str, now: Instant) {
        self.deleted_roles.insert(role.to_owned());
        for end in self.interfaces.values_mut().filter_map(|one| one.end.as_mut()).filter(|end| end.role == role) {
            end.stuck |= end.free > now;
        }
    }

    /// Lambda goes on once there is a role of that name again.
    fn role_created(&mut self, role: &str, world: &World<'_>) {
        self.deleted_roles.remove(role);
        for end in self.interfaces.values_mut().filter_map(|one| one.end.as_mut()).filter(|end| end.role == role) {
            if end.stuck {
                *end = Detachment::begin(role, role, false, world);
            }
        }
    }

    async fn remove_given_up(&mut self, world: &World<'_>) {
        let roles = &self.deleted_roles;
        let is_due = |_: &String, one: &mut Interface| {
            one.end.as_ref().is_some_and(|end| !end.stuck && end.removed <= world.now && !roles.contains(&end.role))
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

impl Detachment {
    /// It takes minutes, at worst about 40.
    fn begin(name: &str, role: &str, stuck: bool, world: &World<'_>) -> Self {
        let minutes = if world.chance.once_in(4, name) { 1200..=2400 } else { 120..=900 };
        let free = world.after(minutes, &format!("{name} lets go"));
        let removed = world.after(2400..=3600, &format!("{name} removes"));
        Self { role: role.to_owned(), free, removed, stuck }
    }
}

/// The name of the role that a request gives to a function.
fn role_given(asked: &Asked) -> Option<String> {
    asked.text("Role").rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[async_trait]
impl Law for Functions {
    async fn tick(&mut self, world: &World<'_>) {
        for function in self.functions.values_mut() {
            function.pending.take_if(|until| *until <= world.now);
            function.updating.take_if(|until| *until <= world.now);
        }
        self.remove_given_up(world).await;
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
        match (asked.service.as_str(), asked.operation.as_str()) {
            ("iam", "DeleteRole") => self.role_deleted(asked.text("RoleName"), world.now),
            ("iam", "CreateRole") => self.role_created(asked.text("RoleName"), world),
            _ => {}
        }
        if asked.service != "lambda" {
            return;
        }
        let name = asked.text("FunctionName").to_owned();
        self.changes += 1;
        let change = format!("change {} of {name}", self.changes);
        let place = Place::given(&asked.given["VpcConfig"]);
        match asked.operation.as_str() {
            "CreateFunction" => {
                let seconds = if place.subnets.is_empty() { 1..=8 } else { 20..=90 };
                let pending = world.works(&name, seconds, &change);
                self.join(&name, &place, world).await;
                let role = role_given(asked).unwrap_or_default();
                self.functions.insert(name.clone(), Function { pending: Some(pending), updating: None, place, role });
            }
            "UpdateFunctionConfiguration" | "UpdateFunctionCode" => {
                let function = self.functions.entry(name.clone()).or_default();
                let moves = !asked.given["VpcConfig"].is_null() && place != function.place;
                function.updating = Some(world.after(if moves { 20..=90 } else { 1..=8 }, &change));
                let role = role_given(asked).unwrap_or_else(|| function.role.clone());
                let before = std::mem::replace(&mut function.role, role);
                if moves {
                    function.place = place.clone();
                    self.leave(&name, &before, world);
                    self.join(&name, &place, world).await;
                }
            }
            "DeleteFunction" => {
                let role = self.functions.remove(&name).map(|function| function.role);
                self.leave(&name, &role.unwrap_or_default(), world);
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
