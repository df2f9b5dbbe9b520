//! Topics: side conversations that hang on one message.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{SdTopicEvent, TopicInMessageEvent};
use serde::{Deserialize, Serialize};

use super::channels::page;
use super::messages::{Stored, header};
use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// A side conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Topic {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    pub(crate) channel: i64,
    /// The message that it hangs on.
    pub(crate) message: i64,
    pub(crate) creator: i64,
    /// What that message said.
    pub(crate) content: String,
    pub(crate) created: u32,
    /// How many answers there were.
    pub(crate) replies: i32,
    pub(crate) newest: Option<Newest>,
}

/// The newest answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Newest {
    pub(crate) id: i64,
    pub(crate) sender: i64,
    pub(crate) content: String,
    pub(crate) sent: u32,
}

impl Record for Topic {
    const KIND: &'static str = "topic";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Topic {
    fn newest(&self) -> Option<api::ChannelMessageHeader> {
        self.newest.as_ref().map(|newest| api::ChannelMessageHeader {
            id: newest.id,
            timestamp_seconds: newest.sent,
            sender_id: newest.sender,
            content: newest.content.clone(),
        })
    }

    fn described(&self) -> api::SdTopic {
        api::SdTopic {
            id: self.id,
            creator_id: self.creator,
            message_id: self.message,
            clan_id: self.clan,
            channel_id: self.channel,
            create_time_seconds: self.created,
            update_time_seconds: self.newest.as_ref().map_or(self.created, |newest| newest.sent),
            content: self.content.clone(),
            last_sent_message: self.newest(),
            ..api::SdTopic::default()
        }
    }
}

impl Town {
    /// A topic whose channel the caller may see.
    fn topic_for(&self, act: &Act<'_>, id: i64) -> Result<&Topic, Failure> {
        let topic = self.topics.get(id).ok_or_else(|| Failure::not_found("topic not found"))?;
        self.channel_for(act.by, topic.channel)?;
        Ok(topic)
    }

    /// Counts an answer; gives what the channel hears of it.
    pub(super) fn answered(&mut self, act: &Act<'_>, message: &api::ChannelMessage) -> Result<Message, Failure> {
        let topic = self.topic_for(act, message.topic_id)?;
        if topic.channel != message.channel_id {
            return Err(Failure::invalid("the topic belongs to another channel"));
        }
        let api::ChannelMessageHeader { id, timestamp_seconds, sender_id, content } = header(message);
        let topic = self.topics.get_mut(message.topic_id).ok_or_else(|| Failure::not_found("topic not found"))?;
        topic.replies = topic.replies.saturating_add(1);
        topic.newest = Some(Newest { id, sender: sender_id, content, sent: timestamp_seconds });
        Ok(Message::TopicInMessageEvent(TopicInMessageEvent {
            message_id: topic.message,
            rpl: topic.replies,
            lsnt: sender_id,
            tp_id: topic.id.to_string(),
        }))
    }
}

/// Opens a topic on a message of a clan; gives the one that is there.
pub(crate) fn open(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, api::SdTopicRequest),
) -> Result<Done<api::SdTopic>, Failure> {
    let message = town.message_for(act, request.channel_id, stored)?;
    let channel = town.channel_to_write(act, request.channel_id)?;
    let (channel, clan) = (channel.id, channel.clan);
    if clan == 0 {
        return Err(Failure::invalid("only messages of a clan can have a topic"));
    }
    let known = town.topics.iter().find(|topic| (topic.channel, topic.message) == (channel, message.message_id));
    if let Some(known) = known {
        return Ok(Done::new(known.described()));
    }
    let topic = Topic {
        id: act.id(),
        clan,
        channel,
        message: message.message_id,
        creator: act.by,
        content: message.content.clone(),
        created: act.now(),
        ..Topic::default()
    };
    let event = SdTopicEvent {
        id: topic.id,
        clan_id: clan,
        channel_id: channel,
        message_id: topic.message,
        user_id: act.by,
        last_sent_message: None,
        message: Some(message),
    };
    let done = Done::new(topic.described()).push(Audience::Channel(channel), Message::SdTopicEvent(event));
    town.topics.put(topic);
    Ok(done)
}

/// The topics of a clan that the caller may see, the newest first.
pub(crate) fn list(town: &Town, act: &Act<'_>, request: api::ListSdTopicRequest) -> Result<api::SdTopicList, Failure> {
    town.clan_for(act.by, request.clan_id)?;
    let of_clan = town.topics.iter().rev().filter(|topic| topic.clan == request.clan_id);
    let seen: Vec<&Topic> = of_clan.filter(|topic| town.channel_for(act.by, topic.channel).is_ok()).collect();
    let topics = page(&seen, request.limit, request.page).iter().map(|topic| topic.described()).collect();
    Ok(api::SdTopicList { count: i32::try_from(seen.len()).unwrap_or(i32::MAX), topics })
}

pub(crate) fn detail(town: &Town, act: &Act<'_>, request: api::SdTopicDetailRequest) -> Result<api::SdTopic, Failure> {
    Ok(town.topic_for(act, request.topic_id)?.described())
}

/// Deletes a topic: whoever opened it, and who may remove messages of others. What was said in it stays.
pub(crate) fn delete(town: &mut Town, act: &Act<'_>, request: api::DeleteSdTopicRequest) -> Result<Done<()>, Failure> {
    let topic = town.topic_for(act, request.id)?;
    if topic.creator != act.by && !town.may(act.by, topic.clan, Permission::DeleteMessage) {
        return Err(Failure::denied("permission denied"));
    }
    town.topics.remove(request.id);
    Ok(Done::new(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::messages;
    use crate::town::testing::Place;

    #[test]
    fn a_topic_is_opened_once_counts_its_answers_and_is_seen_by_its_clan_alone() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let channel = place.welcome(clan);
        let message = |id, topic_id| api::ChannelMessage {
            channel_id: channel,
            message_id: id,
            sender_id: 2,
            topic_id,
            ..Default::default()
        };
        let request = api::SdTopicRequest { message_id: 7, clan_id: clan, channel_id: channel };
        let dm = place.dm(1, 2);
        let in_dm = api::SdTopicRequest { message_id: 7, clan_id: 0, channel_id: dm };
        place.refused(1, open, (Some(message(7, 0)), in_dm), "only messages of a clan can have a topic");

        let topic = place.done(2, open, (Some(message(7, 0)), request)).answer;
        let again = place.done(3, open, (Some(message(7, 0)), request));
        assert_eq!((again.answer.id, again.pushes.len()), (topic.id, 0));

        let answer = place.done(2, messages::post, message(8, topic.id));
        let told: Vec<_> = answer.pushes.into_iter().map(|push| push.message).collect();
        let [Message::ChannelMessage(_), Message::TopicInMessageEvent(event)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!((event.rpl, event.lsnt, event.tp_id.as_str()), (1, 2, topic.id.to_string().as_str()));
        let all = api::ListSdTopicRequest { clan_id: clan, ..Default::default() };
        assert_eq!(place.seen(3, list, all).topics[0].last_sent_message.as_ref().unwrap().id, 8);
        place.unseen(9, detail, api::SdTopicDetailRequest { topic_id: topic.id }, "channel permission denied");
        place.refused(2, messages::post, message(9, 404), "topic not found");

        let gone = api::DeleteSdTopicRequest { id: topic.id, clan_id: clan, channel_id: channel };
        place.refused(3, delete, gone, "permission denied");
        place.done(1, delete, gone);
        place.unseen(2, detail, api::SdTopicDetailRequest { topic_id: topic.id }, "topic not found");
    }
}
