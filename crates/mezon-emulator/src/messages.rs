//! Sending, changing, removing, reacting, reading back.

use std::sync::Arc;

use bytes::Bytes;
use mezon_proto::api;
use mezon_proto::realtime::{ChannelMessageAck, ChannelMessageRemove, ChannelMessageSend, ChannelMessageUpdate};
use mezon_proto::realtime::{Envelope, envelope};
use prost::Message as _;

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::message_lists;
use crate::snowflake::{created_seconds, unix_seconds};
use crate::store::{Direction, Page, Write};
use crate::town::channels::{Channel, page_limit};
use crate::town::{Act, Town, notices};

/// The longest content, in UTF-16 units of its encoded JSON.
const CONTENT_LIMIT: usize = 4000;
/// `code` of a message that replaces the content of an earlier one.
const CODE_UPDATE: i32 = 1;
/// `code` of a message that removes an earlier one.
const CODE_REMOVE: i32 = 2;

impl Gateway {
    /// Stores a message and hands it to the sockets in the channel, those of the sender included.
    pub(crate) async fn send_message(
        &self,
        caller: &Caller,
        request: ChannelMessageSend,
    ) -> Result<ChannelMessageAck, Failure> {
        let channel = self.look(caller.user, writable, request.channel_id)?;
        channel.check_mode(request.mode)?;
        self.post(caller, channel, request).await
    }

    /// As [`send_message`](Self::send_message), for whoever may write there: a webhook is no member of its channel.
    pub(crate) async fn post(
        &self,
        caller: &Caller,
        channel: Channel,
        request: ChannelMessageSend,
    ) -> Result<ChannelMessageAck, Failure> {
        check_content(&request.content)?;
        let sender = self.town().user(caller.user)?.clone();
        let order = self.posting.lock().await;
        let id = self.ids.next();
        let created = created_seconds(id);
        let mode = channel.mode();
        let message = api::ChannelMessage {
            clan_id: channel.clan,
            channel_id: channel.id,
            message_id: id,
            code: request.code,
            sender_id: caller.user,
            username: caller.username.clone(),
            display_name: sender.shown_name().to_owned(),
            avatar: if request.avatar.is_empty() { sender.avatar } else { request.avatar },
            content: request.content,
            mentions: list(&api::MessageMentionList { mentions: request.mentions }),
            attachments: list(&api::MessageAttachmentList { attachments: request.attachments }),
            references: list(&api::MessageRefList { refs: request.references }),
            create_time_seconds: created,
            update_time_seconds: created,
            mode,
            is_public: channel.is_public(),
            channel_label: channel.label,
            topic_id: request.topic_id,
            ..api::ChannelMessage::default()
        };
        let ack = ack(&message, caller);
        self.counters.count(|stats| stats.messages += 1);
        if self.plan.take(|plan| &mut plan.drop_ids) {
            self.deliver(api::ChannelMessage { message_id: 0, ..message });
        } else {
            self.store_message(message.clone()).await?;
            self.deliver(message.clone());
            drop(order);
            self.notify(message).await?;
        }
        Ok(ack)
    }

    /// Tells those whom a message mentions or answers.
    async fn notify(&self, message: api::ChannelMessage) -> Result<(), Failure> {
        if message.mentions.is_empty() && message.references.is_empty() {
            return Ok(());
        }
        self.change(message.sender_id, notices::of_message, message).await
    }

    /// Replaces the content of a message of the caller.
    pub(crate) async fn update_message(
        &self,
        caller: &Caller,
        request: &ChannelMessageUpdate,
    ) -> Result<ChannelMessageAck, Failure> {
        check_content(&request.content)?;
        let _order = self.posting.lock().await;
        let message = self.own_message(caller, request.channel_id, request.message_id).await?;
        let message = api::ChannelMessage {
            content: request.content.clone(),
            mentions: list(&api::MessageMentionList { mentions: request.mentions.clone() }),
            attachments: list(&api::MessageAttachmentList { attachments: request.attachments.clone() }),
            update_time_seconds: unix_seconds(),
            hide_editted: request.hide_editted,
            ..message
        };
        self.store_message(message.clone()).await?;
        let event = api::ChannelMessage { code: CODE_UPDATE, ..message };
        let ack = ack(&event, caller);
        self.deliver(event);
        Ok(ack)
    }

    /// Removes a message of the caller.
    pub(crate) async fn remove_message(
        &self,
        caller: &Caller,
        request: &ChannelMessageRemove,
    ) -> Result<ChannelMessageAck, Failure> {
        let _order = self.posting.lock().await;
        let message = self.own_message(caller, request.channel_id, request.message_id).await?;
        let (channel, id) = (message.channel_id, message.message_id);
        let newest = self
            .storage
            .run(move |store| {
                store.commit(vec![Write::NoMessage { channel, id }])?;
                store.newest(&mut std::iter::once(channel))
            })
            .await?;
        self.note_newest(channel, newest.get(&channel).cloned());
        let event = api::ChannelMessage { code: CODE_REMOVE, ..message };
        let ack = ack(&event, caller);
        self.deliver(event);
        Ok(ack)
    }

    /// Adds or takes back a reaction of the caller, and tells the channel.
    pub(crate) async fn react(
        &self,
        caller: &Caller,
        request: api::MessageReaction,
    ) -> Result<api::MessageReaction, Failure> {
        let channel = self.town().channel_for(caller.user, request.channel_id)?.clone();
        let reaction = api::MessageReaction { sender_id: caller.user, ..request };
        let event = api::MessageReaction { sender_name: caller.username.clone(), mode: channel.mode(), ..reaction };

        let _order = self.posting.lock().await;
        let stored = event.clone();
        self.storage
            .run(move |store| {
                let Some(mut message) = store.message(stored.channel_id, stored.message_id)? else {
                    return Err(Failure::not_found("message not found"));
                };
                let reactions = api::MessageReactionList::decode(message.reactions.clone()).unwrap_or_default();
                message.reactions = list(&with_reaction(reactions, stored));
                Ok(store.commit(vec![Write::Message(Box::new(message))])?)
            })
            .await?;
        let message = Some(envelope::Message::MessageReactionEvent(event.clone()));
        self.hand_out(channel.id, &Arc::new(Envelope { cid: 0, message }));
        Ok(event)
    }

    /// A page of a channel's history, newest first.
    ///
    /// `direction` 1 reads what is newer than the message, 2 what is around it, anything else what is older.
    pub(crate) async fn history(
        &self,
        caller: &Caller,
        request: api::ListChannelMessagesRequest,
    ) -> Result<api::ChannelMessageList, Failure> {
        let page = Page {
            channel: self.town().channel_for(caller.user, request.channel_id)?.id,
            topic: request.topic_id,
            cursor: request.message_id,
            direction: match request.direction {
                1 => Direction::After,
                2 => Direction::Around,
                _ => Direction::Before,
            },
            limit: page_limit(request.limit),
        };
        let messages = self.storage.run(move |store| store.messages(&page)).await?;
        Ok(api::ChannelMessageList {
            messages: messages.into_iter().map(|message| self.on_the_wire(message)).collect(),
            last_seen_message: None,
            last_sent_message: self.town().newest.get(&page.channel).cloned(),
        })
    }

    async fn own_message(&self, caller: &Caller, channel: i64, id: i64) -> Result<api::ChannelMessage, Failure> {
        let channel = self.town().channel_for(caller.user, channel)?.id;
        let found = self.storage.run(move |store| store.message(channel, id)).await?;
        let message = found.ok_or_else(|| Failure::not_found("message not found"))?;
        if message.sender_id == caller.user { Ok(message) } else { Err(Failure::denied("permission denied")) }
    }

    async fn store_message(&self, message: api::ChannelMessage) -> Result<(), Failure> {
        let (channel, header) = (message.channel_id, header(&message));
        self.storage.run(move |store| store.commit(vec![Write::Message(Box::new(message))])).await?;
        let newest = self.town().newest.get(&channel).map_or(0, |newest| newest.id);
        if newest <= header.id {
            self.note_newest(channel, Some(header));
        }
        Ok(())
    }

    /// Keeps what the list of channels shows of a channel.
    fn note_newest(&self, channel: i64, newest: Option<api::ChannelMessageHeader>) {
        let mut town = self.town_mut();
        match newest {
            Some(newest) => town.newest.insert(channel, newest),
            None => town.newest.remove(&channel),
        };
    }

    fn deliver(&self, message: api::ChannelMessage) {
        let channel = message.channel_id;
        let message = Some(envelope::Message::ChannelMessage(self.on_the_wire(message)));
        let push = Arc::new(Envelope { cid: 0, message });
        let times = if self.plan.take(|plan| &mut plan.repeat_messages) { 2 } else { 1 };
        for _ in 0..times {
            let reached = self.hand_out(channel, &push);
            self.counters.count(|stats| stats.deliveries += u64::try_from(reached).unwrap_or_default());
        }
    }

    fn on_the_wire(&self, message: api::ChannelMessage) -> api::ChannelMessage {
        if self.settings.json_lists { message_lists::as_json(message) } else { message }
    }
}

fn writable(town: &Town, act: &Act<'_>, channel: i64) -> Result<Channel, Failure> {
    town.channel_to_write(act, channel).cloned()
}

/// What a list of channels shows of a message.
pub(crate) fn header(message: &api::ChannelMessage) -> api::ChannelMessageHeader {
    api::ChannelMessageHeader {
        id: message.message_id,
        timestamp_seconds: message.create_time_seconds,
        sender_id: message.sender_id,
        content: message.content.clone(),
    }
}

pub(crate) fn check_content(content: &str) -> Result<(), Failure> {
    if content.encode_utf16().count() > CONTENT_LIMIT {
        return Err(Failure::invalid(format!("message content is longer than {CONTENT_LIMIT}")));
    }
    Ok(())
}

fn ack(message: &api::ChannelMessage, caller: &Caller) -> ChannelMessageAck {
    ChannelMessageAck {
        channel_id: message.channel_id,
        message_id: message.message_id,
        code: message.code,
        username: caller.username.clone(),
        create_time_seconds: message.create_time_seconds,
        update_time_seconds: message.update_time_seconds,
        persistent: Some(true),
        ..ChannelMessageAck::default()
    }
}

fn list(list: &impl prost::Message) -> Bytes {
    list.encode_to_vec().into()
}

/// One entry for each emoji of each user; `action` means that it is taken back.
fn with_reaction(mut list: api::MessageReactionList, reaction: api::MessageReaction) -> api::MessageReactionList {
    list.reactions.retain(|of| {
        (of.sender_id, of.emoji_id, &of.emoji) != (reaction.sender_id, reaction.emoji_id, &reaction.emoji)
    });
    if !reaction.action {
        list.reactions.push(reaction);
    }
    list
}
