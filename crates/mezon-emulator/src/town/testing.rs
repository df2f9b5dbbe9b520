//! A town on its own, for tests of its operations.

use super::permissions::Permission;
use super::{Act, Done, Town};
use super::{channels, clans, invites, roles};
use crate::failure::Failure;
use crate::snowflake::Snowflakes;
use crate::store::{Memory, Store as _};
use mezon_proto::api;

/// A town whose clock stands still until it is set, and where nobody is online.
///
/// After each operation, what was written is held against what is there: a town that is loaded from it is the same, and a
/// refused operation has left everything as it was.
pub(crate) struct Place {
    pub(crate) town: Town,
    pub(crate) now_ms: u64,
    ids: Snowflakes,
    store: Memory,
}

impl Default for Place {
    fn default() -> Self {
        Self { town: Town::default(), now_ms: 1_800_000_000_000, ids: Snowflakes::after(0), store: Memory::default() }
    }
}

impl Place {
    /// Lets a user do what succeeds. The user is made when there is none.
    #[track_caller]
    pub(crate) fn done<R, A>(
        &mut self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Done<A> {
        let done = self.run(by, operation, request).unwrap();
        self.write();
        self.check("what was written is not what is there");
        done
    }

    /// Lets a user try what is refused.
    #[track_caller]
    pub(crate) fn refused<R, A>(
        &mut self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
        message: &str,
    ) {
        let refused = self.run(by, operation, request).err().expect("done in place of refused");
        self.town.roll_back();
        self.check("what was refused has changed something");
        assert_eq!(refused.message, message);
    }

    /// Lets a user try what may be refused; then nothing has changed.
    #[track_caller]
    pub(crate) fn tried<R, A>(
        &mut self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) {
        if self.run(by, operation, request).is_ok() {
            self.write();
        } else {
            self.town.roll_back();
        }
        self.check("what was tried is half done");
    }

    /// Lets a user read what they may.
    #[track_caller]
    pub(crate) fn seen<R, A>(
        &self,
        by: i64,
        read: impl FnOnce(&Town, &Act<'_>, R) -> Result<A, Failure>,
        request: R,
    ) -> A {
        read(&self.town, &self.act(by), request).unwrap()
    }

    /// Lets a user try to read what they may not.
    #[track_caller]
    pub(crate) fn unseen<R, A>(
        &self,
        by: i64,
        read: impl FnOnce(&Town, &Act<'_>, R) -> Result<A, Failure>,
        request: R,
        message: &str,
    ) {
        let refused = read(&self.town, &self.act(by), request).err().expect("seen in place of refused");
        assert_eq!(refused.message, message);
    }

    /// A direct channel of two.
    pub(crate) fn dm(&mut self, one: i64, other: i64) -> i64 {
        let request =
            api::CreateChannelDescRequest { r#type: channels::DIRECT, user_ids: vec![other], ..Default::default() };
        self.done(one, channels::create, request).answer.channel_id
    }

    /// A group of a user and others.
    pub(crate) fn group(&mut self, by: i64, others: &[i64]) -> i64 {
        let request =
            api::CreateChannelDescRequest { r#type: channels::GROUP, user_ids: others.to_vec(), ..Default::default() };
        self.done(by, channels::create, request).answer.channel_id
    }

    /// A clan of a user, with others in it.
    pub(crate) fn clan(&mut self, owner: i64, others: &[i64]) -> i64 {
        let request = api::CreateClanDescRequest { clan_name: "town".to_owned(), ..Default::default() };
        let clan = self.done(owner, clans::create, request).answer.clan_id;
        for other in others {
            self.enter(clan, *other);
        }
        clan
    }

    pub(crate) fn invite(&mut self, by: i64, clan: i64) -> i64 {
        let request = api::LinkInviteUserRequest { clan_id: clan, ..Default::default() };
        self.done(by, invites::create, request).answer.id
    }

    /// Lets a user into a clan.
    pub(crate) fn enter(&mut self, clan: i64, user: i64) {
        let owner = self.town.clan(clan).unwrap().owner;
        let invite_id = self.invite(owner, clan);
        self.done(user, invites::accept, api::InviteUserRequest { invite_id });
    }

    /// The channel that every clan has.
    pub(crate) fn welcome(&self, clan: i64) -> i64 {
        self.town.clan(clan).unwrap().welcome_channel
    }

    /// A private text channel.
    pub(crate) fn channel(&mut self, by: i64, clan: i64, label: &str, users: &[i64]) -> i64 {
        if !self.town.may(by, clan, Permission::ManageChannel) {
            let owner = self.town.clan(clan).unwrap().owner;
            self.role_that_may(owner, clan, &[by], &[Permission::ManageChannel]);
        }
        let request = api::CreateChannelDescRequest {
            clan_id: clan,
            r#type: channels::TEXT,
            channel_label: label.to_owned(),
            channel_private: 1,
            user_ids: users.to_vec(),
            ..Default::default()
        };
        self.done(by, channels::create, request).answer.channel_id
    }

    /// A public channel.
    pub(crate) fn channel_of_kind(&mut self, by: i64, clan: i64, kind: i32) -> i64 {
        let request = api::CreateChannelDescRequest {
            clan_id: clan,
            r#type: kind,
            channel_label: "a place".to_owned(),
            ..Default::default()
        };
        self.done(by, channels::create, request).answer.channel_id
    }

    /// A public thread.
    pub(crate) fn thread(&mut self, by: i64, parent: i64, label: &str, users: &[i64]) -> i64 {
        let request = api::CreateChannelDescRequest {
            r#type: channels::THREAD,
            parent_id: parent,
            channel_label: label.to_owned(),
            user_ids: users.to_vec(),
            ..Default::default()
        };
        self.done(by, channels::create, request).answer.channel_id
    }

    /// A role that allows nothing.
    pub(crate) fn role(&mut self, by: i64, clan: i64, title: &str, users: &[i64]) -> i64 {
        let request = api::CreateRoleRequest {
            clan_id: clan,
            title: title.to_owned(),
            add_user_ids: users.to_vec(),
            ..Default::default()
        };
        self.done(by, roles::create, request).answer.id
    }

    pub(crate) fn role_that_may(&mut self, by: i64, clan: i64, users: &[i64], what: &[Permission]) -> i64 {
        let request = api::CreateRoleRequest {
            clan_id: clan,
            title: "role".to_owned(),
            add_user_ids: users.to_vec(),
            active_permission_ids: what.iter().map(|permission| permission.id()).collect(),
            ..Default::default()
        };
        self.done(by, roles::create, request).answer.id
    }

    /// Whether a user may write into a channel.
    pub(crate) fn may_write(&self, user: i64, channel: i64) -> Result<(), Failure> {
        self.town.channel_to_write(&self.act(user), channel).map(drop)
    }

    fn run<R, A>(
        &mut self,
        by: i64,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Result<Done<A>, Failure> {
        // Not `act`, which would borrow the town as well.
        let act = Act { by, now_ms: self.now_ms, ids: &self.ids, online: &|_| false };
        self.town.registered(&act, by)?;
        let writes = self.town.changes()?;
        self.store.commit(writes)?;
        self.town.keep();
        operation(&mut self.town, &act, request)
    }

    /// Ends an operation that has succeeded.
    fn write(&mut self) {
        let writes = self.town.changes().unwrap();
        self.store.commit(writes).unwrap();
        self.town.keep();
    }

    #[track_caller]
    fn check(&mut self, otherwise: &str) {
        let mut loaded = Town::load(self.store.records().unwrap()).unwrap();
        assert_eq!(loaded.rows(), self.town.rows(), "{otherwise}");
    }

    fn act(&self, by: i64) -> Act<'_> {
        Act { by, now_ms: self.now_ms, ids: &self.ids, online: &|_| false }
    }
}
