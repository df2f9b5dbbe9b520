//! How operations of the town are run: one that changes something after the other, each stored before it is answered and
//! told in its order.

use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use mezon_proto::api::{ChannelMessage, ChannelMessageHeader};
use mezon_proto::realtime::Envelope;
use mezon_proto::realtime::envelope::Message;

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::hub::{Joined, Outgoing};
use crate::snowflake::unix_ms;
use crate::store::{Store, StoreError, Write};
use crate::town::messages::{Stored, header};
use crate::town::{Act, Audience, Done, Push, Town, profiles, voice};

impl Gateway {
    /// Runs an operation that changes the town: stores what it has changed, tells its events, and gives its answer.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the operation may have been done and stored, and its events not told.
    pub(crate) async fn change<R, A>(
        &self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Result<A, Failure> {
        let _order = self.posting.lock().await;
        self.change_in_turn(by, operation, request).await
    }

    /// As [`change`](Self::change), for an operation about a message: it gets the message of a channel and an id as it is
    /// stored, and nothing changes that in between.
    ///
    /// # Cancel safety
    ///
    /// As [`change`](Self::change).
    pub(crate) async fn change_message<R, A>(
        &self,
        by: i64,
        (channel, id): (i64, i64),
        operation: impl FnOnce(&mut Town, &Act<'_>, (Stored, R)) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Result<A, Failure> {
        let _order = self.posting.lock().await;
        let stored = self.storage.run(move |store| store.message(channel, id)).await?;
        self.change_in_turn(by, operation, (stored, request)).await
    }

    /// Runs an operation while no other can.
    async fn change_in_turn<R, A>(
        &self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Result<A, Failure> {
        let (Done { answer, pushes, writes }, changes) = self.attempt(by, operation, request)?;
        let newest = writes.iter().filter_map(Newest::of).collect();
        match self.store(changes, writes, newest).await {
            Ok(newest) => self.keep(newest),
            Err(error) => {
                self.town_mut().roll_back();
                return Err(error.into());
            }
        }
        for push in pushes {
            self.tell(push);
        }
        Ok(answer)
    }

    /// Runs an operation that only reads. It waits for no other, and for no disk.
    pub(crate) fn look<R, A>(
        &self,
        by: i64,
        read: impl FnOnce(&Town, &Act<'_>, R) -> Result<A, Failure>,
        request: R,
    ) -> Result<A, Failure> {
        let online = |user| self.hub.is_online(user);
        read(&self.town(), &self.act(by, &online), request)
    }

    /// The town, to be read for a moment: not over an `await`.
    pub(crate) fn town(&self) -> RwLockReadGuard<'_, Town> {
        self.town.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn town_mut(&self) -> RwLockWriteGuard<'_, Town> {
        self.town.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an operation on the state alone; gives what is to be stored as well.
    fn attempt<R, A>(
        &self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Result<(Done<A>, Vec<Write>), Failure> {
        let online = |user| self.hub.is_online(user);
        let mut town = self.town_mut();
        // Of an operation whose caller went away while it was stored.
        town.keep();
        let done = operation(&mut town, &self.act(by, &online), request);
        let attempted = done.and_then(|done| Ok((done, town.changes()?)));
        if attempted.is_err() {
            town.roll_back();
        }
        attempted
    }

    /// Gives `newest` with what is known only after it.
    async fn store(
        &self,
        mut changes: Vec<Write>,
        writes: Vec<Write>,
        mut newest: Vec<Newest>,
    ) -> Result<Vec<Newest>, StoreError> {
        changes.extend(writes);
        if changes.is_empty() {
            return Ok(newest);
        }
        let read = move |store: &mut dyn Store| {
            store.commit(changes)?;
            for of in newest.iter_mut().filter(|of| of.header.is_none()) {
                of.header = store.newest(&mut std::iter::once(of.channel))?.remove(&of.channel);
            }
            Ok::<_, StoreError>(newest)
        };
        self.storage.run(read).await
    }

    /// Ends an operation that is stored.
    fn keep(&self, newest: Vec<Newest>) {
        let mut town = self.town_mut();
        town.keep();
        for Newest { channel, header } in newest {
            match header {
                Some(header) if town.newest.get(&channel).is_none_or(|known| known.id <= header.id) => {
                    town.newest.insert(channel, header);
                }
                Some(_) => {}
                None => _ = town.newest.remove(&channel),
            }
        }
    }

    fn act<'a>(&'a self, by: i64, online: &'a (dyn Fn(i64) -> bool + Sync)) -> Act<'a> {
        Act { by, now_ms: unix_ms(), ids: &self.ids, online }
    }

    /// Tells friends and followers that a user has come online by the first socket, or gone with the last one.
    pub(crate) fn tell_presence(&self, user: i64, came: bool) {
        if self.hub.sockets_of(user) != usize::from(came) {
            return;
        }
        // A user who is not known any more is nobody's friend.
        if let Ok((message, friends)) = self.look(user, profiles::presence, came) {
            let envelope = Arc::new(Envelope { cid: 0, message: Some(message) });
            self.hub.send_to_followers(user, &friends, &envelope);
        }
    }

    fn tell(&self, Push { to, message }: Push) {
        match (to, message) {
            (Audience::Channel(channel), Message::ChannelMessage(message)) => self.hand_out(channel, message),
            (to, Message::ChannelMessage(message)) => {
                self.tell_envelope(to, &envelope(Message::ChannelMessage(self.on_the_wire(message))));
            }
            (to, message) => self.tell_envelope(to, &envelope(message)),
        }
    }

    /// Hands a message to the sockets that hear its channel.
    fn hand_out(&self, channel: i64, message: ChannelMessage) {
        let push = envelope(Message::ChannelMessage(self.on_the_wire(message)));
        let times = if self.plan.take(|plan| &mut plan.repeat_messages) { 2 } else { 1 };
        for _ in 0..times {
            let reached = self.tell_channel(channel, &push, &[], None);
            self.counters.count(|stats| stats.deliveries += u64::try_from(reached).unwrap_or_default());
        }
    }

    fn tell_envelope(&self, to: Audience, envelope: &Arc<Envelope>) {
        match to {
            Audience::Users(users) => {
                for user in users {
                    self.hub.send_to_user(user, &Outgoing::Envelope(Arc::clone(envelope)));
                }
            }
            Audience::Channel(channel) => _ = self.tell_channel(channel, envelope, &[], None),
            Audience::ChannelAnd(channel, users) => _ = self.tell_channel(channel, envelope, &users, None),
            Audience::Clan(clan) => self.tell_clan(clan, envelope, &[]),
            Audience::ClanAnd(clan, users) => self.tell_clan(clan, envelope, &users),
        }
    }

    /// Tells those who hear a channel something, but for one socket.
    pub(crate) fn tell_others(&self, channel: i64, message: Message, except: i32) {
        self.tell_channel(channel, &envelope(message), &[], Some(except));
    }

    /// A channel that is gone is heard by nobody.
    fn tell_channel(&self, channel: i64, envelope: &Arc<Envelope>, and: &[i64], except: Option<i32>) -> usize {
        let town = self.town();
        let found = town.channels.get(channel);
        let joined = Joined { channel: Some(channel), clan: found.map_or(0, |of| of.clan), and, except };
        self.hub.send_to_joined(joined, envelope, |user| found.is_some_and(|channel| town.may_see(user, channel)))
    }

    fn tell_clan(&self, clan: i64, envelope: &Arc<Envelope>, and: &[i64]) {
        let town = self.town();
        let joined = Joined { channel: None, clan, and, except: None };
        self.hub.send_to_joined(joined, envelope, |user| town.members.has((clan, user)));
    }

    /// Takes a user out of the voice rooms when their last socket is gone.
    pub(crate) async fn hang_up(&self, user: i64) {
        if self.hub.is_online(user) || !self.town().is_in_a_room(user) {
            return;
        }
        if let Err(failure) = self.change(user, voice::hang_up, ()).await {
            tracing::error!(user, ?failure, "a user stays in a voice room");
        }
    }
}

fn envelope(message: Message) -> Arc<Envelope> {
    Arc::new(Envelope { cid: 0, message: Some(message) })
}

/// What a list of channels is to show of a channel. Without a header, the store knows it once it has stored the rest.
struct Newest {
    channel: i64,
    header: Option<ChannelMessageHeader>,
}

impl Newest {
    fn of(write: &Write) -> Option<Self> {
        match write {
            Write::Message(message) => Some(Self { channel: message.channel_id, header: Some(header(message)) }),
            Write::NoMessage { channel, .. } | Write::NoMessages { channel } => {
                Some(Self { channel: *channel, header: None })
            }
            Write::Record { .. } => None,
        }
    }
}
