//! What a hostile server makes a client hold: the peak of its memory over what it needs at rest.

use std::sync::Arc;

use mezon_light::{ChannelId, ListMessagesOptions, MessageId, SocketConnectOptions, Target};
use mezon_proto::wire::{CHANNEL_MESSAGE_FIELD, CHANNEL_PRESENCE_EVENT_FIELD};
use prost::encoding::bytes::encode;

use crate::child::{Figures, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work, frames};
use crate::{Result, clients, message, process};

pub(crate) const WORK: &str = "hostile";

pub(crate) const PEAK: &str = "MiB over rest";

const ANSWER: &str = "one answer of 16 MiB that lists nothing 8 million times";
const PAGES: &str = "a history of 101 pages with 10,000 messages each";
const PRESENCES: &str = "30 frames with 2 million empty joins each, nobody reads";
const SMALL_PRESENCES: &str = "2,000 frames with 2,500 empty joins each, nobody reads";
const ATTACHMENTS: &str = "a message with 3.9 MiB of empty attachments, nobody reads";

pub(crate) const ALL: [&str; 5] = [ANSWER, PAGES, PRESENCES, SMALL_PRESENCES, ATTACHMENTS];

/// In a list: an element of the first field without anything in it, two bytes long.
const NOTHING: [u8; 2] = [0x0a, 0x00];

const MIB: usize = 1_024 * 1_024;

pub(crate) fn measure(rounds: usize) -> Result<Group> {
    let mut group = Group::new("Memory that a hostile server takes (mezon-light)", ANSWER, &[PEAK]);
    for _ in 0..rounds {
        for attack in ALL {
            let server = Server::start(attack_of(attack)?)?;
            let run = Run { work: WORK, client: attack, server: &server.place, count: 1, extent: 1, javascript: None };
            let peak = run.figures()?.get("mib").copied().unwrap_or(f64::NAN);
            group.add(attack, &[(PEAK, peak)])?;
        }
    }
    Ok(group)
}

fn attack_of(name: &str) -> Result<Work> {
    match name {
        ANSWER => Ok(Work::Answer(Arc::new(NOTHING.repeat(8 * MIB)))),
        PAGES => Ok(Work::Pages(10_000)),
        PRESENCES => Ok(presences(30, 2_000_000)),
        SMALL_PRESENCES => Ok(presences(2_000, 2_500)),
        ATTACHMENTS => {
            let attachments = NOTHING.repeat(39 * MIB / 20);
            let frame = field(CHANNEL_MESSAGE_FIELD, &field(17, &attachments));
            Ok(Work::Told(frames(std::iter::once(frame))))
        }
        _ => Err(format!("unknown attack {name}").into()),
    }
}

fn presences(times: usize, joins: usize) -> Work {
    let frame = field(CHANNEL_PRESENCE_EVENT_FIELD, &[0x12, 0x00].repeat(joins));
    Work::Told(frames(std::iter::repeat_n(frame, times)))
}

/// A field of an envelope or of a message.
fn field(number: u32, body: &Vec<u8>) -> Vec<u8> {
    let mut field = Vec::new();
    encode(number, body, &mut field);
    field
}

/// Suffers the attack. How the client ends it is its own affair: an error, an answer, or a connection that is lost.
pub(crate) async fn child(attack: &str, server: &Place) -> Result<Figures> {
    let channel = ChannelId::new(message::FIRST_ID);
    let (client, socket) = clients::light(server)?;
    let rest;
    match attack {
        ANSWER => {
            rest = process::peak_kib();
            drop(client.api().list_messages(channel, &ListMessagesOptions::latest()).await);
        }
        PAGES => {
            rest = process::peak_kib();
            drop(client.api().catch_up(channel, MessageId::new(1)).await);
        }
        _ => {
            let _unread = (socket.messages(), socket.events());
            socket.connect(SocketConnectOptions::new()).await?;
            rest = process::peak_kib();
            let target = Target::direct(channel);
            socket.typing(&target).await?;
            // Answered after all frames, if the connection is still there.
            drop(socket.join(&target).await);
        }
    }
    Ok(vec![("mib", (process::peak_kib() - rest) / 1_024.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attack_is_suffered_within_its_bound() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for attack in ALL {
            let server = Server::start(attack_of(attack).unwrap()).unwrap();
            let [(_, peak)] = runtime.block_on(child(attack, &server.place)).unwrap().try_into().unwrap();
            // The server's memory is in it too: it lives in the same process here.
            assert!(peak <= 192.0, "{attack}: {peak} MiB");
        }
    }
}
