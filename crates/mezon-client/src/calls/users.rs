//! Other users.

use std::collections::HashSet;

use mezon_api::methods;
use mezon_model::{Activity, ClanId, MemberStatus, User, UserId};
use mezon_proto::api;

use super::{Pages, check, subject};
use crate::{Client, ClientError};

subject! {
    /// Other users. From [`Client::users`](crate::Client::users).
    Users,
    /// Other users: by id, by name, who is online.
    users
}

/// How many users of a clan are asked for at a time. The protocol names no limit; 100 is that of its other lists.
const PAGE: u8 = 100;

impl Users {
    /// Everybody whom the signed-in user shares a clan with, and every friend, each once. The server finds nobody else: it
    /// has no list of all users, and no search over them.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn known(&self) -> Result<Vec<User>, ClientError> {
        let list = self.api.call(methods::LIST_USER_CLANS_BY_USER_ID, &()).await?;
        let friends = Client::new(self.api.clone()).friends().list().all().await?;
        let friends = friends.into_iter().filter_map(|friend| friend.user);
        let mut seen = HashSet::new();
        let users = list.users.into_iter().map(User::from).chain(friends);
        Ok(users.filter(|user| seen.insert(user.id)).collect())
    }

    /// The user with this id, if [known](Users::known).
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self, id: UserId) -> Result<Option<User>, ClientError> {
        Ok(self.get_all(&[id]).await?.pop())
    }

    /// The users with these ids, as far as they are [known](Users::known), in any order.
    ///
    /// # Errors
    /// As [`Users::get`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get_all(&self, ids: &[UserId]) -> Result<Vec<User>, ClientError> {
        check(!ids.iter().any(|id| id.is_none()), "the user id 0 is no user")?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: HashSet<UserId> = ids.iter().copied().collect();
        let known = self.known().await?;
        Ok(known.into_iter().filter(|user| wanted.contains(&user.id)).collect())
    }

    /// The user with this unique name, if [known](Users::known).
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn by_name(&self, username: &str) -> Result<Option<User>, ClientError> {
        check(!username.is_empty(), "the user name is empty")?;
        Ok(self.known().await?.into_iter().find(|user| user.username == username))
    }

    /// The [known](Users::known) users whose unique name or display name has `text` in it, in any case.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty text, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn search(&self, text: &str) -> Result<Vec<User>, ClientError> {
        let text = text.trim().to_lowercase();
        check(!text.is_empty(), "the text to search for is empty")?;
        let found = |user: &User| {
            user.username.to_lowercase().contains(&text) || user.display_name.to_lowercase().contains(&text)
        };
        Ok(self.known().await?.into_iter().filter(found).collect())
    }

    /// The members of a clan who are online, page by page.
    ///
    /// # Errors
    /// Elements can be [`ClientError::InvalidInput`] for the clan of direct conversations, before any request, and
    /// [`ClientError::Api`].
    pub fn online(&self, clan: ClanId) -> Pages<User> {
        let api = self.api.clone();
        Pages::numbered(1, PAGE, move |page| {
            let api = api.clone();
            Box::pin(async move {
                check(!clan.is_none(), "direct conversations are no clan")?;
                let request = api::ListUserOnlineRequest { clan_id: clan.get(), limit: PAGE.into(), page: page.into() };
                let list = api.call(methods::LIST_USER_ONLINE, &request).await?;
                Ok(list.users.into_iter().map(User::from).collect())
            })
        })
    }

    /// The status texts of the members of a clan. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn statuses(&self, clan: ClanId) -> Result<Vec<MemberStatus>, ClientError> {
        check(!clan.is_none(), "direct conversations are no clan")?;
        let request = api::ListClanUsersStatusRequest { clan_id: clan.get() };
        let list = self.api.call(methods::LIST_CLAN_USERS_STATUS, &request).await?;
        Ok(list.clan_user_statuses.into_iter().map(MemberStatus::from).collect())
    }

    /// What the friends of the signed-in user are doing.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn activities(&self) -> Result<Vec<Activity>, ClientError> {
        let list = self.api.call(methods::LIST_ACTIVITY, &()).await?;
        Ok(list.activities.into_iter().map(Activity::from).collect())
    }
}
