//! The reason why no stack can be made.

use resource::Address;
use std::path::PathBuf;

/// The reason why no stack can be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file the platform ships cannot be read.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
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
    /// A chosen name is the same as another chosen one, or as a name that the platform gives.
    #[error("two settings both produce the resource {address}: rename one in the environment file")]
    Ambiguous {
        /// The address.
        address: Address,
        /// The setting that asks for the second.
        setting: String,
    },
    /// AWS does not offer an image of the pipeline in this region.
    #[error("AWS does not offer the pipeline's image in {0}: set `image` under [pipeline]")]
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
