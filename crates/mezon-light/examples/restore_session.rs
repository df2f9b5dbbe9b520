//! Signs in once, and takes the session up again at every later start.
//!
//! ```sh
//! MEZON_GATEWAY_URL=http://127.0.0.1:7350 cargo run -p mezon-light --example restore_session -- session.json
//! ```
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::env;
use std::sync::Arc;

use mezon_light::{AuthenticateConfig, FileStore, LightClient, ListChannelsOptions, UserId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = env::args().nth(1).ok_or("usage: restore_session FILE")?;
    // Whenever the tokens change, they are in the file before they are used. The file is for its owner alone.
    let builder = LightClient::builder().store(Arc::new(FileStore::new(&file)));

    let client = if let Some(client) = builder.clone().resume_stored().await? {
        println!("welcome back, {}", client.user_id());
        client
    } else {
        let login = AuthenticateConfig::new(env::var("MEZON_ID_TOKEN")?, UserId::new(42), "linh")
            .gateway_url(env::var("MEZON_GATEWAY_URL")?);
        let client = builder.authenticate(login).await?;
        println!("signed in as {}", client.user_id());
        client
    };
    // An access token that has expired is replaced on the way.
    let channels = client.list_channels(&ListChannelsOptions::default()).await?;
    println!("conversations: {}", channels.len());
    Ok(())
}
