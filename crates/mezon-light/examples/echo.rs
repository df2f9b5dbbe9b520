//! Says back what it hears in all conversations, also in those that are opened later, until Ctrl-C.
//!
//! ```sh
//! cargo run -p mezon-cli -- emulator
//! MEZON_GATEWAY_URL=http://127.0.0.1:7350 MEZON_ID_TOKEN=any cargo run -p mezon-light --example echo -- 1001 echo
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for a terminal")]

use std::env;

use mezon_light::{
    AuthenticateConfig, Event, LightClient, LightError, LightSocket, ListChannelsOptions, MessageCode,
    SocketConnectOptions, UserId,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (id, name) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: echo USER_ID USERNAME")?;
    let login = AuthenticateConfig::new(env::var("MEZON_ID_TOKEN")?, id.parse::<UserId>()?, name)
        .gateway_url(env::var("MEZON_GATEWAY_URL")?);
    let client = LightClient::authenticate(login).await?;
    let socket = LightSocket::new(&client);

    let echoed = tokio::select! {
        echoed = echo(&client, &socket) => echoed,
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
    };
    // Says goodbye to the server, whatever ended the echo.
    socket.disconnect().await;
    Ok(echoed?)
}

async fn echo(client: &LightClient, socket: &LightSocket) -> Result<(), LightError> {
    let mut events = socket.events();
    socket.connect(SocketConnectOptions::new().join_added(true)).await?;
    let channels = client.list_channels(&ListChannelsOptions::default()).await?;
    for channel in &channels {
        socket.join(&channel.target()).await?;
    }
    println!("conversations: {}", channels.len());

    while let Some(event) = events.next().await {
        match event {
            // Edits and removals are messages too, and so is what this program says itself.
            Event::Message(message)
                if message.code() == MessageCode::Chat && message.sender_id() != client.user_id() =>
            {
                // A send is tried once. An error says whether the message was not sent or may have been.
                if let Err(error) = socket.send(&message.target(), message.text()).await {
                    eprintln!("{error}");
                }
            }
            // The connection comes back by itself, and what was missed is read and delivered.
            Event::Disconnected { reason, .. } => eprintln!("{reason}"),
            // Only what these two tell of is missing.
            Event::Gap { channels, .. } => eprintln!("messages may be missing in {} channels", channels.len()),
            Event::Lagged { dropped, .. } => eprintln!("too slow: {dropped} events are missing"),
            Event::Closed { reason, .. } => eprintln!("{reason}"),
            _ => {}
        }
    }
    Ok(())
}
