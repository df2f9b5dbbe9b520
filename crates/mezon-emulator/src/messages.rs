//! Messages on their way: sent with the faults that are planned, handed out, read back.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{ChannelMessageAck, ChannelMessageSend};

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::message_lists;
use crate::store::{Direction, Page};
use crate::town::channels::{Channel, page_limit};
use crate::town::{Act, Done, Town, messages};

impl Gateway {
    /// Stores a message and hands it to the sockets in the channel, those of the sender included.
    pub(crate) async fn send_message(
        &self,
        caller: &Caller,
        request: ChannelMessageSend,
    ) -> Result<ChannelMessageAck, Failure> {
        self.sent(caller, messages::send, request).await
    }

    /// As [`send_message`](Self::send_message), for whoever may write there: a webhook is no member of its channel.
    pub(crate) async fn post(
        &self,
        caller: &Caller,
        channel: Channel,
        request: ChannelMessageSend,
    ) -> Result<ChannelMessageAck, Failure> {
        self.sent(caller, messages::write, (channel, request)).await
    }

    /// Runs an operation that sends a message, with the faults that are planned for it.
    async fn sent<R>(
        &self,
        caller: &Caller,
        send: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<ChannelMessageAck>, Failure>,
        request: R,
    ) -> Result<ChannelMessageAck, Failure> {
        let send = |town: &mut Town, act: &Act<'_>, request| {
            let done = send(town, act, request)?;
            self.counters.count(|stats| stats.messages += 1);
            Ok(if self.plan.take(|plan| &mut plan.drop_ids) { without_id(done) } else { done })
        };
        self.change(caller.user, send, request).await
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
        let town = self.town();
        Ok(api::ChannelMessageList {
            messages: messages.into_iter().map(|message| self.on_the_wire(message)).collect(),
            last_seen_message: town.last_seen(page.channel, caller.user),
            last_sent_message: town.newest.get(&page.channel).cloned(),
        })
    }

    /// Fills in how many messages of others the caller has not read, up to 100 for each channel.
    pub(crate) async fn count_unread(
        &self,
        caller: &Caller,
        list: &mut [api::ChannelDescription],
    ) -> Result<(), Failure> {
        for channel in list {
            let seen = channel.last_seen_message.as_ref().map_or(0, |seen| seen.id);
            if channel.last_sent_message.as_ref().is_none_or(|newest| newest.id <= seen) {
                continue;
            }
            let page = Page {
                channel: channel.channel_id,
                topic: 0,
                cursor: seen,
                direction: Direction::After,
                limit: page_limit(0),
            };
            let unread = self.storage.run(move |store| store.messages(&page)).await?;
            let of_others = unread.iter().filter(|message| message.sender_id != caller.user).count();
            channel.count_mess_unread = i32::try_from(of_others).unwrap_or(i32::MAX);
        }
        Ok(())
    }

    /// The form in which clients get a message.
    pub(crate) fn on_the_wire(&self, message: api::ChannelMessage) -> api::ChannelMessage {
        if self.settings.json_lists { message_lists::as_json(message) } else { message }
    }
}

/// A message that was never stored, and that nobody can name.
fn without_id<A>(mut done: Done<A>) -> Done<A> {
    done.writes.clear();
    for push in &mut done.pushes {
        if let Message::ChannelMessage(message) = &mut push.message {
            message.message_id = 0;
        }
    }
    done
}
