//! Typed ids: an `i64` inside, a decimal string in JSON, and no way to pass one kind for another.
//!
//! Ids go past 2^53, so they never pass through a float: a JSON float is refused, not rounded.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Any `i64` is legal; 0 means "none" (see [`is_none`](Self::is_none)). JSON carries it as a
        /// string; reading takes a string or an integer, and the empty string as 0.
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Wraps the number that the server uses.
            pub const fn new(raw: i64) -> Self {
                Self(raw)
            }

            /// The number that the server uses.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// Whether this is 0, which the protocol uses for "none".
            pub const fn is_none(self) -> bool {
                self.0 == 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<i64> for $name {
            fn from(raw: i64) -> Self {
                Self(raw)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Reads decimal text; the empty string is 0.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text).map(Self).ok_or(ParseIdError { expected: stringify!($name) })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(IdVisitor).map(Self)
            }
        }
    };
}

id_type! {
    /// A person or a bot.
    UserId
}
id_type! {
    /// A channel of any kind: a direct or group conversation, a clan channel, a thread.
    ChannelId
}
id_type! {
    /// A message within a channel.
    MessageId
}
id_type! {
    /// A clan (what other chat systems call a server or a guild). Direct and group conversations live
    /// in [`ClanId::DIRECT`].
    ClanId
}
id_type! {
    /// A topic: a side conversation that hangs on one message.
    TopicId
}
id_type! {
    /// A role within a clan.
    RoleId
}
id_type! {
    /// A custom emoji.
    EmojiId
}
id_type! {
    /// A category that groups the channels of a clan.
    CategoryId
}
id_type! {
    /// An application behind an app channel.
    AppId
}
id_type! {
    /// One mention, as the server stores it.
    MentionId
}
id_type! {
    /// One reaction, as the server stores it.
    ReactionId
}

id_type! {
    /// Something that a role can allow.
    PermissionId
}
id_type! {
    /// A planned event of a clan.
    EventId
}
id_type! {
    /// An invitation to a clan.
    InviteId
}
id_type! {
    /// A sticker or a sound of a clan.
    StickerId
}
id_type! {
    /// A webhook.
    WebhookId
}
id_type! {
    /// An entry of a user's list of notifications.
    NotificationId
}
id_type! {
    /// One pin, as the server stores it.
    PinId
}
id_type! {
    /// An entry of a quick menu.
    MenuId
}
id_type! {
    /// A poll, which hangs on one message.
    PollId
}

impl UserId {
    /// Everybody who is online in the channel: who `@here` names. It is an ordinary user id on the wire.
    pub const HERE: Self = Self::new(1_775_731_111_020_111_321);
}

impl ClanId {
    /// The clan that direct and group conversations belong to: 0.
    pub const DIRECT: Self = Self::new(0);
}

impl InviteId {
    /// The invitation that a link leads to, as it is passed on: `https://mezon.ai/invite/1840651530236071936`. The number alone will do.
    ///
    /// # Errors
    /// [`ParseIdError`] when the last part of the path is no number.
    pub fn in_link(link: &str) -> Result<Self, ParseIdError> {
        let path = link.trim().split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let id = path.rsplit('/').next().unwrap_or_default();
        let id = parse(id).filter(|id| *id > 0);
        id.map(Self).ok_or(ParseIdError { expected: "InviteId" })
    }
}

impl MessageId {
    /// When the server made this id, to the millisecond.
    ///
    /// Ids are snowflakes: the bits from 22 up count milliseconds since 2020-01-01 UTC. `None` for 0
    /// and for negative numbers, which no snowflake is.
    pub fn created_at(self) -> Option<SystemTime> {
        let raw = u64::try_from(self.0).ok().filter(|raw| *raw != 0)?;
        UNIX_EPOCH.checked_add(Duration::from_millis(Self::EPOCH_MS + (raw >> 22)))
    }

    /// The smallest id of that millisecond: every message from then on has a larger one, or this one. 0 for times before
    /// 2020, and no id is larger than the largest.
    pub fn at(time: SystemTime) -> Self {
        let since_unix = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let milliseconds = since_unix.saturating_sub(u128::from(Self::EPOCH_MS));
        Self(i64::try_from(milliseconds << 22).unwrap_or(i64::MAX))
    }

    /// 2020-01-01T00:00:00Z in Unix milliseconds.
    const EPOCH_MS: u64 = 1_577_836_800_000;
}

/// The text is not an id.
///
/// The text itself is not repeated: what lands in the wrong field may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseIdError {
    expected: &'static str,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not a {}: give a decimal integer that fits 64 bits", self.expected)
    }
}

impl std::error::Error for ParseIdError {}

fn parse(text: &str) -> Option<i64> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: a decimal string or an integer that fits 64 bits")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<i64, E> {
        parse(value).ok_or_else(|| E::custom("the text is not an id: expected a decimal integer that fits 64 bits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_edges_of_i64_survive_text_and_json() {
        for raw in [0, -1, i64::MIN, i64::MAX, 9_007_199_254_740_993] {
            let id = UserId::new(raw);
            assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(json, format!("\"{raw}\""));
            assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
            assert_eq!(serde_json::from_str::<UserId>(&raw.to_string()).unwrap(), id);
        }
    }

    #[test]
    fn the_empty_string_is_none() {
        assert!("".parse::<ClanId>().unwrap().is_none());
        assert!(serde_json::from_str::<ClanId>("\"\"").unwrap().is_none());
        assert_eq!(ClanId::DIRECT.get(), 0);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for json in ["1.0", "1e3", "18446744073709551615", "9223372036854775808", "\"x\"", "\" 1\"", "true", "null"] {
            assert!(serde_json::from_str::<MessageId>(json).is_err(), "{json}");
        }
        let error = "top-secret".parse::<ChannelId>().unwrap_err();
        assert_eq!(error.to_string(), "the text is not a ChannelId: give a decimal integer that fits 64 bits");
    }

    #[test]
    fn a_link_names_its_invitation() {
        for link in
            ["https://mezon.ai/invite/77", " https://mezon.ai/invite/77/?from=chat#top ", "mezon.ai/invite/77", "77"]
        {
            assert_eq!(InviteId::in_link(link), Ok(InviteId::new(77)), "{link}");
        }
        for link in ["", "https://mezon.ai/", "https://mezon.ai/invite/abc", "https://mezon.ai/invite/-7", "0"] {
            assert!(InviteId::in_link(link).is_err(), "{link}");
        }
    }

    #[test]
    fn ids_are_keys_of_json_maps() {
        let map: std::collections::BTreeMap<UserId, u8> = serde_json::from_str(r#"{"7":1}"#).unwrap();
        assert_eq!(map.get(&UserId::new(7)), Some(&1));
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"7":1}"#);
    }

    #[test]
    fn a_snowflake_tells_its_time() {
        let id = MessageId::new(1_000 << 22 | 0x3f_ffff);
        let expected = UNIX_EPOCH + Duration::from_secs(1_577_836_801);
        assert_eq!(id.created_at(), Some(expected));
        assert_eq!(MessageId::default().created_at(), None);
        assert_eq!(MessageId::new(-5).created_at(), None);
        assert!(MessageId::new(i64::MAX).created_at().is_some());
    }

    proptest! {
        #[test]
        fn every_number_round_trips(raw: i64) {
            let id = ChannelId::new(raw);
            prop_assert_eq!(id.to_string().parse::<ChannelId>().unwrap(), id);
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<ChannelId>(&json).unwrap(), id);
            prop_assert_eq!(i64::from(ChannelId::from(raw)), raw);
        }
    }
}
