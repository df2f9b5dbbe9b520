//! What a client asks over its socket, and the answers.

use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{self, Envelope};
use mezon_proto::wire::{self, ApiReply, Field, Fields, Inbound, Revision, Value};
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::failure::{Failure, FailureKind, MISSING_PAYLOAD, UNRECOGNIZED_PAYLOAD, realtime_error};
use crate::gateway::{Caller, Gateway};
use crate::hub::Outgoing;
use crate::message_requests;
use crate::rpc;
use crate::town::channels::THREAD;
use crate::town::{profiles, voice};

/// The number of `Envelope.cid`.
const CID_FIELD: u32 = 1;
/// Payload bytes in one part of an API reply.
const PART: usize = 16 * 1024;

/// The socket that a request came by.
pub(crate) struct Origin {
    pub(crate) socket: i32,
    pub(crate) caller: Caller,
    /// What the client speaks, as its first request with a `cid` has shown.
    pub(crate) revision: OnceLock<Revision>,
}

/// A correlation id, as the client wrote it: it comes back unchanged.
#[derive(Debug, Clone, Copy)]
enum Cid<'a> {
    /// 0 means none.
    Number(i32),
    /// Most often a number as text, but a client may write what it likes.
    Text(&'a [u8]),
}

impl<'a> Cid<'a> {
    /// `inbound` is what was read of `frame`.
    fn of(frame: &'a [u8], inbound: &Inbound) -> Self {
        if inbound.revision == Some(Revision::StringCid) {
            let texts = Fields::new(frame).map_while(Result::ok).filter_map(|field| match field {
                Field { number: CID_FIELD, value: Value::LengthDelimited(text) } => Some(text),
                _ => None,
            });
            return texts.last().map_or(Self::Number(0), Self::Text);
        }
        // Kept as the bits it came in.
        Self::Number(inbound.cid.cast_signed())
    }
}

/// Answers one frame; `None` is one that was no binary message.
pub(crate) async fn answer(gateway: &Gateway, origin: &Origin, frame: Option<&[u8]>) {
    let read = frame.and_then(|frame| wire::read(frame).ok().map(|inbound| (Cid::of(frame, &inbound), inbound)));
    let Some((cid, inbound)) = read else {
        return refuse_payload(gateway, origin, Cid::Number(0), UNRECOGNIZED_PAYLOAD, "unrecognized payload");
    };
    if let Some(revision) = inbound.revision {
        origin.revision.get_or_init(|| revision);
    }
    let Some(raw) = inbound.message else {
        return refuse_payload(gateway, origin, cid, MISSING_PAYLOAD, "missing payload");
    };
    match raw.decode() {
        Ok(Some(message)) => match handle(gateway, origin, inbound.cid, message).await {
            Ok(Some(reply)) => send(gateway, origin, cid, reply),
            Ok(None) => {}
            Err(failure) if failure.kind == FailureKind::Unimplemented => {
                let name = raw.name().unwrap_or_default();
                refuse_payload(
                    gateway,
                    origin,
                    cid,
                    UNRECOGNIZED_PAYLOAD,
                    &format!("the emulator does not answer {name}"),
                );
            }
            Err(failure) => send(gateway, origin, cid, Message::Error(failure.realtime_error())),
        },
        Ok(None) => {
            let text = format!("unrecognized payload: the protocol has no message number {}", raw.field);
            refuse_payload(gateway, origin, cid, UNRECOGNIZED_PAYLOAD, &text);
        }
        Err(_) => refuse_payload(gateway, origin, cid, UNRECOGNIZED_PAYLOAD, "unrecognized payload"),
    }
}

/// Does what the client asks; gives the reply, or `None` when there is none to give.
async fn handle(gateway: &Gateway, origin: &Origin, cid: u32, message: Message) -> Result<Option<Message>, Failure> {
    Ok(match message {
        Message::Ping(_) => {
            gateway.counters.count(|stats| stats.pings += 1);
            (!gateway.plan.pongs_muted()).then(|| Message::Pong(realtime::Pong {}))
        }
        Message::ChannelJoin(request) => Some(join(gateway, origin, &request)?),
        Message::ChannelLeave(request) => {
            gateway.hub.leave(request.channel_id, origin.socket);
            gateway.counters.count(|stats| stats.leaves += 1);
            Some(Message::ChannelLeave(request))
        }
        Message::ChannelMessageSend(request) => {
            gateway.counters.count(|stats| stats.sends_received += 1);
            need_joined(gateway, origin, request.channel_id)?;
            let ack = gateway.send_message(&origin.caller, request).await?;
            (!gateway.plan.take(|plan| &mut plan.drop_acks)).then_some(Message::ChannelMessageAck(ack))
        }
        Message::MessageTypingEvent(request) => Some(typing(gateway, origin, request)?),
        Message::ClanJoin(request) => {
            if request.clan_id != 0 {
                gateway.town().clan_for(origin.caller.user, request.clan_id)?;
            }
            gateway.hub.join_clan(request.clan_id, origin.socket);
            Some(Message::ClanJoin(request))
        }
        Message::StatusFollow(request) => {
            let (users, status) = gateway.look(origin.caller.user, profiles::followed, request)?;
            gateway.hub.follow(&users, origin.socket);
            Some(Message::Status(status))
        }
        Message::StatusUnfollow(request) => {
            gateway.hub.unfollow(&request.user_ids, origin.socket);
            Some(Message::StatusUnfollow(request))
        }
        // The status is not shown to anyone; it is accepted, as clients send it on their own.
        echo @ Message::StatusUpdate(_) => Some(echo),
        Message::HandleParticipantMeetStateEvent(request) => {
            gateway.change(origin.caller.user, voice::take_part, request.clone()).await?;
            Some(Message::HandleParticipantMeetStateEvent(request))
        }
        Message::ApiRequestEvent(request) => {
            api_call(gateway, origin, cid, request).await;
            None
        }
        other => Some(message_requests::handle(gateway, origin, other).await?),
    })
}

fn join(gateway: &Gateway, origin: &Origin, request: &realtime::ChannelJoin) -> Result<Message, Failure> {
    let channel = gateway.town().channel_for(origin.caller.user, request.channel_id)?.clone();
    if request.channel_type != 0 && request.channel_type != channel.kind {
        return Err(Failure::invalid("channel_type does not fit the channel"));
    }
    if gateway.plan.join_refused(channel.id) {
        return Err(Failure::denied("the channel takes no joins"));
    }
    gateway.hub.join(channel.id, origin.socket);
    gateway.counters.count(|stats| stats.joins += 1);
    Ok(Message::Channel(realtime::Channel {
        id: channel.id,
        presences: gateway.hub.presences(channel.id),
        self_: gateway.hub.presence(origin.socket),
        chanel_label: channel.label,
        ..realtime::Channel::default()
    }))
}

/// Sending needs a join first. A channel that does not exist, or is not theirs, is said to be so.
fn need_joined(gateway: &Gateway, origin: &Origin, channel: i64) -> Result<(), Failure> {
    if gateway.hub.has_joined(channel, origin.socket) {
        return Ok(());
    }
    let town = gateway.town();
    let found = town.channel_for(origin.caller.user, channel)?;
    // The public channels of a clan are joined with the clan.
    if found.is_public() && found.kind != THREAD && gateway.hub.has_joined_clan(found.clan, origin.socket) {
        return Ok(());
    }
    Err(Failure::invalid("Must join channel before sending messages"))
}

/// Tells the others in the channel; the sender is filled in here.
fn typing(gateway: &Gateway, origin: &Origin, request: realtime::MessageTypingEvent) -> Result<Message, Failure> {
    let Origin { socket, caller, .. } = origin;
    let mode = {
        let town = gateway.town();
        let channel = town.channel_for(caller.user, request.channel_id)?;
        channel.check_mode(request.mode)?;
        channel.mode()
    };
    let display_name = request.sender_display_name;
    let event = Message::MessageTypingEvent(realtime::MessageTypingEvent {
        sender_id: caller.user,
        sender_username: caller.username.clone(),
        sender_display_name: if display_name.is_empty() { caller.username.clone() } else { display_name },
        mode,
        ..request
    });
    gateway.tell_others(request.channel_id, event.clone(), *socket);
    Ok(event)
}

/// Runs an API method; the reply goes out in raw frames.
async fn api_call(gateway: &Gateway, origin: &Origin, cid: u32, request: realtime::ApiRequestEvent) {
    gateway.counters.count(|stats| stats.socket_calls += 1);
    let (status, payload) = match rpc::call(gateway, &origin.caller, &request.api_name, request.body).await {
        Ok(payload) => (0, payload),
        Err(failure) => (failure.grpc_code(), failure.message.into()),
    };
    // Raw frames have room for 16 bits.
    let cid = u16::try_from(cid & u32::from(u16::MAX)).unwrap_or_default();
    let mut rest = payload;
    loop {
        let part = rest.split_to(rest.len().min(PART));
        let last = rest.is_empty();
        let reply = ApiReply { cid, status, last, payload: part };
        gateway.hub.send(origin.socket, Outgoing::ApiReply(reply));
        if last {
            return;
        }
    }
}

fn refuse_payload(gateway: &Gateway, origin: &Origin, cid: Cid<'_>, code: i32, message: &str) {
    gateway.counters.count(|stats| stats.unknown_payloads += 1);
    send(gateway, origin, cid, Message::Error(realtime_error(code, message)));
}

fn send(gateway: &Gateway, origin: &Origin, cid: Cid<'_>, message: Message) {
    let message = Some(message);
    let frame = match cid {
        Cid::Number(cid) => Outgoing::Envelope(Arc::new(Envelope { cid, message })),
        Cid::Text(text) => {
            let mut frame = BytesMut::new();
            encode_key(CID_FIELD, WireType::LengthDelimited, &mut frame);
            encode_varint(text.len() as u64, &mut frame);
            frame.extend_from_slice(text);
            frame.extend_from_slice(&Revision::StringCid.encode(&Envelope { cid: 0, message }));
            Outgoing::Bytes(frame.freeze())
        }
    };
    gateway.hub.send(origin.socket, frame);
}
