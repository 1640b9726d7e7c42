//! The zone of each pair of subnets, and the pairs where each endpoint has an interface. In an existing VPC, each
//! private subnet of the environment file counts as a pair.
//!
//! Recorded subnets keep their zones. The placement asks AWS only about new subnets and endpoints, so an outage, a
//! retired zone or a new zone changes no plan.

use crate::Error;
use aws_ec2::{EndpointService, Reach, Subnet, VpcEndpoint, Zone};
use config::{Environment, environment::network::Network};
use resource::{Address, spec_as};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::Place;

/// The zones and endpoints of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The zone of each pair of subnets, in their order.
    zones: Vec<String>,
    /// By endpoint as the environment file names it. One that is not here is reached from every zone.
    endpoints: BTreeMap<String, Way>,
}

/// The way from subnets to a service through an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    /// The full name of the service.
    service: String,
    /// The pairs of subnets it is reached from, numbered from 1.
    pairs: BTreeSet<u8>,
}

/// One resource of a state, as far as it tells where the network is.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The address of the resource.
    pub address: &'a Address,
    /// `ec2:subnet`, ….
    pub kind: &'a str,
    /// Its id, if it was made.
    pub id: Option<&'a str>,
    /// Its declaration.
    pub spec: &'a Value,
}

/// The zones and endpoints that a state records.
#[derive(Clone, Debug, Default)]
pub struct RecordedPlacement {
    /// By number of the pair.
    pairs: BTreeMap<u8, Pair>,
    /// By address.
    endpoints: BTreeMap<String, Way>,
}

#[derive(Clone, Debug)]
struct Pair {
    zone: String,
    /// The ranges of its subnets that were made.
    cidrs: Vec<String>,
}

/// The facts about AWS that the placement of new subnets and endpoints needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// True if the placement needs the region's zones.
    pub zones: bool,
    /// The endpoint services of which the zones must be known.
    pub services: Vec<String>,
}

impl Placement {
    /// Pairs of subnets in these zones, with all endpoints in all of them.
    pub fn in_zones(zones: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { zones: zones.into_iter().map(Into::into).collect(), endpoints: BTreeMap::new() }
    }

    /// Pairs of subnets in as many zones as an environment wants, with all endpoints in all of them. The names of the zones
    /// are made up: for statements about an environment that do not depend on them.
    pub fn without_aws(environment: &Environment) -> Self {
        Self::in_zones((1..=environment.network.zones).map(|zone| format!("{}-{zone}", environment.region)))
    }

    pub(crate) fn zones(&self) -> &[String] {
        &self.zones
    }

    /// The service that an endpoint leads to.
    pub(crate) fn service(&self, endpoint: &str, place: &Place) -> String {
        self.endpoints.get(endpoint).map_or_else(|| place.endpoint_service(endpoint), |way| way.service.clone())
    }

    /// True if a pair of subnets has an interface of the endpoint.
    pub(crate) fn reaches(&self, endpoint: &str, pair: usize) -> bool {
        self.endpoints.get(endpoint).is_none_or(|way| way.pairs.iter().any(|number| usize::from(*number) == pair))
    }
}

impl RecordedPlacement {
    /// The placement of these resources. If an address has several, the first created one counts, else the first.
    pub fn new<'a>(resources: impl IntoIterator<Item = Recorded<'a>>) -> Self {
        let (mut subnets, mut endpoints) = (Vec::new(), Vec::new());
        for one in resources {
            subnets.extend(spec_as::<Subnet>(one.kind, one.spec).map(|spec| (one, spec)));
            endpoints.extend(spec_as::<VpcEndpoint>(one.kind, one.spec).map(|spec| (one, spec)));
        }
        subnets.sort_by_key(|(one, _)| one.id.is_none());
        let mut recorded = Self::default();
        // The pair of each private subnet, by its id.
        let mut private = BTreeMap::new();
        for (one, Subnet { availability_zone: zone, cidr, .. }) in subnets {
            let Some((tier, pair)) = pair(one.address) else { continue };
            let known = recorded.pairs.entry(pair).or_insert_with(|| Pair { zone, cidrs: Vec::new() });
            if let Some(id) = one.id {
                known.cidrs.push(cidr);
                if tier == "private" {
                    private.insert(id.to_owned(), pair);
                }
            }
        }
        for (one, VpcEndpoint { service, reach, .. }) in endpoints.into_iter().filter(|(one, _)| one.id.is_some()) {
            let Reach::Interface { subnets, .. } = reach else { continue };
            let pairs = subnets.iter().filter_map(|subnet| private.get(subnet.as_str()).copied()).collect();
            recorded.endpoints.entry(one.address.to_string()).or_insert(Way { service, pairs });
        }
        recorded
    }

    /// The questions to AWS that the placement of an environment needs.
    pub fn questions(&self, environment: &Environment, place: &Place) -> Questions {
        let network = &environment.network;
        if network.vpc_id.is_some() {
            let services = network.endpoints.iter().flat_map(|endpoint| self.services(endpoint, place)).collect();
            return Questions { zones: false, services };
        }
        let is_named = |zone: &String| network.zone_names.is_empty() || network.zone_names.contains(zone);
        let is_settled = |pair: u8| self.pairs.get(&pair).is_some_and(|known| is_named(&known.zone));
        let new = network.endpoints.iter().filter(|endpoint| !self.is_placed(endpoint, network.zones));
        Questions {
            zones: !(1..=network.zones).all(is_settled),
            services: new.flat_map(|endpoint| self.services(endpoint, place)).collect(),
        }
    }

    /// Places an environment, with AWS's answers to the [`RecordedPlacement::questions`].
    ///
    /// # Errors
    /// When there are too few zones, or the file names zones that do not exist, or leaves one out that is in use.
    pub fn place(
        &self,
        environment: &Environment,
        place: &Place,
        offered: &[Zone],
        services: &[EndpointService],
    ) -> Result<Placement, Error> {
        let network = &environment.network;
        let zones = self.zones(network, place, offered)?;
        let mut endpoints = BTreeMap::new();
        for endpoint in network.endpoints.iter().filter(|endpoint| !self.is_placed(endpoint, network.zones)) {
            let way = self.way(endpoint, place, &zones, services)?;
            endpoints.insert(endpoint.clone(), way);
        }
        for endpoint in &network.endpoints {
            if let Some(way) = self.endpoints.get(&address(endpoint)) {
                endpoints.entry(endpoint.clone()).or_insert_with(|| way.clone());
            }
        }
        Ok(Placement { zones, endpoints })
    }

    /// Places the endpoints of an environment in an existing VPC, given the zones of its subnets by id. AWS takes one
    /// subnet per zone for an endpoint.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>
    ///
    /// # Errors
    /// When no subnet is in a zone that the service supports.
    pub fn place_in_existing(
        &self,
        environment: &Environment,
        place: &Place,
        zones: &BTreeMap<String, String>,
        services: &[EndpointService],
    ) -> Result<Placement, Error> {
        let network = &environment.network;
        // If the subnets could not be read, another check reports it.
        if zones.is_empty() {
            return Ok(Placement::default());
        }
        let mut taken = BTreeSet::new();
        // A second subnet in the same zone is not used.
        let zones = network.private_subnets.iter().map(|subnet| match zones.get(subnet) {
            Some(zone) if taken.insert(zone) => zone.clone(),
            _ => String::new(),
        });
        let zones: Vec<String> = zones.collect();
        let mut endpoints = BTreeMap::new();
        for endpoint in &network.endpoints {
            let mut way = self.way(endpoint, place, &zones, services)?;
            way.pairs.retain(|pair| !zones[usize::from(*pair) - 1].is_empty());
            endpoints.insert(endpoint.clone(), way);
        }
        Ok(Placement { zones, endpoints })
    }

    fn zones(&self, network: &Network, place: &Place, offered: &[Zone]) -> Result<Vec<String>, Error> {
        let (named, unknown) = named(network, offered);
        let mut pinned = BTreeMap::new();
        for subnets in network.subnets() {
            let Some(pair) = self.pairs.get(&subnets.zone) else { continue };
            // An id that AWS does not list at present may be that of the zone.
            let fits = network.zone_names.is_empty()
                || named.contains(&pair.zone)
                || network.zone_names.contains(&pair.zone)
                || unknown.iter().any(|name| is_id(name));
            let ranges = [subnets.public.to_string(), subnets.private.to_string()];
            match fits {
                true => drop(pinned.insert(subnets.zone, pair.zone.clone())),
                // Subnets with other ranges are others, which may be anywhere.
                false if pair.cidrs.iter().any(|cidr| ranges.contains(cidr)) => {
                    return Err(Error::ZoneLeftOut { zone: pair.zone.clone(), pair: subnets.zone });
                }
                false => {}
            }
        }
        let asked = usize::from(network.zones);
        if pinned.len() < asked
            && let Some(name) = unknown.first()
        {
            let zones = offered.iter().map(|zone| zone.name.clone()).collect();
            return Err(Error::UnknownZone { name: name.clone(), region: place.region.clone(), zones });
        }
        let taken: BTreeSet<&String> = pinned.values().collect();
        let candidates: Vec<String> = match network.zone_names.is_empty() {
            true => offered.iter().filter(|zone| zone.is_available).map(|zone| zone.name.clone()).collect(),
            false => named,
        };
        let has = candidates.iter().collect::<BTreeSet<_>>().union(&taken).count();
        let mut free = candidates.iter().filter(|zone| !taken.contains(zone));
        let placed = (1..=network.zones).map(|pair| pinned.get(&pair).or_else(|| free.next()).cloned());
        placed.collect::<Option<_>>().ok_or_else(|| Error::Zones { asked, has, region: place.region.clone() })
    }

    /// True if the state records an interface of the endpoint in each of the first pairs.
    fn is_placed(&self, endpoint: &str, pairs: u8) -> bool {
        let way = self.endpoints.get(&address(endpoint));
        way.is_some_and(|way| (1..=pairs).all(|pair| way.pairs.contains(&pair)))
    }

    /// The names that the service of an endpoint may have, the likeliest first.
    fn services(&self, endpoint: &str, place: &Place) -> Vec<String> {
        match self.endpoints.get(&address(endpoint)) {
            Some(way) => vec![way.service.clone()],
            None => place.endpoint_services(endpoint),
        }
    }

    /// Recorded pairs stay; others join where the service is. AWS decides about a service that it does not list.
    fn way(&self, endpoint: &str, place: &Place, zones: &[String], services: &[EndpointService]) -> Result<Way, Error> {
        let names = self.services(endpoint, place);
        let listed = names.iter().find_map(|name| services.iter().find(|service| service.name == *name));
        let service = listed.map_or_else(|| names[0].clone(), |listed| listed.name.clone());
        let reaches = |zone: &String| listed.is_none_or(|one| one.zones.is_empty() || one.zones.contains(zone));
        let mut pairs: BTreeSet<u8> =
            (1..).zip(zones).filter(|(_, zone)| reaches(zone)).map(|(pair, _)| pair).collect();
        let recorded = self.endpoints.get(&address(endpoint));
        pairs.extend(recorded.iter().flat_map(|way| &way.pairs).filter(|pair| usize::from(**pair) <= zones.len()));
        match (pairs.is_empty(), listed) {
            (true, Some(listed)) => {
                let (endpoint, zones) = (endpoint.to_owned(), listed.zones.clone());
                Err(Error::EndpointNowhere { endpoint, service, zones })
            }
            _ => Ok(Way { service, pairs }),
        }
    }
}

/// The tier and the number of a subnet's pair: `private-2`.
fn pair(address: &Address) -> Option<(&str, u8)> {
    let (tier, number) = address.as_str().strip_prefix("network.")?.rsplit_once('-')?;
    matches!(tier, "public" | "private").then_some(())?;
    Some((tier, number.parse().ok()?))
}

/// The address of a service's endpoint.
fn address(endpoint: &str) -> String {
    format!("network.{}", vpc_endpoint(endpoint))
}

/// The names of the zones that the file names, and what it names that AWS does not list.
fn named(network: &Network, offered: &[Zone]) -> (Vec<String>, Vec<String>) {
    let (mut named, mut unknown) = (Vec::new(), Vec::new());
    for name in &network.zone_names {
        match offered.iter().find(|zone| zone.name == *name || zone.id == *name) {
            Some(zone) if !named.contains(&zone.name) => named.push(zone.name.clone()),
            Some(_) => {}
            None => unknown.push(name.clone()),
        }
    }
    (named, unknown)
}

/// `aps1-az1` rather than `ap-south-1a`.
fn is_id(name: &str) -> bool {
    name.contains("-az")
}

/// The name of a service's endpoint within the network area.
pub(crate) fn vpc_endpoint(endpoint: &str) -> String {
    format!("endpoint-{}", endpoint.replace('.', "-"))
}
