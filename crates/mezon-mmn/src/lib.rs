#![doc = include_str!("../README.md")]

mod address;
mod amount;
mod error;
mod key;
mod node;
mod payment;
mod proof;
mod signed;
mod transfer;

pub use address::{Address, AddressError};
pub use amount::Amount;
pub use error::{TransferError, TransferErrorKind};
pub use key::EphemeralKey;
pub use node::{Account, NodeError, NodeErrorKind, NodeRequest, Nonce, RefusalCode};
pub use payment::{Heard, NotSent, Outcome, Payment, Step};
pub use proof::{Proof, ProofRequest};
pub use signed::{SignedTransfer, Signer};
pub use transfer::{Transfer, TransferBuilder, TransferKind};
