//! Ephemeral messages: only chosen people see them, and no history keeps them.

use std::collections::BTreeMap;

use mezon_proto::api;
use mezon_proto::realtime::EphemeralMessageSend;
use mezon_proto::realtime::envelope::Message;

use super::messages::{check_limits, list};
use super::{Act, Audience, Done, Town};
use crate::failure::Failure;
use crate::snowflake::created_seconds;

/// `code` of an ephemeral message.
const WHISPER: i32 = 12;
/// `code` of one that replaces an earlier one.
const CHANGED: i32 = 14;
/// `code` of one that removes an earlier one.
const REMOVED: i32 = 15;
/// How many are remembered, so that they can be changed and their buttons pressed. Older ones are forgotten.
const REMEMBERED: usize = 10_000;

/// An ephemeral message, until the emulator ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Whisper {
    pub(crate) channel: i64,
    pub(crate) sender: i64,
    pub(crate) receivers: Vec<i64>,
    pub(crate) content: String,
}

/// Those of the emulator, by id.
#[derive(Debug, Default)]
pub(crate) struct Whispers(BTreeMap<i64, Whisper>);

impl Whispers {
    pub(crate) fn get(&self, id: i64) -> Option<&Whisper> {
        self.0.get(&id)
    }

    fn put(&mut self, id: i64, whisper: Whisper) {
        self.0.insert(id, whisper);
        if self.0.len() > REMEMBERED {
            self.0.pop_first();
        }
    }
}

/// Sends an ephemeral message, or changes or removes one of the caller.
pub(crate) fn send(
    town: &mut Town,
    act: &Act<'_>,
    request: EphemeralMessageSend,
) -> Result<Done<api::ChannelMessage>, Failure> {
    let message = request.message.ok_or_else(|| Failure::invalid("message is required"))?;
    check_limits(&message.content, message.attachments.len())?;
    let channel = town.channel_to_write(act, message.channel_id)?.clone();
    channel.check_mode(message.mode)?;
    let receivers = request.receiver_ids;
    if receivers.is_empty() || !receivers.iter().all(|receiver| town.may_see(*receiver, &channel)) {
        return Err(Failure::invalid("receiver_ids has to name people who see the channel"));
    }
    let id = match message.code {
        WHISPER if message.id != 0 => return Err(Failure::invalid("a new message has no id")),
        WHISPER => act.id(),
        CHANGED | REMOVED => own(town, act, message.id, channel.id)?,
        _ => return Err(Failure::invalid("the code of an ephemeral message is 12, 14 or 15")),
    };
    let author = town.user(act.by)?;
    let event = api::ChannelMessage {
        clan_id: channel.clan,
        channel_id: channel.id,
        message_id: id,
        code: message.code,
        sender_id: act.by,
        username: author.username.clone(),
        display_name: author.shown_name().to_owned(),
        avatar: author.avatar.clone(),
        content: message.content,
        mentions: list(&api::MessageMentionList { mentions: message.mentions }),
        attachments: list(&api::MessageAttachmentList { attachments: message.attachments }),
        references: list(&api::MessageRefList { refs: message.references }),
        create_time_seconds: created_seconds(id),
        update_time_seconds: act.now(),
        mode: channel.mode(),
        is_public: channel.is_public(),
        channel_label: channel.label,
        topic_id: message.topic_id,
        ..api::ChannelMessage::default()
    };
    if message.code == REMOVED {
        town.whispers.0.remove(&id);
    } else {
        let (receivers, content) = (receivers.clone(), event.content.clone());
        town.whispers.put(id, Whisper { channel: channel.id, sender: act.by, receivers, content });
    }
    Ok(Done::new(event.clone()).push(Audience::Users(receivers), Message::ChannelMessage(event)))
}

/// The id of an ephemeral message of the caller.
fn own(town: &Town, act: &Act<'_>, id: i64, channel: i64) -> Result<i64, Failure> {
    match town.whispers.get(id) {
        Some(whisper) if (whisper.sender, whisper.channel) == (act.by, channel) => Ok(id),
        Some(_) => Err(Failure::denied("permission denied")),
        None => Err(Failure::not_found("message not found")),
    }
}

#[cfg(test)]
mod tests {
    use mezon_proto::realtime::ChannelMessageSend;

    use super::*;
    use crate::town::testing::Place;

    fn whisper(channel_id: i64, code: i32, id: i64, receivers: &[i64]) -> EphemeralMessageSend {
        let content = r#"{"t":"psst"}"#.to_owned();
        let message = ChannelMessageSend { channel_id, content, code, id, ..Default::default() };
        EphemeralMessageSend { message: Some(message), receiver_ids: receivers.to_vec() }
    }

    #[test]
    fn only_receivers_hear_it_and_nothing_is_stored() {
        let mut place = Place::default();
        let group = place.group(1, &[2, 3]);
        let done = place.done(1, send, whisper(group, WHISPER, 0, &[2]));
        assert_eq!((done.writes.len(), done.pushes.len()), (0, 1));
        assert_eq!(done.pushes[0].to, Audience::Users(vec![2]));
        let id = done.answer.message_id;
        place.refused(2, send, whisper(group, CHANGED, id, &[2]), "permission denied");
        assert_eq!(place.done(1, send, whisper(group, CHANGED, id, &[2])).answer.message_id, id);
        place.done(1, send, whisper(group, REMOVED, id, &[2]));
        place.refused(1, send, whisper(group, CHANGED, id, &[2]), "message not found");
    }

    #[test]
    fn what_is_no_ephemeral_message_is_refused() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        for receivers in [&[][..], &[3], &[2, 3]] {
            let stranger = whisper(dm, WHISPER, 0, receivers);
            place.refused(1, send, stranger, "receiver_ids has to name people who see the channel");
        }
        place.refused(1, send, whisper(dm, 0, 0, &[2]), "the code of an ephemeral message is 12, 14 or 15");
        place.refused(1, send, whisper(dm, WHISPER, 5, &[2]), "a new message has no id");
        place.refused(1, send, EphemeralMessageSend::default(), "message is required");
        place.refused(3, send, whisper(dm, WHISPER, 0, &[2]), "channel permission denied");
    }

    #[test]
    fn old_ones_are_forgotten() {
        let mut whispers = Whispers::default();
        for id in 1..=i64::try_from(REMEMBERED).unwrap() + 1 {
            whispers.put(id, Whisper::default());
        }
        assert!(whispers.get(1).is_none() && whispers.get(2).is_some());
    }
}
