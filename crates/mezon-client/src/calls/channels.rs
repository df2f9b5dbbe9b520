//! Channels: direct, group and clan channels.

use std::collections::HashSet;

use mezon_api::{ListChannelsOptions, methods};
use mezon_model::{CategoryId, Channel, ChannelId, ChannelMember, ChannelType, ClanId, RoleId, Target, UserId};
use mezon_proto::api;

use super::{
    ChannelChanges, ChannelDraft, Pages, check, check_clan, check_made, check_name, check_users, names, raw, subject,
};
use crate::ClientError;

/// How many members of a channel a page has: the most that the server gives.
const MEMBERS: u8 = 100;

subject! {
    /// Channels. From [`Client::channels`](crate::Client::channels).
    Channels,
    /// Channels: direct, group and clan channels, and threads.
    channels
}

impl Channels {
    /// The channels that `options` asks for, page by page from the page that it names.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::mezon_api::ListChannelsOptions;
    ///
    /// let mut conversations = client.channels().list(ListChannelsOptions::default());
    /// while let Some(channel) = conversations.next().await {
    ///     println!("{}", channel?.label());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn list(&self, options: ListChannelsOptions) -> Pages<Channel> {
        let api = self.api.clone();
        Pages::numbered(options.page, options.limit, move |page| {
            let api = api.clone();
            Box::pin(async move { Ok(api.list_channels(&options.page(page)).await?) })
        })
    }

    /// All channels of the user: those of every clan, and the direct and group conversations, each once. The server gives those
    /// of clans in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn all(&self) -> Result<Vec<Channel>, ClientError> {
        let of_clans = self.api.call(methods::LIST_CHANNEL_BY_USER_ID, &()).await?.channeldesc;
        let conversations = self.list(ListChannelsOptions::default()).all().await?;
        // Servers may list conversations among the channels of clans as well.
        let mut seen = HashSet::new();
        let all = of_clans.into_iter().map(Channel::from).chain(conversations);
        Ok(all.filter(|channel| seen.insert(channel.id())).collect())
    }

    /// The channel with this name or id, among all of the user: `general`, `#general`, `@linh` for the conversation with Linh.
    /// [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no channel or more than one is called so, with their ids and clans;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find(&self, name: &str) -> Result<Channel, ClientError> {
        let channels = self.all().await?;
        Ok(names::find(name, &channels)?.clone())
    }

    /// The channel of one clan with this name or id; of [`ClanId::DIRECT`], the conversation.
    ///
    /// # Errors
    /// As [`Channels::find`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find_in(&self, clan: ClanId, name: &str) -> Result<Channel, ClientError> {
        let channels = self.list(ListChannelsOptions::clan(clan)).all().await?;
        Ok(names::find(name, &channels)?.clone())
    }

    /// One channel of any kind, by its id.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`] when there is no such channel,
    /// when it is not open to the user, and for all that a call can meet.
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self, channel: ChannelId) -> Result<Channel, ClientError> {
        check_channel(channel)?;
        let request = api::ListChannelDetailRequest { channel_id: channel.get() };
        let channel = self.api.call(methods::LIST_CHANNEL_DETAIL, &request).await?;
        check_made(channel.channel_id, "the channel has no id")?;
        Ok(channel.into())
    }

    /// Opens the direct conversation with somebody. The same person gives the same conversation.
    ///
    /// # Errors
    /// [`ClientError::Api`]; its kind is `InvalidInput` for the user id 0, before any request.
    ///
    /// # Cancel safety
    /// The conversation may exist on the server; asking again gives it.
    pub async fn open_direct(&self, peer: UserId) -> Result<Channel, ClientError> {
        Ok(self.api.create_dm(peer).await?)
    }

    /// Makes a group conversation of the user and these people.
    ///
    /// # Errors
    /// [`ClientError::Api`]; its kind is `InvalidInput` for nobody or the user id 0, before any request. When the answer was
    /// lost, [`Channels::list`] tells whether the group is there.
    ///
    /// # Cancel safety
    /// A call that is given up may have made the group.
    pub async fn create_group(&self, peers: &[UserId]) -> Result<Channel, ClientError> {
        Ok(self.api.create_group_dm(peers).await?)
    }

    /// Hides a direct or group conversation from the user's list. The other people do not notice, and nothing is deleted.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have hidden the conversation. Repeating it does no harm.
    pub async fn hide(&self, conversation: ChannelId) -> Result<(), ClientError> {
        let request = named(ClanId::DIRECT, conversation)?;
        Ok(self.api.call(methods::CLOSE_DM_BY_CHANNEL_ID.idempotent(), &request).await?)
    }

    /// Shows a hidden conversation again.
    ///
    /// # Errors
    /// As [`Channels::hide`].
    ///
    /// # Cancel safety
    /// A call that is given up may have shown the conversation. Repeating it does no harm.
    pub async fn show(&self, conversation: ChannelId) -> Result<(), ClientError> {
        let request = named(ClanId::DIRECT, conversation)?;
        Ok(self.api.call(methods::OPEN_DM_BY_CHANNEL_ID.idempotent(), &request).await?)
    }

    /// Makes a channel of a clan, or a thread.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::calls::ChannelDraft;
    ///
    /// let clan = client.clans().find("Rust Hanoi").await?;
    /// let category = client.categories().find(clan.id, "Projects").await?;
    /// let channel = client.channels().create(ChannelDraft::text(clan.id, "parser").category(category.id)).await?;
    /// client.channels().create(ChannelDraft::thread(&channel, "error messages")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] before any request: for an empty name, a thread in a thread, the clan of direct
    /// conversations, a member with the id 0. [`ClientError::Api`]; when the answer was lost, [`Channels::list`] tells whether
    /// the channel is there.
    ///
    /// # Cancel safety
    /// A call that is given up may have made the channel.
    pub async fn create(&self, channel: ChannelDraft) -> Result<Channel, ClientError> {
        let request = channel.request()?;
        let channel = self.api.call(methods::CREATE_CHANNEL_DESC, &request).await?;
        check_made(channel.channel_id, "the new channel has no id")?;
        Ok(channel.into())
    }

    /// Changes a channel. The channel is read first: some of what the server takes cannot be left out, and goes along as it
    /// was.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, a change of nothing or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed the channel. Repeating it does no harm.
    pub async fn update(&self, channel: ChannelId, changes: ChannelChanges) -> Result<(), ClientError> {
        check(changes != ChannelChanges::default(), "nothing is to be changed")?;
        changes.label.as_deref().map_or(Ok(()), check_name)?;
        let now = self.get(channel).await?;
        Ok(self.api.call(methods::UPDATE_CHANNEL_DESC.idempotent(), &changes.request(&now)).await?)
    }

    /// Gives a channel, a thread or a group conversation another name.
    ///
    /// # Errors
    /// As [`Channels::update`].
    ///
    /// # Cancel safety
    /// As [`Channels::update`].
    pub async fn rename(&self, channel: ChannelId, label: impl Into<String>) -> Result<(), ClientError> {
        self.update(channel, ChannelChanges::new().label(label)).await
    }

    /// Says what a channel is about.
    ///
    /// # Errors
    /// As [`Channels::update`].
    ///
    /// # Cancel safety
    /// As [`Channels::update`].
    pub async fn set_topic(&self, channel: ChannelId, topic: impl Into<String>) -> Result<(), ClientError> {
        self.update(channel, ChannelChanges::new().topic(topic)).await
    }

    /// Moves a channel into another category of its clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or an id of 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have moved the channel. Repeating it does no harm.
    pub async fn move_to(&self, clan: ClanId, channel: ChannelId, category: CategoryId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_channel(channel)?;
        check(!category.is_none(), "the category id 0 is no category")?;
        let request = api::ChangeChannelCategoryRequest {
            clan_id: clan.get(),
            channel_id: channel.get(),
            new_category_id: category.get(),
        };
        Ok(self.api.call(methods::CHANGE_CHANNEL_CATEGORY.idempotent(), &request).await?)
    }

    /// Makes a channel of a clan private: from now on it is for the user, these people and all who have these roles.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or an id of 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have made the channel private. Repeating it does no harm.
    pub async fn make_private(
        &self,
        clan: ClanId,
        channel: ChannelId,
        users: &[UserId],
        roles: &[RoleId],
    ) -> Result<(), ClientError> {
        check(users.iter().all(|user| !user.is_none()), "the user id 0 is no user")?;
        check(roles.iter().all(|role| !role.is_none()), "the role id 0 is no role")?;
        let request = api::ChangeChannelPrivateRequest {
            channel_private: 1,
            user_ids: raw(users),
            role_ids: raw(roles),
            ..public(clan, channel)?
        };
        Ok(self.api.call(methods::UPDATE_CHANNEL_PRIVATE.idempotent(), &request).await?)
    }

    /// Opens a private channel to all members of its clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have opened the channel. Repeating it does no harm.
    pub async fn make_public(&self, clan: ClanId, channel: ChannelId) -> Result<(), ClientError> {
        Ok(self.api.call(methods::UPDATE_CHANNEL_PRIVATE.idempotent(), &public(clan, channel)?).await?)
    }

    /// Deletes a channel or a thread of a clan, with its messages.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted the channel.
    pub async fn delete(&self, clan: ClanId, channel: ChannelId) -> Result<(), ClientError> {
        check_clan(clan)?;
        Ok(self.api.call(methods::DELETE_CHANNEL_DESC, &named(clan, channel)?).await?)
    }

    /// The members of a channel, page by page.
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn members(&self, channel: &Target) -> Pages<ChannelMember> {
        let (api, channel) = (self.api.clone(), *channel);
        Pages::linked(move |cursor| {
            let api = api.clone();
            let request = api::ListChannelUsersRequest {
                clan_id: channel.clan_id.get(),
                channel_id: channel.channel_id.get(),
                channel_type: channel.channel_type.to_raw(),
                limit: MEMBERS.into(),
                cursor,
                ..api::ListChannelUsersRequest::default()
            };
            Box::pin(async move {
                let list = api.call(methods::LIST_CHANNEL_USERS, &request).await?;
                Ok((list.channel_users.into_iter().map(ChannelMember::from).collect(), list.cursor))
            })
        })
    }

    /// Adds people to a private channel, a thread or a group conversation.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for nobody or an id of 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have added them. Repeating it does no harm.
    pub async fn add_members(&self, channel: ChannelId, users: &[UserId]) -> Result<(), ClientError> {
        check_channel(channel)?;
        check_users(users)?;
        let request = api::AddChannelUsersRequest { channel_id: channel.get(), user_ids: raw(users) };
        Ok(self.api.call(methods::ADD_CHANNEL_USERS.idempotent(), &request).await?)
    }

    /// Removes people from a private channel, a thread or a group conversation.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for nobody, an id of 0 or the user itself ([`Channels::leave`] is for that), before any
    /// request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have removed them.
    pub async fn remove_members(&self, channel: ChannelId, users: &[UserId]) -> Result<(), ClientError> {
        check_users(users)?;
        let own = self.api.session().user_id();
        check(!users.contains(&own), "nobody can be removed by themselves, leave the channel instead")?;
        self.remove(channel, users).await
    }

    /// Leaves a channel, a thread or a group conversation: the user is no member of it any more. A socket that only stops
    /// listening is another thing: [`Connection::leave`](crate::Connection::leave).
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for a direct conversation, which can only be [hidden](Channels::hide), or the id 0,
    /// before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have left the channel.
    pub async fn leave(&self, channel: &Target) -> Result<(), ClientError> {
        let Target { clan_id, channel_id, channel_type, .. } = *channel;
        match channel_type {
            ChannelType::Direct => check(false, "nobody leaves a direct conversation, hide it instead"),
            ChannelType::Thread => {
                check_channel(channel_id)?;
                let request = api::LeaveThreadRequest { clan_id: clan_id.get(), channel_id: channel_id.get() };
                Ok(self.api.call(methods::LEAVE_THREAD, &request).await?)
            }
            _ => self.remove(channel_id, &[self.api.session().user_id()]).await,
        }
    }

    async fn remove(&self, channel: ChannelId, users: &[UserId]) -> Result<(), ClientError> {
        check_channel(channel)?;
        let request = api::RemoveChannelUsersRequest { channel_id: channel.get(), user_ids: raw(users) };
        Ok(self.api.call(methods::REMOVE_CHANNEL_USERS, &request).await?)
    }
}

/// Refuses the id 0.
pub(super) fn check_channel(channel: ChannelId) -> Result<(), ClientError> {
    check(!channel.is_none(), "the channel id 0 is no channel")
}

fn named(clan: ClanId, channel: ChannelId) -> Result<api::DeleteChannelDescRequest, ClientError> {
    check_channel(channel)?;
    Ok(api::DeleteChannelDescRequest { clan_id: clan.get(), channel_id: channel.get() })
}

fn public(clan: ClanId, channel: ChannelId) -> Result<api::ChangeChannelPrivateRequest, ClientError> {
    check_clan(clan)?;
    check_channel(channel)?;
    Ok(api::ChangeChannelPrivateRequest { clan_id: clan.get(), channel_id: channel.get(), ..Default::default() })
}
