//! Opening a TCP connection to a host with several addresses (RFC 8305, "happy eyeballs").
//!
//! Written here because the library that has it, hyper-util, brings an HTTP client into a crate that needs none.
//!
//! An address that swallows packets tells nothing for minutes, and with IPv6 half set up there often is one. So the next
//! address is tried while the first is still silent, and the families take turns.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// How long an address has before the next is tried beside it (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to whichever address of `host` answers first.
///
/// # Cancel safety
/// Cancel safe: no attempt goes on without it.
pub(super) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = lookup_host((host, port)).await?;
    race(in_turn(addresses), TcpStream::connect).await
}

/// The addresses in the order of the system, which knows best, but with the families taking turns.
fn in_turn(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.peekable();
    let v6_first = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.partition(|address| address.is_ipv6() == v6_first);
    let mut order = Vec::with_capacity(first.len() + second.len());
    let mut second = second.into_iter();
    for address in first {
        order.push(address);
        order.extend(second.next());
    }
    order.extend(second);
    order
}

/// Tries `addresses`, each when those before it have failed or had their head start. The first error is told when all
/// fail: it belongs to the address that the system prefers.
async fn race<T, F>(addresses: Vec<SocketAddr>, connect: impl Fn(SocketAddr) -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut addresses = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut error = None;
    loop {
        attempts.extend(addresses.next().map(&connect));
        let ended = if addresses.len() == 0 {
            attempts.next().await
        } else {
            match timeout(HEAD_START, attempts.next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            }
        };
        match ended {
            Some(Ok(connection)) => return Ok(connection),
            Some(Err(failure)) => error = error.or(Some(failure)),
            None => {
                return Err(error.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn refused() -> io::Error {
        io::ErrorKind::ConnectionRefused.into()
    }

    #[test]
    fn the_families_take_turns_and_the_first_stays_first() {
        for (given, order) in [
            (&[][..], &[][..]),
            (&["[::1]:1", "[::2]:1", "1.1.1.1:1"], &["[::1]:1", "1.1.1.1:1", "[::2]:1"]),
            (&["1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"], &["1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"]),
            (&["1.1.1.1:1", "1.1.1.2:1"], &["1.1.1.1:1", "1.1.1.2:1"]),
        ] {
            assert_eq!(in_turn(addresses(given).into_iter()), addresses(order));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silent_addresses_cost_their_head_start_and_no_more() {
        let start = Instant::now();
        let tried = RefCell::new(Vec::new());
        // Two that swallow packets, one that answers after a while, one that would answer too late.
        let connect = |address: SocketAddr| {
            tried.borrow_mut().push((address.port(), start.elapsed().as_millis()));
            async move {
                match address.port() {
                    3 => tokio::time::sleep(Duration::from_millis(100)).await,
                    _ => std::future::pending().await,
                }
                Ok(address.port())
            }
        };
        let all = addresses(&["[::1]:1", "1.1.1.1:2", "[::1]:3", "1.1.1.1:4"]);
        assert_eq!(race(all, connect).await.unwrap(), 3);
        assert_eq!(*tried.borrow(), [(1, 0), (2, 250), (3, 500)]);
        assert_eq!(start.elapsed(), Duration::from_millis(600));
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_attempt_may_still_win() {
        let start = Instant::now();
        let connect = |address: SocketAddr| async move {
            let seconds = if address.port() == 1 { 1 } else { 60 };
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(address.port())
        };
        assert_eq!(race(addresses(&["[::1]:1", "1.1.1.1:2"]), connect).await.unwrap(), 1);
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_fails_gives_way_at_once_and_the_first_error_is_told() {
        let start = Instant::now();
        let connect = |address: SocketAddr| async move {
            match address.port() {
                1 => Err::<(), _>(refused()),
                _ => Err(io::ErrorKind::HostUnreachable.into()),
            }
        };
        let error = race(addresses(&["[::1]:1", "1.1.1.1:2", "1.1.1.1:3"]), connect).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (refused().kind(), Duration::ZERO));
        let error = race(Vec::new(), connect).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_closed_port_does_not_hide_an_open_one() {
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let all = vec![closed.local_addr().unwrap(), open.local_addr().unwrap()];
        drop(closed);
        let tcp = race(all, TcpStream::connect).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), open.local_addr().unwrap());
        let port = open.local_addr().unwrap().port();
        assert_eq!(connect("127.0.0.1", port).await.unwrap().peer_addr().unwrap(), open.local_addr().unwrap());
    }
}
