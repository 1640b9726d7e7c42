//! Existing resources that the environment file names: a network, keys, roles, the state bucket. mlopsctl checks them
//! before a plan and in `doctor`.

use crate::{Error, Session, UsedParts, existing_network::Network, settings::refused_settings};
use aws_client::{Remedy, Result};
use aws_ec2::{PlatformFacts, VpcEndpoint};
use blueprint::{Existing, Placement};
use checkup::Finding;
use futures::future::try_join_all;
use resource::{Prerequisite, Resource, Shortcoming, UsedPart};
use state::State;
use std::collections::BTreeSet;

impl Session {
    /// The network that the file names. `None` if the stack has its own network. Only the first call reads AWS.
    pub async fn existing_network(&self) -> Result<Option<&Network>> {
        let observe = async {
            let Some(named) = self.environment.as_ref().and_then(blueprint::existing_network) else { return Ok(None) };
            let observed = named.observe(&aws_sdk_ec2::Client::new(self.cloud.config())).await?;
            Ok(Some(Network { named, observed }))
        };
        self.existing_network.get_or_try_init(|| observe).await.map(Option::as_ref)
    }

    /// Refuses a file that names an existing resource with which the platform cannot be built or work.
    pub async fn refuse_unfit_existing(&self, state: &State) -> std::result::Result<(), Error> {
        let existing = self.existing()?;
        let (network, others) = tokio::try_join!(self.of_network(state), self.of_keys_and_roles(&existing))?;
        let problem = |one: Prerequisite| {
            let wrong = one.met.err().filter(|shortcoming| shortcoming.is_certain)?;
            Some(blueprint::Finding { setting: one.setting, message: wrong.what, help: wrong.help })
        };
        let problems: Vec<blueprint::Finding> = network.into_iter().chain(others).filter_map(problem).collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(refused_settings(&self.file, &self.root, problems)),
        }
    }

    /// The findings of `doctor` about existing resources, one for each prerequisite.
    pub async fn check_existing(&self, existing: &Existing, state: &State) -> Vec<Finding> {
        let (network, others) = tokio::join!(self.of_network(state), self.of_keys_and_roles(existing));
        let of_network = findings("network", "the existing network", network);
        of_network.into_iter().chain(findings("existing", "the existing keys and roles", others)).collect()
    }

    async fn of_network(&self, state: &State) -> Result<Vec<Prerequisite>> {
        let Some(network) = self.existing_network().await? else { return Ok(Vec::new()) };
        let endpoints = state.resources.values().filter(|entry| entry.kind == <VpcEndpoint as Resource>::KIND);
        let own_endpoints: BTreeSet<String> = endpoints
            .flat_map(|entry| entry.id.iter().chain(entry.deposed.iter().map(|deposed| &deposed.id)))
            .cloned()
            .collect();
        let around = PlatformFacts {
            place: self.cloud.place(),
            own_endpoints: &own_endpoints,
            is_built: !state.resources.is_empty(),
        };
        Ok(network.observed.prerequisites(&network.named, &around))
    }

    async fn of_keys_and_roles(&self, existing: &Existing) -> Result<Vec<Prerequisite>> {
        let place = self.cloud.place();
        let (kms, iam) = (aws_sdk_kms::Client::new(self.cloud.config()), aws_sdk_iam::Client::new(self.cloud.config()));
        let keys = try_join_all(existing.keys.iter().map(|key| key.prerequisites(&kms, place)));
        let roles = try_join_all(existing.roles.iter().map(|role| role.prerequisites(&iam, place)));
        let (keys, roles) = tokio::try_join!(keys, roles)?;
        Ok(keys.into_iter().chain(roles).flatten().collect())
    }

    /// The existing resources that the file names; none without a file.
    pub fn existing(&self) -> std::result::Result<Existing, Error> {
        let Some(environment) = &self.environment else { return Ok(Existing::default()) };
        // No existing key or role depends on the placement of new subnets.
        let region = &self.cloud.place().region;
        let placement = Placement::in_zones((1..=environment.network.zones).map(|zone| format!("{region}-{zone}")));
        blueprint::existing(&self.inputs_of(environment, &placement)).map_err(|error| self.unfit(error))
    }

    /// The existing resources that the platform uses unchanged, for people and for programs.
    pub async fn used_parts(&self) -> std::result::Result<UsedParts, Error> {
        let existing = self.existing()?;
        let mut parts = self.existing_network().await?.map(|network| network.observed.parts()).unwrap_or_default();
        parts.extend(existing.keys.iter().map(|key| key.part()));
        parts.extend(existing.roles.iter().map(|role| role.part()));
        if self.bucket.is_named() {
            let details = vec!["bucket of the state".to_owned(), self.keys.state.clone()];
            parts.push(UsedPart { id: self.bucket.name().to_owned(), noun: "bucket".to_owned(), details });
        }
        Ok(UsedParts(parts))
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
                Remedy::Several(vec![
                    format!("if it is to stay whatever becomes of {}, take it out of the state", self.name).into(),
                    Remedy::Forget { environment: Some(self.name.clone()), address: Some(address.to_string()) },
                ]),
            )),
        }
    }

    /// True if the environment file names a part of a network with this id.
    pub fn names_as_existing(&self, id: &str) -> bool {
        self.environment.iter().any(|environment| environment.network.existing_ids().any(|existing| existing == id))
    }
}

fn findings(check: &'static str, subject: &str, prerequisites: Result<Vec<Prerequisite>>) -> Vec<Finding> {
    let finding = |one: Prerequisite| match one.met {
        Ok(words) => Finding::ok(check, words),
        Err(Shortcoming { what, help, is_certain: true }) => Finding::problem(check, what, help),
        Err(Shortcoming { what, help, is_certain: false }) => Finding::warning(check, what, help),
    };
    match prerequisites {
        Ok(found) => {
            // Several settings may name the same role.
            let mut all: Vec<Finding> = Vec::new();
            for one in found.into_iter().map(finding) {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            all
        }
        Err(failure) => vec![Finding::unknown(check, subject, &failure)],
    }
}
