//! Finding people by id or by name.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use mezon_client::Client;
use mezon_client::calls::names::{self, NameError, NameErrorKind};
use mezon_client::mezon_model::User;
use mezon_light::UserId;

use crate::exit::Failure;
use crate::place::{conversations, unnamed};

/// A person, as a user names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// `1002`
    Id(UserId),
    /// `linh`, `@linh`
    Name(String),
}

impl FromStr for Person {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        // No text at all is read as no id.
        match text.parse() {
            Ok(id) if !text.is_empty() => Ok(Self::Id(id)),
            _ => Ok(Self::Name(text.to_owned())),
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

/// The ids of the people that `named` mean: names are those of people in the user's conversations, of friends, and of members
/// of the user's clans.
pub(crate) async fn people(client: &Client, named: &[Person]) -> Result<Vec<UserId>, Failure> {
    let (mut near, mut known) = (None, None);
    let mut found = Vec::new();
    for person in named {
        let name = match person {
            Person::Id(id) => {
                found.push(*id);
                continue;
            }
            Person::Name(name) => name,
        };
        let near = match &near {
            Some(near) => near,
            None => near.insert(in_conversations(client).await?),
        };
        match names::find(name, near.as_slice()) {
            Ok(user) => {
                found.push(user.id);
                continue;
            }
            Err(error) if matches!(error.kind(), NameErrorKind::Unknown { .. }) => {}
            Err(error) => return Err(unknown(&error, person)),
        }
        let known = match &known {
            Some(known) => known,
            None => known.insert(client.users().known().await?),
        };
        found.push(names::find(name, known.as_slice()).map_err(|error| unknown(&error, person))?.id);
    }
    Ok(found)
}

fn unknown(error: &NameError, person: &Person) -> Failure {
    let unknown = format!("nobody in your conversations and clans, and no friend, is called {person}");
    unnamed(error, "user", person, unknown, "give the user's id")
}

/// Everybody in the user's direct and group conversations.
async fn in_conversations(client: &Client) -> Result<Vec<User>, Failure> {
    let mut users = Vec::new();
    for channel in conversations(client).await? {
        for (place, (id, username)) in channel.user_ids().iter().zip(channel.usernames()).enumerate() {
            let mut user = User::default();
            user.id = *id;
            user.username.clone_from(username);
            user.display_name = channel.display_names().get(place).cloned().unwrap_or_default();
            users.push(user);
        }
    }
    Ok(users)
}
