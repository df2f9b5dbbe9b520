//! Amounts of tokens, as whole numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{TransferError, TransferErrorKind};

/// How many decimals the chain's unit has: one token is a million of the smallest units.
const DECIMALS: usize = 6;

/// A number of tokens. It is kept in the smallest units, of which a token has 1,000,000, and never as a float.
///
/// ```
/// use mezon_mmn::Amount;
///
/// let amount: Amount = "1.5".parse()?;
/// assert_eq!((amount, amount.units()), (Amount::from_units(1_500_000), 1_500_000));
/// assert_eq!(amount.to_string(), "1.5");
/// assert!("1.0000001".parse::<Amount>().is_err(), "a token has no such part");
/// # Ok::<(), mezon_mmn::TransferError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

impl Amount {
    /// So many of the smallest units.
    pub const fn from_units(units: u128) -> Self {
        Self(units)
    }

    /// So many whole tokens.
    pub const fn from_tokens(tokens: u64) -> Self {
        // A product of a 64-bit and a 20-bit number fits.
        Self(tokens as u128 * 1_000_000)
    }

    /// The number of the smallest units.
    pub const fn units(self) -> u128 {
        self.0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Amount {
    type Err = TransferError;

    /// Reads a decimal number of tokens, such as `3` or `0.25`: digits, and up to six of them after a point.
    fn from_str(text: &str) -> Result<Self, TransferError> {
        let wrong = |problem| TransferErrorKind::Amount { problem };
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(wrong("it is no number such as 3 or 0.25").into());
        }
        if part.len() > DECIMALS {
            return Err(wrong("it has more than six digits after the point").into());
        }
        let units = format!("{whole}{part:0<DECIMALS$}").parse().map_err(|_| wrong("it is too large"))?;
        Ok(Self(units))
    }
}

/// The number of tokens, without zeros at the end.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if part == 0 {
            return whole.fmt(f);
        }
        let part = format!("{part:0>DECIMALS$}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}

/// As the chain writes it: the number of the smallest units, as text.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_read_exactly_or_refused() {
        for (text, units) in [("0", 0), ("3", 3_000_000), ("0.25", 250_000), ("0.000001", 1), ("007", 7_000_000)] {
            assert_eq!(text.parse::<Amount>().unwrap().units(), units, "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0x1", " 1", "1.0000000", "NaN", "∞", "１"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
        assert!(u128::MAX.to_string().parse::<Amount>().is_err(), "a million times as much");
    }

    #[test]
    fn the_largest_number_of_tokens_is_no_overflow() {
        assert_eq!(Amount::from_tokens(u64::MAX).to_string(), u64::MAX.to_string());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(units: u128) {
            let amount = Amount::from_units(units);
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(&json, &format!("\"{units}\""));
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        }
    }
}
