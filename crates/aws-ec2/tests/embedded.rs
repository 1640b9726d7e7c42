//! Every kind over the embedded AWS: what is declared is what is read back, and all of it goes again.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use aws_client::CallMeter;
use aws_ec2::{
    DefaultSecurityGroup, ElasticIp, FlowLog, InternetGateway, NatGateway, Peer, Reach, Route, RouteTable, RouteTarget,
    Rule, SecurityGroup, Subnet, Vpc, VpcEndpoint,
};
use resource::{Address, Cloud, Context, Deletion, Found, Observed, Owner, Resource, Tags, compare};
use serde_json::{Value, json};
use std::sync::Arc;
use vocabulary::{Place, RoleArn};

const REGION: &str = "ap-south-1";
/// More rounds than any kind needs to reach its declaration, or to go.
const ROUNDS: usize = 8;

struct World {
    cloud: Arc<Cloud>,
    meter: Arc<CallMeter>,
}

impl World {
    fn new() -> Self {
        let aws = local::Cloud::open(None, REGION, local::ACCOUNT).unwrap();
        let meter = Arc::new(CallMeter::default());
        let config = meter.measure(aws.sdk_config());
        Self { cloud: Arc::new(Cloud::new(config, Place::new(local::ACCOUNT, REGION), [])), meter }
    }

    fn cx(&self, name: &str) -> Context {
        let identity: Tags = [("Project", "p")].into_iter().collect();
        Context::new(self.cloud.clone(), Address::new("network", name), identity, format!("token-{name}"), false)
    }

    fn tags(&self, name: &str) -> Tags {
        self.cx(name).identity().clone()
    }

    /// Creates what is declared and brings it in line.
    async fn make<R: Resource>(&self, name: &str, declared: &R) -> (String, R::Outputs) {
        let id = declared.create(&self.cx(name)).await.unwrap();
        let outputs = self.converge(name, &id, declared).await;
        (id, outputs)
    }

    /// Updates until nothing differs.
    async fn converge<R: Resource>(&self, name: &str, id: &str, declared: &R) -> R::Outputs {
        let cx = self.cx(name);
        let wanted = serde_json::to_value(declared).unwrap();
        for _ in 0..ROUNDS {
            match declared.observe(id, &cx).await.unwrap() {
                Observed::Ready { live, outputs } => {
                    let diff = compare(&wanted, None, &serde_json::to_value(&live).unwrap(), R::COMPARE);
                    if diff.is_empty() {
                        return outputs;
                    }
                    declared.update(id, &live, &diff, &cx).await.unwrap();
                }
                Observed::Settling { .. } => {}
                Observed::Absent => panic!("{name} {id} is not there"),
                Observed::Broken { reason, .. } => panic!("{name} {id} is broken: {reason}"),
            }
        }
        panic!("{name} {id} does not become what is declared");
    }

    async fn find<R: Resource>(&self, name: &str, declared: &R) -> Option<Found> {
        declared.find(&self.cx(name)).await.unwrap()
    }

    async fn live<R: Resource>(&self, name: &str, id: &str, declared: &R) -> Option<R> {
        match declared.observe(id, &self.cx(name)).await.unwrap() {
            Observed::Ready { live, .. } => Some(live),
            _ => None,
        }
    }

    /// Deletes until it is gone, and once more.
    async fn remove<R: Resource>(&self, name: &str, id: &str, declared: &R) {
        let cx = self.cx(name);
        for _ in 0..ROUNDS {
            if declared.delete(id, &cx).await.unwrap() == Deletion::Gone {
                assert_eq!(declared.delete(id, &cx).await.unwrap(), Deletion::Gone, "{name}");
                return;
            }
        }
        panic!("{name} {id} does not go");
    }
}

fn https(peer: Peer) -> Rule {
    Rule { description: "HTTPS".into(), protocol: "tcp".into(), from_port: 443, to_port: 443, peer }
}

fn vpc(world: &World) -> Vpc {
    Vpc { cidr: "10.0.0.0/16".into(), dns_hostnames: true, dns_support: true, tags: world.tags("vpc") }
}

#[tokio::test]
async fn a_network_becomes_what_is_declared_is_found_again_and_goes() {
    let world = World::new();
    let vpc = vpc(&world);
    let (vpc_id, network) = world.make("vpc", &vpc).await;
    let subnet = Subnet {
        vpc_id: network.id.clone(),
        cidr: "10.0.0.0/24".into(),
        availability_zone: format!("{REGION}a"),
        map_public_ip: false,
        tags: world.tags("subnet"),
    };
    let (subnet_id, placed) = world.make("subnet", &subnet).await;
    let gateway = InternetGateway { vpc_id: network.id.clone(), tags: world.tags("gateway") };
    let (gateway_id, way_out) = world.make("gateway", &gateway).await;
    let address = ElasticIp { tags: world.tags("address") };
    let (address_id, allocated) = world.make("address", &address).await;
    let nat =
        NatGateway { subnet_id: placed.id.clone(), allocation_id: allocated.allocation_id, tags: world.tags("nat") };
    let (nat_id, translated) = world.make("nat", &nat).await;
    let table = RouteTable {
        vpc_id: network.id.clone(),
        routes: vec![Route {
            destination: "0.0.0.0/0".into(),
            target: RouteTarget::InternetGateway { id: way_out.id },
        }],
        subnets: vec![placed.id.clone()],
        tags: world.tags("table"),
    };
    let (table_id, routed) = world.make("table", &table).await;
    let s3 = VpcEndpoint {
        vpc_id: network.id.clone(),
        service: format!("com.amazonaws.{REGION}.s3"),
        reach: Reach::Gateway { route_tables: vec![routed.id.clone()] },
        policy: Value::Null,
        tags: world.tags("s3"),
    };
    let (s3_id, _) = world.make("s3", &s3).await;
    let group = SecurityGroup {
        vpc_id: network.id.clone(),
        name: "endpoints".into(),
        description: "Interface endpoints".into(),
        ingress: vec![https(Peer::Itself), https(Peer::Cidr { cidr: "10.0.0.0/16".into() })],
        egress: Vec::new(),
        tags: world.tags("group"),
    };
    let (group_id, grouped) = world.make("group", &group).await;
    let sts = VpcEndpoint {
        service: format!("com.amazonaws.{REGION}.sts"),
        reach: Reach::Interface {
            subnets: vec![placed.id.clone()],
            security_groups: vec![grouped.id],
            private_dns: true,
        },
        tags: world.tags("sts"),
        ..s3.clone()
    };
    let (sts_id, _) = world.make("sts", &sts).await;
    let log = FlowLog {
        vpc_id: network.id.clone(),
        log_group: "/aws/vpc/p".into(),
        role: RoleArn::new(format!("arn:aws:iam::{}:role/flow-logs", local::ACCOUNT)),
        traffic: "ALL".into(),
        tags: world.tags("log"),
    };
    let (log_id, _) = world.make("log", &log).await;

    // The routes of the S3 endpoint are in the table by now.
    world.converge("table", &table_id, &table).await;
    // The most frequent changes: a route to another target, other rules, a narrower policy and the default again.
    let private = RouteTable {
        routes: vec![Route { destination: "0.0.0.0/0".into(), target: RouteTarget::NatGateway { id: translated.id } }],
        ..table.clone()
    };
    world.converge("table", &table_id, &private).await;
    let other = Rule { description: "why".into(), ..https(Peer::Cidr { cidr: "10.1.0.0/16".into() }) };
    let narrowed = SecurityGroup { ingress: vec![other.clone()], egress: vec![other], ..group.clone() };
    world.converge("group", &group_id, &narrowed).await;
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    world.converge("s3", &s3_id, &VpcEndpoint { policy, ..s3.clone() }).await;
    world.converge("s3", &s3_id, &s3).await;

    macro_rules! found {
        ($($name:literal $spec:ident $id:ident),* $(,)?) => {$(
            let found = world.find($name, &$spec).await;
            let found = found.unwrap_or_else(|| panic!("{} is not found", $name));
            assert_eq!(found.id, $id);
            assert!(matches!(found.owner, Owner::Tags(tags) if world.cx($name).owns(&tags)), $name);
        )*};
    }
    found!("vpc" vpc vpc_id, "subnet" subnet subnet_id, "gateway" gateway gateway_id, "address" address address_id);
    found!("nat" nat nat_id, "table" table table_id, "s3" s3 s3_id, "group" group group_id, "sts" sts sts_id);
    found!("log" log log_id);
    assert!(world.find("another", &ElasticIp { tags: Tags::default() }).await.is_none());

    world.remove("log", &log_id, &log).await;
    world.remove("sts", &sts_id, &sts).await;
    world.remove("group", &group_id, &group).await;
    world.remove("s3", &s3_id, &s3).await;
    world.remove("table", &table_id, &table).await;
    world.remove("nat", &nat_id, &nat).await;
    world.remove("address", &address_id, &address).await;
    world.remove("gateway", &gateway_id, &gateway).await;
    world.remove("subnet", &subnet_id, &subnet).await;
    world.remove("vpc", &vpc_id, &vpc).await;
    assert!(world.live("vpc", &vpc_id, &vpc).await.is_none());
}

#[tokio::test]
async fn resources_of_a_kind_are_searched_and_read_with_one_call() {
    let world = World::new();
    let (_, network) = world.make("vpc", &vpc(&world)).await;
    let subnet = |number: u8| Subnet {
        vpc_id: network.id.clone(),
        cidr: format!("10.0.{number}.0/24"),
        availability_zone: format!("{REGION}a"),
        map_public_ip: false,
        tags: world.tags(&format!("subnet-{number}")),
    };
    let group = |name: &str| SecurityGroup {
        vpc_id: network.id.clone(),
        name: name.into(),
        description: "Nobody is in it".into(),
        ingress: Vec::new(),
        egress: Vec::new(),
        tags: world.tags(name),
    };
    let (subnets, groups) = ([subnet(1), subnet(2)], [group("one"), group("two")]);
    let (first, second) = (world.make("subnet-1", &subnets[0]).await.0, world.make("subnet-2", &subnets[1]).await.0);
    let (third, fourth) = (world.make("one", &groups[0]).await.0, world.make("two", &groups[1]).await.0);
    let asked = |operation: &str| world.meter.calls()["EC2"][operation];
    let before = (asked("DescribeSubnets"), asked("DescribeSecurityGroups"));
    let found = tokio::join!(
        world.find("subnet-1", &subnets[0]),
        world.find("subnet-2", &subnets[1]),
        world.find("one", &groups[0]),
        world.find("two", &groups[1]),
    );
    let ids = [found.0, found.1, found.2, found.3].map(|found| found.unwrap().id);
    assert_eq!(ids, [first.clone(), second.clone(), third, fourth]);
    assert_eq!((asked("DescribeSubnets"), asked("DescribeSecurityGroups")), (before.0 + 1, before.1 + 1));
    let live = tokio::join!(world.live("subnet-1", &first, &subnets[0]), world.live("subnet-2", &second, &subnets[1]));
    assert_eq!(live, (Some(subnets[0].clone()), Some(subnets[1].clone())));
    assert_eq!(asked("DescribeSubnets"), before.0 + 2);
}

#[tokio::test]
async fn a_group_is_found_by_its_tags_while_its_vpc_is_not_known() {
    let world = World::new();
    let (_, network) = world.make("vpc", &vpc(&world)).await;
    let group = SecurityGroup {
        vpc_id: network.id,
        name: "endpoints".into(),
        description: "Interface endpoints".into(),
        ingress: Vec::new(),
        egress: Vec::new(),
        tags: world.tags("group"),
    };
    let (id, _) = world.make("group", &group).await;
    let unknown = SecurityGroup { vpc_id: vocabulary::VpcId::new("⟦network.vpc.id⟧"), ..group };
    assert_eq!(world.find("group", &unknown).await.unwrap().id, id);
    assert!(world.find("another", &unknown).await.is_none());
}

#[tokio::test]
async fn the_default_group_is_emptied_where_it_stands() {
    let world = World::new();
    let (_, network) = world.make("vpc", &vpc(&world)).await;
    let group = DefaultSecurityGroup { vpc_id: network.id.clone(), ingress: Vec::new(), egress: Vec::new() };
    let id = group.create(&world.cx("default")).await.unwrap();
    let before = world.live("default", &id, &group).await.unwrap();
    assert!(!before.ingress.is_empty() && !before.egress.is_empty(), "AWS gives it rules: {before:?}");
    world.converge("default", &id, &group).await;
    assert_eq!(world.live("default", &id, &group).await.unwrap(), group);
    assert!(matches!(world.find("default", &group).await, Some(Found { owner: Owner::Parent, .. })));
    assert_eq!(group.delete(&id, &world.cx("default")).await.unwrap(), Deletion::Gone);
    let unknown = DefaultSecurityGroup { vpc_id: vocabulary::VpcId::new("⟦network.vpc.id⟧"), ..group };
    let calls = world.meter.calls();
    assert!(world.find("default", &unknown).await.is_none());
    assert_eq!(world.meter.calls(), calls, "a placeholder must never be sent");
}

#[tokio::test]
async fn a_route_whose_gateway_is_gone_is_led_to_the_new_one() {
    let world = World::new();
    let (_, network) = world.make("vpc", &vpc(&world)).await;
    let subnet = Subnet {
        vpc_id: network.id.clone(),
        cidr: "10.0.0.0/24".into(),
        availability_zone: format!("{REGION}a"),
        map_public_ip: false,
        tags: world.tags("subnet"),
    };
    let (_, placed) = world.make("subnet", &subnet).await;
    world.make("gateway", &InternetGateway { vpc_id: network.id.clone(), tags: world.tags("gateway") }).await;
    let (_, allocated) = world.make("address", &ElasticIp { tags: world.tags("address") }).await;
    let nat = |name: &str| NatGateway {
        subnet_id: placed.id.clone(),
        allocation_id: allocated.allocation_id.clone(),
        tags: world.tags(name),
    };
    let table = |id| RouteTable {
        vpc_id: network.id.clone(),
        routes: vec![Route { destination: "0.0.0.0/0".into(), target: RouteTarget::NatGateway { id } }],
        subnets: Vec::new(),
        tags: world.tags("table"),
    };
    let (old_id, old) = world.make("old", &nat("old")).await;
    let (table_id, _) = world.make("table", &table(old.id.clone())).await;
    world.remove("old", &old_id, &nat("old")).await;
    let dead = world.live("table", &table_id, &table(old.id.clone())).await.unwrap();
    assert_eq!(dead.routes[0].target, RouteTarget::Blackhole { what: old_id });
    let (_, new) = world.make("new", &nat("new")).await;
    world.converge("table", &table_id, &table(new.id)).await;
}

#[tokio::test]
async fn a_vpc_that_cannot_go_says_what_is_in_it() {
    let world = World::new();
    let vpc = vpc(&world);
    let (vpc_id, network) = world.make("vpc", &vpc).await;
    let subnet = Subnet {
        vpc_id: network.id,
        cidr: "10.0.0.0/24".into(),
        availability_zone: format!("{REGION}a"),
        map_public_ip: false,
        tags: world.tags("subnet"),
    };
    let (subnet_id, _) = world.make("subnet", &subnet).await;
    let refusal = vpc.delete(&vpc_id, &world.cx("vpc")).await.unwrap_err();
    assert!(refusal.message.contains(&format!("subnet {subnet_id}")), "{refusal}");
    assert!(matches!(refusal.kind, aws_client::FailureKind::Retryable(_)));
}

#[tokio::test]
async fn the_regions_zones_come_in_order() {
    let aws = local::Cloud::open(None, REGION, local::ACCOUNT).unwrap();
    let zones = aws_ec2::availability_zones(&aws_sdk_ec2::Client::new(&aws.sdk_config())).await.unwrap();
    assert!(zones.len() >= 2 && zones.is_sorted_by_key(|zone| zone.name.clone()), "{zones:?}");
    assert!(zones.iter().all(|zone| zone.name.starts_with(REGION) && zone.is_available), "{zones:?}");
}

#[tokio::test]
async fn an_endpoint_service_that_there_is_not_is_left_out() {
    let aws = local::Cloud::open(None, REGION, local::ACCOUNT).unwrap();
    let names = ["sts", "nonsense"].map(|name| format!("com.amazonaws.{REGION}.{name}"));
    let client = aws_sdk_ec2::Client::new(&aws.sdk_config());
    let services = aws_ec2::endpoint_services(&client, &names).await.unwrap();
    assert_eq!(services.iter().map(|service| &service.name).collect::<Vec<_>>(), [&names[0]]);
}
