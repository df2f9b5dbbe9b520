//! What is to be transferred, checked before anything is signed.

use serde::{Deserialize, Serialize};

use crate::{Address, Amount, TransferError, TransferErrorKind};

/// The longest note, in bytes: the node's limit.
const NOTE_LIMIT: usize = 512;

/// The longest further information, in bytes of its JSON: the node's limit for a text.
const EXTRA_LIMIT: usize = 5_120;

/// What the node takes for an attempt to inject something, in any case of letters.
const REFUSED: [&str; 6] = ["${", "{{", "#{", "%0a", "eval(", "ldap://"];

/// How a transaction is signed, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[non_exhaustive]
pub enum TransferKind {
    /// Tokens of a user, signed by an ephemeral key that is proved.
    Proved,
    /// Tokens of a wallet, whose address is the key itself.
    Wallet,
    /// Content, such as a post in the feed of a donation: it may carry no tokens.
    Content,
}

impl From<TransferKind> for u8 {
    fn from(kind: TransferKind) -> Self {
        match kind {
            TransferKind::Proved => 0,
            TransferKind::Wallet => 1,
            TransferKind::Content => 2,
        }
    }
}

impl TryFrom<u8> for TransferKind {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        match number {
            0 => Ok(Self::Proved),
            1 => Ok(Self::Wallet),
            2 => Ok(Self::Content),
            _ => Err("there is no such type of transaction"),
        }
    }
}

/// Tokens on their way from one address to another. It was checked: what the node is known to refuse is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub(crate) kind: TransferKind,
    pub(crate) sender: Address,
    pub(crate) recipient: Address,
    pub(crate) amount: Amount,
    pub(crate) note: String,
    /// JSON of an object with texts in it, or nothing.
    pub(crate) extra: String,
}

impl Transfer {
    /// A transfer to be made.
    #[allow(clippy::new_ret_no_self)] // what is made is a transfer only after its checks
    pub fn new(sender: Address, recipient: Address, amount: Amount) -> TransferBuilder {
        let kind = TransferKind::Proved;
        let transfer = Self { kind, sender, recipient, amount, note: String::new(), extra: String::new() };
        TransferBuilder { transfer, extra: Vec::new() }
    }

    /// Who sends.
    pub fn sender(&self) -> Address {
        self.sender
    }

    /// Who receives.
    pub fn recipient(&self) -> Address {
        self.recipient
    }

    /// How much.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// What is covered by the signature, for this nonce.
    pub(crate) fn sign_bytes(&self, nonce: u64) -> String {
        let Self { kind, sender, recipient, amount, note, extra } = self;
        let (kind, amount) = (u8::from(*kind), amount.units());
        format!("{kind}|{sender}|{recipient}|{amount}|{note}|{nonce}|{extra}")
    }
}

/// A transfer before its checks.
#[derive(Clone, Debug)]
#[must_use]
pub struct TransferBuilder {
    transfer: Transfer,
    extra: Vec<(String, String)>,
}

impl TransferBuilder {
    /// Another kind than [`TransferKind::Proved`].
    pub fn kind(mut self, kind: TransferKind) -> Self {
        self.transfer.kind = kind;
        self
    }

    /// What the recipient reads. At most 512 bytes.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.transfer.note = note.into();
        self
    }

    /// Further information for programs, such as `type` or `UserSenderId`, in the order of the calls. A key that is given
    /// again keeps its place and gets the new value.
    pub fn extra(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        match self.extra.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.extra.push((key, value)),
        }
        self
    }

    /// Checks it.
    ///
    /// # Errors
    /// [`TransferErrorKind`]: what the node would refuse.
    pub fn build(self) -> Result<Transfer, TransferError> {
        let Self { mut transfer, extra } = self;
        if !extra.is_empty() {
            transfer.extra = object(&extra);
        }
        if transfer.amount.is_zero() && transfer.kind != TransferKind::Content {
            return Err(TransferErrorKind::Amount { problem: "it is nothing" }.into());
        }
        if transfer.sender == transfer.recipient {
            return Err(TransferErrorKind::OwnAddress.into());
        }
        if transfer.note.len() > NOTE_LIMIT {
            return Err(TransferErrorKind::NoteTooLong { bytes: transfer.note.len() }.into());
        }
        let note = transfer.note.to_lowercase();
        if let Some(pattern) = REFUSED.into_iter().find(|pattern| note.contains(pattern)) {
            return Err(TransferErrorKind::NoteRefused { pattern }.into());
        }
        if transfer.extra.len() > EXTRA_LIMIT {
            return Err(TransferErrorKind::ExtraTooLong { bytes: transfer.extra.len() }.into());
        }
        Ok(transfer)
    }
}

/// The pairs as a JSON object, in their order.
fn object(pairs: &[(String, String)]) -> String {
    struct Object<'a>(&'a [(String, String)]);

    impl Serialize for Object<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }

    // Texts only: nothing of it can fail to be written.
    serde_json::to_string(&Object(pairs)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(amount: Amount) -> TransferBuilder {
        Transfer::new(Address::of_user("1"), Address::of_user("2"), amount)
    }

    fn refused(builder: TransferBuilder) -> TransferErrorKind {
        builder.build().unwrap_err().kind().clone()
    }

    #[test]
    fn what_the_node_refuses_is_told_before_anything_is_signed() {
        let one = || transfer(Amount::from_tokens(1));
        assert!(matches!(refused(transfer(Amount::default())), TransferErrorKind::Amount { .. }));
        assert!(transfer(Amount::default()).kind(TransferKind::Content).build().is_ok());
        let own = Transfer::new(Address::of_user("1"), Address::of_user("1"), Amount::from_tokens(1));
        assert_eq!(refused(own), TransferErrorKind::OwnAddress);
        assert!(one().note("₫".repeat(170) + "ab").build().is_ok(), "512 bytes");
        assert_eq!(refused(one().note("₫".repeat(171))), TransferErrorKind::NoteTooLong { bytes: 513 });
        for (note, pattern) in
            [("a ${x}", "${"), ("{{x}}", "{{"), ("#{x}", "#{"), ("a%0Ab", "%0a"), ("EVAL(1)", "eval(")]
        {
            assert_eq!(refused(one().note(note)), TransferErrorKind::NoteRefused { pattern });
        }
        assert!(one().note("100 % of $ { } ldap").build().is_ok());
        // A quote is two bytes of JSON.
        let framed = r#"{"k":""}"#.len();
        assert!(one().extra("k", "\"".repeat((EXTRA_LIMIT - framed) / 2)).build().is_ok());
        let long = one().extra("k", "\"".repeat(EXTRA_LIMIT / 2));
        assert_eq!(refused(long), TransferErrorKind::ExtraTooLong { bytes: EXTRA_LIMIT + framed });
    }

    #[test]
    fn further_information_keeps_its_order() {
        let extra =
            transfer(Amount::from_tokens(1)).extra("z", "1").extra("a", "\n").extra("z", "2").build().unwrap().extra;
        assert_eq!(extra, r#"{"z":"2","a":"\n"}"#);
    }
}
