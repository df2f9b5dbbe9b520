//! Finding channels by id, so that nobody has to say which kind one is.

use mezon_light::{Channel, ChannelId, ChannelQuery, ChannelType, LightClient};

use crate::exit::Failure;
use crate::output::printable;

/// The most that the server lists at once.
const PAGE: u8 = 100;

/// All direct and group conversations of the user.
pub(crate) async fn all(client: &LightClient) -> Result<Vec<Channel>, Failure> {
    let mut channels: Vec<Channel> = Vec::new();
    for page in 1.. {
        let listed = client.list_channels(&ChannelQuery::default().limit(PAGE).page(page)).await?;
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

/// The conversation `id`.
pub(crate) async fn find(client: &LightClient, id: ChannelId) -> Result<Channel, Failure> {
    pick(&all(client).await?, id)
}

/// The conversation `id` among `channels`.
pub(crate) fn pick(channels: &[Channel], id: ChannelId) -> Result<Channel, Failure> {
    channels.iter().find(|channel| channel.id() == id).cloned().ok_or_else(|| {
        Failure::input("unknown_channel", format!("you have no channel {id}"))
            .hint("`mez channels` lists yours, `mez dm USER` opens one")
    })
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
