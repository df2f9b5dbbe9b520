//! Faults on demand: what networks and gateways do to clients on a bad day.

mod fault;
mod plan;

use std::sync::Arc;
use std::time::Duration;

use crate::hub::{Control, Hub, Outgoing};
use crate::snowflake::Snowflakes;
use crate::token::Tokens;

pub use fault::{Fault, ParseFaultError};
pub(crate) use plan::{FrameMeter, HttpFailure, Plan};

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
        self.hub.control_all(Control::Cut);
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
    /// [`drop_after_frames`](Self::drop_after_frames).
    pub fn close_after_frames(&self, n: u64, code: u16) {
        self.plan.end_after((n > 0).then_some((n, Control::Close(code))));
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
            self.hub.control_all(Control::Silent);
        }
    }

    /// Lets each frame of a socket and each HTTP answer arrive later by this much. Frames keep their order.
    pub fn delay(&self, by: Duration) {
        self.plan.change(|plan| plan.delay = by);
    }

    /// Sends each frame of a socket twice.
    pub fn duplicate(&self, on: bool) {
        self.plan.change(|plan| plan.duplicate = on);
    }

    /// Sends one frame that is no envelope to all open sockets, now.
    pub fn garbage_frame(&self) {
        self.hub.send_to_all(&Outgoing::Garbage);
    }

    /// Sends a frame that is no envelope after each `n` frames of a socket; 0 switches it off.
    pub fn garbage_every(&self, n: u64) {
        self.plan.change(|plan| plan.garbage_every = n);
    }

    /// Fails the next `n` HTTP calls of the API, sign-ins included, with this status.
    ///
    /// Uploads, downloads and socket upgrades have faults of their own. Calls that fail this way change nothing.
    pub fn fail_next(&self, n: u64, status: u16, retry_after: Option<Duration>) {
        self.plan.fail(HttpFailure { left: n, status, retry_after, method: None });
    }

    /// Fails the next `n` HTTP calls of one method, such as `SessionRefresh`, with this status.
    ///
    /// A sign-in goes by its path, such as `/v2/account/authenticate/idtoken`.
    pub fn fail_next_on(&self, method: &str, n: u64, status: u16) {
        self.plan.fail(HttpFailure { left: n, status, retry_after: None, method: Some(method.to_owned()) });
    }

    /// Refuses the next `n` sockets with this HTTP status.
    pub fn refuse_upgrades(&self, n: u64, status: u16) {
        self.plan.change(|plan| plan.refuse_upgrades = (n, status));
    }

    /// Closes all open sockets with this code, now.
    pub fn close_sockets(&self, code: u16) {
        self.hub.control_all(Control::Close(code));
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

    /// Refuses to let anybody join the channel, as for one that was archived. It is listed all the same.
    pub fn refuse_joins(&self, channel_id: i64) {
        self.plan.change(|plan| {
            plan.refuse_joins.insert(channel_id);
        });
    }

    /// Refuses uploads to the object store with this status, until 0 switches it off.
    pub fn refuse_uploads(&self, status: u16) {
        self.plan.change(|plan| plan.refuse_uploads = (status > 0).then_some(status));
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
            Fault::Duplicate => self.duplicate(true),
            Fault::GarbageEvery { frames } => self.garbage_every(*frames),
            Fault::FailNext { count, status, retry_after, method } => self.plan.fail(HttpFailure {
                left: *count,
                status: *status,
                retry_after: *retry_after,
                method: method.clone(),
            }),
            Fault::RefuseUpgrades { count, status } => self.refuse_upgrades(*count, *status),
            Fault::DropAcks { count } => self.drop_acks(*count),
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
