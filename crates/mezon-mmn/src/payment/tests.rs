use std::collections::HashMap;

use mezon_session::ExponentialDelay;
use proptest::prelude::*;

use super::*;
use crate::{Address, Amount, EphemeralKey, Proof};

fn signer() -> Signer {
    Signer::new(EphemeralKey::from_seed([7; 32]), Proof::new("proof", "input"))
}

fn transfer() -> Transfer {
    Transfer::new(Address::of_user("1"), Address::of_user("2"), Amount::from_tokens(1)).build().unwrap()
}

fn payment() -> Payment<ExponentialDelay> {
    Payment::new(transfer(), ExponentialDelay::default())
}

fn refused(code: RefusalCode) -> Heard {
    Heard::Sent(Err(NodeErrorKind::Refused(code).into()))
}

fn failed(kind: NodeErrorKind) -> Heard {
    Heard::Sent(Err(kind.into()))
}

/// Up to the moment of sending.
fn ready(payment: &mut Payment<ExponentialDelay>, newest: u64) -> SignedTransfer {
    payment.handle(Heard::Nonce(Ok(newest)), &signer(), 0, 0.5);
    payment.handle(Heard::Kept(true), &signer(), 0, 0.5);
    sending(payment)
}

fn sending(payment: &Payment<ExponentialDelay>) -> SignedTransfer {
    let Step::Send(signed) = payment.step() else { panic!("{:?}", payment.step()) };
    signed.clone()
}

fn ended(payment: &Payment<ExponentialDelay>) -> Outcome {
    let Step::Ended(outcome) = payment.step() else { panic!("{:?}", payment.step()) };
    outcome
}

#[test]
fn it_is_kept_before_it_is_sent() {
    let mut payment = payment();
    assert!(matches!(payment.step(), Step::AskNonce(address) if address == Address::of_user("1")));
    payment.handle(Heard::Nonce(Ok(6)), &signer(), 0, 0.5);
    assert!(matches!(payment.step(), Step::Keep(signed) if signed.nonce() == 7));
    payment.handle(Heard::Sent(Ok("early".into())), &signer(), 0, 0.5);
    assert!(matches!(payment.step(), Step::Keep(_)), "what does not belong to the step changes nothing");
    payment.handle(Heard::Kept(true), &signer(), 0, 0.5);
    payment.handle(Heard::Sent(Ok("hash".into())), &signer(), 0, 0.5);
    assert_eq!(ended(&payment), Outcome::Done { hash: Some("hash".into()) });
}

#[test]
fn what_cannot_be_kept_is_not_sent() {
    let mut payment = payment();
    payment.handle(Heard::Nonce(Ok(6)), &signer(), 0, 0.5);
    payment.handle(Heard::Kept(false), &signer(), 0, 0.5);
    assert_eq!(ended(&payment), Outcome::NotSent { reason: NotSent::NotKept });
}

#[test]
fn after_a_lost_answer_the_same_bytes_go_again() {
    let mut payment = payment();
    let first = ready(&mut payment, 6);
    payment.handle(failed(NodeErrorKind::Lost), &signer(), 0, 0.5);
    assert!(matches!(payment.step(), Step::Wait(_)));
    payment.handle(Heard::Waited, &signer(), 99, 0.5);
    assert_eq!(sending(&payment), first);
    payment.handle(refused(RefusalCode::DuplicateTransaction), &signer(), 0, 0.5);
    assert_eq!(ended(&payment), Outcome::Done { hash: None });
}

#[test]
fn it_is_signed_anew_only_after_a_certain_refusal() {
    let mut sure = payment();
    ready(&mut sure, 6);
    sure.handle(refused(RefusalCode::NonceTooLow), &signer(), 0, 0.5);
    assert!(matches!(sure.step(), Step::AskNonce(_)));
    assert_eq!(ready(&mut sure, 9).nonce(), 10);

    let mut unsure = payment();
    ready(&mut unsure, 6);
    unsure.handle(failed(NodeErrorKind::Lost), &signer(), 0, 0.5);
    unsure.handle(Heard::Waited, &signer(), 0, 0.5);
    unsure.handle(refused(RefusalCode::NonceTooLow), &signer(), 0, 0.5);
    assert_eq!(ended(&unsure), Outcome::Unknown, "the first copy may be what used the nonce");
}

#[test]
fn a_refusal_counts_only_when_no_earlier_copy_may_have_been_taken() {
    for code in [RefusalCode::InsufficientFunds, RefusalCode::InvalidSignature, RefusalCode::Unknown] {
        let mut sure = payment();
        ready(&mut sure, 6);
        sure.handle(refused(code), &signer(), 0, 0.5);
        assert_eq!(ended(&sure), Outcome::Refused(code));

        let signed = signer().sign(&transfer(), 7, 0);
        let mut resumed = Payment::resume(transfer(), signed.clone(), ExponentialDelay::default());
        assert_eq!(sending(&resumed), signed);
        resumed.handle(refused(code), &signer(), 0, 0.5);
        assert_eq!(ended(&resumed), Outcome::Unknown);
    }
}

#[test]
fn it_is_given_up_after_a_bounded_time() {
    for (error, outcome) in [
        (NodeErrorKind::Unsent, Outcome::NotSent { reason: NotSent::NodeAway }),
        (NodeErrorKind::Refused(RefusalCode::MempoolFull), Outcome::NotSent { reason: NotSent::NodeAway }),
        (NodeErrorKind::Lost, Outcome::Unknown),
        (NodeErrorKind::Refused(RefusalCode::InternalError), Outcome::Unknown),
    ] {
        let mut payment = payment();
        ready(&mut payment, 6);
        let mut sent = 0;
        while !matches!(payment.step(), Step::Ended(_)) {
            sent += u32::from(matches!(payment.step(), Step::Send(_)));
            let heard = if matches!(payment.step(), Step::Wait(_)) { Heard::Waited } else { failed(error.clone()) };
            payment.handle(heard, &signer(), 0, 0.5);
        }
        assert_eq!((sent, ended(&payment)), (ATTEMPTS, outcome), "{error:?}");
    }
    let mut payment = payment();
    for _ in 0..SIGNATURES {
        ready(&mut payment, 6);
        payment.handle(refused(RefusalCode::NonceTooHigh), &signer(), 0, 0.5);
    }
    assert_eq!(ended(&payment), Outcome::NotSent { reason: NotSent::NonceRefused });
}

/// A node with its rules, as far as they matter here: each transfer once, each nonce once, nobody below zero.
struct Chain {
    taken: HashMap<String, u64>,
    nonce: u64,
    balances: [u128; 2],
}

impl Chain {
    fn add(&mut self, signed: &SignedTransfer) -> Result<String, NodeError> {
        let refuse = |code| Err(NodeErrorKind::Refused(code).into());
        let bytes = signed.to_json();
        if self.taken.contains_key(&bytes) {
            return refuse(RefusalCode::DuplicateTransaction);
        }
        if signed.nonce() <= self.nonce {
            return refuse(RefusalCode::NonceTooLow);
        }
        let amount = transfer().amount().units();
        let [sender, recipient] = self.balances;
        let Some(left) = sender.checked_sub(amount) else { return refuse(RefusalCode::InsufficientFunds) };
        self.balances = [left, recipient + amount];
        self.nonce = signed.nonce();
        self.taken.insert(bytes, signed.nonce());
        Ok(format!("hash {}", signed.nonce()))
    }
}

#[derive(Clone, Copy, Debug)]
enum Luck {
    Good,
    /// The connection was never made.
    Unsent,
    /// The node acted, and its answer was lost.
    AnswerLost,
    Busy,
    /// The program ends before the step, and starts again with what was kept.
    Killed,
    /// Somebody else's transfer uses the next nonce.
    OtherTransfer,
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        4 => Just(Luck::Good),
        1 => Just(Luck::Unsent),
        3 => Just(Luck::AnswerLost),
        1 => Just(Luck::Busy),
        2 => Just(Luck::Killed),
        1 => Just(Luck::OtherTransfer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever happens on the way, a transfer is made once or not at all, and its outcome never claims the opposite.
    #[test]
    fn no_transfer_is_made_twice(funds in 0_u128..3, mut days in prop::collection::vec(luck(), 0..40)) {
        let mut chain = Chain { taken: HashMap::new(), nonce: 6, balances: [funds * 1_000_000, 0] };
        let (signer, mut kept) = (signer(), None);
        let mut payment = payment();
        let outcome = loop {
            let day = days.pop().unwrap_or(Luck::Good);
            let answer = |result: Result<u64, NodeError>| match day {
                Luck::Unsent => Err(NodeErrorKind::Unsent.into()),
                Luck::AnswerLost => Err(NodeErrorKind::Lost.into()),
                Luck::Busy => Err(NodeErrorKind::Refused(RefusalCode::RateLimited).into()),
                _ => result,
            };
            if let Luck::OtherTransfer = day {
                chain.nonce += 1;
            }
            let heard = match payment.step() {
                Step::Ended(outcome) => break outcome,
                _ if matches!(day, Luck::Killed) => {
                    payment = match &kept {
                        Some(signed) => Payment::resume(transfer(), SignedTransfer::clone(signed), ExponentialDelay::default()),
                        None => self::payment(),
                    };
                    continue;
                }
                Step::AskNonce(_) => Heard::Nonce(answer(Ok(chain.nonce))),
                Step::Keep(signed) => {
                    kept = Some(signed.clone());
                    Heard::Kept(true)
                }
                Step::Send(_) if matches!(day, Luck::Unsent | Luck::Busy) => {
                    Heard::Sent(answer(Ok(0)).map(|_| String::new()))
                }
                Step::Send(signed) => match (day, chain.add(signed)) {
                    (Luck::AnswerLost, _) => failed(NodeErrorKind::Lost),
                    (_, result) => Heard::Sent(result),
                },
                Step::Wait(_) => Heard::Waited,
            };
            payment.handle(heard, &signer, 0, 0.5);
        };
        let made = chain.taken.len();
        prop_assert!(made <= 1, "{outcome:?}");
        prop_assert_eq!(chain.balances.iter().sum::<u128>(), funds * 1_000_000);
        match outcome {
            Outcome::Done { .. } => prop_assert_eq!(made, 1),
            Outcome::Refused(_) | Outcome::NotSent { .. } => prop_assert_eq!(made, 0),
            Outcome::Unknown => {}
        }
    }
}
