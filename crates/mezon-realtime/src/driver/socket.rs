//! The handle: calls of the application.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mezon_model::{ClanId, Draft, MessageAck, Target};
use mezon_proto::realtime::{self, envelope};
use mezon_proto::wire::{CHANNEL_FIELD, decode_within};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::command::Command;
use super::inbox::Inbox;
use super::{States, Waiter, not_sent};
use crate::machine::{CallId, Counters, DECODED_LIMIT, Outcome, Reply, Request};
use crate::{CallError, CallErrorKind, ConnectionState, MaybeSent, Revision, SendError, SendErrorKind, SocketConfig};

/// A handle of a connection. Clones are cheap and share it.
///
/// Requests are sent at most once. While there is no connection they fail at once, with
/// [`NotSent`](CallErrorKind::NotSent): nothing is kept back to be sent later, when nobody may want it any more.
///
/// At most 1,024 calls are in flight, and as many wait to be taken up; further ones fail with [`QueueFull`]. To
/// leave a channel is always taken up, so that it holds after a reconnect.
///
/// [`QueueFull`]: crate::NotSent::QueueFull
#[derive(Clone, Debug)]
pub struct Socket {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    inbox: Arc<Inbox>,
    state: watch::Receiver<ConnectionState>,
    shared: Arc<Shared>,
    call_timeout: Duration,
    revision: Revision,
}

/// The last clone is gone: there will be no more calls.
impl Drop for Handle {
    fn drop(&mut self) {
        self.inbox.wish(|wishes| wishes.silent = true);
    }
}

/// The answer to a join.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Joined {
    /// The server describes the channel.
    Channel(Box<realtime::Channel>),
    /// The server said yes, and no more that could be read.
    Accepted,
    /// The server said nothing in time, which it need not. The channel is most likely joined; a message to one that is
    /// not joined is refused, then joined and sent again by itself.
    Unconfirmed,
}

impl Socket {
    pub(super) fn new(
        inbox: Arc<Inbox>,
        state: watch::Receiver<ConnectionState>,
        shared: Arc<Shared>,
        config: &SocketConfig,
    ) -> Self {
        let (call_timeout, revision) = (config.call_timeout, config.settings.revision);
        Self { handle: Arc::new(Handle { inbox, state, shared, call_timeout, revision }) }
    }

    /// Joins a channel, so that its messages come in: now, and after every reconnect until it is left.
    ///
    /// # Errors
    /// [`CallErrorKind`] tells a refusal from a request that was not, or maybe, sent. Joining twice does no harm.
    ///
    /// # Cancel safety
    /// A dropped join may have happened, but is not repeated after a reconnect.
    pub async fn join(&self, target: &Target) -> Result<Joined, CallError> {
        let request = Request::join(&target.to_join(), self.handle.revision);
        Ok(match self.request(request, self.handle.call_timeout).await.map_err(CallError::new)? {
            Reply::Message(raw) if raw.field == CHANNEL_FIELD => {
                let channel = decode_within::<realtime::Channel>(&raw.body, DECODED_LIMIT);
                channel.map_or(Joined::Accepted, |channel| Joined::Channel(Box::new(channel.message)))
            }
            Reply::Unconfirmed => Joined::Unconfirmed,
            _ => Joined::Accepted,
        })
    }

    /// Joins a clan: the messages of its open channels come in from then on, after every reconnect too.
    /// [`ClanId::DIRECT`](mezon_model::ClanId::DIRECT) is the clan of direct and group conversations.
    ///
    /// # Errors
    /// As [`Socket::join`].
    ///
    /// # Cancel safety
    /// As [`Socket::join`].
    pub async fn join_clan(&self, clan_id: ClanId) -> Result<(), CallError> {
        let join = realtime::ClanJoin { clan_id: clan_id.get(), ..realtime::ClanJoin::default() };
        let request = Request::join_clan(&join, self.handle.revision);
        self.request(request, self.handle.call_timeout).await.map(drop).map_err(CallError::new)
    }

    /// Leaves a channel. It is not joined again after a reconnect, whatever comes of the request: it may fail because
    /// there is no connection or too much waits, and the channel is left all the same from the next connection on.
    ///
    /// # Errors
    /// As [`Socket::join`]. No answer in time is no error: servers need not give one.
    ///
    /// # Cancel safety
    /// A dropped leave may have happened.
    pub async fn leave(&self, target: &Target) -> Result<(), CallError> {
        let request = Request::leave(&target.to_leave(), self.handle.revision);
        self.request(request, self.handle.call_timeout).await.map(drop).map_err(CallError::new)
    }

    /// Sends a message and waits for the server's word that it is stored, for as long as calls may take (10 s unless
    /// configured otherwise).
    ///
    /// The message is sent at most once. There is one exception, in which the server has said that it did not take it:
    /// when the channel was not joined, it is joined and the message is sent again, once.
    ///
    /// # Errors
    /// [`SendErrorKind::Invalid`], [`CallErrorKind::NotSent`] and [`CallErrorKind::Rejected`]: the message is not in the
    /// channel. [`CallErrorKind::MaybeSent`]: nobody knows. Look into the history before sending it again.
    ///
    /// # Cancel safety
    /// A dropped send may have been sent. It harms no other call.
    pub async fn send(&self, target: &Target, draft: &Draft) -> Result<MessageAck, SendError> {
        self.send_within(target, draft, self.handle.call_timeout).await
    }

    /// As [`Socket::send`], with a time limit of its own.
    ///
    /// # Errors
    /// As [`Socket::send`].
    ///
    /// # Cancel safety
    /// As [`Socket::send`].
    pub async fn send_within(
        &self,
        target: &Target,
        draft: &Draft,
        timeout: Duration,
    ) -> Result<MessageAck, SendError> {
        // Not part of the future: only the frame is waited with.
        let encode = |message| Request::send(&message, self.handle.revision);
        let request = draft.to_send(target).map(encode).map_err(SendErrorKind::Invalid)?;
        match self.request(request, timeout).await {
            Ok(Reply::Acknowledged(ack)) => Ok(*ack),
            Ok(_) => Err(SendErrorKind::Call(CallErrorKind::MaybeSent { reason: MaybeSent::Unreadable }).into()),
            Err(kind) => Err(SendErrorKind::from(kind).into()),
        }
    }

    /// Tells the channel that the user is typing. Clients show it for a few seconds.
    ///
    /// # Errors
    /// [`CallErrorKind::NotSent`] only: no answer is awaited.
    ///
    /// # Cancel safety
    /// A dropped call may have been sent.
    pub async fn typing(&self, target: &Target) -> Result<(), CallError> {
        let typing = realtime::MessageTypingEvent {
            clan_id: target.clan_id.get(),
            channel_id: target.channel_id.get(),
            mode: target.mode().to_raw(),
            is_public: target.is_public,
            ..realtime::MessageTypingEvent::default()
        };
        self.tell(Request::typing(&typing, self.handle.revision)).await
    }

    /// Asks the server for a sign of life, and tells how long it took. The connection does so by itself (see
    /// [`SocketConfigBuilder::heartbeat`](crate::SocketConfigBuilder::heartbeat) and [`Socket::round_trip`]); this is for those who have to
    /// know now: after an answer, what the server had sent before has come in.
    ///
    /// # Errors
    /// [`CallErrorKind::NotSent`]; [`CallErrorKind::MaybeSent`] when no answer comes in time, or the connection is lost.
    ///
    /// # Cancel safety
    /// Harmless.
    pub async fn ping(&self) -> Result<Duration, CallError> {
        let asked = Instant::now();
        let request = Request::ping(self.handle.revision);
        self.request(request, self.handle.call_timeout).await.map_err(CallError::new)?;
        Ok(asked.elapsed())
    }

    /// Makes any request of the protocol and waits for the answer, which comes undecoded in a [`Reply::Message`]:
    /// [`RawMessage::read`](crate::RawMessage::read) reads the one type that is expected.
    ///
    /// Only some requests are answered for certain: pings, and messages that are sent, changed, removed or ephemeral.
    /// For the others no answer in time (3 s) counts as [`Reply::Unconfirmed`], not as an error. A `channel_join` or
    /// `clan_join` is repeated after a reconnect, as after [`Socket::join`]. API calls over the socket
    /// (`api_request_event`) are not made by this crate.
    ///
    /// # Errors
    /// As [`Socket::join`].
    ///
    /// # Cancel safety
    /// A dropped call may have reached the server. It harms no other call.
    pub async fn call(&self, message: envelope::Message) -> Result<Reply, CallError> {
        self.call_within(message, self.handle.call_timeout).await
    }

    /// As [`Socket::call`], with a time limit of its own.
    ///
    /// # Errors
    /// As [`Socket::join`].
    ///
    /// # Cancel safety
    /// As [`Socket::call`].
    pub async fn call_within(&self, message: envelope::Message, timeout: Duration) -> Result<Reply, CallError> {
        self.request(Request::new(&message, self.handle.revision), timeout).await.map_err(CallError::new)
    }

    /// Tells the server something and wants no answer. Returns when it is handed to the socket; an error that the
    /// server may answer comes as [`Event::ServerError`](crate::Event::ServerError). A join is not repeated after a
    /// reconnect, because nobody waits to hear whether it was made; a leave counts as after [`Socket::leave`].
    ///
    /// # Errors
    /// [`CallErrorKind::NotSent`] only.
    ///
    /// # Cancel safety
    /// A dropped notification may have been sent.
    pub async fn notify(&self, message: envelope::Message) -> Result<(), CallError> {
        self.tell(Request::new(&message, self.handle.revision)).await
    }

    /// Where the connection stands.
    pub fn state(&self) -> ConnectionState {
        self.handle.state.borrow().clone()
    }

    /// Follows where the connection stands.
    pub fn states(&self) -> States {
        States::new(self.handle.state.clone())
    }

    /// How long the last ping took to be answered. `None`: none was on this connection.
    pub fn round_trip(&self) -> Option<Duration> {
        match self.handle.shared.round_trip_nanos.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Counts of what was passed over: late answers, frames that could not be read.
    pub fn counters(&self) -> Counters {
        *self.handle.shared.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the network may be back, as operating systems tell. Ends the wait before the next attempt, at most
    /// once in four seconds.
    pub fn network_changed(&self) {
        // With a full queue there is a connection to fill it, and no wait to end.
        let _ = self.handle.inbox.push(Command::NetworkChanged);
    }

    /// Closes the connection for good and waits for the end: calls in flight are awaited for 5 s (a setting), the
    /// server's close frame for 2 s, then the socket is dropped. New calls fail at once. Closing twice does no harm.
    ///
    /// # Cancel safety
    /// Cancel safe: the connection is closed all the same.
    pub async fn close(&self) {
        self.handle.inbox.wish(|wishes| wishes.close = true);
        let mut state = self.handle.state.clone();
        let _ = state.wait_for(|state| matches!(state, ConnectionState::Closed(_))).await;
    }

    async fn request(&self, request: Request, timeout: Duration) -> Outcome {
        self.ask(|id, waiter| Command::Call { id, request, timeout, waiter }).await
    }

    async fn tell(&self, request: Request) -> Result<(), CallError> {
        self.ask(|id, waiter| Command::Notify { id, request, waiter }).await.map(drop).map_err(CallError::new)
    }

    async fn ask(&self, make: impl FnOnce(CallId, Waiter) -> Command) -> Outcome {
        let id = CallId(self.handle.shared.next_call.fetch_add(1, Ordering::Relaxed));
        // Dropped in reverse order: the answer first, so that a command that is still queued is seen as unwanted.
        let mut guard = Guard { id, inbox: Some(&self.handle.inbox) };
        let (waiter, answer) = oneshot::channel();
        if let Err((_, reason)) = self.handle.inbox.push(make(id, waiter)) {
            guard.inbox = None;
            return not_sent(reason);
        }
        let outcome = answer.await;
        guard.inbox = None;
        // Without an outcome the runtime has ended the task, and the frame may have left or not.
        outcome.unwrap_or(Err(CallErrorKind::MaybeSent { reason: MaybeSent::ConnectionLost }))
    }
}

/// Tells the driver when a caller gives up, so that the call leaves the table.
struct Guard<'a> {
    id: CallId,
    inbox: Option<&'a Inbox>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(inbox) = self.inbox {
            inbox.wish(|wishes| wishes.cancelled.push(self.id));
        }
    }
}

/// What the driver tells its handles without a message.
#[derive(Debug, Default)]
pub(super) struct Shared {
    next_call: AtomicU64,
    round_trip_nanos: AtomicU64,
    counters: Mutex<Counters>,
}

impl Shared {
    pub(super) fn publish(&self, round_trip: Option<Duration>, counters: Counters) {
        let nanos = round_trip.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1));
        self.round_trip_nanos.store(nanos, Ordering::Relaxed);
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = counters;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use mezon_model::ChannelId;

    use super::*;
    use crate::NotSent;

    #[test]
    fn a_leave_is_taken_up_when_nothing_else_is() {
        let (inbox, shared) = (Arc::new(Inbox::default()), Arc::new(Shared::default()));
        let (_sender, state) = watch::channel(ConnectionState::Ready { generation: 1 });
        let socket = Socket::new(Arc::clone(&inbox), state, shared, &SocketConfig::builder().build().unwrap());
        let target = Target::direct(ChannelId::new(1));
        let mut waiting = Vec::new();
        let full = loop {
            let mut typing = Box::pin(socket.typing(&target));
            match typing.as_mut().now_or_never() {
                None => waiting.push(typing),
                Some(outcome) => break outcome.unwrap_err(),
            }
        };
        assert_eq!(*full.kind(), CallErrorKind::NotSent { reason: NotSent::QueueFull });
        let mut leave = Box::pin(socket.leave(&target));
        assert!(leave.as_mut().now_or_never().is_none());
        let last = inbox.end().pop_back();
        assert!(last.is_some_and(|command| command.is_leave()));
    }
}
