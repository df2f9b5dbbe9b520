//! Messages: what is posted, changed, removed, and what people put under it.
//!
//! Messages are no records. An operation about one is given it as it is stored, and writes it with [`Done::write`].

use bytes::Bytes;
use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{ChannelMessageAck, ChannelMessageRemove, ChannelMessageSend, ChannelMessageUpdate};
use prost::Message as _;

use super::channels::Channel;
use super::permissions::Permission;
use super::{Act, Audience, Done, Town, notices};
use crate::failure::Failure;
use crate::snowflake::created_seconds;
use crate::store::Write;

/// `code` of a message that replaces the content of an earlier one.
pub(crate) const CHANGED: i32 = 1;
/// `code` of a message that removes an earlier one.
pub(crate) const REMOVED: i32 = 2;
/// The codes of messages that change or remove another one, and of those that are not kept: they have ways of their own.
const OF_CHANGES: [i32; 5] = [CHANGED, REMOVED, 12, 14, 15];
/// The longest content, in UTF-16 units of its encoded JSON.
const CONTENT_LIMIT: usize = 4000;
/// The most files of a message.
const ATTACHMENT_LIMIT: usize = 50;

/// A message as it is stored. `None`: there is none of that id in that channel.
pub(crate) type Stored = Option<api::ChannelMessage>;

impl Town {
    /// A message whose channel the caller may see.
    pub(crate) fn message_for(
        &self,
        act: &Act<'_>,
        channel: i64,
        message: Stored,
    ) -> Result<api::ChannelMessage, Failure> {
        self.channel_for(act.by, channel)?;
        message.ok_or_else(|| Failure::not_found("message not found"))
    }

    /// A channel is gone, and with it all that hangs on its messages.
    pub(super) fn forget_messages(&mut self, channel: i64) {
        self.pins.remove_where(|pin| pin.channel == channel);
        self.topics.remove_where(|topic| topic.channel == channel);
        self.polls.remove_where(|poll| poll.channel == channel);
        self.quick_menus.remove_where(|menu| menu.channel == channel);
        self.seen.remove_where(|seen| seen.channel == channel);
    }
}

/// Sends a message of the caller.
pub(crate) fn send(
    town: &mut Town,
    act: &Act<'_>,
    request: ChannelMessageSend,
) -> Result<Done<ChannelMessageAck>, Failure> {
    let channel = town.channel_to_write(act, request.channel_id)?.clone();
    channel.check_mode(request.mode)?;
    write(town, act, (channel, request))
}

/// As [`send`], for whoever may write there: a webhook is no member of its channel.
pub(crate) fn write(
    town: &mut Town,
    act: &Act<'_>,
    (channel, request): (Channel, ChannelMessageSend),
) -> Result<Done<ChannelMessageAck>, Failure> {
    check_limits(&request.content, request.attachments.len())?;
    if OF_CHANGES.contains(&request.code) || request.id != 0 {
        return Err(Failure::invalid("a message that is sent has no id, and a code of its own"));
    }
    let author = town.user(act.by)?.clone();
    let id = act.id();
    let message = api::ChannelMessage {
        clan_id: channel.clan,
        channel_id: channel.id,
        message_id: id,
        code: request.code,
        sender_id: act.by,
        display_name: author.shown_name().to_owned(),
        username: author.username,
        avatar: if request.avatar.is_empty() { author.avatar } else { request.avatar },
        content: request.content,
        mentions: list(&api::MessageMentionList { mentions: request.mentions }),
        attachments: list(&api::MessageAttachmentList { attachments: request.attachments }),
        references: list(&api::MessageRefList { refs: request.references }),
        create_time_seconds: created_seconds(id),
        update_time_seconds: created_seconds(id),
        mode: channel.mode(),
        is_public: channel.is_public(),
        channel_label: channel.label,
        topic_id: request.topic_id,
        ..api::ChannelMessage::default()
    };
    let answer = ack(town, act, &message);
    let Done { mut pushes, mut writes, .. } = post(town, act, message.clone())?;
    let noticed = notices::of_message(town, act, message)?;
    pushes.extend(noticed.pushes);
    writes.extend(noticed.writes);
    Ok(Done { answer, pushes, writes })
}

/// Posts a message that is complete: stores it, and tells its channel, its topic and its author's other devices.
pub(crate) fn post(town: &mut Town, act: &Act<'_>, message: api::ChannelMessage) -> Result<Done<()>, Failure> {
    town.note_seen(act, &message);
    let answered = if message.topic_id == 0 { None } else { Some(town.answered(act, &message)?) };
    let done = Done::new(())
        .write(Write::Message(Box::new(message.clone())))
        .push(Audience::Channel(message.channel_id), Message::ChannelMessage(message.clone()));
    Ok(match answered {
        Some(event) => done.push(Audience::Channel(message.channel_id), event),
        None => done,
    })
}

/// Replaces the content of a message of the caller.
pub(crate) fn edit(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, ChannelMessageUpdate),
) -> Result<Done<ChannelMessageAck>, Failure> {
    check_limits(&request.content, request.attachments.len())?;
    let message = town.message_for(act, request.channel_id, stored)?;
    if message.sender_id != act.by {
        return Err(Failure::denied("permission denied"));
    }
    let message = api::ChannelMessage {
        content: request.content,
        mentions: list(&api::MessageMentionList { mentions: request.mentions }),
        attachments: list(&api::MessageAttachmentList { attachments: request.attachments }),
        update_time_seconds: act.now(),
        hide_editted: request.hide_editted,
        ..message
    };
    town.repin(&message);
    Ok(changed(act, town, message))
}

/// Removes a message: one's own, or in a clan with the permission for it.
pub(crate) fn remove(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, ChannelMessageRemove),
) -> Result<Done<ChannelMessageAck>, Failure> {
    let message = town.message_for(act, request.channel_id, stored)?;
    let clan = town.channel(message.channel_id)?.clan;
    if message.sender_id != act.by && !(clan != 0 && town.may(act.by, clan, Permission::DeleteMessage)) {
        return Err(Failure::denied("permission denied"));
    }
    town.drop_pins(&message);
    let write = Write::NoMessage { channel: message.channel_id, id: message.message_id };
    let event = api::ChannelMessage { code: REMOVED, ..message };
    let done = Done::new(ack(town, act, &event)).write(write);
    Ok(done.push(Audience::Channel(event.channel_id), Message::ChannelMessage(event)))
}

/// Adds or takes back a reaction of the caller.
pub(crate) fn react(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, api::MessageReaction),
) -> Result<Done<api::MessageReaction>, Failure> {
    let message = town.message_for(act, request.channel_id, stored)?;
    let mode = town.channel_to_write(act, request.channel_id)?.mode();
    let (sender_name, sender_avatar) = town.user(act.by).map(|user| (user.username.clone(), user.avatar.clone()))?;
    let reaction = api::MessageReaction {
        id: if request.id == 0 { act.id() } else { request.id },
        sender_id: act.by,
        sender_name,
        sender_avatar,
        message_sender_id: message.sender_id,
        mode,
        ..request
    };
    let known = api::MessageReactionList::decode(message.reactions.clone()).unwrap_or_default();
    let message = api::ChannelMessage { reactions: list(&with_reaction(known, reaction.clone())), ..message };
    let done = Done::new(reaction.clone()).write(Write::Message(Box::new(message)));
    Ok(done.push(Audience::Channel(reaction.channel_id), Message::MessageReactionEvent(reaction)))
}

/// A message that is stored in place of the one of its id, and told as a change.
pub(super) fn changed(act: &Act<'_>, town: &Town, message: api::ChannelMessage) -> Done<ChannelMessageAck> {
    let event = api::ChannelMessage { code: CHANGED, ..message.clone() };
    let done = Done::new(ack(town, act, &event)).write(Write::Message(Box::new(message)));
    done.push(Audience::Channel(event.channel_id), Message::ChannelMessage(event))
}

/// Refuses what is too long, or has too many files.
pub(crate) fn check_limits(content: &str, attachments: usize) -> Result<(), Failure> {
    if content.encode_utf16().count() > CONTENT_LIMIT {
        return Err(Failure::invalid(format!("message content is longer than {CONTENT_LIMIT}")));
    }
    if attachments > ATTACHMENT_LIMIT {
        return Err(Failure::invalid(format!("a message has no more than {ATTACHMENT_LIMIT} attachments")));
    }
    Ok(())
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

pub(crate) fn ack(town: &Town, act: &Act<'_>, message: &api::ChannelMessage) -> ChannelMessageAck {
    ChannelMessageAck {
        channel_id: message.channel_id,
        message_id: message.message_id,
        code: message.code,
        username: town.users.get(act.by).map(|user| user.username.clone()).unwrap_or_default(),
        create_time_seconds: message.create_time_seconds,
        update_time_seconds: message.update_time_seconds,
        persistent: Some(true),
        ..ChannelMessageAck::default()
    }
}

/// A list in the form in which messages carry it.
pub(crate) fn list(list: &impl prost::Message) -> Bytes {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::channels::{TEXT, in_clans};
    use crate::town::testing::Place;
    use crate::town::{clans, pins, topics};

    fn message(channel: i64, sender: i64) -> api::ChannelMessage {
        let content = r#"{"t":"one"}"#.to_owned();
        api::ChannelMessage { channel_id: channel, message_id: 77, sender_id: sender, content, ..Default::default() }
    }

    fn update(channel_id: i64, content: &str) -> ChannelMessageUpdate {
        ChannelMessageUpdate { channel_id, message_id: 77, content: content.to_owned(), ..Default::default() }
    }

    #[test]
    fn only_its_author_changes_a_message_and_the_channel_hears_the_new_one() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let stored = || Some(message(dm, 1));
        place.refused(2, edit, (stored(), update(dm, "{}")), "permission denied");
        place.refused(1, edit, (None, update(dm, "{}")), "message not found");
        place.refused(3, edit, (stored(), update(dm, "{}")), "channel permission denied");
        let long = (stored(), update(dm, &"x".repeat(4001)));
        place.refused(1, edit, long, "message content is longer than 4000");
        let files =
            ChannelMessageUpdate { attachments: vec![api::MessageAttachment::default(); 51], ..update(dm, "{}") };
        place.refused(1, edit, (stored(), files), "a message has no more than 50 attachments");

        let done = place.done(1, edit, (stored(), update(dm, r#"{"t":"two"}"#)));
        let [push] = done.pushes.as_slice() else { panic!("{:?}", done.pushes) };
        let Message::ChannelMessage(event) = &push.message else { panic!("{push:?}") };
        assert_eq!((event.code, event.content.as_str()), (CHANGED, r#"{"t":"two"}"#));
        let [Write::Message(stored)] = done.writes.as_slice() else { panic!("{:?}", done.writes) };
        assert_eq!(stored.code, 0, "the code is of the event, not of the message");
    }

    #[test]
    fn in_a_clan_those_who_may_remove_messages_of_others() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3, 4]);
        let channel = place.welcome(clan);
        place.role_that_may(1, clan, &[3], &[Permission::DeleteMessage]);
        let request = || ChannelMessageRemove { channel_id: channel, message_id: 77, ..Default::default() };
        place.refused(4, remove, (Some(message(channel, 2)), request()), "permission denied");
        for by in [2, 3, 1] {
            let done = place.done(by, remove, (Some(message(channel, 2)), request()));
            assert_eq!(done.writes, [Write::NoMessage { channel, id: 77 }], "{by}");
            assert_eq!(done.answer.code, REMOVED);
        }
    }

    #[test]
    fn what_hangs_on_messages_ends_with_their_channel_and_with_their_clan() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let (channel, welcome) = (place.channel_of_kind(1, clan, TEXT), place.welcome(clan));
        for channel in [channel, welcome] {
            let pin = api::PinMessageRequest { channel_id: channel, message_id: 77, clan_id: clan };
            place.done(1, pins::pin, (Some(message(channel, 2)), pin));
            let topic = api::SdTopicRequest { channel_id: channel, message_id: 77, clan_id: clan };
            place.done(1, topics::open, (Some(message(channel, 2)), topic));
            place.done(2, post, message(channel, 2));
        }
        let left = |town: &Town| [town.pins.iter().count(), town.topics.iter().count(), town.seen.iter().count()];
        assert_eq!(left(&place.town), [2, 2, 2]);
        place.done(1, in_clans::delete, api::DeleteChannelDescRequest { channel_id: channel, ..Default::default() });
        assert_eq!(left(&place.town), [1, 1, 1]);
        place.done(1, clans::delete, api::DeleteClanDescRequest { clan_desc_id: clan });
        assert_eq!(left(&place.town), [0, 0, 0]);
    }

    #[test]
    fn a_reaction_is_there_once_for_each_user_and_emoji() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let mut stored = message(dm, 1);
        let mut after = |by, emoji: &str, action| {
            let request = api::MessageReaction {
                channel_id: dm,
                message_id: 77,
                emoji: emoji.to_owned(),
                action,
                ..Default::default()
            };
            let done = place.done(by, react, (Some(stored.clone()), request));
            assert_eq!(done.answer.message_sender_id, 1);
            let [Write::Message(message)] = done.writes.as_slice() else { panic!("{:?}", done.writes) };
            stored = (**message).clone();
            api::MessageReactionList::decode(stored.reactions.clone()).unwrap().reactions.len()
        };
        assert_eq!(after(1, ":like:", false), 1);
        assert_eq!(after(1, ":like:", false), 1);
        assert_eq!(after(2, ":like:", false), 2);
        assert_eq!(after(2, ":sad:", false), 3);
        assert_eq!(after(1, ":like:", true), 2);
        assert_eq!(after(1, ":like:", true), 2);
    }
}
