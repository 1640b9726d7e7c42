//! The network for the other areas: a VPC of the stack's own or an existing one, with security groups and endpoints. In
//! an existing VPC, the stack makes nothing else.

use crate::{
    build_context::BuildContext,
    encryption::Keys,
    endpoint_policy,
    location::{ANYWHERE, Location, name_tag},
    log_groups::log_group,
    own_network,
    placement::vpc_endpoint,
    policy::Policy,
    roles::{Roles, role},
};
use aws_ec2::{
    FlowLog, NatGateway, Peer, Reach, Rule, SecurityGroup, SecurityGroupOutputs, Subnet, SubnetOutputs, Vpc,
    VpcEndpoint, VpcOutputs,
};
use aws_iam::Role;
use config::environment::network::Network as Settings;
use resource::{Handle, Reference, Stack};
use vocabulary::{SecurityGroupId, SubnetId, VpcId};

/// The VPC, the subnets and the security groups in which other areas place their resources.
pub(crate) struct Network {
    pub(crate) vpc: Reference<Vpc>,
    pub(crate) private: Vec<Reference<Subnet>>,
    pub(crate) sagemaker: Groups,
    pub(crate) lambda: Groups,
    pub(crate) nat: Vec<Handle<NatGateway>>,
}

/// The security groups of one purpose: the stack's own group, or existing ones.
pub(crate) type Groups = Vec<Reference<SecurityGroup>>;

/// Groups with all their rules.
pub(crate) fn ready(groups: &Groups) -> Groups {
    groups.iter().cloned().map(Reference::ready).collect()
}

/// The ids of groups, in the form of declarations.
pub(crate) fn ids(groups: Vec<SecurityGroupOutputs>) -> Vec<SecurityGroupId> {
    groups.into_iter().map(|group| group.id).collect()
}

/// The VPC and its subnets, of the stack's own or existing ones.
pub(crate) fn locate(stack: &mut Stack, context: &BuildContext) -> Location {
    let place = match existing(&context.environment.network) {
        Some(place) => place,
        None => own_network::build(stack, context),
    };
    stack.output("vpc_id", place.vpc.clone(), |vpc| vpc.id.to_string());
    place
}

pub(crate) fn build(stack: &mut Stack, context: &BuildContext, keys: &Keys, place: Location, roles: &Roles) -> Network {
    let settings = &context.environment.network.security_groups;
    let sagemaker = groups(&settings.sagemaker, || sagemaker_group(stack, context, &place.vpc, roles.of_sagemaker()));
    let lambda = groups(&settings.lambda, || {
        let purpose = Purpose {
            name: "lambda",
            description: "Lambda functions: nothing comes in",
            ingress: Vec::new(),
            egress: vec![https_out()],
        };
        group(stack, context, &place.vpc, roles.of_lambda(context), purpose)
    });
    endpoints(stack, context, &place, &sagemaker, &lambda);
    if context.environment.network.flow_logs {
        flow_logs(stack, context, keys, &place.vpc);
    }
    Network { vpc: place.vpc, private: place.private, sagemaker, lambda, nat: place.nat }
}

/// The VPC that the environment file names. The stack has no resource for it or its subnets.
fn existing(settings: &Settings) -> Option<Location> {
    let vpc = VpcOutputs { id: VpcId::new(settings.vpc_id.as_deref()?) };
    let subnet = |id: &String| Reference::Existing(SubnetOutputs { id: SubnetId::new(id.as_str()) });
    Some(Location {
        vpc: Reference::Existing(vpc),
        private: settings.private_subnets.iter().map(subnet).collect(),
        tables: Vec::new(),
        nat: Vec::new(),
    })
}

/// The existing groups of a purpose, or the group that the stack makes for it.
fn groups(existing: &[String], make: impl FnOnce() -> Handle<SecurityGroup>) -> Groups {
    if existing.is_empty() {
        return vec![make().into()];
    }
    let group = |id: &String| Reference::Existing(SecurityGroupOutputs { id: SecurityGroupId::new(id.as_str()) });
    existing.iter().map(group).collect()
}

fn rule(description: &str, from_port: i32, to_port: i32, peer: Peer) -> Rule {
    Rule { description: description.into(), protocol: "tcp".into(), from_port, to_port, peer }
}

fn https_out() -> Rule {
    rule("HTTPS to AWS and package registries", 443, 443, Peer::Cidr { cidr: ANYWHERE.into() })
}

/// The purpose of a security group, with its rules.
struct Purpose {
    name: &'static str,
    description: &'static str,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
}

/// A security group. It needs nothing of `roles`, in whose name services have network interfaces in the group, and is
/// deleted before them: AWS deletes those interfaces in the name of the role, after the function or the job has gone,
/// and never without the role.
/// <https://github.com/awslabs/aws-support-tools/pull/174>
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpoint.html>
fn group(
    stack: &mut Stack,
    context: &BuildContext,
    vpc: &Reference<Vpc>,
    roles: Vec<Reference<Role>>,
    purpose: Purpose,
) -> Handle<SecurityGroup> {
    let Purpose { name, description, ingress, egress } = purpose;
    let full = context.named(name);
    let tags = name_tag(context, name);
    stack.add("network", &format!("{name}-security-group"), (vpc.clone(), roles), move |(vpc, _)| SecurityGroup {
        vpc_id: vpc.id,
        name: full.clone(),
        description: description.to_owned(),
        ingress: ingress.clone(),
        egress: egress.clone(),
        tags: tags.clone(),
    })
}

/// All traffic between the instances of one job, if a job has several. AWS asks for all ports, for UDP and IPsec if the
/// traffic is encrypted, and for everything in both directions if the instances have an Elastic Fabric Adapter.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/batch-vpc.html>
fn among_instances_of_a_job(context: &BuildContext) -> Option<Rule> {
    let pipeline = context.environment.pipeline.as_ref()?;
    let is_distributed = pipeline.training.instance_count > 1 || pipeline.transform.instance_count > 1;
    let everything = || Rule { protocol: "-1".into(), ..rule("between instances of a job", -1, -1, Peer::Itself) };
    is_distributed.then(everything)
}

/// Studio in VpcOnly mode talks to its file system and between its own apps; jobs on several instances between those.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html>
fn sagemaker_group(
    stack: &mut Stack,
    context: &BuildContext,
    vpc: &Reference<Vpc>,
    roles: Vec<Reference<Role>>,
) -> Handle<SecurityGroup> {
    let among = || -> Vec<Rule> {
        let studio = [
            rule("NFS to the home directories", 2049, 2049, Peer::Itself),
            rule("between apps", 8192, 65535, Peer::Itself),
        ];
        studio.into_iter().chain(among_instances_of_a_job(context)).collect()
    };
    let egress = among().into_iter().chain([https_out()]).collect();
    let purpose = Purpose { name: "sagemaker", description: "SageMaker Studio and jobs", ingress: among(), egress };
    group(stack, context, vpc, roles, purpose)
}

fn endpoints(stack: &mut Stack, context: &BuildContext, place: &Location, sagemaker: &Groups, lambda: &Groups) {
    let settings = &context.environment.network;
    // The endpoint adds routes to route tables. The stack changes only its own.
    if settings.s3_endpoint && !place.tables.is_empty() {
        let service = context.place.gateway_service("s3");
        let tags = name_tag(context, "endpoint-s3");
        let s3_policy = endpoint_policy::of_s3(&context.place);
        stack.add("network", "endpoint-s3", (place.vpc.clone(), place.tables.clone()), move |(vpc, tables)| {
            VpcEndpoint {
                vpc_id: vpc.id,
                service: service.clone(),
                reach: Reach::Gateway { route_tables: tables.into_iter().map(|table| table.id).collect() },
                policy: s3_policy.clone(),
                tags: tags.clone(),
            }
        });
    }
    if settings.endpoints.is_empty() {
        return;
    }
    let group = groups(&settings.security_groups.endpoints, || {
        let (name, tags) = (context.named("endpoints"), name_tag(context, "endpoints"));
        let needs = (place.vpc.clone(), sagemaker.clone(), lambda.clone());
        stack.add("network", "endpoints-security-group", needs, move |(vpc, sagemaker, lambda)| {
            let from = |who: &str, id| rule(&format!("HTTPS from {who}"), 443, 443, Peer::Group { id });
            let sagemaker = ids(sagemaker).into_iter().map(|id| from("SageMaker", id));
            SecurityGroup {
                vpc_id: vpc.id,
                name: name.clone(),
                description: "Interface endpoints: HTTPS from the platform only".into(),
                ingress: sagemaker.chain(ids(lambda).into_iter().map(|id| from("Lambda", id))).collect(),
                egress: Vec::new(),
                tags: tags.clone(),
            }
        })
    });
    for endpoint in &settings.endpoints {
        let service = context.placement.service(endpoint, &context.place);
        let numbered = (1..).zip(&place.private).filter(|(pair, _)| context.placement.reaches(endpoint, *pair));
        let needs = (place.vpc.clone(), numbered.map(|(_, subnet)| subnet.clone()).collect::<Vec<_>>(), group.clone());
        let name = vpc_endpoint(endpoint);
        let tags = name_tag(context, &name);
        let policy = endpoint_policy::of_interface(endpoint, &context.place);
        stack.add("network", &name, needs, move |(vpc, subnets, groups)| VpcEndpoint {
            vpc_id: vpc.id,
            service: service.clone(),
            reach: Reach::Interface {
                subnets: subnets.into_iter().map(|subnet| subnet.id).collect(),
                security_groups: ids(groups),
                private_dns: true,
            },
            policy: policy.clone(),
            tags: tags.clone(),
        });
    }
}

fn flow_logs(stack: &mut Stack, context: &BuildContext, keys: &Keys, vpc: &Reference<Vpc>) {
    let name = format!("/aws/vpc/{}", context.prefix());
    let group = log_group(stack, context, keys, "network", "flow-logs-group", &name);
    let arn = context.arn("logs", &format!("log-group:{name}"));
    let policy = Policy::new()
        .allow(["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"], [format!("{arn}:*")])
        .allow(["logs:DescribeLogGroups"], ["*"]);
    let role =
        role(stack, context, "flow-logs", "Writes the VPC's flow logs", "vpc-flow-logs", vec![("write", policy)]);
    let tags = name_tag(context, "flow-logs");
    stack.add("network", "flow-logs", (vpc.clone(), group.ready(), role.ready()), move |(vpc, group, role)| FlowLog {
        vpc_id: vpc.id,
        log_group: group.name,
        role: role.arn,
        traffic: "ALL".into(),
        tags: tags.clone(),
    });
}
