//! The proof that a key belongs to a user.

use std::fmt;

use mezon_session::Secret;
use serde::{Deserialize, Serialize};

use crate::{Address, EphemeralKey, NodeError, NodeErrorKind};

/// Proves to the node that a key signs for a user's address. From the prover, for a [`ProofRequest`].
///
/// Nodes accept it long after the ID token that it was made from has expired, so one proof serves for the life of the key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    proof: Secret,
    public_input: Secret,
}

impl Proof {
    /// A proof and its public input, both as the prover wrote them.
    pub fn new(proof: impl Into<Secret>, public_input: impl Into<Secret>) -> Self {
        Self { proof: proof.into(), public_input: public_input.into() }
    }

    /// Reads the prover's answer.
    ///
    /// # Errors
    /// [`NodeErrorKind::Unreadable`]: it holds no proof.
    pub fn from_answer(body: &[u8]) -> Result<Self, NodeError> {
        #[derive(Deserialize)]
        struct Answer {
            data: Proof,
        }

        let answer: Answer =
            serde_json::from_slice(body).map_err(|_| NodeErrorKind::Unreadable { what: "the prover's answer" })?;
        let Self { proof, public_input } = &answer.data;
        if proof.is_empty() || public_input.is_empty() {
            return Err(NodeErrorKind::Unreadable { what: "the prover's answer" }.into());
        }
        Ok(answer.data)
    }

    pub(crate) fn texts(&self) -> (&str, &str) {
        (self.proof.expose(), self.public_input.expose())
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(<redacted>)")
    }
}

/// What the prover is asked: a POST of this JSON to `/prove`.
///
/// It needs the ID token of the sign-in, which lives for one hour and which a refresh does not renew: ask right after the
/// sign-in.
#[derive(Serialize)]
pub struct ProofRequest<'a> {
    user_id: &'a str,
    ephemeral_pk: String,
    jwt: &'a Secret,
    address: Address,
    client_type: &'static str,
}

impl<'a> ProofRequest<'a> {
    /// Asks to prove that `key` signs for the user.
    pub fn new(user_id: &'a str, key: &EphemeralKey, id_token: &'a Secret) -> Self {
        let address = Address::of_user(user_id);
        Self { user_id, ephemeral_pk: key.public_key_text(), jwt: id_token, address, client_type: "mezon" }
    }

    /// The body of the request. It holds the ID token.
    pub fn to_json(&self) -> Secret {
        // Texts and ids only: nothing of it can fail to be written.
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }
}

impl fmt::Debug for ProofRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofRequest").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
