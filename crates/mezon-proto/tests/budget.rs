//! What decoding within a budget allocates, counted: never more than the budget, whatever comes.

use allocation_counter::measure;
use mezon_proto::api::{
    ChannelMessage, ChannelMessageList, ClanUserList, MessageAttachmentList, NotificationBatchRequest,
};
use mezon_proto::realtime::{ChannelPresenceEvent, Error};
use mezon_proto::wire::{CHANNEL_PRESENCE_EVENT_FIELD, Described, RawMessage, WireErrorKind, decode_within};
use proptest::prelude::*;
use prost::Message as _;

/// One field with these bytes.
fn field(number: u32, body: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    prost::encoding::bytes::encode(number, &body.to_vec(), &mut field);
    field
}

/// What decoding allocates at its peak, and whether it ended well.
fn peak<M: Described>(encoded: &[u8], budget: usize) -> (u64, bool) {
    let mut whole = false;
    let info = measure(|| whole = decode_within::<M>(encoded, budget).is_ok());
    (info.bytes_max, whole)
}

/// What is allocated for a message that is over the budget.
fn refused<M: Described>(encoded: &[u8], budget: usize) -> u64 {
    let kind = decode_within::<M>(encoded, budget).err().map(|error| error.kind());
    assert_eq!(kind, Some(WireErrorKind::TooLarge { budget }));
    peak::<M>(encoded, budget).0
}

#[test]
fn empty_elements_are_refused_before_anything_is_allocated() {
    const BUDGET: usize = 32 << 20;
    let list = |number, bytes: usize| field(number, &[]).repeat(bytes / 2);
    assert_eq!(refused::<ChannelMessageList>(&list(1, 16 << 20), BUDGET), 0);
    assert_eq!(refused::<MessageAttachmentList>(&list(1, 3_900 << 10), BUDGET), 0);
    assert_eq!(refused::<ChannelPresenceEvent>(&list(2, 1 << 20), BUDGET), 0);
    // In turns, so that each element looks like the first of a list.
    assert_eq!(refused::<ChannelPresenceEvent>(&[field(2, &[]), field(3, &[])].concat().repeat(1 << 18), BUDGET), 0);
    // Lists in a list, each of which is small.
    let notifications = field(2, &list(1, 2_000));
    assert_eq!(refused::<NotificationBatchRequest>(&field(1, &notifications).repeat(1_000), BUDGET), 0);
    assert_eq!(refused::<Error>(&field(3, &[]).repeat(1 << 20), BUDGET), 0);
    // What no strict decoder takes does not get by: a group in the first element, then the flood.
    let group = field(1, &[0x0b, 0x0c]);
    let presences = RawMessage::new(CHANNEL_PRESENCE_EVENT_FIELD, list(2, 1 << 20));
    let too_large = WireErrorKind::TooLarge { budget: RawMessage::BUDGET };
    assert_eq!(presences.read::<ChannelPresenceEvent>().map_err(|error| error.kind()), Err(too_large));
    assert_eq!(presences.decode().map_err(|error| error.kind()), Err(too_large));
    let flood = [group, list(1, 1 << 20)].concat();
    assert!(refused::<ChannelMessageList>(&flood, BUDGET) <= flood.len() as u64, "no more than a copy of the rest");
}

#[test]
fn asking_for_another_message_costs_nothing() {
    let raw = RawMessage::of(&ChannelMessage { content: "x".repeat(500), ..ChannelMessage::default() });
    let info = measure(|| assert_eq!(raw.read::<ChannelPresenceEvent>(), Ok(None)));
    assert_eq!(info.count_total, 0);
    let (read, decoded) =
        (measure(|| drop(raw.read::<ChannelMessage>())), measure(|| drop(ChannelMessage::decode(&*raw.body))));
    assert_eq!(read, decoded, "and reading it costs what decoding it does");
}

#[test]
fn a_full_page_of_real_messages_is_far_below_a_budget_of_a_mebibyte() {
    let message = ChannelMessage {
        content: "x".repeat(500),
        username: "linh".into(),
        attachments: vec![1; 300].into(),
        ..ChannelMessage::default()
    };
    let page = ChannelMessageList { messages: vec![message; 100], ..ChannelMessageList::default() };
    let encoded = page.encode_to_vec();
    assert_eq!(decode_within::<ChannelMessageList>(&encoded, 1 << 20).unwrap().message, page);
}

/// Bytes that are fields on the outside, down to some depth, and anything inside.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..30),
        prop::collection::vec(97u8..123, 0..40),
        Just(Vec::new()),
        (1u32..15, any::<u64>()).prop_map(|(number, value)| {
            let mut field = Vec::new();
            prost::encoding::uint64::encode(number, &value, &mut field);
            field
        }),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        let part = (1u32..15, inner, 1usize..8);
        let parts = prop::collection::vec(part, 1..6);
        parts.prop_map(|parts| {
            parts.iter().flat_map(|(number, body, times)| field(*number, body).repeat(*times)).collect()
        })
    })
}

fn within_budget<M: Described>(encoded: &[u8]) -> Result<(), TestCaseError> {
    for budget in [0, 100, 1_000, 10_000, 100_000, 1_000_000, 100_000_000] {
        let (bytes, ended_well) = peak::<M>(encoded, budget);
        // What does not fit is decoded from a copy of the rest, and prost's error of the first attempt is a box.
        let copy = if M::decode(encoded).is_ok() { 0 } else { 5 * encoded.len() + 1_000 };
        prop_assert!(bytes <= (budget + copy) as u64, "{bytes} bytes with a budget of {budget} and {copy}");
        if let (true, Ok(strict)) = (ended_well, M::decode(encoded)) {
            let decoded =
                decode_within::<M>(encoded, budget).map(|decoded| (decoded.message.encode_to_vec(), decoded.dropped));
            prop_assert_eq!(decoded, Ok((strict.encode_to_vec(), 0)));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_bytes_take_more_than_the_budget(encoded in fields()) {
        within_budget::<ChannelMessageList>(&encoded)?;
        within_budget::<ClanUserList>(&encoded)?;
        within_budget::<MessageAttachmentList>(&encoded)?;
        within_budget::<NotificationBatchRequest>(&encoded)?;
        within_budget::<ChannelPresenceEvent>(&encoded)?;
        within_budget::<Error>(&encoded)?;
        within_budget::<mezon_proto::api::CreateChannelDescRequest>(&encoded)?;
    }
}
