//! Using what a message or a menu offers, as the official clients do for their users.

use mezon_api::methods;
use mezon_model::{MessageId, QuickMenu, Target};
use mezon_proto::realtime::{self, envelope};

use super::messages::{NO_MESSAGE, user_of};
use super::{MessageRef, Messages, check};
use crate::{ClientError, Connection};

impl Messages {
    /// Presses a button of a message.
    ///
    /// Its author hears of it as a [`ButtonClicked`](mezon_model::event::ButtonClicked).
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the message 0, a button without an id or a message whose author is not known, before
    /// any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have pressed it.
    pub async fn press(&self, message: impl Into<MessageRef>, button: &str) -> Result<(), ClientError> {
        self.press_with(message, button, String::new()).await
    }

    /// As [`Messages::press`], with what the inputs of the message hold: a JSON object of their ids and values.
    ///
    /// # Errors
    /// As [`Messages::press`].
    ///
    /// # Cancel safety
    /// As [`Messages::press`].
    pub async fn press_with(
        &self,
        message: impl Into<MessageRef>,
        button: &str,
        inputs: impl Into<String>,
    ) -> Result<(), ClientError> {
        let message = message.into();
        check_use(&message, button)?;
        let click = realtime::MessageButtonClicked {
            message_id: message.id.get(),
            channel_id: message.target.channel_id.get(),
            button_id: button.to_owned(),
            sender_id: message.sender(),
            user_id: user_of(&self.api).get(),
            extra_data: inputs.into(),
        };
        self.api.call(methods::MESSAGE_BUTTON_CLICK, &click).await?;
        Ok(())
    }

    /// Chooses from a select box of a message, by the values of the options.
    ///
    /// Its author hears of it as an [`OptionsSelected`](mezon_model::event::OptionsSelected).
    ///
    /// # Errors
    /// As [`Messages::press`].
    ///
    /// # Cancel safety
    /// A dropped call may have chosen.
    pub async fn select(
        &self,
        message: impl Into<MessageRef>,
        select: &str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), ClientError> {
        let message = message.into();
        check_use(&message, select)?;
        let selection = realtime::DropdownBoxSelected {
            message_id: message.id.get(),
            channel_id: message.target.channel_id.get(),
            selectbox_id: select.to_owned(),
            sender_id: message.sender(),
            user_id: user_of(&self.api).get(),
            values: values.into_iter().map(Into::into).collect(),
        };
        self.api.call(methods::DROPDOWN_BOX_SELECTED, &selection).await?;
        Ok(())
    }
}

impl Connection {
    /// Chooses an entry of a bot's quick menu in a channel. The bot hears of it as a
    /// [`QuickMenuChosen`](mezon_model::event::QuickMenuChosen). Returns when it is handed to the socket: no answer is awaited.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an entry without a name, before anything is sent; [`ClientError::Call`],
    /// [`ClientError::NotConnected`].
    ///
    /// # Cancel safety
    /// A dropped call may have chosen.
    pub async fn choose(&self, place: &Target, menu: &QuickMenu) -> Result<(), ClientError> {
        check(!menu.name.is_empty(), "the entry of the menu has no name")?;
        let message = realtime::ChannelMessageSend {
            clan_id: place.clan_id.get(),
            channel_id: place.channel_id.get(),
            content: mezon_model::MessageContent::text(menu.action.clone()).to_json(),
            mode: place.mode().to_raw(),
            is_public: place.is_public,
            ..realtime::ChannelMessageSend::default()
        };
        let chosen = realtime::QuickMenuDataEvent {
            menu_name: menu.name.clone(),
            message: Some(message),
            sender_id: user_of(self.client().api()).get(),
            message_sender_id: 0,
        };
        Ok(self.socket()?.notify(envelope::Message::QuickMenuEvent(chosen)).await?)
    }
}

/// Clicks name the author of the message, who is to hear of them.
fn check_use(message: &MessageRef, component: &str) -> Result<(), ClientError> {
    check(message.id != MessageId::default(), NO_MESSAGE)?;
    check(!component.is_empty(), "the component has no id")?;
    check(message.sender() != 0, "the author of the message is not known: pass the message itself, or name the author")
}
