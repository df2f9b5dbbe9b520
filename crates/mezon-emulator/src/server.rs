//! The listener: accepts connections, and ends them all together.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::gateway::Gateway;
use crate::http::{self, Upgrade};
use crate::hub::Control;
use crate::socket;

/// "Going away": the server ends.
const GOING_AWAY: u16 = 1001;
/// How long open sockets have to answer the close frame at the end.
const CLOSING: Duration = Duration::from_secs(2);
/// A pause after a failed accept, which means that the process is out of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a listener ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    NotYet,
    Graceful,
    Abrupt,
}

/// A listener with its connections. Dropped, it ends abruptly.
pub(crate) struct Server {
    end: watch::Sender<End>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn spawn(gateway: Arc<Gateway>, listener: TcpListener, local: SocketAddr) -> Self {
        let (end, ended) = watch::channel(End::NotYet);
        Self { end, task: tokio::spawn(run(gateway, listener, local, ended)) }
    }

    /// Cuts everything, and returns when the port is free.
    pub(crate) async fn cut(self) {
        self.finish(End::Abrupt).await;
    }

    /// Closes the sockets with 1001, waits a moment for their clients, and ends.
    pub(crate) async fn shut_down(self) {
        self.finish(End::Graceful).await;
    }

    async fn finish(mut self, end: End) {
        self.end.send_replace(end);
        if let Err(failed) = (&mut self.task).await {
            tracing::error!(%failed, "the listener has ended by itself");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(gateway: Arc<Gateway>, listener: TcpListener, local: SocketAddr, mut ended: watch::Receiver<End>) {
    let mut connections = JoinSet::new();
    let end = loop {
        tokio::select! {
            end = told_to_end(&mut ended) => break end,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(Arc::clone(&gateway), stream, local));
                }
                Err(error) => {
                    tracing::error!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    drop(listener);
    if end == End::Graceful {
        gateway.hub.control_all(&Control::close(GOING_AWAY, ""));
        // Connections that are not sockets end below.
        let _ = timeout(CLOSING, gateway.counters.wait_for(|stats| stats.open_sockets == 0)).await;
    }
    connections.shutdown().await;
}

async fn told_to_end(ended: &mut watch::Receiver<End>) -> End {
    ended.wait_for(|end| *end != End::NotYet).await.map_or(End::Abrupt, |end| *end)
}

async fn connection(gateway: Arc<Gateway>, stream: TcpStream, local: SocketAddr) {
    // Frames are small, and each is to arrive at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    match &gateway.tls {
        None => speak_http(Arc::clone(&gateway), stream, local).await,
        Some(tls) => match tls.acceptor.accept(stream).await {
            Ok(stream) => speak_http(Arc::clone(&gateway), stream, local).await,
            Err(error) => tracing::debug!(%error, "TLS handshake failed"),
        },
    }
}

/// Answers requests until the client ends, or until one of them turns the connection into a socket.
async fn speak_http<S>(gateway: Arc<Gateway>, stream: S, local: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let upgrade = Arc::new(Upgrade::default());
    let service = service_fn(|request| {
        let (gateway, upgrade) = (Arc::clone(&gateway), Arc::clone(&upgrade));
        async move { Ok::<_, Infallible>(http::answer(&gateway, local, request, &upgrade).await) }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.with_upgrades().await {
        tracing::debug!(%error, "connection ended");
    }
    if let Some((socket, caller)) = upgrade.take()
        && let Ok(socket) = socket.await
    {
        socket::serve(gateway, TokioIo::new(socket), caller).await;
    }
}
