//! Greets one person, and prints what comes back. It is the program of the project's front page.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for a terminal")]

use mezon_light::{AuthenticateConfig, LightClient, LightSocket, SendMessagePayload, SocketConnectOptions, UserId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let login = AuthenticateConfig::new(std::env::var("MEZON_ID_TOKEN")?, UserId::new(42), "linh")
        .gateway_url(std::env::var("MEZON_GATEWAY_URL")?);
    let client = LightClient::authenticate(login).await?;

    let socket = LightSocket::new(&client);
    let mut messages = socket.messages();
    socket.connect(SocketConnectOptions::new()).await?;

    let channel = client.create_dm(UserId::new(43)).await?;
    socket.join_dm_channel(channel.id()).await?;
    socket.send_dm(SendMessagePayload::new(channel.id(), "hello from Rust")).await?;

    while let Some(message) = messages.next().await {
        match message {
            Ok(message) => println!("{}: {}", message.username(), message.text()),
            Err(lagged) => eprintln!("{lagged}"),
        }
    }
    Ok(())
}
