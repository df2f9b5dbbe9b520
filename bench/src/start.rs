//! Cold start: from the start of the process to the first acknowledged message, with a session from before.

use std::path::Path;

use futures_util::{SinkExt as _, StreamExt as _};
use mezon_light::{ChannelId, SendMessagePayload, SocketConnectOptions};
use mezon_proto::realtime::{ChannelMessageSend, Envelope, envelope};
use prost::Message as _;
use tokio_tungstenite::tungstenite::Message;

use crate::child::{Figures, NODE, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, message};

pub(crate) const MILLIS: &str = "ms";

pub(crate) const RAW: &str = "raw: tokio-tungstenite + prost";
pub(crate) const LIGHT: &str = "mezon-light";

pub(crate) const WORK: &str = "start";

pub(crate) fn measure(rounds: usize, javascript: Option<&Path>) -> Result<Group> {
    let server = Server::start(Work::Acknowledge)?;
    let mut group = Group::new("Cold start to the first acknowledged message", RAW, &[MILLIS]);
    let node = javascript.map(|_| NODE);
    for _ in 0..rounds {
        for client in [RAW, LIGHT].into_iter().chain(node) {
            let run = Run { work: WORK, client, server: &server.place, count: 1, extent: 1, javascript };
            group.add(client, &[(MILLIS, run.time_to_first_line()?)])?;
        }
    }
    Ok(group)
}

/// Its time runs until it has printed, so there are no figures in what it prints.
pub(crate) async fn child(client: &str, server: &Place) -> Result<Figures> {
    match client {
        RAW => {
            let mut socket = clients::raw(server, Some(4 * 1_024)).await?;
            let send = ChannelMessageSend {
                channel_id: message::FIRST_ID,
                content: r#"{"t":"first"}"#.to_owned(),
                mode: 4,
                ..ChannelMessageSend::default()
            };
            let envelope = Envelope { cid: 1, message: Some(envelope::Message::ChannelMessageSend(send)) };
            socket.send(Message::Binary(envelope.encode_to_vec().into())).await?;
            let answer = socket.next().await.ok_or("the socket ended")??;
            Envelope::decode(answer.into_data())?;
        }
        LIGHT => {
            let (_client, socket) = clients::light(server)?;
            socket.connect(SocketConnectOptions::new()).await?;
            socket.send_dm(SendMessagePayload::new(ChannelId::new(message::FIRST_ID), "first")).await?;
        }
        _ => return Err(format!("unknown client {client}").into()),
    }
    Ok(Figures::new())
}
