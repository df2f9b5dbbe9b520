//! A town on its own, for tests of its operations.

use super::{Act, Done, Town};
use crate::failure::Failure;
use crate::snowflake::Snowflakes;
use crate::town::channels;

/// A town whose clock stands still until it is set, and where nobody is online.
pub(crate) struct Place {
    pub(crate) town: Town,
    pub(crate) now_ms: u64,
    ids: Snowflakes,
}

impl Default for Place {
    fn default() -> Self {
        Self { town: Town::default(), now_ms: 1_800_000_000_000, ids: Snowflakes::after(0) }
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
        self.town.keep();
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
        assert_eq!(refused.message, message);
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
        let request = mezon_proto::api::CreateChannelDescRequest {
            r#type: channels::DIRECT,
            user_ids: vec![other],
            ..Default::default()
        };
        self.done(one, channels::create, request).answer.channel_id
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
        self.town.keep();
        operation(&mut self.town, &act, request)
    }

    fn act(&self, by: i64) -> Act<'_> {
        Act { by, now_ms: self.now_ms, ids: &self.ids, online: &|_| false }
    }
}
