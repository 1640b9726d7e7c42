//! Price lists: the built-in list, and the lists that users supply as JSON.

use crate::Usd;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt};
use usage::UsageType;

/// The value that the field `format` of a price list must have.
const FORMAT: u64 = 1;
const CURRENCY: &str = "USD";

/// The list that comes with this crate, as JSON: list prices of its date, compiled from public sources that it names.
pub const BUILTIN: &str = include_str!("../prices.json");

/// AWS's price for each [`UsageType`], by region.
///
/// A price list is a JSON document. This one has two prices for one usage type:
///
/// ```
/// let list = r#"{
///     "format": 1,
///     "currency": "USD",
///     "as_of": "2026-09-30",
///     "about": "Our prices, with what was agreed",
///     "meters": {
///         "ec2:nat-gateway-hour": {
///             "unit": "hour",
///             "as_of": "2026-09-16",
///             "source": "the contract",
///             "usd": {"ap-south-1": "0.0504", "eu-west-1": "0.0432"}
///         }
///     }
/// }"#;
/// let prices = cost::Prices::read(list.as_bytes())?;
/// assert_eq!(prices.price(&cost::UsageType::NatGatewayHour, "ap-south-1"), Some("0.0504".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// - Amounts are text, so that they stay exact.
/// - `unit` must be the usage type's own ([`UsageType::unit`]): a price for a thousand is not taken for a price for one.
/// - `about` may be left out. A usage type or a region that is left out is not priced, which an estimate says.
/// - Of prices in tiers, the first counts; free tiers are no part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    as_of: String,
    meters: BTreeMap<UsageType, ListedPrice>,
}

#[derive(Clone, Debug, PartialEq)]
struct ListedPrice {
    as_of: String,
    source: String,
    usd: BTreeMap<String, Usd>,
}

/// The reason why a text is no price list that can be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not JSON.
    #[error("the price list is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It was written for another version of this tool.
    #[error("the price list has format {found}, and only format {FORMAT} is known")]
    Format {
        /// The format it says it has.
        found: u64,
    },
    /// Something in it is wrong.
    #[error("the price list is wrong at `{path}`: {what}")]
    At {
        /// The path from the top: `meters.kms:key-month.usd.eu-west-1`.
        path: String,
        /// The mistake, and the form that the value must have.
        what: String,
    },
}

impl Prices {
    /// The list that comes with this crate: list prices of its date, compiled from public sources that it names.
    ///
    /// # Errors
    /// Never, unless the crate was built with a list that is wrong.
    pub fn builtin() -> Result<Self, Error> {
        Self::read(BUILTIN.as_bytes())
    }

    /// Reads a price list.
    ///
    /// # Errors
    /// When it is not JSON, has another format, or has something missing, superfluous or wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(bytes)?;
        let top = Fields::new(&value, String::new())?;
        match top.get("format")?.as_u64() {
            Some(FORMAT) => {}
            Some(found) => return Err(Error::Format { found }),
            None => return Err(top.wrong("format", format!("must be the number {FORMAT}"))),
        }
        top.only(&["format", "currency", "as_of", "about", "meters"])?;
        if top.text("currency")? != CURRENCY {
            return Err(top.wrong("currency", format!("only {CURRENCY} is known")));
        }
        let meters = top.fields("meters")?;
        let listed = meters.map.keys().map(|key| ListedPrice::read(&meters, key)).collect::<Result<_, _>>()?;
        Ok(Self { as_of: top.date("as_of")?, meters: listed })
    }

    /// The date of its newest price: `2026-09-30`.
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// The price of one unit in a region, if the list has it.
    pub fn price(&self, usage_type: &UsageType, region: &str) -> Option<Usd> {
        self.meters.get(usage_type)?.usd.get(region).copied()
    }

    /// The source of a usage type's prices, and the date when they were last confirmed.
    pub fn source(&self, usage_type: &UsageType) -> Option<(&str, &str)> {
        self.meters.get(usage_type).map(|listed| (listed.source.as_str(), listed.as_of.as_str()))
    }

    /// The usage types it has, in a stable order.
    pub fn usage_types(&self) -> impl Iterator<Item = &UsageType> {
        self.meters.keys()
    }
}

impl ListedPrice {
    fn read(meters: &Fields<'_>, key: &str) -> Result<(UsageType, Self), Error> {
        let Some(usage_type) = UsageType::named(key) else {
            let known = UsageType::PLAIN.iter().map(UsageType::key).collect::<Vec<_>>().join(", ");
            let what = format!("there is no such meter. Known are sagemaker:instance-hour/ml.… and {known}");
            return Err(meters.wrong(key, what));
        };
        let fields = meters.fields(key)?;
        fields.only(&["unit", "as_of", "source", "usd"])?;
        if fields.text("unit")? != usage_type.unit() {
            return Err(fields.wrong("unit", format!("must be `{}`, the unit of this price", usage_type.unit())));
        }
        let usd = fields.fields("usd")?;
        let price = |region: &String| {
            let amount = usd.text(region)?.parse().map_err(|wrong| usd.wrong(region, wrong))?;
            Ok((region.clone(), amount))
        };
        let listed = Self {
            as_of: fields.date("as_of")?,
            source: fields.text("source")?.to_owned(),
            usd: usd.map.keys().map(price).collect::<Result<_, Error>>()?,
        };
        Ok((usage_type, listed))
    }
}

/// The fields of an object, and where it is.
struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    fn new(value: &'a Value, path: String) -> Result<Self, Error> {
        match value {
            Value::Object(map) => Ok(Self { map, path }),
            _ => Err(Error::At {
                path: if path.is_empty() { "(the top)".to_owned() } else { path },
                what: "must be an object, {…}".to_owned(),
            }),
        }
    }

    fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn wrong(&self, name: &str, what: impl fmt::Display) -> Error {
        Error::At { path: self.path(name), what: what.to_string() }
    }

    fn get(&self, name: &str) -> Result<&'a Value, Error> {
        self.map.get(name).ok_or_else(|| self.wrong(name, "it is missing"))
    }

    fn fields(&self, name: &str) -> Result<Self, Error> {
        Self::new(self.get(name)?, self.path(name))
    }

    fn text(&self, name: &str) -> Result<&'a str, Error> {
        let value = self.get(name)?;
        value.as_str().ok_or_else(|| self.wrong(name, format!("{value} is to be text, in quotes")))
    }

    fn date(&self, name: &str) -> Result<String, Error> {
        let text = self.text(name)?;
        let digit_or_dash =
            |(at, byte): (usize, u8)| if [4, 7].contains(&at) { byte == b'-' } else { byte.is_ascii_digit() };
        match text.len() == 10 && text.bytes().enumerate().all(digit_or_dash) {
            true => Ok(text.to_owned()),
            false => Err(self.wrong(name, "must be a date, as 2026-09-30")),
        }
    }

    fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.wrong(name, format!("there is no such field. Known are {}", known.join(", ")))),
            None => Ok(()),
        }
    }
}
