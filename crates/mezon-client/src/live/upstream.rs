//! The layers beneath a connection, as catching up asks them.

use std::time::SystemTime;

use mezon_api::{ApiClient, ListMessagesOptions};
use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId, Target};
use mezon_realtime::{ConnectionState, Socket};
use mezon_session::BoxFuture;

use crate::ClientError;
use crate::delivery::{History, PAGE};

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
