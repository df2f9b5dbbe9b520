//! Polls.

use mezon_api::methods;
use mezon_model::{ChannelId, ChannelMessage, MessageId, Poll, PollId, PollKind, Target};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// Polls. From [`Client::polls`](crate::Client::polls).
    Polls,
    /// Polls: ask, vote, look at the result, close.
    polls
}

/// A poll before it is posted.
///
/// ```
/// use mezon_client::calls::PollDraft;
///
/// let lunch = PollDraft::new("Lunch?", ["pho", "bun cha"]).expire_hours(2).multiple();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollDraft {
    /// What is asked.
    pub question: String,
    /// What can be answered: at least two.
    pub answers: Vec<String>,
    /// After how many hours it ends, at least 1. 24 by default.
    pub expire_hours: u16,
    /// How many answers a voter may choose: one by default.
    pub kind: PollKind,
}

impl PollDraft {
    /// Asks `question`, with these answers to choose one from, for a day.
    pub fn new(question: impl Into<String>, answers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let answers = answers.into_iter().map(Into::into).collect();
        Self { question: question.into(), answers, expire_hours: 24, kind: PollKind::Single }
    }

    /// Ends after so many hours, at least 1.
    #[must_use]
    pub fn expire_hours(self, hours: u16) -> Self {
        Self { expire_hours: hours, ..self }
    }

    /// Lets each voter choose any number of answers.
    #[must_use]
    pub fn multiple(self) -> Self {
        Self { kind: PollKind::Multiple, ..self }
    }
}

/// Which poll: its id, its message and its channel.
///
/// It is made of a poll and its channel, or read out of the message that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollRef {
    /// The poll.
    pub id: PollId,
    /// The message that shows it.
    pub message_id: MessageId,
    /// The channel of the message.
    pub channel_id: ChannelId,
}

impl PollRef {
    /// The poll of this id, which that message of the channel shows.
    pub fn new(channel_id: ChannelId, message_id: MessageId, id: PollId) -> Self {
        Self { id, message_id, channel_id }
    }

    /// The poll that `message` shows, if it shows one.
    pub fn shown_by(message: &ChannelMessage) -> Option<Self> {
        let id: PollId = message.content().get("poll_id").filter(|id: &PollId| !id.is_none())?;
        Some(Self::new(message.channel_id(), message.id(), id))
    }
}

impl From<(ChannelId, &Poll)> for PollRef {
    fn from((channel_id, poll): (ChannelId, &Poll)) -> Self {
        Self::new(channel_id, poll.message_id, poll.id)
    }
}

impl Polls {
    /// Posts a poll in a channel. Others hear of it as a message with the code [`Poll`](mezon_model::MessageCode::Poll).
    ///
    /// # Errors
    /// Before any request [`ClientError::InvalidInput`]: there is no question, fewer than two answers, an empty or a doubled
    /// one, or no time to vote. [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have posted it.
    pub async fn create(&self, place: &Target, draft: &PollDraft) -> Result<Poll, ClientError> {
        check(!draft.question.trim().is_empty(), "a poll needs a question")?;
        check(draft.answers.len() >= 2, "a poll needs two answers or more")?;
        check(draft.answers.iter().all(|answer| !answer.trim().is_empty()), "an answer of the poll is empty")?;
        let doubled =
            |(index, answer): (usize, &String)| draft.answers.iter().skip(index + 1).any(|other| other == answer);
        check(!draft.answers.iter().enumerate().any(doubled), "two answers of the poll are the same")?;
        check(draft.expire_hours > 0, "a poll lasts an hour or more")?;
        let request = api::CreatePollRequest {
            channel_id: place.channel_id.get(),
            clan_id: place.clan_id.get(),
            question: draft.question.clone(),
            answers: draft.answers.clone(),
            expire_hours: draft.expire_hours.into(),
            r#type: draft.kind.to_raw(),
        };
        Ok(self.api.call(methods::CREATE_POLL, &request).await?.into())
    }

    /// Votes, in place of an earlier vote, for the answers with these numbers; gives those that the server counts.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for no answer or the poll 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have voted.
    pub async fn vote(&self, poll: impl Into<PollRef>, answers: &[i32]) -> Result<Vec<i32>, ClientError> {
        let PollRef { id, message_id, channel_id } = checked(poll.into())?;
        check(!answers.is_empty(), "a vote names at least one answer")?;
        let request = api::VotePollRequest {
            poll_id: id.get(),
            message_id: message_id.get(),
            channel_id: channel_id.get(),
            answer_indices: answers.to_vec(),
        };
        Ok(self.api.call(methods::VOTE_POLL, &request).await?.my_answer_indices)
    }

    /// A poll and its result so far.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the poll 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self, poll: impl Into<PollRef>) -> Result<Poll, ClientError> {
        let PollRef { id, message_id, channel_id } = checked(poll.into())?;
        let (message_id, channel_id) = (message_id.get(), channel_id.get());
        let request = api::GetPollRequest { poll_id: id.get(), message_id, channel_id };
        Ok(self.api.call(methods::GET_POLL, &request).await?.into())
    }

    /// Ends a poll of one's own.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the poll 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have ended it.
    pub async fn close(&self, poll: impl Into<PollRef>) -> Result<(), ClientError> {
        let PollRef { id, message_id, channel_id } = checked(poll.into())?;
        let (message_id, channel_id) = (message_id.get(), channel_id.get());
        let request = api::ClosePollRequest { poll_id: id.get(), message_id, channel_id };
        self.api.call(methods::CLOSE_POLL, &request).await?;
        Ok(())
    }
}

fn checked(poll: PollRef) -> Result<PollRef, ClientError> {
    check(!poll.id.is_none() && !poll.message_id.is_none(), "the id 0 is no poll and no message")?;
    Ok(poll)
}
