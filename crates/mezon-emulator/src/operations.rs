//! How operations of the town are run: one that changes something after the other, each stored before it is answered and
//! told in its order.

use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use mezon_proto::realtime::Envelope;
use mezon_proto::realtime::envelope::Message;

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::hub::{Joined, Outgoing};
use crate::snowflake::unix_ms;
use crate::store::{StoreError, Write};
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
        let (Done { answer, pushes, writes }, changes) = self.attempt(by, operation, request)?;
        if let Err(error) = self.store(changes, writes).await {
            self.town_mut().roll_back();
            return Err(error.into());
        }
        self.town_mut().keep();
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

    async fn store(&self, mut changes: Vec<Write>, writes: Vec<Write>) -> Result<(), StoreError> {
        changes.extend(writes);
        if changes.is_empty() {
            return Ok(());
        }
        self.storage.run(move |store| store.commit(changes)).await
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
        let envelope = Arc::new(Envelope { cid: 0, message: Some(message) });
        match to {
            Audience::Users(users) => {
                for user in users {
                    self.hub.send_to_user(user, &Outgoing::Envelope(Arc::clone(&envelope)));
                }
            }
            Audience::Channel(channel) => _ = self.tell_channel(channel, &envelope, &[], None),
            Audience::ChannelAnd(channel, users) => _ = self.tell_channel(channel, &envelope, &users, None),
            Audience::Clan(clan) => self.tell_clan(clan, &envelope, &[]),
            Audience::ClanAnd(clan, users) => self.tell_clan(clan, &envelope, &users),
        }
    }

    /// Hands a message to the sockets that hear its channel; gives their number.
    pub(crate) fn hand_out(&self, channel: i64, message: &Arc<Envelope>) -> usize {
        self.tell_channel(channel, message, &[], None)
    }

    /// Tells those who hear a channel something, but for one socket.
    pub(crate) fn tell_others(&self, channel: i64, message: Message, except: i32) {
        let envelope = Arc::new(Envelope { cid: 0, message: Some(message) });
        self.tell_channel(channel, &envelope, &[], Some(except));
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
