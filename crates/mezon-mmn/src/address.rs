//! Addresses on the chain.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// Where tokens lie. 32 bytes; written in base58.
///
/// A user's address is the SHA-256 of the user id in decimal digits, so it is the same with every key. What links the key
/// that signs to it is a [`Proof`](crate::Proof).
///
/// ```
/// use mezon_mmn::Address;
///
/// let address = Address::of_user("1840651530236071936");
/// assert_eq!(address.to_string(), "8zbf6w5765J2VYWETxdrm9WZMSTmjy1kTawMoU6SpZp2");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 32]);

/// A text is no address: it is not base58, or not 32 bytes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl Address {
    /// The address of the user with this id.
    pub fn of_user(user_id: &str) -> Self {
        Self(Sha256::digest(user_id.as_bytes()).into())
    }

    /// The address that is a public key itself: a wallet that signs without a proof.
    pub fn of_public_key(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut bytes = [0; 32];
        match bs58::decode(text).onto(&mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(AddressError),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no address of 32 bytes in base58")
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_bytes_of_base58_are_an_address() {
        let address = Address::of_user("1");
        assert_eq!(address.to_string().parse(), Ok(address));
        // 0, O, I and l are no digits of base58.
        for text in ["", "1", "0OIl", "8EjkXVSTxMFjCvNNsTo8RBMDEVQmk7gYkW4SCDuv", &"1".repeat(33), &"z".repeat(400)] {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text}");
        }
    }
}
