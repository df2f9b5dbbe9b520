//! Voice channels: who is in them, and how to get in.

use mezon_api::methods;
use mezon_model::{ChannelId, ChannelType, ClanId, HiddenText, VoiceRoom};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// Voice channels. From [`Client::voice`](crate::Client::voice).
    Voice,
    /// Voice channels: who is in them, and tokens for the media server.
    voice
}

/// The most that the server takes for voice channels.
const MOST: i32 = 500;

/// Asks for those who are in a room now, as the official clients do.
const PRESENT: i32 = 1;

impl Voice {
    /// The voice channels of a clan that somebody is in, with up to 500 people in all.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn rooms(&self, clan: ClanId) -> Result<Vec<VoiceRoom>, ClientError> {
        check(!clan.is_none(), "direct conversations are no clan, and have no voice channels")?;
        self.list(clan, ChannelId::default()).await
    }

    /// Who is in one voice channel. Nobody: the room is empty.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations and the channel 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn room(&self, clan: ClanId, channel: ChannelId) -> Result<VoiceRoom, ClientError> {
        check(!clan.is_none(), "direct conversations are no clan, and have no voice channels")?;
        check(!channel.is_none(), "the channel id 0 is no channel")?;
        let rooms = self.list(clan, channel).await?;
        let found = rooms.into_iter().find(|room| room.channel_id == channel);
        Ok(found.unwrap_or_else(|| api::VoiceChannelUser { channel_id: channel.get(), ..Default::default() }.into()))
    }

    /// A token with which the media server lets the user into the room of a voice channel.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0 and an empty name, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A token that was made and not received is of no use to anybody.
    pub async fn token(&self, channel: ChannelId, room: &str) -> Result<HiddenText, ClientError> {
        check(!channel.is_none(), "the channel id 0 is no channel")?;
        check(!room.is_empty(), "the name of the room is empty")?;
        let request = api::GenerateMeetTokenRequest { channel_id: channel.get(), room_name: room.to_owned() };
        let answer = self.api.call(methods::GENERATE_MEET_TOKEN.idempotent(), &request).await?;
        Ok(answer.token.into())
    }

    async fn list(&self, clan: ClanId, channel: ChannelId) -> Result<Vec<VoiceRoom>, ClientError> {
        let request = api::ListChannelUsersRequest {
            clan_id: clan.get(),
            channel_id: channel.get(),
            channel_type: ChannelType::Voice.to_raw(),
            limit: MOST,
            state: PRESENT,
            cursor: String::new(),
        };
        let list = self.api.call(methods::LIST_CHANNEL_VOICE_USERS, &request).await?;
        Ok(list.voice_channel_users.into_iter().map(VoiceRoom::from).collect())
    }
}
