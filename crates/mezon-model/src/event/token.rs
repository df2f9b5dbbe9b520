//! Tokens change hands.

use crate::id::{ChannelId, ClanId, MessageId, UserId};
use crate::record::records;

records! {
    /// Somebody sent tokens to somebody. The server may tell of one transfer more than once:
    /// [`transaction_id`](Self::transaction_id) says which are the same.
    TokensSent from api::TokenSentEvent {
        /// Who sent them.
        sender_id: UserId = sender_id,
        /// The name of who sent them.
        sender_name: String = sender_name,
        /// Who got them.
        receiver_id: UserId = receiver_id,
        /// How many, in whole tokens.
        amount: i32 = amount,
        /// What the sender wrote; may be empty.
        note: String = note,
        /// Further data of the transfer as JSON; may be empty.
        extra_attribute: String = extra_attribute,
        /// The transfer.
        transaction_id: String = transaction_id,
    }

    /// Somebody gave somebody a coffee for a message.
    CoffeeGiven from api::GiveCoffeeEvent {
        /// Who gave it.
        sender_id: UserId = sender_id,
        /// Who got it.
        receiver_id: UserId = receiver_id,
        /// How many tokens it was.
        token_count: i32 = token_count,
        /// The message.
        message_id: MessageId = message_ref_id,
        /// Its channel.
        channel_id: ChannelId = channel_id,
        /// Its clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
    }
}
