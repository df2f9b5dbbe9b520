//! Polls: a message that shows the question, and who has voted for what.

use std::collections::BTreeMap;

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::messages::{self, Stored};
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;
use crate::snowflake::created_seconds;
use crate::store::Write;

/// `code` of a message that shows a poll.
const POLL: i32 = 18;
/// `type` of a poll whose voters choose one answer.
const SINGLE: i32 = 0;
/// `type` of a poll whose voters choose any number of answers.
const MULTIPLE: i32 = 1;

/// A question, and the votes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Poll {
    pub(crate) id: i64,
    pub(crate) message: i64,
    pub(crate) channel: i64,
    pub(crate) creator: i64,
    pub(crate) question: String,
    pub(crate) answers: Vec<String>,
    pub(crate) kind: i32,
    /// In Unix seconds.
    pub(crate) ends: u32,
    pub(crate) closed: bool,
    /// The numbers of the answers that each user has chosen, from 0.
    pub(crate) votes: BTreeMap<i64, Vec<i32>>,
}

impl Record for Poll {
    const KIND: &'static str = "poll";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Poll {
    fn has_ended(&self, act: &Act<'_>) -> bool {
        self.closed || act.now() >= self.ends
    }

    fn labels(&self) -> impl Iterator<Item = (i32, &String)> {
        (0..).zip(&self.answers)
    }

    fn voters(&self, answer: i32) -> Vec<i64> {
        self.votes.iter().filter(|(_, chosen)| chosen.contains(&answer)).map(|(user, _)| *user).collect()
    }

    fn counts(&self) -> Vec<i32> {
        self.labels().map(|(answer, _)| i32::try_from(self.voters(answer).len()).unwrap_or(i32::MAX)).collect()
    }

    /// How clients read it out of its message.
    fn content(&self, act: &Act<'_>) -> String {
        let answers: Vec<_> = self.labels().map(|(index, label)| json!({ "index": index, "label": label })).collect();
        json!({
            "t": self.question, "poll_id": self.id.to_string(), "question": self.question, "answers": answers,
            "answer_counts": self.counts(), "total_votes": self.votes.len(), "type": self.kind,
            "expire_at": self.ends, "is_closed": self.has_ended(act), "creator_id": self.creator.to_string(),
        })
        .to_string()
    }

    fn described(&self, act: &Act<'_>) -> api::GetPollResponse {
        let detail = |(answer_index, _)| api::PollVoterDetail { answer_index, user_ids: self.voters(answer_index) };
        api::GetPollResponse {
            poll_id: self.id,
            message_id: self.message,
            question: self.question.clone(),
            answers: self.labels().map(|(index, label)| api::PollAnswer { index, label: label.clone() }).collect(),
            answer_counts: self.counts(),
            exp: self.ends.into(),
            is_closed: self.has_ended(act),
            creator_id: self.creator,
            r#type: self.kind,
            total_votes: i32::try_from(self.votes.len()).unwrap_or(i32::MAX),
            voter_details: self.labels().map(detail).collect(),
        }
    }
}

impl Town {
    /// A poll of a channel that the caller may see.
    fn poll_for(&self, act: &Act<'_>, channel: i64, id: i64) -> Result<&Poll, Failure> {
        self.channel_for(act.by, channel)?;
        let found = self.polls.get(id).filter(|poll| poll.channel == channel);
        found.ok_or_else(|| Failure::not_found("poll not found"))
    }

    /// A poll that has not ended, to be changed.
    fn open_poll(&mut self, act: &Act<'_>, channel: i64, id: i64) -> Result<&mut Poll, Failure> {
        if self.poll_for(act, channel, id)?.has_ended(act) {
            return Err(Failure::invalid("the poll is closed"));
        }
        self.polls.get_mut(id).ok_or_else(|| Failure::not_found("poll not found"))
    }
}

/// Posts a poll.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreatePollRequest,
) -> Result<Done<api::CreatePollResponse>, Failure> {
    let channel = town.channel_to_write(act, request.channel_id)?.clone();
    if request.question.trim().is_empty() || request.answers.iter().any(|answer| answer.trim().is_empty()) {
        return Err(Failure::invalid("a poll needs a question, and each of its answers a text"));
    }
    if request.answers.len() < 2 {
        return Err(Failure::invalid("a poll needs two answers or more"));
    }
    if request.expire_hours < 1 || ![SINGLE, MULTIPLE].contains(&request.r#type) {
        return Err(Failure::invalid("a poll lasts an hour or more, and its type is 0 or 1"));
    }
    let author = town.user(act.by)?.clone();
    let hours = u32::try_from(request.expire_hours).unwrap_or_default();
    let poll = Poll {
        id: act.id(),
        message: act.id(),
        channel: channel.id,
        creator: act.by,
        question: request.question,
        answers: request.answers,
        kind: request.r#type,
        ends: act.now().saturating_add(hours.saturating_mul(60 * 60)),
        ..Poll::default()
    };
    let content = poll.content(act);
    messages::check_limits(&content, 0)?;
    let created = created_seconds(poll.message);
    let message = api::ChannelMessage {
        clan_id: channel.clan,
        channel_id: channel.id,
        message_id: poll.message,
        code: POLL,
        sender_id: act.by,
        display_name: author.shown_name().to_owned(),
        username: author.username,
        avatar: author.avatar,
        content,
        mode: channel.mode(),
        is_public: channel.is_public(),
        channel_label: channel.label,
        create_time_seconds: created,
        update_time_seconds: created,
        ..api::ChannelMessage::default()
    };
    let shown = poll.described(act);
    town.polls.put(poll);
    let Done { pushes, writes, .. } = messages::post(town, act, message)?;
    let answer = api::CreatePollResponse {
        poll_id: shown.poll_id,
        message_id: shown.message_id,
        question: shown.question,
        answers: shown.answers,
        answer_counts: shown.answer_counts,
        exp: shown.exp,
        is_closed: shown.is_closed,
        creator_id: shown.creator_id,
        r#type: shown.r#type,
        total_votes: shown.total_votes,
    };
    Ok(Done { answer, pushes, writes })
}

/// Votes, in place of an earlier vote. The message of the poll shows the new result.
pub(crate) fn vote(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, api::VotePollRequest),
) -> Result<Done<api::VotePollResponse>, Failure> {
    let mut chosen = request.answer_indices;
    chosen.sort_unstable();
    chosen.dedup();
    let poll = town.open_poll(act, request.channel_id, request.poll_id)?;
    let there = |answer: &i32| usize::try_from(*answer).is_ok_and(|answer| answer < poll.answers.len());
    if chosen.is_empty() || !chosen.iter().all(there) {
        return Err(Failure::invalid("the poll has no such answer"));
    }
    if poll.kind == SINGLE && chosen.len() > 1 {
        return Err(Failure::invalid("the poll takes one answer"));
    }
    poll.votes.insert(act.by, chosen.clone());
    let answer = api::VotePollResponse { my_answer_indices: chosen };
    show(town, act, request.poll_id, stored, answer)
}

/// Ends a poll of the caller.
pub(crate) fn close(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, api::ClosePollRequest),
) -> Result<Done<()>, Failure> {
    let poll = town.open_poll(act, request.channel_id, request.poll_id)?;
    if poll.creator != act.by {
        return Err(Failure::denied("permission denied"));
    }
    poll.closed = true;
    show(town, act, request.poll_id, stored, ())
}

pub(crate) fn get(town: &Town, act: &Act<'_>, request: api::GetPollRequest) -> Result<api::GetPollResponse, Failure> {
    Ok(town.poll_for(act, request.channel_id, request.poll_id)?.described(act))
}

/// Lets the message of a poll say how it stands. When somebody has removed the message, there is nothing to show.
fn show<A>(town: &Town, act: &Act<'_>, poll: i64, stored: Stored, answer: A) -> Result<Done<A>, Failure> {
    let poll = town.polls.get(poll).ok_or_else(|| Failure::not_found("poll not found"))?;
    let done = Done::new(answer);
    let Some(message) = stored.filter(|message| message.message_id == poll.message) else { return Ok(done) };
    let message = api::ChannelMessage { content: poll.content(act), update_time_seconds: act.now(), ..message };
    let event = api::ChannelMessage { code: messages::CHANGED, ..message.clone() };
    let done = done.write(Write::Message(Box::new(message)));
    Ok(done.push(Audience::Channel(event.channel_id), Message::ChannelMessage(event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn lunch(channel_id: i64, kind: i32) -> api::CreatePollRequest {
        let answers = vec!["pho".to_owned(), "bun cha".to_owned()];
        api::CreatePollRequest {
            channel_id,
            question: "Lunch?".to_owned(),
            answers,
            expire_hours: 1,
            r#type: kind,
            ..Default::default()
        }
    }

    fn ballot(poll: &api::CreatePollResponse, channel_id: i64, answers: &[i32]) -> api::VotePollRequest {
        api::VotePollRequest {
            poll_id: poll.poll_id,
            message_id: poll.message_id,
            channel_id,
            answer_indices: answers.to_vec(),
        }
    }

    #[test]
    fn a_new_vote_replaces_the_old_one_and_the_message_shows_it() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let made = place.done(1, create, lunch(dm, SINGLE));
        let [Write::Message(message)] = made.writes.as_slice() else { panic!("{:?}", made.writes) };
        let (message, poll) = ((**message).clone(), made.answer);
        assert_eq!((message.code, message.message_id), (POLL, poll.message_id));

        place.done(2, vote, (Some(message.clone()), ballot(&poll, dm, &[0])));
        let done = place.done(2, vote, (Some(message), ballot(&poll, dm, &[1])));
        let Message::ChannelMessage(shown) = &done.pushes[0].message else { panic!("{done:?}") };
        let content: serde_json::Value = serde_json::from_str(&shown.content).unwrap();
        assert_eq!(content["answer_counts"], json!([0, 1]));
        let request = api::GetPollRequest { poll_id: poll.poll_id, channel_id: dm, ..Default::default() };
        let seen = place.seen(1, get, request);
        assert_eq!((seen.total_votes, seen.voter_details[1].user_ids.as_slice()), (1, [2].as_slice()));
        place.unseen(3, get, request, "channel permission denied");
    }

    #[test]
    fn votes_that_cannot_be_are_refused_and_so_are_those_after_the_end() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let poll = place.done(1, create, lunch(dm, SINGLE)).answer;
        place.refused(2, vote, (None, ballot(&poll, dm, &[0, 1])), "the poll takes one answer");
        for answers in [&[][..], &[2], &[-1]] {
            place.refused(2, vote, (None, ballot(&poll, dm, answers)), "the poll has no such answer");
        }
        let close_it = api::ClosePollRequest { poll_id: poll.poll_id, message_id: poll.message_id, channel_id: dm };
        place.refused(2, close, (None, close_it), "permission denied");
        place.done(1, close, (None, close_it));
        place.refused(2, vote, (None, ballot(&poll, dm, &[0])), "the poll is closed");

        let other = place.done(1, create, lunch(dm, MULTIPLE)).answer;
        place.done(2, vote, (None, ballot(&other, dm, &[1, 0, 1])));
        place.now_ms += 60 * 60 * 1000;
        place.refused(2, vote, (None, ballot(&other, dm, &[0])), "the poll is closed");
    }

    #[test]
    fn a_poll_that_asks_nothing_is_refused() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let blank = api::CreatePollRequest { question: " ".to_owned(), ..lunch(dm, SINGLE) };
        place.refused(1, create, blank, "a poll needs a question, and each of its answers a text");
        let lonely = api::CreatePollRequest { answers: vec!["pho".to_owned()], ..lunch(dm, SINGLE) };
        place.refused(1, create, lonely, "a poll needs two answers or more");
        let over = api::CreatePollRequest { expire_hours: 0, ..lunch(dm, SINGLE) };
        place.refused(1, create, over, "a poll lasts an hour or more, and its type is 0 or 1");
        assert!(place.town.polls.iter().next().is_none());
    }
}
