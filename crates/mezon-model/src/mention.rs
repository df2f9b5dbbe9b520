//! A person or a role named in a message.

use serde::{Deserialize, Serialize};

use crate::content::Span;
use crate::id::{MentionId, RoleId, UserId};
use crate::lenient;

/// A person or a role named in a message. The text at [`span`](Mention::span) is `@name`.
///
/// Either [`user_id`](Mention::user_id) or [`role_id`](Mention::role_id) is set. Naming everybody is a
/// flag of the draft ([`Draft::mention_everyone`](crate::Draft::mention_everyone)), not a mention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mention {
    /// The server's id of the mention, none in a draft.
    #[serde(deserialize_with = "lenient::id")]
    pub id: MentionId,
    /// The person, none when a role is named; [`UserId::HERE`] when everybody is who is online in the channel.
    #[serde(deserialize_with = "lenient::user_id")]
    pub user_id: UserId,
    /// The person's user name.
    #[serde(deserialize_with = "lenient::text")]
    pub username: String,
    /// The role, none when a person is named.
    #[serde(deserialize_with = "lenient::id")]
    pub role_id: RoleId,
    /// The role's name.
    #[serde(deserialize_with = "lenient::text")]
    pub rolename: String,
    /// When the mention was made, in Unix seconds; 0 in a draft.
    #[serde(deserialize_with = "lenient::uint32")]
    pub create_time_seconds: u32,
    /// Where `@name` starts in the text, in UTF-16 units. `s` in JSON.
    #[serde(rename = "s", deserialize_with = "lenient::uint32")]
    pub start: u32,
    /// Where `@name` ends, exclusive, in UTF-16 units. `e` in JSON.
    #[serde(rename = "e", deserialize_with = "lenient::uint32")]
    pub end: u32,
}

impl Mention {
    /// How a text names everybody who is online in the channel. The mention carries it as the user name too.
    pub const HERE: &str = "@here";

    /// Whether it names everybody who is online in the channel.
    pub fn is_here(&self) -> bool {
        self.user_id == UserId::HERE
    }

    /// The range of the text that is the mention.
    pub fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }
}
