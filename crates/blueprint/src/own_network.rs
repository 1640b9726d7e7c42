//! A VPC of the stack's own: public subnets with the NAT gateways, private subnets for everything else, and their
//! routes.

use crate::{
    build_context::BuildContext,
    location::{ANYWHERE, Location, name_tag},
};
use aws_ec2::{
    DefaultSecurityGroup, ElasticIp, InternetGateway, NatGateway, Route, RouteTable, RouteTarget, Subnet, Vpc,
};
use config::environment::network::Nat;
use resource::{Handle, Reference, Stack};

/// A VPC of the stack's own. Without NAT it has no internet gateway and no public subnets.
pub(crate) fn build(stack: &mut Stack, context: &BuildContext) -> Location {
    let settings = &context.environment.network;
    let cidr = settings.cidr.map(|cidr| cidr.to_string()).unwrap_or_default();
    let tags = name_tag(context, "vpc");
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
        let tags = name_tag(context, "internet-gateway");
        stack.add("network", "internet-gateway", vpc, move |vpc| InternetGateway { vpc_id: vpc.id, tags: tags.clone() })
    });
    let (public, private) = subnets(stack, context, vpc);
    let nat = gateway.map_or_else(Vec::new, |gateway| {
        public_routes(stack, context, vpc, gateway, &public);
        nat_gateways(stack, context, &public, gateway)
    });
    let tables = private_routes(stack, context, vpc, &private, &nat);
    Location { vpc: vpc.into(), private: private.into_iter().map(Reference::from).collect(), tables, nat }
}

fn public_routes(
    stack: &mut Stack,
    context: &BuildContext,
    vpc: Handle<Vpc>,
    gateway: Handle<InternetGateway>,
    public: &[Handle<Subnet>],
) {
    let tags = name_tag(context, "public-routes");
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

type Subnets = Vec<Handle<Subnet>>;

fn subnets(stack: &mut Stack, context: &BuildContext, vpc: Handle<Vpc>) -> (Subnets, Subnets) {
    let mut public = Vec::new();
    let mut private = Vec::new();
    for subnet in context.environment.network.subnets() {
        let zone = context.placement.zones()[usize::from(subnet.zone) - 1].clone();
        let mut add = |tier: &str, cidr: String| {
            let zone = zone.clone();
            let name = format!("{tier}-{}", subnet.zone);
            let mut tags = name_tag(context, &name);
            tags.0.insert("Tier".to_owned(), tier.to_owned());
            stack.add("network", &name, vpc, move |vpc| Subnet {
                vpc_id: vpc.id,
                cidr: cidr.clone(),
                availability_zone: zone.clone(),
                map_public_ip: false,
                tags: tags.clone(),
            })
        };
        if context.environment.network.has_public_subnets() {
            public.push(add("public", subnet.public.to_string()));
        }
        private.push(add("private", subnet.private.to_string()));
    }
    (public, private)
}

fn nat_gateways(
    stack: &mut Stack,
    context: &BuildContext,
    public: &[Handle<Subnet>],
    gateway: Handle<InternetGateway>,
) -> Vec<Handle<NatGateway>> {
    let count = match context.environment.network.nat {
        Nat::None => 0,
        Nat::Single => 1,
        Nat::PerZone => public.len(),
    };
    let mut gateways = Vec::new();
    for (index, subnet) in public.iter().take(count).enumerate() {
        let zone = index + 1;
        let name = format!("nat-address-{zone}");
        let tags = name_tag(context, &name);
        let address = stack.add("network", &name, (), move |()| ElasticIp { tags: tags.clone() });
        // AWS refuses a NAT gateway in a VPC without an attached internet gateway.
        let needs = (*subnet, address, gateway.first());
        let name = format!("nat-{zone}");
        let tags = name_tag(context, &name);
        gateways.push(stack.add("network", &name, needs, move |(subnet, address, ())| NatGateway {
            subnet_id: subnet.id,
            allocation_id: address.allocation_id,
            tags: tags.clone(),
        }));
    }
    gateways
}

/// One route table per NAT gateway. Without NAT, one table that has only routes to endpoints.
fn private_routes(
    stack: &mut Stack,
    context: &BuildContext,
    vpc: Handle<Vpc>,
    private: &[Handle<Subnet>],
    nat: &[Handle<NatGateway>],
) -> Vec<Handle<RouteTable>> {
    let tables = nat.len().max(1);
    let mut built = Vec::new();
    for index in 0..tables {
        let subnets: Vec<_> =
            private.iter().enumerate().filter(|(at, _)| at % tables == index).map(|(_, one)| *one).collect();
        // A route may lead to a NAT gateway that is still pending.
        let way_out = nat.get(index).copied();
        let name = format!("private-routes-{}", index + 1);
        let tags = name_tag(context, &name);
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
