//! Polls.

use crate::id::{MessageId, PollId, UserId};
use crate::kind::PollKind;
use crate::record::records;

records! {
    /// A poll and its result so far.
    Poll from api::GetPollResponse {
        /// The poll.
        id: PollId = poll_id,
        /// The message that shows it.
        message_id: MessageId = message_id,
        /// What is asked.
        question: String = question,
        /// What can be answered.
        answers: Vec<PollAnswer> = answers,
        /// How many votes each answer has, in the order of the answers.
        counts: Vec<i32> = answer_counts,
        /// How many votes there are.
        total_votes: i32 = total_votes,
        /// How many answers a voter may choose.
        kind: PollKind = r#type,
        /// When it ends, in Unix seconds; 0 when the server does not say.
        ends_at_seconds: i64 = exp,
        /// Whether it has ended.
        is_closed: bool = is_closed,
        /// Who asked.
        creator_id: UserId = creator_id,
        /// Who chose what. Not in the answer to its creation.
        voters: Vec<PollVoters> = voter_details,
    }

    /// One of the answers of a poll.
    PollAnswer from api::PollAnswer {
        /// The number by which it is voted for.
        index: i32 = index,
        /// Its text.
        label: String = label,
    }

    /// Who chose an answer of a poll.
    PollVoters from api::PollVoterDetail {
        /// The number of the answer.
        answer_index: i32 = answer_index,
        /// Who chose it.
        user_ids: Vec<UserId> = user_ids,
    }
}

#[cfg(feature = "proto")]
impl From<mezon_proto::api::CreatePollResponse> for Poll {
    fn from(wire: mezon_proto::api::CreatePollResponse) -> Self {
        Self::from(mezon_proto::api::GetPollResponse {
            poll_id: wire.poll_id,
            message_id: wire.message_id,
            question: wire.question,
            answers: wire.answers,
            answer_counts: wire.answer_counts,
            exp: wire.exp,
            is_closed: wire.is_closed,
            creator_id: wire.creator_id,
            r#type: wire.r#type,
            total_votes: wire.total_votes,
            voter_details: Vec::new(),
        })
    }
}
