//! Connections that do nothing: what each costs in memory.

use std::net::SocketAddr;

use futures_util::StreamExt as _;
use mezon_light::SocketConnectOptions;

use crate::child::{Figures, Run};
use crate::report::Group;
use crate::{Result, clients, process, server};

pub(crate) const KIB: &str = "KiB a connection";

pub(crate) const RAW: &str = "raw task, read buffer 4 KiB";
const RAW_DEFAULT: &str = "raw task, read buffer as by default";
pub(crate) const REALTIME: &str = "mezon-realtime, Socket + Events";
pub(crate) const LIGHT: &str = "mezon-light, LightClient + LightSocket + stream";

pub(crate) const WORK: &str = "idle";

pub(crate) fn measure(count: usize, rounds: usize) -> Result<Group> {
    let server = server::start(server::Work::Acknowledge)?;
    let mut group = Group::new("Idle connections in one process, without TLS", RAW, &[KIB]);
    for _ in 0..rounds {
        for client in [RAW, RAW_DEFAULT, REALTIME, LIGHT] {
            let figures = Run { work: WORK, client, server, count, at_once: 1, javascript: None }.figures()?;
            group.add(client, &[(KIB, figures.get("kib").copied().unwrap_or(f64::NAN))])?;
        }
    }
    Ok(group)
}

pub(crate) async fn child(client: &str, server: SocketAddr, count: usize) -> Result<Figures> {
    // The first connections pay for what all share.
    let shared = open(client, server, 10).await?;
    let before = process::anonymous_kib();
    let own = open(client, server, count).await?;
    let kib = (process::anonymous_kib() - before) / count as f64;
    drop((shared, own));
    Ok(vec![("kib", kib)])
}

/// Whatever keeps connections open.
type Open = Vec<Box<dyn Send>>;

async fn open(client: &str, server: SocketAddr, count: usize) -> Result<Open> {
    let mut open: Open = Vec::with_capacity(count);
    for _ in 0..count {
        match client {
            RAW | RAW_DEFAULT => {
                let buffer = (client == RAW).then_some(4 * 1_024);
                let mut socket = Box::pin(clients::raw(server, buffer)).await?;
                open.push(Box::new(tokio::spawn(async move { while socket.next().await.is_some() {} })));
            }
            REALTIME => open.push(Box::new(Box::pin(clients::realtime(server, |config| config)).await?)),
            LIGHT => {
                let (client, socket) = clients::light(server)?;
                let messages = socket.messages();
                Box::pin(socket.connect(SocketConnectOptions::new())).await?;
                open.push(Box::new((client, socket, messages)));
            }
            _ => return Err(format!("unknown client {client}").into()),
        }
    }
    Ok(open)
}
