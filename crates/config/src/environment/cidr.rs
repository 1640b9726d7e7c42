//! IPv4 ranges.

use crate::form::{CidrBlock, Text};
use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 range that a VPC or subnet can have: /16 to /28, written with its first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "Text<CidrBlock>", inline)]
pub struct Cidr(Ipv4Net);

/// Ranges AWS refuses for a VPC, or that its services use for themselves.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
const REFUSED: [(Ipv4Net, &str); 6] = [
    (range([0, 0, 0, 0], 8), "stands for no network"),
    (range([127, 0, 0, 0], 8), "is every machine's own"),
    (range([169, 254, 0, 0], 16), "is link-local"),
    (range([172, 17, 0, 0], 16), "is Docker's own network within SageMaker"),
    (range([198, 19, 0, 0], 16), "is refused by AWS"),
    (range([224, 0, 0, 0], 3), "is for multicast"),
];

const fn range([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

impl Cidr {
    /// The first address.
    pub fn address(&self) -> Ipv4Addr {
        self.0.addr()
    }

    /// The number of leading bits that all addresses share, 16 to 28.
    pub fn prefix(&self) -> u8 {
        self.0.prefix_len()
    }

    /// True if the two ranges have an address in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }

    /// The `index`-th of the blocks of that prefix within this range. `None` if it has no such block.
    pub(crate) fn block(&self, prefix: u8, index: u8) -> Option<Self> {
        self.0.subnets(prefix).ok()?.nth(index.into()).map(Self)
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("`{text}` is not an IPv4 range such as `10.0.0.0/16`");
        let (address, prefix) = text.split_once('/').ok_or_else(malformed)?;
        let address: Ipv4Addr = address.parse().map_err(|_| malformed())?;
        let prefix: u8 = prefix.parse().map_err(|_| malformed())?;
        if !(16..=28).contains(&prefix) {
            return Err(format!("a VPC is between /16 and /28, not /{prefix}"));
        }
        let whole = Ipv4Net::new(address, prefix).map_err(|_| malformed())?.trunc();
        if whole.addr() != address {
            return Err(format!("`{text}` does not begin at its first address: write `{whole}`"));
        }
        for (refused, why) in REFUSED {
            if refused.contains(&address) {
                return Err(format!("`{text}` cannot be used: {refused} {why}"));
            }
        }
        Ok(Self(whole))
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
