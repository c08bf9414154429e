//! Amounts of money in billionths of a currency's unit: whole numbers, so that what is added up can be taken off again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Billionths in one unit.
const UNIT: f64 = 1e9;

/// An amount, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub u64);

impl Money {
    /// The amount of so many units; `None` for what is no amount.
    pub fn of_units(units: f64) -> Option<Self> {
        // The conversion saturates.
        (units.is_finite() && units >= 0.0).then(|| Self((units * UNIT).round() as u64))
    }

    /// What so many tokens cost at a price per million, rounded up.
    pub(crate) fn of_tokens(tokens: u64, per_million: f64) -> Self {
        let billionths = tokens as f64 * per_million.max(0.0) * (UNIT / 1e6);
        Self(billionths.ceil() as u64)
    }

    /// In units.
    pub fn units(self) -> f64 {
        self.0 as f64 / UNIT
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Money {
    /// In units, with two decimals; with six where less than one is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units();
        if self.0 != 0 && units < 0.01 {
            write!(f, "{units:.6}")
        } else {
            write!(f, "{units:.2}")
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.units())
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = f64::deserialize(deserializer)?;
        Self::of_units(units)
            .ok_or_else(|| serde::de::Error::custom("an amount of money is a number from 0 on"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_a_billionth() {
        assert_eq!(Money::of_units(12.5), Some(Money(12_500_000_000)));
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Money::of_units(bad), None);
        }
        // A hundred tokens at 0.10 a million.
        assert_eq!(Money::of_tokens(100, 0.1), Money(10_000));
        assert_eq!(Money::of_tokens(1, 0.000_000_1), Money(1), "rounded up");
        assert_eq!(Money::of_tokens(u64::MAX, 1e300), Money(u64::MAX));
        assert_eq!(serde_json::to_string(&Money(12_500_000_000)).unwrap(), "12.5");
        assert_eq!(serde_json::from_str::<Money>("3").unwrap(), Money(3_000_000_000));
        assert!(serde_json::from_str::<Money>("-1").is_err());
        let told = [Money(0), Money(1_234_000), Money(12_500_000_000)].map(|money| money.to_string());
        assert_eq!(told, ["0.00", "0.001234", "12.50"]);
    }
}
