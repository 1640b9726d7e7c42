//! Quantities of a usage type, exact to a millionth of a unit.

use crate::decimal;
use serde::{Serialize, Serializer};
use std::fmt;

/// AWS's own convention for a month: 365 days of 24 hours, by 12.
pub const HOURS_PER_MONTH: u64 = 730;

/// An amount, exact to a millionth of its unit.
///
/// Serializes as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u64);

impl Quantity {
    /// Decimal places.
    pub const PLACES: u32 = 6;
    /// One.
    pub const ONE: Self = Self(1_000_000);

    /// So many units.
    pub fn count(count: u64) -> Self {
        Self::ratio(count.into(), 1)
    }

    /// A month of each of so many.
    pub fn months_of(count: u64) -> Self {
        Self::ratio(u128::from(count) * u128::from(HOURS_PER_MONTH), 1)
    }

    /// A numerator by a denominator, the last place up: what is the most must not become less.
    pub fn ratio(numerator: u128, denominator: u128) -> Self {
        let units = numerator.saturating_mul(decimal::whole(Self::PLACES)).div_ceil(denominator.max(1));
        Self(u64::try_from(units).unwrap_or(u64::MAX))
    }

    /// Millionths.
    pub fn units(self) -> u128 {
        self.0.into()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&decimal::write(self.units(), Self::PLACES, 0))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 % Self::ONE.0 {
            0 => to.serialize_u64(self.0 / Self::ONE.0),
            _ => to.serialize_f64(decimal::number(self.units(), Self::PLACES)),
        }
    }
}
