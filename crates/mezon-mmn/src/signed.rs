//! Signed transfers: the bytes that may be sent again and again.

use std::fmt;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::{Address, EphemeralKey, Proof, Transfer, TransferKind};

/// Signs transfers for a user.
#[derive(Debug)]
pub struct Signer {
    key: EphemeralKey,
    proof: Option<Proof>,
}

impl Signer {
    /// Signs with a key that is proved to be the user's.
    pub fn new(key: EphemeralKey, proof: Proof) -> Self {
        Self { key, proof: Some(proof) }
    }

    /// Signs for the wallet whose address is the key itself, [`TransferKind::Wallet`].
    pub fn wallet(key: EphemeralKey) -> Self {
        Self { key, proof: None }
    }

    /// The address of the wallet that the key is.
    pub fn wallet_address(&self) -> Address {
        Address::of_public_key(self.key.public_key())
    }

    /// Signs `transfer`, for this nonce. `timestamp_ms` is the time in Unix milliseconds; the signature does not cover it.
    pub fn sign(&self, transfer: &Transfer, nonce: u64, timestamp_ms: u64) -> SignedTransfer {
        let signature = self.key.sign(transfer.sign_bytes(nonce).as_bytes());
        let signature = match transfer.kind {
            TransferKind::Wallet => bs58::encode(signature).into_string(),
            TransferKind::Proved | TransferKind::Content => {
                let (key, signature) = (BASE64.encode(&self.key.public_key()), BASE64.encode(&signature));
                // Nothing in base64 wants an escape.
                bs58::encode(format!(r#"{{"PubKey":"{key}","Sig":"{signature}"}}"#)).into_string()
            }
        };
        let (zk_proof, zk_pub) = self.proof.as_ref().map_or(("", ""), Proof::texts);
        let message = Message {
            kind: transfer.kind,
            sender: transfer.sender,
            recipient: transfer.recipient,
            amount: transfer.amount.units().to_string(),
            timestamp: timestamp_ms,
            text_data: transfer.note.clone(),
            nonce,
            extra_info: transfer.extra.clone(),
            zk_proof: zk_proof.to_owned(),
            zk_pub: zk_pub.to_owned(),
        };
        SignedTransfer { tx_msg: message, signature }
    }
}

/// A transfer with its signature, as it goes to the node. Sending it twice pays once: the node knows it by what was signed.
///
/// Whoever holds it can send it, so it is printed nowhere. It can be kept as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTransfer {
    tx_msg: Message,
    signature: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: TransferKind,
    sender: Address,
    recipient: Address,
    amount: String,
    timestamp: u64,
    text_data: String,
    nonce: u64,
    extra_info: String,
    zk_proof: String,
    zk_pub: String,
}

impl SignedTransfer {
    /// The JSON that the node takes, and that can be kept.
    pub fn to_json(&self) -> String {
        // Texts and numbers only: nothing of it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The nonce that it was signed for.
    pub fn nonce(&self) -> u64 {
        self.tx_msg.nonce
    }
}

impl fmt::Debug for SignedTransfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message { sender, recipient, amount, nonce, .. } = &self.tx_msg;
        f.debug_struct("SignedTransfer")
            .field("sender", sender)
            .field("recipient", recipient)
            .field("units", amount)
            .field("nonce", nonce)
            .finish_non_exhaustive()
    }
}
