//! One transfer on its way, as a machine that never pays twice.

use std::fmt;
use std::time::Duration;

use mezon_session::DelayPolicy;

use crate::{NodeError, NodeErrorKind, RefusalCode, SignedTransfer, Signer, Transfer};

/// How often the node is asked for a nonce, or sent the same transfer, before it is given up.
const ATTEMPTS: u32 = 8;

/// How often a transfer is signed anew because the node refused its nonce.
const SIGNATURES: u32 = 3;

/// One transfer on its way: [`Payment::step`] says what is to be done, and [`Payment::handle`] takes what came of it.
///
/// ```
/// # use mezon_mmn::*;
/// # fn example(transfer: Transfer, signer: &Signer, delays: mezon_session::ExponentialDelay) -> Outcome {
/// # let (ask, keep, send, wait, now_ms, unit) = (|| Ok(6), |_: &SignedTransfer| true, |_: &SignedTransfer| Ok(String::new()), |_| (), || 0, || 0.5);
/// let mut payment = Payment::new(transfer, delays);
/// loop {
///     let heard = match payment.step() {
///         Step::AskNonce(address) => Heard::Nonce(ask(/* NodeRequest::nonce(address) */)),
///         Step::Keep(signed) => Heard::Kept(keep(signed)),
///         Step::Send(signed) => Heard::Sent(send(signed)),
///         Step::Wait(delay) => {
///             wait(delay);
///             Heard::Waited
///         }
///         Step::Ended(outcome) => return outcome,
///     };
///     payment.handle(heard, signer, now_ms(), unit());
/// }
/// # }
/// ```
pub struct Payment<Delays> {
    transfer: Transfer,
    delays: Delays,
    state: State,
    /// Whether it may have been taken without our hearing of it.
    maybe_taken: bool,
    attempts: u32,
    signatures: u32,
}

enum State {
    AskNonce,
    Keep(SignedTransfer),
    Send(SignedTransfer),
    /// Then goes on with the transfer, or with the question for a nonce.
    Wait(Duration, Option<SignedTransfer>),
    Ended(Outcome),
}

/// What is to be done next.
#[derive(Debug)]
pub enum Step<'a> {
    /// Ask the node for the newest nonce of this address, and give it to [`Heard::Nonce`].
    AskNonce(crate::Address),
    /// Keep this where a crash does not take it, and then say so: [`Heard::Kept`]. Without a place to keep it, say so at
    /// once; then a crash leaves it open whether the transfer was made.
    Keep(&'a SignedTransfer),
    /// Send this to the node: [`Heard::Sent`].
    Send(&'a SignedTransfer),
    /// Wait so long: [`Heard::Waited`].
    Wait(Duration),
    /// It is over. What was kept can be forgotten.
    Ended(Outcome),
}

/// What came of a step.
#[derive(Debug)]
pub enum Heard {
    /// The newest nonce of the sender.
    Nonce(Result<u64, NodeError>),
    /// Whether it is kept.
    Kept(bool),
    /// The hash that the node gave.
    Sent(Result<String, NodeError>),
    /// The time is over.
    Waited,
}

/// What became of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The node took it.
    Done {
        /// By which it can be found on the chain. `None`: the node took it before, and its answer was lost.
        hash: Option<String>,
    },
    /// The node refused it. Nothing was paid.
    Refused(RefusalCode),
    /// It did not reach the node, or was not sent at all. Nothing was paid, and it can be tried again.
    NotSent {
        /// Why.
        reason: NotSent,
    },
    /// It may have been paid, and the node does not say. Look at the transactions of the account before it is tried again:
    /// another transfer would be a second one.
    Unknown,
}

/// Why a transfer was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// The node could not be reached, or was too busy, for as long as it was tried.
    NodeAway,
    /// It could not be kept, so it was not sent.
    NotKept,
    /// The node refused one nonce after the other.
    NonceRefused,
}

impl<Delays: DelayPolicy> Payment<Delays> {
    /// A transfer that was never sent.
    pub fn new(transfer: Transfer, delays: Delays) -> Self {
        Self { transfer, delays, state: State::AskNonce, maybe_taken: false, attempts: 0, signatures: 0 }
    }

    /// Goes on with a transfer that was kept when the program ended. It may have been sent, so the same bytes are sent again.
    pub fn resume(transfer: Transfer, kept: SignedTransfer, delays: Delays) -> Self {
        Self { maybe_taken: true, state: State::Send(kept), signatures: 1, ..Self::new(transfer, delays) }
    }

    /// What is to be done next.
    pub fn step(&self) -> Step<'_> {
        match &self.state {
            State::AskNonce => Step::AskNonce(self.transfer.sender()),
            State::Keep(signed) => Step::Keep(signed),
            State::Send(signed) => Step::Send(signed),
            State::Wait(delay, _) => Step::Wait(*delay),
            State::Ended(outcome) => Step::Ended(outcome.clone()),
        }
    }

    /// Takes what came of [`Payment::step`]. What does not belong to it changes nothing. A transfer is signed `with` the
    /// sender's key. `now_ms` is the time in Unix
    /// milliseconds; `unit` is random in `[0, 1)`, for the delays.
    pub fn handle(&mut self, heard: Heard, with: &Signer, now_ms: u64, unit: f64) {
        let state = std::mem::replace(&mut self.state, State::Ended(Outcome::Unknown));
        self.state = match (state, heard) {
            (State::AskNonce, Heard::Nonce(Ok(newest))) => {
                self.attempts = 0;
                self.signatures += 1;
                State::Keep(with.sign(&self.transfer, newest.saturating_add(1), now_ms))
            }
            (State::AskNonce, Heard::Nonce(Err(error))) => self.no_nonce(&error, unit),
            (State::Keep(signed), Heard::Kept(true)) | (State::Wait(_, Some(signed)), Heard::Waited) => {
                State::Send(signed)
            }
            (State::Keep(_), Heard::Kept(false)) => self.given_up(NotSent::NotKept),
            (State::Send(_), Heard::Sent(Ok(hash))) => State::Ended(Outcome::Done { hash: Some(hash) }),
            (State::Send(signed), Heard::Sent(Err(error))) => self.not_taken(signed, error.kind(), unit),
            (State::Wait(_, None), Heard::Waited) => State::AskNonce,
            (state, _) => state,
        };
    }

    fn no_nonce(&mut self, error: &NodeError, unit: f64) -> State {
        match error.kind() {
            // A question is harmless: whatever became of it, it is asked again.
            NodeErrorKind::Refused(code) if !code.is_passing() => State::Ended(Outcome::Refused(*code)),
            _ => self.wait(None, unit),
        }
    }

    fn not_taken(&mut self, signed: SignedTransfer, error: &NodeErrorKind, unit: f64) -> State {
        match error {
            NodeErrorKind::Refused(RefusalCode::DuplicateTransaction) => State::Ended(Outcome::Done { hash: None }),
            NodeErrorKind::Refused(code) if code.is_passing() => self.wait(Some(signed), unit),
            NodeErrorKind::Unsent => self.wait(Some(signed), unit),
            NodeErrorKind::Refused(RefusalCode::InternalError)
            | NodeErrorKind::Rpc { .. }
            | NodeErrorKind::Lost
            | NodeErrorKind::Unreadable { .. } => {
                self.maybe_taken = true;
                self.wait(Some(signed), unit)
            }
            // From here on the node refuses for good what it was sent now. An earlier copy may have been taken, and may even
            // be the reason: its nonce is used, its tokens are gone.
            NodeErrorKind::Refused(_) if self.maybe_taken => State::Ended(Outcome::Unknown),
            NodeErrorKind::Refused(code) if code.is_of_the_nonce() && self.signatures < SIGNATURES => State::AskNonce,
            NodeErrorKind::Refused(code) if code.is_of_the_nonce() => self.given_up(NotSent::NonceRefused),
            NodeErrorKind::Refused(code) => State::Ended(Outcome::Refused(*code)),
        }
    }

    fn wait(&mut self, signed: Option<SignedTransfer>, unit: f64) -> State {
        self.attempts += 1;
        if self.attempts >= ATTEMPTS {
            return self.given_up(NotSent::NodeAway);
        }
        State::Wait(self.delays.next_delay(unit), signed)
    }

    fn given_up(&self, reason: NotSent) -> State {
        State::Ended(if self.maybe_taken { Outcome::Unknown } else { Outcome::NotSent { reason } })
    }
}

impl<Delays> fmt::Debug for Payment<Delays> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("transfer", &self.transfer)
            .field("maybe_taken", &self.maybe_taken)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
