//! The VPC: public subnets with the NAT gateways, private subnets for everything else, and endpoints. Or a VPC that
//! exists, in which the stack makes nothing but security groups and endpoints.

use crate::{encryption::Keys, endpoint_policy, identity, policy::Policy, site::Site};
use aws_ec2::{
    DefaultSecurityGroup, ElasticIp, FlowLog, InternetGateway, NatGateway, Peer, Reach, Route, RouteTable, RouteTarget,
    Rule, SecurityGroup, SecurityGroupOutputs, Subnet, SubnetOutputs, Vpc, VpcEndpoint, VpcOutputs,
};
use config::environment::network::{Nat, Network as Settings};
use resource::{Handle, Reference, SecurityGroupId, Stack, SubnetId, Tags, VpcId};

/// What other areas are placed in.
pub(crate) struct Network {
    pub(crate) vpc: Reference<Vpc>,
    pub(crate) private: Vec<Reference<Subnet>>,
    pub(crate) sagemaker: Groups,
    pub(crate) lambda: Groups,
    pub(crate) nat: Vec<Handle<NatGateway>>,
}

/// The security groups of one purpose: the stack's own one, or those that exist.
pub(crate) type Groups = Vec<Reference<SecurityGroup>>;

/// Groups with all their rules.
pub(crate) fn ready(groups: &Groups) -> Groups {
    groups.iter().cloned().map(Reference::ready).collect()
}

/// The ids of groups, as declarations have them.
pub(crate) fn ids(groups: Vec<SecurityGroupOutputs>) -> Vec<SecurityGroupId> {
    groups.into_iter().map(|group| group.id).collect()
}

const ANYWHERE: &str = "0.0.0.0/0";

pub(crate) fn build(stack: &mut Stack, site: &Site, keys: &Keys) -> Network {
    let place = match existing(&site.environment.network) {
        Some(place) => place,
        None => own(stack, site),
    };
    stack.output("vpc_id", place.vpc.clone(), |vpc| vpc.id.to_string());
    let settings = &site.environment.network.security_groups;
    let sagemaker = groups(&settings.sagemaker, || sagemaker_group(stack, site, &place.vpc));
    let lambda = groups(&settings.lambda, || {
        let egress = vec![https_out()];
        group(stack, site, &place.vpc, "lambda", "Lambda functions: nothing comes in", Vec::new(), egress)
    });
    endpoints(stack, site, &place, &sagemaker, &lambda);
    if site.environment.network.flow_logs {
        flow_logs(stack, site, keys, &place.vpc);
    }
    Network { vpc: place.vpc, private: place.private, sagemaker, lambda, nat: place.nat }
}

/// A VPC and its private subnets.
struct Location {
    vpc: Reference<Vpc>,
    private: Vec<Reference<Subnet>>,
    /// The route tables of the private subnets, where they are the stack's own.
    tables: Vec<Handle<RouteTable>>,
    nat: Vec<Handle<NatGateway>>,
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

/// A VPC of the stack's own. Without NAT nothing of it leads to the internet: it has neither a gateway nor public subnets.
fn own(stack: &mut Stack, site: &Site) -> Location {
    let settings = &site.environment.network;
    let cidr = settings.cidr.map(|cidr| cidr.to_string()).unwrap_or_default();
    let tags = name_tag(site, "vpc");
    let vpc = stack.add("network", "vpc", (), move |()| Vpc {
        cidr: cidr.clone(),
        dns_hostnames: true,
        dns_support: true,
        tags: tags.clone(),
    });
    stack.add("network", "default-security-group", vpc, |vpc| DefaultSecurityGroup {
        vpc_id: vpc.id,
        ingress: Vec::new(),
        egress: Vec::new(),
    });
    let gateway = settings.has_public_subnets().then(|| {
        let tags = name_tag(site, "internet-gateway");
        stack.add("network", "internet-gateway", vpc, move |vpc| InternetGateway { vpc_id: vpc.id, tags: tags.clone() })
    });
    let (public, private) = subnets(stack, site, vpc);
    let nat = gateway.map_or_else(Vec::new, |gateway| {
        public_routes(stack, site, vpc, gateway, &public);
        nat_gateways(stack, site, &public, gateway)
    });
    let tables = private_routes(stack, site, vpc, &private, &nat);
    Location { vpc: vpc.into(), private: private.into_iter().map(Reference::from).collect(), tables, nat }
}

/// The existing groups of a purpose, or the one that the stack makes for it.
fn groups(existing: &[String], make: impl FnOnce() -> Handle<SecurityGroup>) -> Groups {
    if existing.is_empty() {
        return vec![make().into()];
    }
    let group = |id: &String| Reference::Existing(SecurityGroupOutputs { id: SecurityGroupId::new(id.as_str()) });
    existing.iter().map(group).collect()
}

fn public_routes(
    stack: &mut Stack,
    site: &Site,
    vpc: Handle<Vpc>,
    gateway: Handle<InternetGateway>,
    public: &[Handle<Subnet>],
) {
    let tags = name_tag(site, "public-routes");
    stack.add("network", "public-routes", (vpc, gateway.ready(), public.to_vec()), move |(vpc, gateway, subnets)| {
        RouteTable {
            vpc_id: vpc.id,
            routes: vec![Route {
                destination: ANYWHERE.into(),
                target: RouteTarget::InternetGateway { id: gateway.id },
            }],
            subnets: subnets.into_iter().map(|subnet| subnet.id).collect(),
            tags: tags.clone(),
        }
    });
}

/// The tag that the console shows as the name. A `Name` in the file's `[tags]` takes precedence.
fn name_tag(site: &Site, name: &str) -> Tags {
    [("Name", site.named(name).as_str())].into_iter().collect()
}

type Subnets = Vec<Handle<Subnet>>;

fn subnets(stack: &mut Stack, site: &Site, vpc: Handle<Vpc>) -> (Subnets, Subnets) {
    let mut public = Vec::new();
    let mut private = Vec::new();
    for subnet in site.environment.network.subnets() {
        let zone = site.placement.zones()[usize::from(subnet.zone) - 1].clone();
        let mut add = |tier: &str, cidr: String| {
            let zone = zone.clone();
            let name = format!("{tier}-{}", subnet.zone);
            let mut tags = name_tag(site, &name);
            tags.0.insert("Tier".to_owned(), tier.to_owned());
            stack.add("network", &name, vpc, move |vpc| Subnet {
                vpc_id: vpc.id,
                cidr: cidr.clone(),
                availability_zone: zone.clone(),
                map_public_ip: false,
                tags: tags.clone(),
            })
        };
        if site.environment.network.has_public_subnets() {
            public.push(add("public", subnet.public.to_string()));
        }
        private.push(add("private", subnet.private.to_string()));
    }
    (public, private)
}

fn nat_gateways(
    stack: &mut Stack,
    site: &Site,
    public: &[Handle<Subnet>],
    gateway: Handle<InternetGateway>,
) -> Vec<Handle<NatGateway>> {
    let count = match site.environment.network.nat {
        Nat::None => 0,
        Nat::Single => 1,
        Nat::PerZone => public.len(),
    };
    let mut gateways = Vec::new();
    for (index, subnet) in public.iter().take(count).enumerate() {
        let zone = index + 1;
        let name = format!("nat-address-{zone}");
        let tags = name_tag(site, &name);
        let address = stack.add("network", &name, (), move |()| ElasticIp { tags: tags.clone() });
        // AWS refuses a NAT gateway in a VPC without an attached internet gateway.
        let needs = (*subnet, address, gateway.first());
        let name = format!("nat-{zone}");
        let tags = name_tag(site, &name);
        gateways.push(stack.add("network", &name, needs, move |(subnet, address, ())| NatGateway {
            subnet_id: subnet.id,
            allocation_id: address.allocation_id,
            tags: tags.clone(),
        }));
    }
    gateways
}

/// One table per NAT gateway; without NAT one table that leads nowhere but to the endpoints.
fn private_routes(
    stack: &mut Stack,
    site: &Site,
    vpc: Handle<Vpc>,
    private: &[Handle<Subnet>],
    nat: &[Handle<NatGateway>],
) -> Vec<Handle<RouteTable>> {
    let tables = nat.len().max(1);
    let mut built = Vec::new();
    for index in 0..tables {
        let subnets: Vec<_> =
            private.iter().enumerate().filter(|(at, _)| at % tables == index).map(|(_, one)| *one).collect();
        // A route to a NAT gateway that is still pending is refused.
        let way_out = nat.get(index).map(|nat| nat.ready());
        let name = format!("private-routes-{}", index + 1);
        let tags = name_tag(site, &name);
        built.push(stack.add("network", &name, (vpc, way_out, subnets), move |(vpc, nat, subnets)| {
            let route = |nat: aws_ec2::NatGatewayOutputs| Route {
                destination: ANYWHERE.into(),
                target: RouteTarget::NatGateway { id: nat.id },
            };
            RouteTable {
                vpc_id: vpc.id,
                routes: nat.into_iter().map(route).collect(),
                subnets: subnets.into_iter().map(|subnet| subnet.id).collect(),
                tags: tags.clone(),
            }
        }));
    }
    built
}

fn rule(description: &str, from_port: i32, to_port: i32, peer: Peer) -> Rule {
    Rule { description: description.into(), protocol: "tcp".into(), from_port, to_port, peer }
}

fn https_out() -> Rule {
    rule("HTTPS to AWS and package registries", 443, 443, Peer::Cidr { cidr: ANYWHERE.into() })
}

fn group(
    stack: &mut Stack,
    site: &Site,
    vpc: &Reference<Vpc>,
    name: &str,
    description: &str,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
) -> Handle<SecurityGroup> {
    let full = site.named(name);
    let description = description.to_owned();
    let tags = name_tag(site, name);
    stack.add("network", &format!("{name}-security-group"), vpc.clone(), move |vpc| SecurityGroup {
        vpc_id: vpc.id,
        name: full.clone(),
        description: description.clone(),
        ingress: ingress.clone(),
        egress: egress.clone(),
        tags: tags.clone(),
    })
}

/// The traffic between the instances of one training job: any TCP port, and IPsec for encrypted traffic.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html>
fn among_training_instances(site: &Site) -> Vec<Rule> {
    let training = site.environment.pipeline.as_ref().map(|pipeline| &pipeline.training);
    let Some(training) = training.filter(|training| training.instance_count > 1) else { return Vec::new() };
    let encrypted = |protocol: &str, port: i32| Rule {
        protocol: protocol.into(),
        ..rule("encryption between training instances", port, port, Peer::Itself)
    };
    let mut rules = vec![rule("between training instances", 0, 65535, Peer::Itself)];
    if training.encrypt_between_instances {
        rules.extend([encrypted("udp", 500), encrypted("50", -1)]);
    }
    rules
}

/// Studio in VpcOnly mode talks to its file system and between its own apps; training on several instances between those.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html>
fn sagemaker_group(stack: &mut Stack, site: &Site, vpc: &Reference<Vpc>) -> Handle<SecurityGroup> {
    let among = || -> Vec<Rule> {
        let studio = [
            rule("NFS to the home directories", 2049, 2049, Peer::Itself),
            rule("between apps", 8192, 65535, Peer::Itself),
        ];
        studio.into_iter().chain(among_training_instances(site)).collect()
    };
    let egress = among().into_iter().chain([https_out()]).collect();
    group(stack, site, vpc, "sagemaker", "SageMaker Studio and jobs", among(), egress)
}

fn endpoints(stack: &mut Stack, site: &Site, place: &Location, sagemaker: &Groups, lambda: &Groups) {
    let settings = &site.environment.network;
    // It adds routes to route tables, which the stack does only where they are its own.
    if settings.s3_endpoint && !place.tables.is_empty() {
        let service = site.place.gateway_service("s3");
        let tags = name_tag(site, "endpoint-s3");
        let s3_policy = endpoint_policy::of_s3(&site.place);
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
        let (name, tags) = (site.named("endpoints"), name_tag(site, "endpoints"));
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
        let service = site.placement.service(endpoint, &site.place);
        let numbered = (1..).zip(&place.private).filter(|(pair, _)| site.placement.reaches(endpoint, *pair));
        let needs = (place.vpc.clone(), numbered.map(|(_, subnet)| subnet.clone()).collect::<Vec<_>>(), group.clone());
        let name = endpoint_name(endpoint);
        let tags = name_tag(site, &name);
        let policy = endpoint_policy::of_interface(endpoint, &site.place);
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

/// The name of a service's endpoint within the network area.
pub(crate) fn endpoint_name(endpoint: &str) -> String {
    format!("endpoint-{}", endpoint.replace('.', "-"))
}

fn flow_logs(stack: &mut Stack, site: &Site, keys: &Keys, vpc: &Reference<Vpc>) {
    let name = format!("/aws/vpc/{}", site.prefix());
    let group = crate::monitoring::log_group(stack, site, keys, "network", "flow-logs-group", &name);
    let arn = site.arn("logs", &format!("log-group:{name}"));
    let policy = Policy::new()
        .allow(["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"], [format!("{arn}:*")])
        .allow(["logs:DescribeLogGroups"], ["*"]);
    let role = identity::role(
        stack,
        site,
        "flow-logs",
        "Writes the VPC's flow logs",
        "vpc-flow-logs",
        vec![("write", policy)],
    );
    let tags = name_tag(site, "flow-logs");
    stack.add("network", "flow-logs", (vpc.clone(), group.ready(), role.ready()), move |(vpc, group, role)| FlowLog {
        vpc_id: vpc.id,
        log_group: group.name,
        role: role.arn,
        traffic: "ALL".into(),
        tags: tags.clone(),
    });
}
