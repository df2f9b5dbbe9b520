//! The layers beneath a connection, as catching up asks them.

use std::collections::BTreeMap;
use std::time::SystemTime;

use mezon_api::{ApiClient, ApiErrorKind, ListChannelsOptions, ListMessagesOptions};
use mezon_model::{Channel, ChannelId, ChannelMessage, ClanId, MessageId, Target};
use mezon_realtime::{ConnectionState, Socket};
use mezon_session::BoxFuture;

use crate::ClientError;
use crate::delivery::{CHANNEL_PAGES, History, Listed, PAGE};

/// The HTTP client, and the socket of one connection.
pub(crate) struct Upstream {
    pub(crate) api: ApiClient,
    pub(crate) socket: Socket,
}

impl History for Upstream {
    fn page(
        &self,
        clan_id: ClanId,
        channel_id: ChannelId,
        after: MessageId,
    ) -> BoxFuture<'static, Result<Vec<ChannelMessage>, ClientError>> {
        let api = self.api.clone();
        let query = ListMessagesOptions::after(after).clan(clan_id).limit(PAGE);
        Box::pin(async move { Ok(api.list_messages(channel_id, &query).await?) })
    }

    fn channels(&self, clan_id: ClanId) -> BoxFuture<'static, Result<Vec<Listed>, ClientError>> {
        let api = self.api.clone();
        Box::pin(async move {
            let mut listed = BTreeMap::new();
            for page in 1..=CHANNEL_PAGES {
                let channels = api.list_channels(&ListChannelsOptions::clan(clan_id).page(page)).await?;
                let known = listed.len();
                listed.extend(channels.iter().map(|channel| (channel.id(), newest_of(channel))));
                // A server may give less than a full page, or leave pages out of account.
                if listed.len() == known {
                    let listed = listed.into_iter();
                    return Ok(listed.map(|(channel_id, newest)| Listed { channel_id, newest }).collect());
                }
            }
            Err(ClientError::Api(ApiErrorKind::Decode { what: "the list of the clan's channels has no end" }.into()))
        })
    }

    fn newest(&self, target: Target) -> BoxFuture<'static, Result<Option<MessageId>, ClientError>> {
        let api = self.api.clone();
        let query = ListMessagesOptions::latest().clan(target.clan_id).limit(1);
        Box::pin(async move { Ok(api.list_messages(target.channel_id, &query).await?.last().map(ChannelMessage::id)) })
    }

    fn is_alive(&self, generation: u64) -> BoxFuture<'static, bool> {
        let socket = self.socket.clone();
        Box::pin(async move { socket.ping().await.is_ok() && socket.state() == ConnectionState::Ready { generation } })
    }

    fn time(&self) -> SystemTime {
        self.api.now()
    }

    fn join(&self, target: Target) -> BoxFuture<'static, Result<(), ClientError>> {
        let socket = self.socket.clone();
        Box::pin(async move { Ok(socket.join(&target).await.map(drop)?) })
    }
}

/// The newest message of a channel, as its description has it.
fn newest_of(channel: &Channel) -> Option<MessageId> {
    channel.last_sent_message().map(|message| message.id).filter(|id| !id.is_none())
}
