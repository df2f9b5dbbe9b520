//! Sends a file to a person, with its progress.
//!
//! ```sh
//! MEZON_GATEWAY_URL=http://127.0.0.1:7350 MEZON_ID_TOKEN=any cargo run -p mezon-light --example send_file -- 43 plan.pdf
//! ```
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::env;

use mezon_light::{AuthenticateConfig, LightClient, LightSocket, SendMessagePayload, SocketConnectOptions, UserId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (peer, file) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: send_file USER_ID FILE")?;
    let login = AuthenticateConfig::new(env::var("MEZON_ID_TOKEN")?, UserId::new(42), "linh")
        .gateway_url(env::var("MEZON_GATEWAY_URL")?);
    let client = LightClient::authenticate(login).await?;

    // The file goes to the object store first. Until it is part of a message nobody sees it.
    let attachment = client.upload_file(&file, |sent, total| println!("{sent} of {total} bytes")).await?;

    let channel = client.create_dm(peer.parse::<UserId>()?).await?;
    let socket = LightSocket::new(&client);
    socket.connect(SocketConnectOptions::new()).await?;
    socket.join_dm_channel(channel.id()).await?;
    let payload = SendMessagePayload::new(channel.id(), "here it is").attachment(attachment);
    let sent = socket.send_dm(payload).await;
    socket.disconnect().await;
    println!("sent as message {}", sent?.message_id);
    Ok(())
}
