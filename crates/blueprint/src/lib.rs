//! The platform: from an environment file to a stack of resources. One module per area; each reads like
//! the diagram of what it builds.
//!
//! Pure but for reading the files the platform is made from. Knows nothing of calls or plans.

mod alarms;
mod catalog;
mod dashboard;
mod definition;
mod deploy;
mod drift_job;
mod encryption;
mod endpoint_policy;
mod existing;
mod existing_network;
mod files;
mod findings;
mod functions;
mod grants;
mod identity;
mod ignored;
mod machine;
mod monitoring;
mod network;
mod operations;
mod own_network;
mod pipeline;
mod placement;
mod policy;
mod registry;
mod sagemaker_roles;
mod script_bundle;
mod secrets;
mod site;
mod storage;
mod studio;

pub use existing::{Existing, existing, existing_permissions};
pub use existing_network::existing_network;
pub use findings::{Finding, check, findings};
pub use ignored::ignore_rules;
pub use placement::{Placement, Questions, Recorded, RecordedPlacement};
pub use site::{identity, identity_of};

use config::Environment;
use resource::{Address, Place, Registry, Stack};
use site::Site;
use std::path::{Path, PathBuf};

/// What a stack is made from.
pub struct Inputs<'a> {
    /// The environment file.
    pub environment: &'a Environment,
    /// Its name.
    pub name: &'a str,
    /// Account, region, partition.
    pub place: &'a Place,
    /// The zones and endpoints of the network.
    pub placement: &'a Placement,
    /// The folder that the paths of the environment file start from.
    pub root: &'a Path,
    /// Whether the state is at the root of the state bucket that the file names, where mlopsctl 0.1 kept it.
    pub is_state_at_root: bool,
}

/// Why no stack can be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file the platform ships cannot be read.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There are too few zones.
    #[error("`zones` asks for {asked} availability zones, but {region} has {has} to choose from")]
    Zones {
        /// As in the environment file.
        asked: usize,
        /// As AWS says.
        has: usize,
        /// The region.
        region: String,
    },
    /// The file names a zone that there is not.
    #[error("there is no availability zone `{name}` in {region}, or none that this account can use")]
    UnknownZone {
        /// As in the environment file.
        name: String,
        /// The region.
        region: String,
        /// Those that there are.
        zones: Vec<String>,
    },
    /// The file names zones, but not one in which there are subnets already.
    #[error("`zone_names` leaves out {zone}, where the subnets private-{pair} and public-{pair} are")]
    ZoneLeftOut {
        /// The name of the zone.
        zone: String,
        /// The number of the subnets.
        pair: u8,
    },
    /// An endpoint can be in none of the zones.
    #[error("the endpoint service {service} is in none of the zones of the subnets, but in {}", zones.join(", "))]
    EndpointNowhere {
        /// As in the environment file.
        endpoint: String,
        /// Its full name.
        service: String,
        /// The zones it is in.
        zones: Vec<String>,
    },
    /// Names that were chosen meet, or meet one that the platform gives.
    #[error("two resources would be {address}: give what is named so another name in the environment file")]
    Ambiguous {
        /// The address.
        address: Address,
        /// The setting that asks for the second.
        setting: String,
    },
    /// The built-in image is not offered in this region.
    #[error("SageMaker's built-in XGBoost image is not known for {0}: set `image` under [pipeline]")]
    Image(String),
    /// It cannot be said what the drift job needs.
    #[error("what the drift job may do cannot be derived: {0}")]
    Job(String),
}

impl Error {
    /// The setting that is at fault, `network.zones`, and what to write instead.
    pub fn setting(&self) -> Option<(String, String)> {
        let (setting, help) = match self {
            Self::Zones { .. } => {
                ("network.zones", "use fewer zones; `zone_names`, if it is there, must name as many".to_owned())
            }
            Self::UnknownZone { zones, .. } => ("network.zone_names", format!("there are {}", zones.join(", "))),
            Self::ZoneLeftOut { zone, .. } => (
                "network.zone_names",
                format!(
                    "AWS moves no subnet to another zone: name {zone} as well, or destroy the platform first; another \
                     `cidr` makes a new VPC"
                ),
            ),
            Self::EndpointNowhere { endpoint, .. } => (
                "network.endpoints",
                format!("leave `{endpoint}` out, or name one of these zones in `zone_names` of [network]"),
            ),
            Self::Ambiguous { setting, .. } => (setting.as_str(), String::new()),
            Self::Image(_) => ("pipeline", String::new()),
            Self::Job(_) => ("drift.job", String::new()),
            Self::File { .. } => return None,
        };
        Some((setting.to_owned(), help))
    }
}

/// Every kind of resource a platform can have.
pub fn registry() -> Registry {
    let registries = [
        aws_ec2::register,
        aws_s3::register,
        aws_kms::register,
        aws_iam::register,
        aws_sagemaker::register,
        aws_ecr::register,
        aws_glue::register,
        aws_lambda::register,
        aws_sfn::register,
        aws_logs::register,
        aws_sns::register,
        aws_cloudwatch::register,
        aws_eventbridge::register,
        aws_budgets::register,
    ];
    registries.into_iter().fold(Registry::default(), |registry, register| register(registry))
}

/// The platform that an environment file describes.
///
/// # Errors
/// When a shipped file is missing, or the region lacks something the file asks for.
pub fn stack(inputs: &Inputs<'_>) -> Result<Stack, Error> {
    let environment = inputs.environment;
    let (asked, has) = (usize::from(environment.network.zones), inputs.placement.zones().len());
    if environment.network.vpc_id.is_none() && asked > has {
        return Err(Error::Zones { asked, has, region: inputs.place.region.clone() });
    }
    let site = Site::of(inputs);
    let tags = environment.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut stack = Stack::new(identity_of(environment), tags).named_by(environment.prefix());
    for glob in &environment.protection.protect {
        stack.protect(glob.clone());
    }
    stack.ignore(ignore_rules(environment));
    let address = |text: &String| Address::parse(text);
    stack.rename(environment.moved.iter().filter_map(|one| Some((address(&one.from)?, address(&one.to)?))));
    let keys = stack.for_setting("encryption", |stack| encryption::build(stack, &site));
    let place = stack.for_setting("network", |stack| network::locate(stack, &site));
    let roles = identity::build(&mut stack, &site, &keys, &place.vpc);
    let network = stack.for_setting("network", |stack| network::build(stack, &site, &keys, place, &roles));
    let storage = storage::build(&mut stack, &site, &keys);
    let topic = stack.for_setting("monitoring", |stack| monitoring::topic(stack, &site, &keys));
    registry::build(&mut stack, &site, &keys);
    studio::build(&mut stack, &site, &keys, &network, &roles, &storage);
    let jobs = catalog::build(&mut stack, &site, &keys, &roles, &storage)?;
    let functions = functions::build(&mut stack, &site, &keys, &network, &roles)?;
    let wiring =
        pipeline::Wiring { keys: &keys, network: &network, roles: &roles, functions: &functions, jobs: &jobs, topic };
    stack.for_setting("pipeline", |stack| pipeline::build(stack, &site, &wiring))?;
    let guards = stack.for_setting("monitoring", |stack| monitoring::build(stack, &site, &network, topic));
    stack.for_setting("pipeline.deploy", |stack| deploy::build(stack, &site, &wiring, guards))?;
    stack.for_setting("budget", |stack| operations::build(stack, &site, topic));
    stack.for_setting("drift.job", |stack| drift_job::build(stack, &site, &keys))?;
    match stack.ambiguous() {
        Some((address, setting)) => Err(Error::Ambiguous { address: address.clone(), setting: setting.to_owned() }),
        None => Ok(stack),
    }
}
