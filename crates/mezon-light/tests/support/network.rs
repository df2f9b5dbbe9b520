//! A TCP relay before a server: one client's network, which can be cut and mended.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One client's way to the server.
pub(crate) struct Network {
    addr: SocketAddr,
    up: watch::Sender<bool>,
    relay: JoinHandle<()>,
}

impl Network {
    /// A way to `server`.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (up, state) = watch::channel(true);
        let relay = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that comes while the network is down is turned away at once.
                if *state.borrow() {
                    tokio::spawn(carry(client, server, state.clone()));
                }
            }
        });
        Self { addr, up, relay }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Breaks every connection, and lets none through.
    pub(crate) fn cut(&self) {
        self.up.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.up.send_replace(true);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut state: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = state.wait_for(|up| !up) => {}
    }
}
