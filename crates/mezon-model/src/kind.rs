//! The numbers that say what a channel or a message is, as open enums.
//!
//! A number this crate does not know is kept in `Other` and written back as it came. Channel types and
//! stream modes use overlapping numbers for different things (3 is a direct conversation as a type and
//! a group as a mode), so they are two types, and neither converts from a plain number by itself.

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $raw:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A number that has no name here. [`from_raw`](Self::from_raw) never puts a named one in.
            Other(i32),
        }

        impl $name {
            /// The meaning of a number from the wire.
            pub const fn from_raw(raw: i32) -> Self {
                match raw {
                    $($raw => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The number on the wire.
            pub const fn to_raw(self) -> i32 {
                match self {
                    $(Self::$variant => $raw,)+
                    Self::Other(raw) => raw,
                }
            }
        }

        /// What an absent field means: the number 0.
        impl Default for $name {
            fn default() -> Self {
                Self::from_raw(0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant => f.pad(stringify!($variant)),)+
                    Self::Other(raw) => write!(f, "Other({raw})"),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i32(self.to_raw())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::lenient::int32(deserializer).map(Self::from_raw)
            }
        }
    };
}

pub(crate) use open_enum;

open_enum! {
    /// What a channel is. Creating, listing, joining and leaving use this number.
    ///
    /// ```compile_fail
    /// // A type is not a mode, although both are 3 somewhere.
    /// let mode: mezon_model::StreamMode = mezon_model::ChannelType::Direct;
    /// ```
    ChannelType {
        /// A text channel of a clan.
        Channel = 1,
        /// A conversation of several people outside clans.
        Group = 2,
        /// A conversation of two people.
        Direct = 3,
        /// A voice channel on Google Meet.
        GoogleMeet = 4,
        /// A forum.
        Forum = 5,
        /// A streaming channel.
        Streaming = 6,
        /// A thread under a clan channel.
        Thread = 7,
        /// A channel that shows an application.
        App = 8,
        /// An announcement channel.
        Announcement = 9,
        /// A voice channel of Mezon's own.
        Voice = 10,
    }
}

open_enum! {
    /// Which kind of conversation a message, an edit, a reaction or a typing notice belongs to.
    StreamMode {
        /// A clan channel.
        Channel = 2,
        /// A group conversation.
        Group = 3,
        /// A direct conversation.
        Direct = 4,
        /// A clan as a whole.
        Clan = 5,
        /// A thread.
        Thread = 6,
    }
}

open_enum! {
    /// What a role or a user may do in one channel, compared with the rest of the clan.
    PermissionRule {
        /// As in the clan.
        Inherit = 0,
        /// Allowed, whatever the clan says.
        Allow = 1,
        /// Forbidden, whatever the clan says.
        Deny = 2,
    }
}

open_enum! {
    /// How a user stands to another one.
    FriendState {
        /// Both agreed.
        Friend = 0,
        /// The user asked; the other has not answered.
        InviteSent = 1,
        /// The other asked; the user has not answered.
        InviteReceived = 2,
        /// The user has blocked the other.
        Blocked = 3,
    }
}

open_enum! {
    /// What the user is told about by notifications. Set for a clan, and for a category or a channel that is to differ.
    NotificationLevel {
        /// As the clan says, or the category; the clan itself as the server does.
        Inherited = 0,
        /// Every message.
        Everything = 1,
        /// Mentions of the user.
        Mentions = 2,
        /// Nothing.
        Nothing = 3,
    }
}

open_enum! {
    /// Which of the user's lists a notification is in, as the official web client numbers them.
    NotificationCategory {
        /// About the user: friends, events.
        ForYou = 1,
        /// Messages that were put aside.
        Messages = 2,
        /// Mentions of the user, and answers.
        Mentions = 3,
    }
}

open_enum! {
    /// What caused a notification, as the official web client numbers it.
    NotificationCode {
        /// Somebody wants to talk.
        DirectRequest = -1,
        /// Somebody wants to be friends.
        FriendRequest = -2,
        /// Somebody has accepted to be friends.
        FriendAccepted = -3,
        /// The user was added to a group.
        GroupAdded = -4,
        /// The user was banned.
        Banned = -8,
        /// The user was mentioned.
        Mentioned = -9,
        /// Somebody reacted to a message of the user.
        Reacted = -10,
        /// Somebody answered a message of the user.
        Replied = -11,
        /// Something happened in a clan.
        Clan = -12,
    }
}

open_enum! {
    /// What a message is for: ordinary chat, a change to an earlier message, or a system notice.
    MessageCode {
        /// Ordinary chat.
        Chat = 0,
        /// An edit: the message with the same id has a new content.
        Update = 1,
        /// A removal: the message with the same id is gone.
        Remove = 2,
        /// Somebody is typing.
        Typing = 3,
        /// A system line in the conversation.
        Indicator = 4,
        /// A welcome to a new member.
        Welcome = 5,
        /// A thread was created.
        CreateThread = 6,
        /// A message was pinned.
        CreatePin = 7,
        /// A buzz: asks for attention at once.
        Buzz = 8,
        /// A topic was opened.
        Topic = 9,
        /// An entry of the audit log.
        AuditLog = 10,
        /// Tokens were sent.
        SendToken = 11,
        /// Seen by chosen people only, and not stored.
        Ephemeral = 12,
        /// An event is about to start.
        UpcomingEvent = 13,
        /// An edit of an ephemeral message.
        UpdateEphemeral = 14,
        /// The removal of an ephemeral message.
        DeleteEphemeral = 15,
        /// A contact card.
        Contact = 16,
        /// A place.
        Location = 17,
        /// A poll.
        Poll = 18,
    }
}

open_enum! {
    /// What choosing an entry of a quick menu does.
    MenuKind {
        /// Prepares a message for the user to send.
        Message = 1,
        /// Tells the bot: [`QuickMenuChosen`](crate::event::QuickMenuChosen).
        Event = 2,
    }
}

open_enum! {
    /// How many answers of a poll a voter may choose.
    PollKind {
        /// One.
        Single = 0,
        /// Any number.
        Multiple = 1,
    }
}

impl MessageCode {
    /// Whether such a message changes an older one, whose id it carries: an edit or a removal.
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Update | Self::Remove | Self::UpdateEphemeral | Self::DeleteEphemeral)
    }
}

impl ChannelType {
    /// The mode that messages in such a channel are sent with.
    ///
    /// Direct, group and thread have modes of their own. All other channels of a clan, known or not,
    /// take [`StreamMode::Channel`].
    pub const fn stream_mode(self) -> StreamMode {
        match self {
            Self::Direct => StreamMode::Direct,
            Self::Group => StreamMode::Group,
            Self::Thread => StreamMode::Thread,
            _ => StreamMode::Channel,
        }
    }
}

impl StreamMode {
    /// The channel type to join with when only the mode is known.
    ///
    /// Several types share [`StreamMode::Channel`], so this is not an exact inverse: everything but
    /// direct, group and thread is [`ChannelType::Channel`].
    pub const fn channel_type(self) -> ChannelType {
        match self {
            Self::Direct => ChannelType::Direct,
            Self::Group => ChannelType::Group,
            Self::Thread => ChannelType::Thread,
            _ => ChannelType::Channel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_protocol() {
        let types = [
            (ChannelType::Channel, 1),
            (ChannelType::Group, 2),
            (ChannelType::Direct, 3),
            (ChannelType::GoogleMeet, 4),
            (ChannelType::Forum, 5),
            (ChannelType::Streaming, 6),
            (ChannelType::Thread, 7),
            (ChannelType::App, 8),
            (ChannelType::Announcement, 9),
            (ChannelType::Voice, 10),
        ];
        for (kind, raw) in types {
            assert_eq!((kind.to_raw(), ChannelType::from_raw(raw)), (raw, kind));
        }
        let modes = [
            (StreamMode::Channel, 2),
            (StreamMode::Group, 3),
            (StreamMode::Direct, 4),
            (StreamMode::Clan, 5),
            (StreamMode::Thread, 6),
        ];
        for (mode, raw) in modes {
            assert_eq!((mode.to_raw(), StreamMode::from_raw(raw)), (raw, mode));
        }
        let codes =
            [(NotificationCode::FriendRequest, -2), (NotificationCode::Mentioned, -9), (NotificationCode::Clan, -12)];
        for (code, raw) in codes {
            assert_eq!((code.to_raw(), NotificationCode::from_raw(raw)), (raw, code));
        }
        assert_eq!(NotificationLevel::Nothing.to_raw(), 3);
        assert_eq!(NotificationCategory::Mentions.to_raw(), 3);
        assert_eq!(MessageCode::default(), MessageCode::Chat);
        assert_eq!(MessageCode::Buzz.to_raw(), 8);
        assert_eq!(MessageCode::Poll.to_raw(), 18);
    }

    #[test]
    fn unknown_numbers_survive() {
        for raw in [-1, 0, 11, 19, 4096, i32::MIN, i32::MAX] {
            assert_eq!(ChannelType::from_raw(raw).to_raw(), raw);
            assert_eq!(StreamMode::from_raw(raw).to_raw(), raw);
            assert_eq!(MessageCode::from_raw(raw).to_raw(), raw);
            let json = serde_json::to_string(&ChannelType::from_raw(raw)).unwrap();
            assert_eq!(serde_json::from_str::<ChannelType>(&json).unwrap().to_raw(), raw);
        }
        assert_eq!(MessageCode::from_raw(99), MessageCode::Other(99));
    }

    #[test]
    fn types_and_modes_map_as_the_clients_do() {
        let pairs = [
            (ChannelType::Direct, StreamMode::Direct),
            (ChannelType::Group, StreamMode::Group),
            (ChannelType::Channel, StreamMode::Channel),
            (ChannelType::Thread, StreamMode::Thread),
        ];
        for (kind, mode) in pairs {
            assert_eq!(kind.stream_mode(), mode);
            assert_eq!(mode.channel_type(), kind);
        }
        for kind in [ChannelType::App, ChannelType::Announcement, ChannelType::Streaming, ChannelType::Voice] {
            assert_eq!(kind.stream_mode(), StreamMode::Channel);
        }
        assert_eq!(StreamMode::from_raw(0).channel_type(), ChannelType::Channel);
    }
}
