//! People use what a message or a menu offers: buttons, selections, quick menus.
//!
//! Clicks and selections name neither clan nor mode: to answer, a program looks up the channel.

use crate::id::{ChannelId, ClanId, MessageId, UserId};
use crate::kind::StreamMode;
use crate::record::records;

records! {
    /// Somebody pressed a button of a message.
    ButtonClicked from realtime::MessageButtonClicked {
        /// The message.
        message_id: MessageId = message_id,
        /// Its channel.
        channel_id: ChannelId = channel_id,
        /// The id that the author of the message gave the button.
        button_id: String = button_id,
        /// Who wrote the message.
        author_id: UserId = sender_id,
        /// Who pressed the button.
        user_id: UserId = user_id,
        /// What the inputs of the message hold, as JSON; empty when there are none.
        extra_data: String = extra_data,
    }

    /// Somebody chose from a select box of a message.
    OptionsSelected from realtime::DropdownBoxSelected {
        /// The message.
        message_id: MessageId = message_id,
        /// Its channel.
        channel_id: ChannelId = channel_id,
        /// The id that the author of the message gave the box.
        select_id: String = selectbox_id,
        /// Who wrote the message.
        author_id: UserId = sender_id,
        /// Who chose.
        user_id: UserId = user_id,
        /// The values of the chosen options.
        values: Vec<String> = values,
    }

    /// Somebody chose from a bot's quick menu.
    QuickMenuChosen from realtime::QuickMenuDataEvent {
        /// The name of the entry.
        menu_name: String = menu_name,
        /// Where, and the message that was prepared with it, if any.
        message: Option<MenuMessage> = message,
        /// Who chose; none from servers before May 2026.
        sender_id: UserId = sender_id,
        /// Who wrote the message the menu belongs to, or none.
        message_sender_id: UserId = message_sender_id,
    }

    /// Where a quick menu was used, and the message prepared with it.
    MenuMessage from realtime::ChannelMessageSend {
        /// The clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The kind of conversation.
        mode: StreamMode = mode,
        /// Whether the channel is open to its whole clan.
        is_public: bool = is_public,
        /// The content as it came; [`MessageContent::parse`](crate::MessageContent::parse) reads it.
        content: String = content,
    }
}
