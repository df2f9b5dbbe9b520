//! News that the user was added to a channel.

use std::time::{Duration, SystemTime};

use mezon_model::event::{ChannelCreated, ChannelMembersAdded};
use mezon_model::{MessageId, Target, UserId};
use mezon_proto::wire::{Arm as _, FromArm};
use mezon_realtime::Event;

/// The numbers of the two pushes that bring such news.
const CREATED: u32 = <ChannelCreated as FromArm>::Arm::NUMBER;
const ADDED: u32 = <ChannelMembersAdded as FromArm>::Arm::NUMBER;

/// A channel that the user was added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Invitation {
    pub(super) target: Target,
    /// Messages after this one are for the user; 0 is the beginning of the channel.
    pub(super) after: MessageId,
}

/// Whether an event may be an invitation, which is looked at for each.
pub(super) fn is_one(event: &Event) -> bool {
    matches!(event, Event::Push(push) if matches!(push.field, CREATED | ADDED))
}

/// What `user` was added to, as the server tells at `now`. What is not understood is none.
pub(super) fn of(event: &Event, user: UserId, now: SystemTime) -> Option<Invitation> {
    let Event::Push(push) = event else { return None };
    let (target, since) = match push.field {
        ADDED => {
            let added: ChannelMembersAdded = push.read().ok()??;
            if !added.users.iter().any(|profile| profile.user_id == user) {
                return None;
            }
            let mut target = added.channel?.target();
            if target.clan_id.is_none() {
                target.clan_id = added.clan_id;
                target.is_public &= !added.clan_id.is_none();
            }
            (target, added.create_time_seconds)
        }
        // In a clan everybody hears of it, and joining the clan is enough.
        CREATED => {
            let created: ChannelCreated = push.read().ok()??;
            if !created.clan_id.is_none() || created.creator_id == user {
                return None;
            }
            let target = Target {
                clan_id: created.clan_id,
                channel_id: created.channel_id,
                channel_type: created.channel_type,
                is_public: false,
            };
            (target, 0)
        }
        _ => return None,
    };
    let after = if since == 0 { before_the_news(now) } else { first_after(since) };
    (!target.channel_id.is_none()).then_some(Invitation { target, after })
}

/// An id from before the messages of `seconds`, in Unix time: what was said before is not for who comes now. With a second
/// to spare, as times on the wire have no fractions.
fn first_after(seconds: u32) -> MessageId {
    MessageId::at(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(seconds.saturating_sub(1))))
}

/// An id from before the messages that are news, when the server does not say since when the user is in the channel: a
/// conversation that is announced again has a past, which is nothing that was missed.
fn before_the_news(now: SystemTime) -> MessageId {
    MessageId::at(now.checked_sub(ON_THE_WAY).unwrap_or(SystemTime::UNIX_EPOCH))
}

/// How long a first message may be older than the news of its channel, with clocks that disagree.
const ON_THE_WAY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use mezon_model::ChannelType;
    use mezon_proto::api::ChannelDescription;
    use mezon_proto::realtime::envelope::Message;
    use mezon_proto::realtime::{ChannelCreatedEvent, Envelope, UserChannelAdded, UserProfileRedis};
    use mezon_proto::wire;
    use mezon_realtime::Revision;

    use super::*;

    const ME: i64 = 42;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn read(message: Message) -> (bool, Option<Invitation>) {
        let frame = Revision::default().encode(&Envelope { cid: 0, message: Some(message) });
        let event = Event::Push(wire::read(&frame).unwrap().message.unwrap());
        (is_one(&event), of(&event, UserId::new(ME), at(1_800_000_000)))
    }

    fn added(clan_id: i64, kind: i32, private: i32, users: &[i64], since: u32) -> Message {
        let users = users.iter().map(|user_id| UserProfileRedis { user_id: *user_id, ..Default::default() }).collect();
        let channel =
            ChannelDescription { channel_id: 7, r#type: kind, channel_private: private, ..Default::default() };
        Message::UserChannelAddedEvent(UserChannelAdded {
            channel_desc: Some(channel),
            users,
            clan_id,
            create_time_seconds: since,
            ..Default::default()
        })
    }

    fn target(invitation: Option<Invitation>) -> (i64, ChannelType, bool) {
        let target = invitation.unwrap().target;
        assert_eq!(target.channel_id.get(), 7);
        (target.clan_id.get(), target.channel_type, target.is_public)
    }

    #[test]
    fn who_is_added_is_invited_and_nobody_else() {
        let (is_one, invitation) = read(added(0, 3, 1, &[1, ME], 0));
        assert!(is_one);
        assert_eq!(target(invitation), (0, ChannelType::Direct, false));
        assert_eq!(read(added(0, 3, 1, &[1, 2], 0)), (true, None));
        assert_eq!(read(added(0, 3, 1, &[], 0)), (true, None));
    }

    #[test]
    fn a_channel_of_a_clan_is_joined_as_what_it_is() {
        assert_eq!(target(read(added(9, 1, 1, &[ME], 0)).1), (9, ChannelType::Channel, false));
        assert_eq!(target(read(added(9, 7, 0, &[ME], 0)).1), (9, ChannelType::Thread, true));
    }

    #[test]
    fn what_was_said_before_the_user_was_added_is_not_read() {
        let after = read(added(9, 1, 1, &[ME], 1_800_000_000)).1.unwrap().after;
        assert_eq!(after, MessageId::at(at(1_799_999_999)), "with a second to spare");
    }

    /// Years of an old conversation were delivered as new when it was announced again.
    #[test]
    fn of_a_channel_with_an_unknown_past_only_what_comes_with_the_news_is_read() {
        let created =
            ChannelCreatedEvent { creator_id: 1, channel_id: 7, channel_type: 3, ..ChannelCreatedEvent::default() };
        for news in [Message::ChannelCreatedEvent(created), added(0, 3, 1, &[1, ME], 0)] {
            assert_eq!(read(news).1.unwrap().after, MessageId::at(at(1_799_999_940)));
        }
        let [event] = [Message::UserChannelAddedEvent(UserChannelAdded::default())].map(|message| {
            let frame = Revision::default().encode(&Envelope { cid: 0, message: Some(message) });
            Event::Push(wire::read(&frame).unwrap().message.unwrap())
        });
        assert_eq!(of(&event, UserId::new(ME), SystemTime::UNIX_EPOCH), None, "no clock panics");
    }

    #[test]
    fn a_conversation_that_the_user_opened_is_no_invitation() {
        let created = |clan_id, creator_id, channel_id| {
            Message::ChannelCreatedEvent(ChannelCreatedEvent {
                clan_id,
                creator_id,
                channel_id,
                channel_type: 3,
                ..Default::default()
            })
        };
        assert_eq!(target(read(created(0, 1, 7)).1), (0, ChannelType::Direct, false));
        assert_eq!(read(created(0, ME, 7)).1, None);
        assert_eq!(read(created(9, 1, 7)).1, None, "the clan brings it");
        assert_eq!(read(created(0, 1, 0)).1, None, "no id is no channel");
    }
}
