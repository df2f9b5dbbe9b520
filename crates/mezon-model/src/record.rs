//! Plain records of the protocol, declared one field a line: name, type, and the field of the wire it is read from.
//!
//! The wire writes the same thing in several ways: an id as a number here and as decimal text there, a flag as `bool` or
//! as `int32`. [`Read`] knows them all, so no record has to.

/// Declares records with public fields and, with the feature `proto`, how each is read from its wire type.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $name:ident from $package:ident::$($wire:ident)::+ {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $source:ident,)*
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
        #[non_exhaustive]
        #[allow(clippy::struct_excessive_bools)] // flags of the protocol, each on its own
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        #[cfg(feature = "proto")]
        impl From<mezon_proto::$package::$($wire)::+> for $name {
            fn from(wire: mezon_proto::$package::$($wire)::+) -> Self {
                Self { $($field: $crate::record::Read::read(wire.$source),)* }
            }
        }

        #[cfg(feature = "proto")]
        impl $crate::record::Read<mezon_proto::$package::$($wire)::+> for $name {
            fn read(wire: mezon_proto::$package::$($wire)::+) -> Self {
                wire.into()
            }
        }
    )+};
}

pub(crate) use records;

/// Reads a value of the vocabulary from the form in which a field of the wire carries it.
#[cfg(feature = "proto")]
pub(crate) trait Read<Wire> {
    fn read(wire: Wire) -> Self;
}

#[cfg(feature = "proto")]
mod read {
    use mezon_proto::api;

    use super::Read;
    use crate::hidden::HiddenText;
    use crate::id::{
        AppId, CategoryId, ChannelId, ClanId, EmojiId, EventId, InviteId, MenuId, MessageId, NotificationId,
        PermissionId, PinId, PollId, RoleId, StickerId, TopicId, UserId, WebhookId,
    };
    use crate::kind::{
        ChannelType, FriendState, MenuKind, NotificationCategory, NotificationCode, NotificationLevel, PermissionRule,
        PollKind, StreamMode,
    };
    use crate::{Channel, MessageHeader};

    /// Where the wire and the vocabulary use the same type.
    macro_rules! as_it_is {
        ($($type:ty),+) => {$(
            impl Read<$type> for $type {
                fn read(wire: $type) -> Self {
                    wire
                }
            }
        )+};
    }

    /// Ids: numbers as a rule, decimal text in a few events. A text that is no number is none.
    macro_rules! ids {
        ($($type:ty),+) => {$(
            impl Read<i64> for $type {
                fn read(wire: i64) -> Self {
                    Self::new(wire)
                }
            }

            impl Read<String> for $type {
                fn read(wire: String) -> Self {
                    wire.parse().unwrap_or_default()
                }
            }
        )+};
    }

    macro_rules! open_enums {
        ($($type:ty),+) => {$(
            impl Read<i32> for $type {
                fn read(wire: i32) -> Self {
                    Self::from_raw(wire)
                }
            }
        )+};
    }

    as_it_is!(bool, i32, i64, u32, String);
    ids!(AppId, CategoryId, ChannelId, ClanId, EmojiId, EventId, InviteId, MenuId, MessageId, NotificationId);
    ids!(PermissionId, PinId, PollId, RoleId, StickerId, TopicId, UserId, WebhookId);
    open_enums!(MenuKind, PermissionRule, PollKind);
    open_enums!(ChannelType, FriendState, NotificationCategory, NotificationCode, NotificationLevel, StreamMode);

    /// Flags that the wire writes as 0 and 1.
    impl Read<i32> for bool {
        fn read(wire: i32) -> Self {
            wire != 0
        }
    }

    impl Read<String> for HiddenText {
        fn read(wire: String) -> Self {
            wire.into()
        }
    }

    impl Read<api::ChannelDescription> for Channel {
        fn read(wire: api::ChannelDescription) -> Self {
            wire.into()
        }
    }

    impl Read<api::ChannelMessageHeader> for MessageHeader {
        fn read(wire: api::ChannelMessageHeader) -> Self {
            wire.into()
        }
    }

    impl<Wire, T: Read<Wire>> Read<Vec<Wire>> for Vec<T> {
        fn read(wire: Vec<Wire>) -> Self {
            wire.into_iter().map(T::read).collect()
        }
    }

    impl<Wire, T: Read<Wire>> Read<Option<Wire>> for Option<T> {
        fn read(wire: Option<Wire>) -> Self {
            wire.map(T::read)
        }
    }
}
