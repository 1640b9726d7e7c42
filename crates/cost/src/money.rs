//! Amounts of US dollars, exact to twelve decimal places.

use serde::{Serialize, Serializer};
use std::{fmt, iter::Sum, ops::Add, str::FromStr};
use usage::{Quantity, decimal};

/// Picodollars: fine enough for a GB-second of Lambda, which costs 0.0000166667 dollars.
const PLACES: u32 = 12;
/// With this, a price times any [`Quantity`] stays in range.
const LIMIT: u128 = 1_000_000 * decimal::whole(PLACES);

/// An amount of US dollars, exact to 12 places. Nothing is rounded before it is shown.
///
/// Displays in cents, half a cent up: `40.88`. Serializes as a number with all its digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u128);

/// The error for a text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is written in digits with a point, less than a million and with at most 12 places: 0.056")]
pub struct NotAnAmount;

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// This price for so many; a half of the last place goes up.
    pub fn times(self, quantity: Quantity) -> Self {
        let (count, one) = (quantity.units(), decimal::whole(Quantity::PLACES));
        Self(self.0.saturating_mul(count).saturating_add(one / 2) / one)
    }

    /// In cents, half a cent up.
    pub fn cents(self) -> u128 {
        let cent = decimal::whole(PLACES - 2);
        (self.0 + cent / 2) / cent
    }

    /// All digits, at least cents: `0.0000166667`, `3.00`.
    pub fn exact(self) -> String {
        decimal::write(self.0, PLACES, 2)
    }
}

impl FromStr for Usd {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        decimal::read(text, PLACES).filter(|units| *units < LIMIT).map(Self).ok_or(NotAnAmount)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&decimal::write(self.cents(), 2, 2))
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(decimal::number(self.0, PLACES))
    }
}
