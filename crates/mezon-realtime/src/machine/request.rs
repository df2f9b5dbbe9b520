//! What the application asks for, ready to be sent.

use mezon_proto::realtime::{
    ChannelJoin, ChannelLeave, ChannelMessageSend, ClanJoin, MessageTypingEvent, Ping, envelope,
};
use mezon_proto::wire::{Revision, Unnumbered};

use super::membership::{Membership, Place};

/// A request or notification, encoded up to the correlation id that it gets when it is sent. Encoding is done where the
/// request is made, so that the task of the connection has less to do.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) frame: Unnumbered,
    pub(super) purpose: Purpose,
    /// Servers may leave it unanswered, as far as clients know: only some answers are certain.
    pub(super) soft: bool,
}

/// What the machine does beside sending it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Nothing.
    Plain,
    /// Joins again after a reconnect.
    Join(Membership),
    /// Does not join again.
    Leave(Place),
    /// Joins, if the server says that it must.
    Send(Membership),
    /// Refuses it: the answers are raw frames, which this crate does not put together.
    ApiCall,
}

impl Request {
    /// Encodes any `message`, in the revision of the machine that it is for. It brings the code for every message of the
    /// protocol into a program; the others bring that for their own.
    pub fn new(message: &envelope::Message, revision: Revision) -> Self {
        use envelope::Message as M;

        match message {
            M::ChannelJoin(join) => return Self::join(join, revision),
            M::ClanJoin(join) => return Self::join_clan(join, revision),
            M::ChannelLeave(leave) => return Self::leave(leave, revision),
            M::ChannelMessageSend(send) => return Self::send(send, revision),
            _ => {}
        }
        let purpose = if matches!(message, M::ApiRequestEvent(_)) { Purpose::ApiCall } else { Purpose::Plain };
        let soft = !matches!(
            message,
            M::Ping(_) | M::ChannelMessageUpdate(_) | M::ChannelMessageRemove(_) | M::EphemeralMessageSend(_)
        );
        Self { frame: revision.encode_unnumbered(message), purpose, soft }
    }

    /// Asks for a sign of life.
    pub fn ping(revision: Revision) -> Self {
        Self { frame: revision.encode_arm(&Ping {}), purpose: Purpose::Plain, soft: false }
    }

    /// Joins a channel.
    pub fn join(join: &ChannelJoin, revision: Revision) -> Self {
        let purpose = Purpose::Join(Membership::Channel(*join));
        Self { frame: revision.encode_arm(join), purpose, soft: true }
    }

    /// Joins a clan.
    pub fn join_clan(join: &ClanJoin, revision: Revision) -> Self {
        let purpose = Purpose::Join(Membership::Clan(*join));
        Self { frame: revision.encode_arm(join), purpose, soft: true }
    }

    /// Leaves a channel.
    pub fn leave(leave: &ChannelLeave, revision: Revision) -> Self {
        let place = Place { clan_id: leave.clan_id.into(), channel_id: leave.channel_id.into() };
        let frame = revision.encode_arm(leave);
        Self { frame, purpose: Purpose::Leave(place), soft: true }
    }

    /// Whether it leaves a channel.
    #[cfg(feature = "driver")]
    pub(crate) fn is_leave(&self) -> bool {
        matches!(self.purpose, Purpose::Leave(_))
    }

    /// Sends a message.
    pub fn send(send: &ChannelMessageSend, revision: Revision) -> Self {
        let purpose = Purpose::Send(Membership::of_message(send));
        Self { frame: revision.encode_arm(send), purpose, soft: false }
    }

    /// Tells a channel that the user is typing.
    pub fn typing(typing: &MessageTypingEvent, revision: Revision) -> Self {
        let frame = revision.encode_arm(typing);
        Self { frame, purpose: Purpose::Plain, soft: true }
    }

    /// The same message once more, as it was sent before.
    pub(super) fn again(frame: &[u8], revision: Revision) -> Self {
        Self { frame: Unnumbered::of_frame(revision, frame), purpose: Purpose::Plain, soft: false }
    }
}
