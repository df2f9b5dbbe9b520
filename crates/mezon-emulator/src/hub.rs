//! Who is connected, who has joined which channel, and how frames reach them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use mezon_proto::realtime::{Envelope, PresenceSession, UserPresence};
use mezon_proto::wire::ApiReply;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::faults::Plan;
use crate::stats::Counters;

/// A frame on its way out. It is encoded by the socket, in the revision that its client speaks.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    Envelope(Arc<Envelope>),
    ApiReply(ApiReply),
    /// Any bytes, envelope or not.
    Bytes(Bytes),
}

/// A frame, and when it may go out.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) due: Instant,
    pub(crate) frame: Outgoing,
}

/// What a socket is told from outside. A later variant outranks the ones before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Control {
    Run,
    /// Read nothing, send nothing, stay connected.
    Silent,
    /// Write these bytes past the WebSocket layer, give the client a moment to end, and end.
    Last(Bytes),
    /// End without a close frame.
    Cut,
}

/// The longest reason of a close frame, in bytes: control frames carry 125, and the code is two of them.
const LONGEST_REASON: usize = 123;

impl Control {
    /// Closes with this code, whether it may stand on the wire or not, and with this reason.
    pub(crate) fn close(code: u16, reason: &str) -> Self {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend(reason.bytes().take(LONGEST_REASON));
        // The last frame of a message (0x80), a close frame (0x08), unmasked, and its length.
        let mut frame = vec![0x88, u8::try_from(payload.len()).unwrap_or_default()];
        frame.append(&mut payload);
        Self::Last(frame.into())
    }
}

/// Policy violation: the code for a client that does not read what it is sent.
const TOO_SLOW: u16 = 1008;

/// All open sockets of an emulator.
pub(crate) struct Hub {
    sockets: Mutex<Sockets>,
    plan: Arc<Plan>,
    counters: Arc<Counters>,
    /// Frames that may wait for one socket.
    queue: usize,
}

#[derive(Default)]
struct Sockets {
    last_id: i32,
    open: BTreeMap<i32, Member>,
    /// Sockets by their user.
    users: HashMap<i64, BTreeSet<i32>>,
    /// Sockets by the channel they joined.
    joined: HashMap<i64, BTreeSet<i32>>,
    /// Sockets by the clan they joined; clan 0 has the direct and group conversations.
    clans: HashMap<i64, BTreeSet<i32>>,
    /// Sockets by the user whom they follow.
    followers: HashMap<i64, BTreeSet<i32>>,
}

impl Sockets {
    fn of_user(&self, user: i64) -> impl Iterator<Item = &Member> {
        self.users.get(&user).into_iter().flatten().filter_map(|id| self.open.get(id))
    }
}

/// One open socket, as the hub sees it.
struct Member {
    user: i64,
    username: String,
    host: String,
    queue: mpsc::Sender<Queued>,
    control: watch::Sender<Control>,
}

/// Which sockets something is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joined<'a> {
    /// Those that have joined this channel.
    pub(crate) channel: Option<i64>,
    /// Those that have joined this clan.
    pub(crate) clan: i64,
    /// All sockets of these users, each of whom is named once.
    pub(crate) and: &'a [i64],
    /// Not this one.
    pub(crate) except: Option<i32>,
}

/// A place in the hub; the socket leaves when this is dropped.
pub(crate) struct Registration {
    pub(crate) id: i32,
    pub(crate) queue: mpsc::Receiver<Queued>,
    pub(crate) control: watch::Receiver<Control>,
    hub: Arc<Hub>,
}

impl Hub {
    pub(crate) fn new(plan: Arc<Plan>, counters: Arc<Counters>, queue: usize) -> Self {
        Self { sockets: Mutex::default(), plan, counters, queue: queue.max(1) }
    }

    /// Lets a socket in.
    pub(crate) fn register(self: &Arc<Self>, user: i64, username: &str, host: &str) -> Registration {
        let (queue, receiver) = mpsc::channel(self.queue);
        let first = if self.plan.is_half_open() { Control::Silent } else { Control::Run };
        let (control, watcher) = watch::channel(first);
        let id = {
            let mut sockets = self.sockets();
            sockets.last_id += 1;
            let id = sockets.last_id;
            let member = Member { user, username: username.to_owned(), host: host.to_owned(), queue, control };
            sockets.open.insert(id, member);
            sockets.users.entry(user).or_default().insert(id);
            id
        };
        self.counters.count(|stats| {
            stats.connects += 1;
            stats.open_sockets += 1;
        });
        Registration { id, queue: receiver, control: watcher, hub: Arc::clone(self) }
    }

    pub(crate) fn join(&self, channel: i64, socket: i32) {
        let mut sockets = self.sockets();
        if sockets.open.contains_key(&socket) {
            sockets.joined.entry(channel).or_default().insert(socket);
        }
    }

    pub(crate) fn join_clan(&self, clan: i64, socket: i32) {
        let mut sockets = self.sockets();
        if sockets.open.contains_key(&socket) {
            sockets.clans.entry(clan).or_default().insert(socket);
        }
    }

    /// From now on the socket is told when these users come and go.
    pub(crate) fn follow(&self, users: &[i64], socket: i32) {
        let mut sockets = self.sockets();
        if sockets.open.contains_key(&socket) {
            for user in users {
                sockets.followers.entry(*user).or_default().insert(socket);
            }
        }
    }

    pub(crate) fn unfollow(&self, users: &[i64], socket: i32) {
        let mut sockets = self.sockets();
        for user in users {
            if let Some(followers) = sockets.followers.get_mut(user) {
                followers.remove(&socket);
            }
        }
    }

    /// Reaches all sockets that follow a user, and those of the user's friends, each once.
    pub(crate) fn send_to_followers(&self, user: i64, friends: &[i64], envelope: &Arc<Envelope>) {
        let sockets = self.sockets();
        let of_friends = friends.iter().filter_map(|friend| sockets.users.get(friend));
        let told: BTreeSet<i32> = of_friends.chain(sockets.followers.get(&user)).flatten().copied().collect();
        for member in told.iter().filter_map(|id| sockets.open.get(id)) {
            self.enqueue(member, Outgoing::Envelope(Arc::clone(envelope)));
        }
    }

    pub(crate) fn leave(&self, channel: i64, socket: i32) {
        if let Some(joined) = self.sockets().joined.get_mut(&channel) {
            joined.remove(&socket);
        }
    }

    pub(crate) fn has_joined_clan(&self, clan: i64, socket: i32) -> bool {
        self.sockets().clans.get(&clan).is_some_and(|joined| joined.contains(&socket))
    }

    pub(crate) fn has_joined(&self, channel: i64, socket: i32) -> bool {
        self.sockets().joined.get(&channel).is_some_and(|joined| joined.contains(&socket))
    }

    pub(crate) fn forget_joins(&self) {
        let mut sockets = self.sockets();
        sockets.joined.clear();
        sockets.clans.clear();
    }

    pub(crate) fn is_online(&self, user: i64) -> bool {
        self.sockets().users.contains_key(&user)
    }

    /// How many sockets of a user are open.
    pub(crate) fn sockets_of(&self, user: i64) -> usize {
        self.sockets().users.get(&user).map_or(0, BTreeSet::len)
    }

    /// The address a user's socket came by, to say where the emulator is.
    pub(crate) fn host_of(&self, user: i64) -> Option<String> {
        self.sockets().of_user(user).next().map(|member| member.host.clone())
    }

    /// The sockets in a channel.
    pub(crate) fn presences(&self, channel: i64) -> Vec<UserPresence> {
        let sockets = self.sockets();
        let joined = sockets.joined.get(&channel).into_iter().flatten();
        joined.filter_map(|id| sockets.open.get(id).map(|member| presence(*id, member))).collect()
    }

    pub(crate) fn presence(&self, socket: i32) -> Option<UserPresence> {
        self.sockets().open.get(&socket).map(|member| presence(socket, member))
    }

    pub(crate) fn send(&self, socket: i32, frame: Outgoing) {
        if let Some(member) = self.sockets().open.get(&socket) {
            self.enqueue(member, frame);
        }
    }

    pub(crate) fn send_to_all(&self, frame: &Outgoing) {
        for member in self.sockets().open.values() {
            self.enqueue(member, frame.clone());
        }
    }

    /// Reaches all sockets of a user; gives their number.
    pub(crate) fn send_to_user(&self, user: i64, frame: &Outgoing) -> usize {
        self.sockets().of_user(user).map(|member| self.enqueue(member, frame.clone())).count()
    }

    /// Reaches all sockets that have joined a channel or its clan, of the users who may hear it, and all sockets of some
    /// users, but for one socket; gives their number.
    pub(crate) fn send_to_joined(
        &self,
        joined: Joined<'_>,
        envelope: &Arc<Envelope>,
        may_hear: impl Fn(i64) -> bool,
    ) -> usize {
        let Joined { channel, clan, and, except } = joined;
        let sockets = self.sockets();
        let none = BTreeSet::new();
        let of_channel = channel.and_then(|channel| sockets.joined.get(&channel)).unwrap_or(&none);
        let of_clan = sockets.clans.get(&clan).unwrap_or(&none);
        let hearing = of_channel.union(of_clan).filter_map(|id| Some((id, sockets.open.get(id)?)));
        let hearing = hearing.filter(|(_, member)| !and.contains(&member.user) && may_hear(member.user));
        let others = and.iter().filter_map(|user| sockets.users.get(user)).flatten();
        let others = others.filter_map(|id| Some((id, sockets.open.get(id)?)));
        hearing
            .chain(others)
            .filter(|(id, _)| Some(**id) != except)
            .map(|(_, member)| self.enqueue(member, Outgoing::Envelope(Arc::clone(envelope))))
            .count()
    }

    pub(crate) fn control_all(&self, control: &Control) {
        for member in self.sockets().open.values() {
            raise(&member.control, control);
        }
    }

    fn enqueue(&self, member: &Member, frame: Outgoing) {
        let queued = Queued { due: Instant::now() + self.plan.delay(), frame };
        if let Err(mpsc::error::TrySendError::Full(_)) = member.queue.try_send(queued) {
            tracing::info!(user = member.user, "closing a socket that does not read");
            raise(&member.control, &Control::close(TOO_SLOW, ""));
        }
    }

    fn sockets(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        {
            let mut sockets = self.hub.sockets();
            let Sockets { open, users, joined, clans, followers, .. } = &mut *sockets;
            let user = open.remove(&self.id).map_or(0, |member| member.user);
            if let Some(sockets) = users.get_mut(&user) {
                sockets.remove(&self.id);
                if sockets.is_empty() {
                    users.remove(&user);
                }
            }
            for places in [joined, clans, followers] {
                places.retain(|_, sockets| {
                    sockets.remove(&self.id);
                    !sockets.is_empty()
                });
            }
        }
        self.hub.counters.count(|stats| stats.open_sockets = stats.open_sockets.saturating_sub(1));
    }
}

fn presence(socket: i32, member: &Member) -> UserPresence {
    UserPresence {
        user_id: member.user,
        session_id: PresenceSession::Number(socket),
        username: member.username.clone(),
        ..UserPresence::default()
    }
}

/// A socket that is told to end is not told to run again.
fn raise(current: &watch::Sender<Control>, control: &Control) {
    current.send_if_modified(|current| {
        let raised = control > current;
        if raised {
            control.clone_into(current);
        }
        raised
    });
}
