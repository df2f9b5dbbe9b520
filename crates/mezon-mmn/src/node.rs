//! What the node is asked, and what it answers: JSON-RPC 2.0 as values.

use std::fmt;

use mezon_session::{Error, ErrorClass, ErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Address, Amount, SignedTransfer};

/// A request to the node: the body of a POST.
#[derive(Clone, Debug)]
pub struct NodeRequest<'a> {
    call: Call<'a>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "method", content = "params")]
enum Call<'a> {
    #[serde(rename = "account.getcurrentnonce")]
    Nonce { address: Address, tag: &'static str },
    #[serde(rename = "account.getaccount")]
    Account { address: Address },
    #[serde(rename = "tx.addtx")]
    Add(&'a SignedTransfer),
}

impl<'a> NodeRequest<'a> {
    /// Asks for the newest nonce of an address, transfers that still wait included. Read the answer with
    /// [`Nonce::from_answer`].
    pub fn nonce(address: Address) -> Self {
        Self { call: Call::Nonce { address, tag: "pending" } }
    }

    /// Asks for the balance of an address. Read the answer with [`Account::from_answer`].
    pub fn account(address: Address) -> Self {
        Self { call: Call::Account { address } }
    }

    /// Sends a transfer. Read the answer with [`SignedTransfer::hash_from_answer`].
    pub fn add(transfer: &'a SignedTransfer) -> Self {
        Self { call: Call::Add(transfer) }
    }

    /// The body. `id` is any number that tells requests apart.
    pub fn to_json(&self, id: u64) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            jsonrpc: &'static str,
            #[serde(flatten)]
            call: &'a Call<'a>,
            id: u64,
        }

        // Texts and numbers only: nothing of it can fail to be written.
        serde_json::to_string(&Body { jsonrpc: "2.0", call: &self.call, id }).unwrap_or_default()
    }
}

/// The newest nonce of an address. A transfer is signed for the one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Nonce {
    /// The number.
    pub nonce: u64,
}

impl Nonce {
    /// Reads the answer to [`NodeRequest::nonce`].
    ///
    /// # Errors
    /// As [`SignedTransfer::hash_from_answer`].
    pub fn from_answer(body: &[u8]) -> Result<Self, NodeError> {
        answer(body, "the answer to a question for a nonce")
    }
}

/// What an address holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// Its balance.
    pub balance: Amount,
    /// The nonce of its last transfer that is confirmed. Too old to sign for: ask for a [`Nonce`].
    pub nonce: u64,
}

impl Account {
    /// Reads the answer to [`NodeRequest::account`].
    ///
    /// # Errors
    /// As [`SignedTransfer::hash_from_answer`].
    pub fn from_answer(body: &[u8]) -> Result<Self, NodeError> {
        answer(body, "the answer to a question for an account")
    }
}

impl SignedTransfer {
    /// Reads the answer to [`NodeRequest::add`]: the hash by which the transfer can be found on the chain.
    ///
    /// # Errors
    /// [`NodeErrorKind::Refused`], [`NodeErrorKind::Rpc`]: the node's own word. [`NodeErrorKind::Unreadable`]: it is no
    /// answer of a node, and whether the transfer was taken is not known.
    pub fn hash_from_answer(body: &[u8]) -> Result<String, NodeError> {
        #[derive(Deserialize)]
        struct Added {
            ok: bool,
            tx_hash: Option<String>,
        }

        let what = "the answer to a transfer";
        let added: Added = answer(body, what)?;
        added.tx_hash.filter(|hash| added.ok && !hash.is_empty()).ok_or(NodeErrorKind::Unreadable { what }.into())
    }
}

/// Why the node did not do what it was asked.
pub type NodeError = Error<NodeErrorKind>;

/// Why the node did not do what it was asked, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeErrorKind {
    /// The node refused it.
    Refused(RefusalCode),
    /// The node did not understand it, or failed.
    Rpc {
        /// The number of JSON-RPC: -32602 for parameters, -32000 for the node itself.
        code: i64,
    },
    /// Nothing was sent: there was no connection.
    Unsent,
    /// The answer was lost, or came from something else in the node's place.
    Lost,
    /// The answer is none that a node gives.
    Unreadable {
        /// What could not be read.
        what: &'static str,
    },
}

/// Why a node refuses a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// The request is malformed.
    InvalidRequest,
    /// The transaction is malformed.
    InvalidTransaction,
    /// The signature or the proof does not fit.
    InvalidSignature,
    /// An address is malformed.
    InvalidAddress,
    /// The amount is malformed.
    InvalidAmount,
    /// The nonce is malformed.
    InvalidNonce,
    /// There is no such transaction.
    TransactionNotFound,
    /// There is no such account.
    AccountNotFound,
    /// The sender does not hold so much.
    InsufficientFunds,
    /// The nonce is used, or too old: the node takes those of the last 150 slots.
    NonceTooLow,
    /// The nonce lies in the future.
    NonceTooHigh,
    /// The very same transfer was taken before.
    DuplicateTransaction,
    /// Too many transfers wait at the node.
    MempoolFull,
    /// Too many requests.
    RateLimited,
    /// The node failed.
    InternalError,
    /// A code that is newer than this crate.
    #[serde(other)]
    Unknown,
}

impl RefusalCode {
    /// Whether the same transfer, signed for another nonce, may be taken.
    pub fn is_of_the_nonce(self) -> bool {
        matches!(self, Self::InvalidNonce | Self::NonceTooLow | Self::NonceTooHigh)
    }

    /// Whether the same transfer may be taken later.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::MempoolFull | Self::RateLimited)
    }
}

impl ErrorKind for NodeErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Refused(code) if code.is_passing() => ErrorClass::TRANSIENT,
            Self::Unsent => ErrorClass::TRANSIENT,
            Self::Refused(RefusalCode::InternalError) | Self::Rpc { .. } | Self::Lost | Self::Unreadable { .. } => {
                ErrorClass::MaybeDone
            }
            Self::Refused(_) => ErrorClass::Permanent,
        }
    }
}

impl fmt::Display for NodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "the node refused the transfer: {code}"),
            Self::Rpc { code } => write!(f, "the node failed with JSON-RPC error {code}"),
            Self::Unsent => f.write_str("the node cannot be reached"),
            Self::Lost => f.write_str("the answer of the node was lost"),
            Self::Unreadable { what } => write!(f, "{what} cannot be read"),
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidRequest => "the request is malformed",
            Self::InvalidTransaction => "the transaction is malformed",
            Self::InvalidSignature => "the signature or the proof does not fit",
            Self::InvalidAddress => "an address is malformed",
            Self::InvalidAmount => "the amount is malformed",
            Self::InvalidNonce => "the nonce is malformed",
            Self::TransactionNotFound => "there is no such transaction",
            Self::AccountNotFound => "there is no such account",
            Self::InsufficientFunds => "the sender does not hold so much",
            Self::NonceTooLow => "the nonce is used or too old",
            Self::NonceTooHigh => "the nonce lies in the future",
            Self::DuplicateTransaction => "it was taken before",
            Self::MempoolFull => "too many transfers wait",
            Self::RateLimited => "there are too many requests",
            Self::InternalError => "the node failed",
            Self::Unknown => "for a reason that is not known here",
        })
    }
}

/// The result in an answer of JSON-RPC.
fn answer<T: DeserializeOwned>(body: &[u8], what: &'static str) -> Result<T, NodeError> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        result: Option<&'a serde_json::value::RawValue>,
        error: Option<RpcError>,
    }

    #[derive(Deserialize)]
    struct RpcError {
        code: i64,
    }

    #[derive(Deserialize)]
    struct Failed {
        /// JSON once more, in a text.
        error: Option<String>,
    }

    #[derive(Deserialize)]
    struct Refusal {
        code: RefusalCode,
    }

    let unreadable = || NodeError::from(NodeErrorKind::Unreadable { what });
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| unreadable())?;
    if let Some(RpcError { code }) = answer.error {
        return Err(NodeErrorKind::Rpc { code }.into());
    }
    let result = answer.result.ok_or_else(unreadable)?.get();
    let Failed { error } = serde_json::from_str(result).map_err(|_| unreadable())?;
    if let Some(error) = error.filter(|error| !error.is_empty()) {
        let refusal: Refusal = serde_json::from_str(&error).map_err(|_| unreadable())?;
        return Err(NodeErrorKind::Refused(refusal.code).into());
    }
    serde_json::from_str(result).map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: &str) -> NodeErrorKind {
        let body = format!(r#"{{"jsonrpc":"2.0","result":{{"ok":false,"tx_hash":"","error":{error:?}}},"id":1}}"#);
        SignedTransfer::hash_from_answer(body.as_bytes()).unwrap_err().kind().clone()
    }

    #[test]
    fn answers_are_the_nodes_word_or_no_answer() {
        let good = br#"{"jsonrpc":"2.0","result":{"ok":true,"tx_hash":"abc","error":""},"id":1}"#;
        assert_eq!(SignedTransfer::hash_from_answer(good).unwrap(), "abc");
        assert_eq!(
            refused(r#"{"code":"insufficient_funds","message":"Not enough balance in your wallet"}"#),
            NodeErrorKind::Refused(RefusalCode::InsufficientFunds)
        );
        assert_eq!(refused(r#"{"code":"of_tomorrow"}"#), NodeErrorKind::Refused(RefusalCode::Unknown));
        let what = "the answer to a transfer";
        assert_eq!(refused("boom"), NodeErrorKind::Unreadable { what });
        for body in [
            &b""[..],
            b"<html>",
            b"null",
            b"{}",
            br#"{"result":null}"#,
            br#"{"result":{"ok":true}}"#,
            br#"{"result":{"ok":false,"tx_hash":"abc"}}"#,
        ] {
            let error = SignedTransfer::hash_from_answer(body).unwrap_err();
            assert_eq!(*error.kind(), NodeErrorKind::Unreadable { what }, "{}", String::from_utf8_lossy(body));
        }
        let boom = br#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"boom"},"id":1}"#;
        assert_eq!(*SignedTransfer::hash_from_answer(boom).unwrap_err().kind(), NodeErrorKind::Rpc { code: -32_000 });
        let account = br#"{"result":{"address":"x","balance":"1500000","nonce":7,"decimals":6}}"#;
        assert_eq!(Account::from_answer(account).unwrap().balance.to_string(), "1.5");
    }
}
