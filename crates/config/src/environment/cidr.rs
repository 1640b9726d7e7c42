//! IPv4 ranges.

use crate::form::{CidrBlock, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 range that a VPC or subnet can have: /16 to /28, written with its first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "Text<CidrBlock>", inline)]
pub struct Cidr {
    first: u32,
    prefix: u8,
}

/// Ranges AWS refuses for a VPC, or that its services use for themselves.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
const REFUSED: [([u8; 4], u8, &str); 6] = [
    ([0, 0, 0, 0], 8, "stands for no network"),
    ([127, 0, 0, 0], 8, "is every machine's own"),
    ([169, 254, 0, 0], 16, "is link-local"),
    ([172, 17, 0, 0], 16, "is Docker's own network within SageMaker"),
    ([198, 19, 0, 0], 16, "is refused by AWS"),
    ([224, 0, 0, 0], 3, "is for multicast"),
];

impl Cidr {
    /// The first address.
    pub fn address(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.first)
    }

    /// The number of leading bits that all addresses share, 16 to 28.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the two have an address in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        let shared = mask(self.prefix.min(other.prefix));
        self.first & shared == other.first & shared
    }

    /// The `index`-th of the blocks of that prefix within this range.
    pub(crate) fn block(&self, prefix: u8, index: u8) -> Self {
        Self { first: self.first + (u32::from(index) << (32 - u32::from(prefix))), prefix }
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("`{text}` is not an IPv4 range such as `10.0.0.0/16`");
        let (address, prefix) = text.split_once('/').ok_or_else(malformed)?;
        let address = u32::from(address.parse::<Ipv4Addr>().map_err(|_| malformed())?);
        let prefix: u8 = prefix.parse().map_err(|_| malformed())?;
        if !(16..=28).contains(&prefix) {
            return Err(format!("a VPC is between /16 and /28, not /{prefix}"));
        }
        let first = address & mask(prefix);
        if first != address {
            return Err(format!(
                "`{text}` does not begin at its first address: write `{}/{prefix}`",
                Ipv4Addr::from(first)
            ));
        }
        for (refused, bits, why) in REFUSED {
            if first & mask(bits) == u32::from_be_bytes(refused) {
                return Err(format!("`{text}` cannot be used: {}/{bits} {why}", Ipv4Addr::from(refused)));
            }
        }
        Ok(Self { first, prefix })
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
        write!(f, "{}/{}", self.address(), self.prefix)
    }
}
