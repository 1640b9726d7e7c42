//! The existing network that the environment file names. It is read once, and checked before a plan and in `doctor`.

use crate::{Error, Session, settings::refused_settings};
use aws_ec2::{Circumstances, ExistingNetwork, Prerequisite, SeenNetwork, UsedPart, VpcEndpoint};
use checkup::Finding;
use resource::{Resource, Result, Shortcoming};
use serde_json::{Value, json};
use state::State;
use std::collections::BTreeSet;

/// A network as declared in the file, and as observed in AWS.
pub struct Network {
    named: ExistingNetwork,
    pub(crate) seen: SeenNetwork,
}

impl Session {
    /// The network that the file names. `None` if the stack has its own network. Only the first call reads AWS.
    pub async fn existing_network(&self) -> Result<Option<&Network>> {
        let look = async {
            let Some(named) = self.environment.as_ref().and_then(blueprint::existing_network) else { return Ok(None) };
            let seen = named.look(&aws_sdk_ec2::Client::new(self.cloud.config())).await?;
            Ok(Some(Network { named, seen }))
        };
        self.existing_network.get_or_try_init(|| look).await.map(Option::as_ref)
    }

    /// Refuses a file that names a network in which the platform cannot be built or work.
    pub async fn refuse_unfit_network(&self, state: &State) -> std::result::Result<(), Error> {
        let Some(network) = self.existing_network().await? else { return Ok(()) };
        let problem = |one: Prerequisite| {
            let wrong = one.met.err().filter(|shortcoming| shortcoming.is_certain)?;
            Some(blueprint::Finding { setting: one.setting, message: wrong.what, help: wrong.help })
        };
        let problems: Vec<blueprint::Finding> =
            self.prerequisites(network, state).into_iter().filter_map(problem).collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(refused_settings(&self.file, &self.root, problems)),
        }
    }

    /// The findings of `doctor` about the network, one for each prerequisite.
    pub async fn examine_network(&self, state: &State) -> Vec<Finding> {
        const CHECK: &str = "network";
        let network = match self.existing_network().await {
            Ok(Some(network)) => network,
            Ok(None) => return Vec::new(),
            Err(failure) => return vec![Finding::unknown(CHECK, "the existing network", &failure)],
        };
        let finding = |one: Prerequisite| match one.met {
            Ok(words) => Finding::ok(CHECK, words),
            Err(Shortcoming { what, help, is_certain: true }) => Finding::problem(CHECK, what, help),
            Err(Shortcoming { what, help, is_certain: false }) => Finding::warning(CHECK, what, help),
        };
        self.prerequisites(network, state).into_iter().map(finding).collect()
    }

    fn prerequisites(&self, network: &Network, state: &State) -> Vec<Prerequisite> {
        let endpoints = state.resources.values().filter(|entry| entry.kind == <VpcEndpoint as Resource>::KIND);
        let own_endpoints: BTreeSet<String> = endpoints
            .flat_map(|entry| entry.id.iter().chain(entry.deposed.iter().map(|deposed| &deposed.id)))
            .cloned()
            .collect();
        let around = Circumstances {
            place: self.cloud.place(),
            own_endpoints: &own_endpoints,
            is_built: !state.resources.is_empty(),
        };
        network.seen.prerequisites(&network.named, &around)
    }

    /// The parts that the platform uses unchanged, for people and for programs.
    pub async fn used_parts(&self) -> Result<UsedParts> {
        Ok(UsedParts(self.existing_network().await?.map(|network| network.seen.parts()).unwrap_or_default()))
    }

    /// Refuses a state that records a resource which the file names as existing. A plan could otherwise change or
    /// delete it.
    pub fn refuse_claimed(&self, state: &State) -> std::result::Result<(), Error> {
        let mut recorded = state.resources.iter().flat_map(|(address, entry)| {
            let ids = entry.id.iter().chain(entry.deposed.iter().map(|deposed| &deposed.id));
            ids.map(move |id| (address, id.as_str()))
        });
        match recorded.find(|(_, id)| self.names_as_existing(id)) {
            None => Ok(()),
            Some((address, id)) => Err(Error::failed_with(
                format!(
                    "the state records {id} at {address}, and the environment file names it as existing; nothing was touched"
                ),
                format!(
                    "if it is to stay whatever becomes of {0}, take it out of the state: \
                     `mlopsctl state rm {0} {address}`",
                    self.name
                ),
            )),
        }
    }

    /// Whether the environment file names a part of a network with this id.
    pub fn names_as_existing(&self, id: &str) -> bool {
        self.environment.iter().any(|environment| environment.network.existing_ids().any(|existing| existing == id))
    }
}

/// The parts that the platform uses unchanged.
pub struct UsedParts(Vec<UsedPart>);

impl UsedParts {
    /// One line for each: `uses vpc-… (exists, 10.1.0.0/16)`.
    pub fn lines(&self) -> Vec<String> {
        let line = |part: &UsedPart| {
            let details: Vec<&str> = std::iter::once("exists").chain(part.details.iter().map(String::as_str)).collect();
            format!("uses {} ({})", part.id, details.join(", "))
        };
        self.0.iter().map(line).collect()
    }

    /// The parts as a JSON array.
    pub fn json(&self) -> Value {
        self.0.iter().map(|part| json!({"id": part.id, "kind": part.noun, "details": part.details})).collect()
    }
}
