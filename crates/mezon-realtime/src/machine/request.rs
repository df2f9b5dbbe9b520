//! What the application asks for, ready to be sent.

use mezon_proto::realtime::envelope;
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
    /// Encodes `message`, in the revision of the machine that it is for.
    pub fn new(message: &envelope::Message, revision: Revision) -> Self {
        use envelope::Message as M;

        let purpose = match message {
            M::ChannelJoin(join) => Purpose::Join(Membership::Channel(*join)),
            M::ClanJoin(join) => Purpose::Join(Membership::Clan(*join)),
            M::ChannelLeave(leave) => {
                Purpose::Leave(Place { clan_id: leave.clan_id.into(), channel_id: leave.channel_id.into() })
            }
            M::ChannelMessageSend(send) => Purpose::Send(Membership::of_message(send)),
            M::ApiRequestEvent(_) => Purpose::ApiCall,
            _ => Purpose::Plain,
        };
        let soft = !matches!(
            message,
            M::Ping(_)
                | M::ChannelMessageSend(_)
                | M::ChannelMessageUpdate(_)
                | M::ChannelMessageRemove(_)
                | M::EphemeralMessageSend(_)
        );
        Self { frame: revision.encode_unnumbered(message), purpose, soft }
    }

    /// The same message once more, as it was sent before.
    pub(super) fn again(frame: &[u8], revision: Revision) -> Self {
        Self { frame: Unnumbered::of_frame(revision, frame), purpose: Purpose::Plain, soft: false }
    }
}
