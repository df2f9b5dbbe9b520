//! Finding channels and clans by id or by name, so that nobody has to say which kind one is.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use mezon_client::calls::names::{self, NameError, NameErrorKind};
use mezon_client::mezon_api::ListChannelsOptions;
use mezon_client::mezon_model::Clan;
use mezon_client::{Client, ClientError};
use mezon_light::{Channel, ChannelId, ChannelType};

use crate::exit::Failure;
use crate::output::printable;

/// How many channels that are listed already are read before a list counts as one without end: a page.
const REPEATS: usize = 100;

/// A channel, as a user names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `1804`
    Id(ChannelId),
    /// `weekend`, `#general`, `@linh`
    Name(String),
    /// `komu/#general`
    InClan { clan: String, name: String },
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        // No text at all is read as no id.
        if let (Ok(id), false) = (text.parse(), text.is_empty()) {
            return Ok(Self::Id(id));
        }
        Ok(match text.split_once("/#") {
            Some((clan, name)) if !clan.is_empty() && !name.is_empty() => {
                Self::InClan { clan: clan.to_owned(), name: name.to_owned() }
            }
            _ => Self::Name(text.to_owned()),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => write!(f, "{name:?}"),
            Self::InClan { clan, name } => write!(f, "\"{clan}/#{name}\""),
        }
    }
}

/// All direct and group conversations of the user.
pub(crate) async fn conversations(client: &Client) -> Result<Vec<Channel>, Failure> {
    list(client, ListChannelsOptions::default()).await
}

/// All channels that `query` asks for.
pub(crate) async fn list(client: &Client, query: ListChannelsOptions) -> Result<Vec<Channel>, Failure> {
    let (mut channels, mut ids, mut repeats) = (Vec::new(), HashSet::new(), 0);
    let mut pages = client.channels().list(query);
    while let Some(channel) = pages.next().await {
        let channel = channel?;
        if ids.insert(channel.id()) {
            channels.push(channel);
            repeats = 0;
        } else {
            repeats += 1;
        }
        // A server that knows no pages answers with the same ones again.
        if repeats == REPEATS {
            break;
        }
    }
    Ok(channels)
}

/// The channel that `place` means.
pub(crate) async fn find(client: &Client, place: &Place) -> Result<Channel, Failure> {
    Finder::new(client).find(place).await
}

/// The clan with this name or id.
pub(crate) async fn clan(client: &Client, name: &str) -> Result<Clan, Failure> {
    match client.clans().find(name).await {
        Err(ClientError::Name(error)) => Err(unnamed(
            &error,
            "clan",
            format_args!("{name:?}"),
            format!("you have no clan {name:?}"),
            "`mez clans` lists yours",
        )),
        found => Ok(found?),
    }
}

/// Finds several places with one look at each list.
pub(crate) struct Finder<'a> {
    client: &'a Client,
    conversations: Option<Vec<Channel>>,
    all: Option<Vec<Channel>>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client, conversations: None, all: None }
    }

    /// The channel that `place` means. A name without a sign is that of a conversation, if there is one called so, or else
    /// that of a channel of any clan; `@` wants a direct conversation, `#` anything else.
    pub(crate) async fn find(&mut self, place: &Place) -> Result<Channel, Failure> {
        let wanted = match place {
            Place::Id(id) => id.to_string(),
            Place::Name(name) => name.clone(),
            Place::InClan { clan: name, name: channel } => {
                let clan = clan(self.client, name).await?;
                let channels = list(self.client, ListChannelsOptions::clan(clan.id)).await?;
                return pick(&channels, channel).map_err(|error| unknown(&error, place));
            }
        };
        let (direct, shared) = (wanted.starts_with('@'), wanted.starts_with('#'));
        if !shared {
            let conversations = self.conversations().await?;
            let candidates = conversations.iter().filter(|it| !direct || it.kind() == ChannelType::Direct);
            match pick(candidates, &wanted) {
                Err(error) if !direct && matches!(error.kind(), NameErrorKind::Unknown { .. }) => {}
                found => return found.map_err(|error| unknown(&error, place)),
            }
        }
        let all = self.all().await?;
        let candidates = all.iter().filter(|it| !shared || it.kind() != ChannelType::Direct);
        pick(candidates, &wanted).map_err(|error| unknown(&error, place))
    }

    async fn conversations(&mut self) -> Result<&[Channel], Failure> {
        if self.conversations.is_none() {
            self.conversations = Some(conversations(self.client).await?);
        }
        Ok(self.conversations.as_deref().unwrap_or_default())
    }

    async fn all(&mut self) -> Result<&[Channel], Failure> {
        if self.all.is_none() {
            self.all = Some(self.client.channels().all().await?);
        }
        Ok(self.all.as_deref().unwrap_or_default())
    }
}

fn pick<'a>(channels: impl IntoIterator<Item = &'a Channel>, wanted: &str) -> Result<Channel, NameError> {
    let channels: Vec<Channel> = channels.into_iter().cloned().collect();
    names::find(wanted, &channels).cloned()
}

fn unknown(error: &NameError, place: &Place) -> Failure {
    let hint = match place {
        Place::InClan { clan, .. } => format!("`mez channels --clan {clan}` lists them"),
        _ => "`mez channels` lists yours, `mez dm USER` opens one".to_owned(),
    };
    unnamed(error, "channel", place, format!("you have no channel {place}"), &hint)
}

/// What is wrong with a name, and what else it could be.
///
/// `unknown` says that there is none, `named` how it was written, `where_to_look` where the right one is.
pub(crate) fn unnamed(
    error: &NameError,
    what: &str,
    named: impl fmt::Display,
    unknown: String,
    where_to_look: &str,
) -> Failure {
    match error.kind() {
        NameErrorKind::Ambiguous { candidates } => {
            let listed: Vec<String> = candidates
                .iter()
                .map(|it| if it.place.is_empty() { it.id.to_string() } else { format!("{} in {}", it.id, it.place) })
                .collect();
            let message = format!("{} {what}s are called {named}: {}", candidates.len(), listed.join(", "));
            Failure::input(&format!("ambiguous_{what}"), message).hint("give the id of the one that you mean")
        }
        NameErrorKind::Unknown { nearest } => {
            let near = nearest.as_ref().map(|near| format!("did you mean {near:?}? ")).unwrap_or_default();
            Failure::input(&format!("unknown_{what}"), unknown).hint(format!("{near}{where_to_look}"))
        }
        // Kinds to come.
        _ => Failure::input(&format!("unknown_{what}"), error.to_string()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_id_a_name_or_a_name_in_a_clan() {
        let read = |text: &str| text.parse::<Place>().unwrap();
        assert_eq!(read("1804"), Place::Id(ChannelId::new(1804)));
        assert_eq!(read("#general"), Place::Name("#general".into()));
        let in_clan = Place::InClan { clan: "Komu / vn".into(), name: "general".into() };
        assert_eq!((read("Komu / vn/#general"), in_clan.to_string()), (in_clan, r#""Komu / vn/#general""#.to_owned()));
        for name in ["/#general", "komu/#", "and/or", ""] {
            assert_eq!(read(name), Place::Name(name.into()));
        }
    }
}
