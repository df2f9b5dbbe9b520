//! Searching messages. There is no index: what the caller may see is read through.

use std::cmp::Reverse;

use mezon_proto::api;

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::message_lists::as_json;
use crate::store::{Direction, Page};
use crate::town::Town;
use crate::town::channels::{Channel, PAGE_LIMIT, page};

/// What found messages have to meet. Fields are those of the official clients.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// 0: in any.
    channel: i64,
    /// `None`: in any.
    clan: Option<i64>,
    /// In lower case.
    text: String,
    username: String,
    /// 0: whomever it mentions.
    mentioned: i64,
}

impl Wanted {
    fn of(request: &api::SearchMessageRequest) -> Result<Self, Failure> {
        let mut wanted = Self::default();
        for api::FilterParam { field_name, field_value } in &request.filters {
            let number = |text: &str| text.parse().map_err(|_| Failure::invalid(format!("{field_name} is no id")));
            match field_name.as_str() {
                "channel_id" => wanted.channel = number(field_value)?,
                "clan_id" => wanted.clan = Some(number(field_value)?),
                "content" => wanted.text = field_value.to_lowercase(),
                "username" => wanted.username.clone_from(field_value),
                // The web client writes a piece of JSON here.
                "mention" => {
                    let id = field_value.trim_start_matches(r#""user_id":"#).trim_matches('"');
                    wanted.mentioned = number(id)?;
                }
                other => return Err(Failure::invalid(format!("the emulator does not search by {other}"))),
            }
        }
        Ok(wanted)
    }

    fn is_in(&self, channel: &Channel) -> bool {
        [0, channel.id].contains(&self.channel) && self.clan.is_none_or(|clan| clan == channel.clan)
    }

    fn is_met_by(&self, message: &api::ChannelMessage) -> bool {
        (self.username.is_empty() || message.username == self.username)
            && (self.text.is_empty() || text(message).to_lowercase().contains(&self.text))
            && (self.mentioned == 0 || mentions(message, self.mentioned))
    }
}

impl Gateway {
    /// The messages that meet all conditions, the newest first. `from` counts pages from 1.
    pub(crate) async fn search(
        &self,
        caller: &Caller,
        request: &api::SearchMessageRequest,
    ) -> Result<api::SearchMessageResponse, Failure> {
        let wanted = Wanted::of(request)?;
        let channels: Vec<i64> = {
            let town = self.town();
            let channels = town.channels.iter().filter(|channel| wanted.is_in(channel));
            channels.filter(|channel| town.may_see(caller.user, channel)).map(|channel| channel.id).collect()
        };
        let mut found = Vec::new();
        for channel in channels {
            // One page after the other, so that nobody waits for the store for long.
            let mut cursor = 0;
            loop {
                let limit = usize::try_from(PAGE_LIMIT).unwrap_or_default();
                let page = Page { channel, topic: 0, cursor, direction: Direction::Before, limit };
                let messages = self.storage.run(move |store| store.messages(&page)).await?;
                let Some(oldest) = messages.last().map(|message| message.message_id) else { break };
                cursor = oldest;
                found.extend(messages.into_iter().filter(|message| wanted.is_met_by(message)));
            }
        }
        found.sort_by_key(|message| Reverse(message.message_id));
        let town = self.town();
        let messages =
            page(&found, request.size, request.from).iter().map(|message| document(&town, message)).collect();
        Ok(api::SearchMessageResponse { messages, total: i32::try_from(found.len()).unwrap_or(i32::MAX) })
    }
}

/// A message as the search index of the platform holds it.
fn document(town: &Town, message: &api::ChannelMessage) -> api::SearchMessageDocument {
    let lists = as_json(message.clone());
    let text = |list: &[u8]| String::from_utf8_lossy(list).into_owned();
    api::SearchMessageDocument {
        message_id: message.message_id.to_string(),
        channel_id: message.channel_id.to_string(),
        clan_id: message.clan_id.to_string(),
        sender_id: message.sender_id.to_string(),
        content: message.content.clone(),
        mentions: text(&lists.mentions),
        reactions: text(&lists.reactions),
        attachments: text(&lists.attachments),
        references: text(&lists.references),
        create_time: message.create_time_seconds.to_string(),
        update_time: message.update_time_seconds.to_string(),
        channel_label: message.channel_label.clone(),
        channel_type: town.channels.get(message.channel_id).map(|channel| channel.kind).unwrap_or_default(),
        clan_name: town.clans.get(message.clan_id).map(|clan| clan.name.clone()).unwrap_or_default(),
        username: message.username.clone(),
        display_name: message.display_name.clone(),
        avatar_url: message.avatar.clone(),
    }
}

/// What a message says.
fn text(message: &api::ChannelMessage) -> String {
    let content: serde_json::Value = serde_json::from_str(&message.content).unwrap_or_default();
    content.get("t").and_then(serde_json::Value::as_str).unwrap_or(&message.content).to_owned()
}

fn mentions(message: &api::ChannelMessage, user: i64) -> bool {
    let list: api::MessageMentionList = prost::Message::decode(message.mentions.clone()).unwrap_or_default();
    list.mentions.iter().any(|mention| mention.user_id == user)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(filters: &[(&str, &str)]) -> api::SearchMessageRequest {
        let filter = |(name, value): &(&str, &str)| api::FilterParam {
            field_name: (*name).to_owned(),
            field_value: (*value).to_owned(),
        };
        api::SearchMessageRequest { filters: filters.iter().map(filter).collect(), ..Default::default() }
    }

    #[test]
    fn conditions_are_read_as_the_web_client_writes_them() {
        let all = [("channel_id", "8"), ("clan_id", "7"), ("content", "Hey"), ("username", "linh")];
        let wanted = Wanted::of(&request(&[&all[..], &[("mention", r#""user_id":"9""#)]].concat())).unwrap();
        let expected =
            Wanted { channel: 8, clan: Some(7), text: "hey".to_owned(), username: "linh".to_owned(), mentioned: 9 };
        assert_eq!(wanted, expected);
        for wrong in [("channel_id", "general"), ("mention", "linh"), ("has", "link")] {
            assert!(Wanted::of(&request(&[wrong])).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn words_are_looked_for_in_the_text_and_not_in_its_json() {
        let message = api::ChannelMessage { content: r#"{"t":"Xin Chào"}"#.to_owned(), ..Default::default() };
        let met = |text: &str| Wanted::of(&request(&[("content", text)])).unwrap().is_met_by(&message);
        assert!(met("chào") && met("XIN"));
        assert!(!met("t") && !met("bye"));
    }
}
