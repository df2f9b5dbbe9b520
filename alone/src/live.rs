//! The socket: what comes in and what goes out.

use std::time::Duration;

use mezon_light::event::Typing;
use mezon_light::{
    ChannelGap, ChannelId, ChannelMessage, ConnectOptions, Connection, ConnectionState, Event, EventStream, EventsOf,
    FromChannelEvent, FromEvent, Lagged, LightClient, LightError, LightSocket, MessageAck, MessageStream, Missed,
    RawMessage, SendMessagePayload, ServerError, Socket, SocketConnectOptions, Subscription, Target, WeakConnection,
};

/// Connects, with everything set.
///
/// # Errors
/// When the first attempt fails.
pub async fn connect(client: &LightClient) -> Result<LightSocket, LightError> {
    let socket = LightSocket::new(client);
    let options = SocketConnectOptions::new()
        .on_error(|error| drop(error.to_string()))
        .on_disconnect(|| ())
        .verbose(true)
        .catch_up(true)
        .join_added(true)
        .catch_up_at_once(4)
        .with(|options: ConnectOptions| options.catch_up_within(Duration::from_secs(60)))
        .retry_first(true)
        .timeout(Duration::from_secs(5));
    client.create_socket().disconnect().await;
    socket.connect(options).await?;
    socket.wait_ready().await?;
    Ok(socket)
}

/// Each way to hear of something.
///
/// # Errors
/// When nobody types.
pub async fn listen(socket: &LightSocket, channel: ChannelId) -> Result<Vec<Subscription>, LightError> {
    socket.set_channel_message_handler(|message| drop(message.clone()));
    socket.set_error_handler(|error| drop(error.to_string()));
    let handlers = vec![
        socket.on_channel_message(|message| drop(message.clone())),
        socket.on_message_in(channel, |message| drop(message.clone())),
        socket.on_event(|event| drop(seen(event))),
        socket.on(|_: Typing| ()),
        socket.on_in(channel, |_: Typing| ()),
        socket.respond(answer),
        socket.respond_to(|connection: WeakConnection, _: Typing| async move { hold(&connection).map(drop) }),
    ];
    socket.wait_for(Duration::from_secs(1), |_: &Typing| true).await?;
    socket.wait_for_in(channel, Duration::from_secs(1), |_: &Typing| true).await?;
    Ok(handlers)
}

async fn answer(connection: WeakConnection, message: ChannelMessage) -> Result<(), LightError> {
    connection.reply(&message, "pong").await.map(drop)
}

fn hold(connection: &WeakConnection) -> Result<Connection, LightError> {
    connection.upgrade().ok_or(LightError::NotConnected)
}

/// What an event tells.
pub fn seen(event: &Event) -> Option<String> {
    let gap = |gap: &ChannelGap| gap.channel_id.to_string();
    let push = |raw: &RawMessage| raw.name().unwrap_or("unknown").to_owned();
    let refused = |error: &ServerError| error.to_string();
    match event {
        Event::Gap { channels, .. } => channels.first().map(gap),
        Event::Push(raw) => Some(push(raw)),
        Event::ServerError(error) => Some(refused(error)),
        _ => None,
    }
}

/// The next message, event, and events of a type, in all channels and in one.
pub async fn streams<T: FromEvent, C: FromChannelEvent>(socket: &LightSocket, channel: ChannelId) -> Option<u64> {
    let mut messages: MessageStream = socket.messages();
    let mut events: EventStream = socket.events();
    let (mut all, mut some): (EventsOf<T>, EventsOf<C>) = (socket.events_of(), socket.events_in(channel));
    let missed = |missed: Option<Missed>| match missed {
        Some(Missed::Lagged(lagged)) => lagged.dropped,
        _ => 0,
    };
    let lagged: Option<Lagged> = messages.next().await?.err();
    events.next().await?;
    let missed = [missed(all.next().await?.err()), missed(some.next().await?.err())];
    Some(lagged.map_or(0, |lagged| lagged.dropped) + missed.iter().sum::<u64>())
}

/// Joins, talks and leaves.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn talk(socket: &LightSocket, message: &ChannelMessage) -> Result<MessageAck, LightError> {
    let (channel, target) = (message.channel_id(), Target::group(message.channel_id()));
    socket.join_dm_channel(channel).await?;
    socket.join_group_channel(channel).await?;
    socket.join(&target).await?;
    socket.join_all([target]).await;
    socket.join_clan(message.clan_id()).await?;
    let _layer: Socket = socket.socket()?;
    if socket.is_connected() && socket.state() != Some(ConnectionState::Closing) && !socket.is_own(message) {
        socket.typing(&target).await?;
        socket.reply(message, "yes").await?;
        socket.send_dm(SendMessagePayload::new(channel, "hello")).await?;
        socket.send_group(SendMessagePayload::new(channel, "hello")).await?;
    }
    let ack = socket.send(&target, "bye").await?;
    socket.leave(&target).await?;
    socket.leave_dm_channel(channel).await?;
    socket.leave_group_channel(channel).await?;
    Ok(ack)
}
