//! Voice, streaming and calls.

use crate::hidden::HiddenText;
use crate::id::{ChannelId, ClanId, UserId};
use crate::record::records;

records! {
    /// Somebody joined a voice channel.
    VoiceJoined from realtime::VoiceJoinedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The name of the clan; may be empty.
        clan_name: String = clan_name,
        /// The id of this stay, as the server writes it.
        id: String = id,
        /// The name under which the user takes part.
        participant: String = participant,
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The name of the channel; may be empty.
        channel_label: String = voice_channel_label,
        /// The channel.
        channel_id: ChannelId = voice_channel_id,
    }

    /// Somebody left a voice channel.
    VoiceLeft from realtime::VoiceLeavedEvent {
        /// The id of the stay, as the server writes it.
        id: String = id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = voice_channel_id,
        /// Whom it is about.
        user_id: UserId = voice_user_id,
    }

    /// A voice channel came to life.
    VoiceStarted from realtime::VoiceStartedEvent {
        /// The id of the session, as the server writes it.
        id: String = id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = voice_channel_id,
    }

    /// A voice channel fell empty.
    VoiceEnded from realtime::VoiceEndedEvent {
        /// The id of the session; a number here, where [`VoiceStarted::id`] is text.
        id: i64 = id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = voice_channel_id,
    }

    /// Somebody shares the screen in a voice channel, or has stopped.
    ScreenShared from realtime::ScreenShareEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = voice_channel_id,
        /// Whom it is about.
        user_id: UserId = user_id,
        /// Whether the screen is shared now.
        is_sharing: bool = is_sharing,
    }

    /// Somebody joined a streaming channel.
    StreamJoined from realtime::StreamingJoinedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The name of the clan; may be empty.
        clan_name: String = clan_name,
        /// The id of this stay.
        id: i64 = id,
        /// The name under which the user takes part.
        participant: String = participant,
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The name of the channel; may be empty.
        channel_label: String = streaming_channel_label,
        /// The channel.
        channel_id: ChannelId = streaming_channel_id,
    }

    /// Somebody left a streaming channel.
    StreamLeft from realtime::StreamingLeavedEvent {
        /// The id of the stay.
        id: i64 = id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = streaming_channel_id,
        /// Whom it is about.
        user_id: UserId = streaming_user_id,
    }

    /// A stream has begun.
    StreamStarted from realtime::StreamingStartedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// Where to watch it. It may carry a key.
        url: HiddenText = streaming_url,
        /// Whether it is on air.
        is_streaming: bool = is_streaming,
    }

    /// A stream has ended.
    StreamEnded from realtime::StreamingEndedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
    }

    /// A step of a call between two people.
    CallSignal from realtime::WebrtcSignalingFwd {
        /// For whom it is.
        receiver_id: UserId = receiver_id,
        /// From whom it is.
        caller_id: UserId = caller_id,
        /// The direct channel of the call.
        channel_id: ChannelId = channel_id,
        /// 0 init, 1 offer, 2 answer, 3 ICE candidate, 4 quit, 5 timeout, 6 not available, 7 joined another call, 8 state
        /// of the remote media.
        data_type: i32 = data_type,
        /// The data of the step as JSON. It carries keys.
        data: HiddenText = json_data,
    }

    /// An AI agent came into a channel's room or went.
    AgentEnabled from realtime::AiAgentEnabledEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The name of the room.
        room_name: String = room_name,
        /// Whether it is there now.
        is_enabled: bool = enabled,
    }
}
