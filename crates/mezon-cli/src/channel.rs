//! Finding channels and people by id or by name, so that nobody has to say which kind one is.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use mezon_light::{Channel, ChannelId, ChannelType, LightClient, ListChannelsOptions, UserId};

use crate::exit::Failure;
use crate::output::printable;

/// The most that the server lists at once.
const PAGE: u8 = 100;

/// A channel or a person, as a user names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named<Id> {
    Id(Id),
    Name(String),
}

impl<Id: FromStr> FromStr for Named<Id> {
    type Err = Infallible;

    /// A number is an id. A `#` or `@` before a name belongs to the way of writing it.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.parse() {
            Ok(id) => Self::Id(id),
            Err(_) => Self::Name(text.strip_prefix(['#', '@']).unwrap_or(text).to_owned()),
        })
    }
}

impl<Id: fmt::Display> fmt::Display for Named<Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

/// All direct and group conversations of the user.
pub(crate) async fn all(client: &LightClient) -> Result<Vec<Channel>, Failure> {
    let mut channels: Vec<Channel> = Vec::new();
    for page in 1.. {
        let listed = client.list_channels(&ListChannelsOptions::default().limit(PAGE).page(page)).await?;
        let full = listed.len() >= usize::from(PAGE);
        let known = channels.len();
        for channel in listed {
            if !channels.iter().any(|other| other.id() == channel.id()) {
                channels.push(channel);
            }
        }
        // A server that knows no pages answers with the same ones again.
        if !full || channels.len() == known {
            break;
        }
    }
    Ok(channels)
}

/// The conversation that `named` means.
pub(crate) async fn find(client: &LightClient, named: &Named<ChannelId>) -> Result<Channel, Failure> {
    pick(&all(client).await?, named)
}

/// The conversation among `channels` that `named` means: by its id, by its label, or by the only other person in it.
pub(crate) fn pick(channels: &[Channel], named: &Named<ChannelId>) -> Result<Channel, Failure> {
    let found: Vec<&Channel> = match named {
        Named::Id(id) => channels.iter().filter(|channel| channel.id() == *id).take(1).collect(),
        Named::Name(name) => channels.iter().filter(|channel| is_called(channel, name)).collect(),
    };
    match found.as_slice() {
        [channel] => Ok((*channel).clone()),
        [] => Err(Failure::input("unknown_channel", format!("you have no channel {named}"))
            .hint("`mez channels` lists yours, `mez dm USER` opens one")),
        several => Err(several_are_called("channel", named, several.iter().map(|channel| channel.id()))),
    }
}

/// The ids of the people that `named` mean. Names are those of people in the user's own conversations.
pub(crate) async fn people(client: &LightClient, named: &[Named<UserId>]) -> Result<Vec<UserId>, Failure> {
    let by_name = named.iter().any(|person| matches!(person, Named::Name(_)));
    let channels = if by_name { all(client).await? } else { Vec::new() };
    named.iter().map(|person| pick_person(&channels, person)).collect()
}

fn pick_person(channels: &[Channel], named: &Named<UserId>) -> Result<UserId, Failure> {
    let name = match named {
        Named::Id(id) => return Ok(*id),
        Named::Name(name) => name,
    };
    let members = channels.iter().flat_map(|channel| channel.user_ids().iter().zip(channel.usernames()));
    let mut found: Vec<UserId> = members.filter(|(_, username)| *username == name).map(|(id, _)| *id).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::input("unknown_user", format!("nobody in your conversations is called {named}"))
            .hint("give the user's id")),
        several => Err(several_are_called("user", named, several.iter())),
    }
}

fn is_called(channel: &Channel, name: &str) -> bool {
    let is_peer = || channel.kind() == ChannelType::Direct && channel.usernames().iter().any(|peer| peer == name);
    !name.is_empty() && (channel.label() == name || is_peer())
}

fn several_are_called(what: &str, named: impl fmt::Display, ids: impl Iterator<Item = impl fmt::Display>) -> Failure {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    let message = format!("{} {what}s are called {named}: {}", ids.len(), ids.join(", "));
    Failure::input(&format!("ambiguous_{what}"), message).hint("give the id of the one that you mean")
}

/// What kind of channel it is, in a word.
pub(crate) fn kind(channel: &Channel) -> String {
    match channel.kind() {
        ChannelType::Direct => "direct".to_owned(),
        ChannelType::Group => "group".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// What to call it: its label, or who is in it.
pub(crate) fn title(channel: &Channel) -> String {
    if !channel.label().is_empty() {
        return printable(channel.label()).to_string();
    }
    let names = channel.usernames().join(", ");
    if !names.is_empty() {
        return printable(&names).to_string();
    }
    channel.user_ids().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
