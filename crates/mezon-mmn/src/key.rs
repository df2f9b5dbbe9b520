//! The key that signs transfers.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

/// An Ed25519 key that lives as long as the process: it is made at the sign-in and proved once.
///
/// Its memory is cleared when it is dropped, and it is printed nowhere.
pub struct EphemeralKey(SigningKey);

impl EphemeralKey {
    /// The key that grows from 32 random bytes. Take them from a generator that is made for keys.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public half.
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The public half in base58, as the prover and the node write it.
    pub fn public_key_text(&self) -> String {
        bs58::encode(self.public_key()).into_string()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

/// The public half.
impl fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EphemeralKey({})", self.public_key_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_key_is_cleared_when_it_is_dropped() {
        fn is_cleared(_: &impl zeroize::ZeroizeOnDrop) {}
        is_cleared(&EphemeralKey::from_seed([7; 32]).0);
    }
}
