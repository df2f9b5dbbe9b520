//! Faults on demand: what networks and gateways do to clients on a bad day.

mod answer;
mod fault;
mod plan;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::hub::{Control, Hub, Outgoing};
use crate::snowflake::Snowflakes;
use crate::token::Tokens;

pub use answer::{Answer, Page, Route, Times};
pub use fault::{Fault, ParseFaultError};
pub(crate) use plan::{FrameMeter, Plan};

/// Bytes that are neither an envelope (wire type 7) nor an API reply (first byte 0xff).
pub(crate) const GARBAGE: &[u8] = &[0x0f, 0xde, 0xad, 0xbe, 0xef];

/// Switches faults on and off, for all sockets and calls of one emulator.
///
/// Cheap to clone; all clones act on the same emulator. Nothing here waits: a fault is in force when the call
/// returns, and open sockets obey as soon as their task runs.
#[derive(Clone)]
pub struct Faults {
    plan: Arc<Plan>,
    hub: Arc<Hub>,
    tokens: Arc<Tokens>,
    ids: Arc<Snowflakes>,
}

impl Faults {
    pub(crate) fn new(plan: Arc<Plan>, hub: Arc<Hub>, tokens: Arc<Tokens>, ids: Arc<Snowflakes>) -> Self {
        Self { plan, hub, tokens, ids }
    }

    /// Cuts all open sockets now, without a close frame: the clients see the end of the stream.
    pub fn cut_connections(&self) {
        self.hub.control_all(&Control::Cut);
    }

    /// Cuts each socket once it has carried `n` more data frames, both directions counted, without a close frame.
    ///
    /// Holds for later sockets too, until 0 switches it off.
    pub fn drop_after_frames(&self, n: u64) {
        self.plan.end_after((n > 0).then_some((n, Control::Cut)));
    }

    /// Closes each socket with this code once it has carried `n` more data frames, both directions counted.
    ///
    /// Holds for later sockets too, until 0 frames switch it off. Takes the place of
    /// [`drop_after_frames`](Self::drop_after_frames). Any number can be the code, also one that may not stand on the
    /// wire.
    pub fn close_after_frames(&self, n: u64, code: u16) {
        self.plan.end_after((n > 0).then(|| (n, Control::close(code, ""))));
    }

    /// Leaves pings unanswered: those of the protocol, and with them those of clients that count on the answer.
    pub fn mute_pongs(&self, on: bool) {
        self.plan.change(|plan| plan.mute_pongs = on);
    }

    /// Makes the connections half-open: they stay up, and nothing that is sent arrives, in either direction.
    ///
    /// Concerns all open sockets, and those that open while it is on. A connection that has gone half-open never
    /// comes back, also when this is switched off.
    pub fn half_open(&self, on: bool) {
        self.plan.change(|plan| plan.half_open = on);
        if on {
            self.hub.control_all(&Control::Silent);
        }
    }

    /// Lets each frame of a socket and each HTTP answer arrive later by this much. Frames keep their order.
    pub fn delay(&self, by: Duration) {
        self.plan.change(|plan| plan.delay = by);
    }

    /// Lets each HTTP answer of one route arrive later by this much, besides [`delay`](Self::delay); zero switches it
    /// off.
    pub fn delay_on(&self, route: impl Into<Route>, by: Duration) {
        self.plan.delay_route(route.into(), by);
    }

    /// Sends each frame of a socket twice.
    pub fn duplicate(&self, on: bool) {
        self.plan.change(|plan| plan.duplicate = on);
    }

    /// Sends one frame that is no envelope to all open sockets, now.
    pub fn garbage_frame(&self) {
        self.hub.send_to_all(&Outgoing::Bytes(Bytes::from_static(GARBAGE)));
    }

    /// Sends a frame that is no envelope after each `n` frames of a socket; 0 switches it off.
    pub fn garbage_every(&self, n: u64) {
        self.plan.change(|plan| plan.garbage_every = n);
    }

    /// Answers HTTP requests of one route with this, in place of doing what they ask for.
    ///
    /// Of several that fit a request, the first that was switched on is used up first. Requests that are answered this
    /// way change nothing.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use mezon_emulator::{Answer, Emulator, Page, Route, Times};
    ///
    /// let emulator = Emulator::start().await?;
    /// // A firewall gets in the way once; then the object store is busy three times.
    /// emulator.faults().answer("GetAccount", Times::Next(1), Answer::new(403, Page::Html));
    /// emulator.faults().answer(Route::Uploads, Times::Next(3), Answer::new(503, Page::Empty));
    /// # Ok::<(), mezon_emulator::EmulatorError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn answer(&self, route: impl Into<Route>, times: Times, answer: Answer) {
        self.plan.inject(route.into(), times, answer);
    }

    /// Fails the next `n` HTTP calls of the API, sign-ins included, with this status.
    ///
    /// Uploads, downloads and socket upgrades have faults of their own. Calls that fail this way change nothing.
    pub fn fail_next(&self, n: u64, status: u16, retry_after: Option<Duration>) {
        self.fail(Route::Calls, n, status, retry_after);
    }

    /// Fails the next `n` HTTP calls of one method, such as `SessionRefresh`, with this status.
    ///
    /// A sign-in goes by its path, such as `/v2/account/authenticate/idtoken`.
    pub fn fail_next_on(&self, method: &str, n: u64, status: u16) {
        self.fail(method.into(), n, status, None);
    }

    fn fail(&self, route: Route, n: u64, status: u16, retry_after: Option<Duration>) {
        let answer = Answer::new(status, Page::Gateway);
        self.plan.inject(route, Times::Next(n), retry_after.map_or(answer.clone(), |after| answer.retry_after(after)));
    }

    /// Refuses the next `n` sockets with this HTTP status. Takes the place of what sockets were answered before.
    pub fn refuse_upgrades(&self, n: u64, status: u16) {
        self.plan.stop_injecting(&Route::Sockets);
        self.fail(Route::Sockets, n, status, None);
    }

    /// Sets a header of the answers that open sockets, such as `Connection: keep-alive, Upgrade`; an empty value takes
    /// the header away.
    pub fn upgrade_header(&self, name: &str, value: &str) {
        self.plan.change(|plan| plan.upgrade_headers.push((name.to_owned(), value.to_owned())));
    }

    /// Closes all open sockets with this code, now. Any number can be the code, also one that may not stand on the
    /// wire.
    pub fn close_sockets(&self, code: u16) {
        self.close_sockets_because(code, "");
    }

    /// Closes all open sockets with this code and reason, now. A reason over 123 bytes is cut there.
    pub fn close_sockets_because(&self, code: u16, reason: &str) {
        self.hub.control_all(&Control::close(code, reason));
    }

    /// Writes these bytes past the WebSocket layer into all open sockets, now, and ends them: frames that are none, or
    /// close frames that carry what they must not.
    pub fn end_with_bytes(&self, bytes: impl Into<Bytes>) {
        self.hub.control_all(&Control::Last(bytes.into()));
    }

    /// Makes the server take all access tokens that it has issued so far for expired.
    ///
    /// Refresh tokens still work, and open sockets stay open.
    pub fn expire_tokens(&self) {
        self.tokens.expire_up_to(self.ids.next());
    }

    /// Makes the server take all refresh tokens that it has issued so far for expired.
    pub fn expire_refresh_tokens(&self) {
        self.tokens.expire_refresh_up_to(self.ids.next());
    }

    /// Stores and delivers the next `n` messages sent over a socket, and does not acknowledge them.
    pub fn drop_acks(&self, n: u64) {
        self.plan.change(|plan| plan.drop_acks = n);
    }

    /// Pushes the next `n` messages twice, as a server does that is not sure whether it has.
    pub fn repeat_messages(&self, n: u64) {
        self.plan.change(|plan| plan.repeat_messages = n);
    }

    /// Pushes the next `n` messages without an id, and keeps none of them, as ephemeral ones come.
    pub fn drop_message_ids(&self, n: u64) {
        self.plan.change(|plan| plan.drop_ids = n);
    }

    /// Refuses to let anybody join the channel, as for one that was archived. It is listed all the same.
    pub fn refuse_joins(&self, channel_id: i64) {
        self.plan.change(|plan| {
            plan.refuse_joins.insert(channel_id);
        });
    }

    /// Refuses uploads to the object store with this status, until 0 switches it off. Takes the place of what uploads
    /// were answered before.
    pub fn refuse_uploads(&self, status: u16) {
        self.plan.stop_injecting(&Route::Uploads);
        if status > 0 {
            self.plan.inject(Route::Uploads, Times::Always, Answer::new(status, Page::Gateway));
        }
    }

    /// Forgets who has joined which channel, as a restarted node of a gateway does.
    ///
    /// The next send is answered with "Must join channel before sending messages".
    pub fn forget_joins(&self) {
        self.hub.forget_joins();
    }

    /// Switches on a fault that was chosen as a value, such as one from a command line.
    pub fn apply(&self, fault: &Fault) {
        match fault {
            Fault::DropAfter { frames } => self.drop_after_frames(*frames),
            Fault::CloseAfter { code, frames } => self.close_after_frames(*frames, *code),
            Fault::MutePongs => self.mute_pongs(true),
            Fault::HalfOpen => self.half_open(true),
            Fault::Delay(by) => self.delay(*by),
            Fault::DelayOn { by, route } => self.delay_on(route.clone(), *by),
            Fault::Duplicate => self.duplicate(true),
            Fault::GarbageEvery { frames } => self.garbage_every(*frames),
            Fault::FailNext { count, status, retry_after, method } => {
                self.fail(method.as_deref().map_or(Route::Calls, Route::from), *count, *status, *retry_after);
            }
            Fault::Answer { times, status, page, route } => {
                self.answer(route.clone(), *times, Answer::new(*status, *page));
            }
            Fault::RefuseUpgrades { count, status } => self.refuse_upgrades(*count, *status),
            Fault::UpgradeHeader { name, value } => self.upgrade_header(name, value),
            Fault::DropAcks { count } => self.drop_acks(*count),
            Fault::RepeatMessages { count } => self.repeat_messages(*count),
            Fault::DropMessageIds { count } => self.drop_message_ids(*count),
            Fault::RefuseUploads { status } => self.refuse_uploads(*status),
        }
    }

    /// Switches everything off. What has happened to open sockets stays.
    pub fn clear(&self) {
        self.plan.clear();
    }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("plan", &self.plan).finish_non_exhaustive()
    }
}
