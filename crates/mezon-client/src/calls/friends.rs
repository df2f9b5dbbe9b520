//! Friends, requests for friendship and blocked users.

use mezon_api::methods;
use mezon_model::{Friend, FriendState, UserId};
use mezon_proto::api;

use super::{Pages, check, subject};
use crate::ClientError;

subject! {
    /// Friends of the signed-in user. From [`Client::friends`](crate::Client::friends).
    Friends,
    /// Friends: list, ask, accept, remove, block.
    friends
}

/// How many are asked for at a time.
const PAGE: i32 = 100;

/// Asks for friends in every state.
const EVERY_STATE: i32 = -1;

impl Friends {
    /// Everybody to whom the user stands in some way: friends, requests in both directions, blocked users.
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn list(&self) -> Pages<Friend> {
        self.pages(EVERY_STATE)
    }

    /// Those who stand to the user in this way.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::mezon_model::FriendState;
    ///
    /// for asking in client.friends().list_of(FriendState::InviteReceived).all().await? {
    ///     if let Some(user) = asking.user {
    ///         client.friends().accept(user.id).await?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn list_of(&self, state: FriendState) -> Pages<Friend> {
        self.pages(state.to_raw())
    }

    /// Asks somebody to be friends. Somebody who has asked already is a friend from now on.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0 and the user's own, before any request; [`ClientError::Api`], with
    /// [`MaybeSent`](mezon_api::ApiErrorKind::MaybeSent) when the answer was lost: the list tells.
    ///
    /// # Cancel safety
    /// A call that is given up may have asked.
    pub async fn add(&self, user: UserId) -> Result<(), ClientError> {
        self.check(user)?;
        let request = api::AddFriendsRequest { ids: vec![user.get()], usernames: Vec::new() };
        self.api.call(methods::ADD_FRIENDS, &request).await?;
        Ok(())
    }

    /// As [`Friends::add`], for the user with this unique name.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, before any request; and those of [`Friends::add`].
    ///
    /// # Cancel safety
    /// A call that is given up may have asked.
    pub async fn add_by_name(&self, username: &str) -> Result<(), ClientError> {
        check(!username.trim().is_empty(), "the user name is empty")?;
        let request = api::AddFriendsRequest { ids: Vec::new(), usernames: vec![username.to_owned()] };
        self.api.call(methods::ADD_FRIENDS, &request).await?;
        Ok(())
    }

    /// Accepts to be friends with somebody who has asked. The protocol does that by asking back, so somebody who has not
    /// asked is asked by it.
    ///
    /// # Errors
    /// As [`Friends::add`].
    ///
    /// # Cancel safety
    /// A call that is given up may have accepted.
    pub async fn accept(&self, user: UserId) -> Result<(), ClientError> {
        self.add(user).await
    }

    /// Ends a friendship, takes a request back, or declines one.
    ///
    /// # Errors
    /// As [`Friends::add`].
    ///
    /// # Cancel safety
    /// A call that is given up may have done it.
    pub async fn remove(&self, user: UserId) -> Result<(), ClientError> {
        self.check(user)?;
        let request = api::DeleteFriendsRequest { ids: vec![user.get()], usernames: Vec::new() };
        Ok(self.api.call(methods::DELETE_FRIENDS, &request).await?)
    }

    /// Blocks somebody, friend or not: that user can write no direct messages to the signed-in one. Repeated when an answer
    /// was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0 and the user's own, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have blocked.
    pub async fn block(&self, user: UserId) -> Result<(), ClientError> {
        self.check(user)?;
        let request = api::BlockFriendsRequest { ids: vec![user.get()], usernames: Vec::new() };
        Ok(self.api.call(methods::BLOCK_FRIENDS.idempotent(), &request).await?)
    }

    /// Lifts the block. Repeated when an answer was lost.
    ///
    /// # Errors
    /// As [`Friends::block`].
    ///
    /// # Cancel safety
    /// A call that is given up may have lifted it.
    pub async fn unblock(&self, user: UserId) -> Result<(), ClientError> {
        self.check(user)?;
        let request = api::BlockFriendsRequest { ids: vec![user.get()], usernames: Vec::new() };
        Ok(self.api.call(methods::UNBLOCK_FRIENDS.idempotent(), &request).await?)
    }

    fn check(&self, user: UserId) -> Result<(), ClientError> {
        check(!user.is_none(), "the user id 0 is no user")?;
        check(user != self.api.session().user_id(), "the user cannot be a friend of itself")
    }

    fn pages(&self, state: i32) -> Pages<Friend> {
        let api = self.api.clone();
        Pages::linked(move |cursor| {
            let api = api.clone();
            Box::pin(async move {
                let request = api::ListFriendsRequest { limit: PAGE, state, cursor };
                let list = api.call(methods::LIST_FRIENDS, &request).await?;
                // A server that does not know the filter gives all of them.
                let wanted = |friend: &api::Friend| state == EVERY_STATE || friend.state == state;
                let friends = list.friends.into_iter().filter(wanted).map(Friend::from).collect();
                Ok((friends, list.cursor))
            })
        })
    }
}
