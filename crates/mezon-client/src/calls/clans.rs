//! Clans: the list, one clan, the user in it.

use mezon_api::methods;
use mezon_model::{ChannelId, Clan, ClanId, ClanProfile, UserId};
use mezon_proto::api;
use mezon_proto::api::update_clan_order_request::ClanOrder;

use super::{DIRECT_IS_NONE, check, check_clan, check_made, check_name, names, places, subject};
use crate::ClientError;

subject! {
    /// The clans of the signed-in user. From [`Client::clans`](crate::Client::clans).
    Clans,
    /// Clans: list, look at, make, change, join, leave; their members, bans and invitations.
    clans
}

/// A clan to be made. A text is one without pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClanDraft {
    /// Its name.
    pub name: String,
    /// The address of its picture; may be empty.
    pub logo: String,
    /// The address of its banner; may be empty.
    pub banner: String,
}

impl ClanDraft {
    /// A clan called `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// With the picture at this address.
    #[must_use]
    pub fn logo(self, address: impl Into<String>) -> Self {
        Self { logo: address.into(), ..self }
    }

    /// With the banner at this address.
    #[must_use]
    pub fn banner(self, address: impl Into<String>) -> Self {
        Self { banner: address.into(), ..self }
    }
}

impl<T: Into<String>> From<T> for ClanDraft {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

/// What to change about a clan. What is `None` stays as it is; an empty text takes away what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClanChanges {
    /// The name.
    pub name: Option<String>,
    /// The address of the picture.
    pub logo: Option<String>,
    /// The address of the banner.
    pub banner: Option<String>,
    /// What the clan is about, in short.
    pub about: Option<String>,
    /// What the clan is about.
    pub description: Option<String>,
    /// The channel that greets new members.
    pub welcome_channel_id: Option<ChannelId>,
    /// Whether anonymous messages are forbidden.
    pub prevents_anonymous: Option<bool>,
}

impl ClanChanges {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Changes the picture to the one at this address.
    #[must_use]
    pub fn logo(self, address: impl Into<String>) -> Self {
        Self { logo: Some(address.into()), ..self }
    }

    /// Changes the banner to the one at this address.
    #[must_use]
    pub fn banner(self, address: impl Into<String>) -> Self {
        Self { banner: Some(address.into()), ..self }
    }

    /// Changes what the clan is about, in short.
    #[must_use]
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    /// Changes what the clan is about.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// Changes the channel that greets new members.
    #[must_use]
    pub fn welcome_channel(self, channel: ChannelId) -> Self {
        Self { welcome_channel_id: Some(channel), ..self }
    }

    /// Forbids anonymous messages, or allows them.
    #[must_use]
    pub fn prevents_anonymous(self, prevents: bool) -> Self {
        Self { prevents_anonymous: Some(prevents), ..self }
    }

    /// The request. Three fields cannot be left out on the wire: what they are now goes along.
    fn request(self, now: &Clan) -> api::UpdateClanDescRequest {
        api::UpdateClanDescRequest {
            clan_id: now.id.get(),
            clan_name: self.name.unwrap_or_else(|| now.name.clone()),
            logo: self.logo,
            banner: self.banner,
            about: self.about,
            description: self.description,
            welcome_channel_id: self.welcome_channel_id.unwrap_or(now.welcome_channel_id).get(),
            prevent_anonymous: self.prevents_anonymous.unwrap_or(now.prevents_anonymous),
            ..api::UpdateClanDescRequest::default()
        }
    }
}

/// What to change about the user's own profile in a clan. What is `None` stays as it is; an empty text goes back to what the
/// user is called everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClanProfileChanges {
    /// The name in the clan.
    pub nick: Option<String>,
    /// The address of the picture in the clan.
    pub avatar: Option<String>,
}

impl ClanProfileChanges {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the name in the clan.
    #[must_use]
    pub fn nick(self, nick: impl Into<String>) -> Self {
        Self { nick: Some(nick.into()), ..self }
    }

    /// Changes the picture in the clan to the one at this address.
    #[must_use]
    pub fn avatar(self, address: impl Into<String>) -> Self {
        Self { avatar: Some(address.into()), ..self }
    }
}

impl Clans {
    /// The clans that the user is a member of. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self) -> Result<Vec<Clan>, ClientError> {
        let list = self.api.call(methods::LIST_CLAN_DESCS, &api::ListClanDescRequest::default()).await?;
        Ok(list.clandesc.into_iter().map(Clan::from).collect())
    }

    /// One clan of the user. It is looked up in the list, because the server has no call for one.
    ///
    /// # Errors
    /// As [`Clans::find`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self, clan: ClanId) -> Result<Clan, ClientError> {
        check_clan(clan)?;
        self.find(&clan.to_string()).await
    }

    /// The clan of the user with this name or id. [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no clan or more than one is called so; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find(&self, name: &str) -> Result<Clan, ClientError> {
        let clans = self.list().await?;
        Ok(names::find(name, &clans)?.clone())
    }

    /// Makes a clan that belongs to the user.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// let clan = client.clans().create("Rust Hanoi").await?;
    /// println!("{} has the id {}", clan.name, clan.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, before any request; [`ClientError::Api`]. When the answer was lost,
    /// [`Clans::list`] tells whether the clan is there.
    ///
    /// # Cancel safety
    /// A call that is given up may have made the clan.
    pub async fn create(&self, clan: impl Into<ClanDraft>) -> Result<Clan, ClientError> {
        let ClanDraft { name, logo, banner } = clan.into();
        check_name(&name)?;
        let request = api::CreateClanDescRequest { clan_name: name, logo, banner };
        let clan = self.api.call(methods::CREATE_CLAN_DESC, &request).await?;
        check_made(clan.clan_id, "the new clan has no id")?;
        Ok(clan.into())
    }

    /// Changes a clan. The clan is read first: some of what the server takes cannot be left out, and goes along as it was.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, before any request; [`ClientError::Name`] when the user is in no
    /// such clan; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed the clan. Repeating it does no harm.
    pub async fn update(&self, clan: ClanId, changes: ClanChanges) -> Result<(), ClientError> {
        check(changes != ClanChanges::default(), "nothing is to be changed")?;
        changes.name.as_deref().map_or(Ok(()), check_name)?;
        let now = self.get(clan).await?;
        let method = methods::UPDATE_CLAN_DESC.idempotent();
        Ok(self.api.call(method, &changes.request(&now)).await?)
    }

    /// Puts the user's clans into this order, the first on top. It is the user's own: nobody else sees it.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty list, one that names a clan twice or the clan of direct conversations, before
    /// any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have ordered the clans. Repeating it does no harm.
    pub async fn order(&self, order: &[ClanId]) -> Result<(), ClientError> {
        let places = places(order, DIRECT_IS_NONE)?;
        let clans_order = places.map(|(clan_id, order)| ClanOrder { order, clan_id }).collect();
        let request = api::UpdateClanOrderRequest { clans_order };
        Ok(self.api.call(methods::UPDATE_CLAN_ORDER.idempotent(), &request).await?)
    }

    /// Deletes a clan of the user with all that is in it.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted the clan.
    pub async fn delete(&self, clan: ClanId) -> Result<(), ClientError> {
        check_clan(clan)?;
        let request = api::DeleteClanDescRequest { clan_desc_id: clan.get() };
        Ok(self.api.call(methods::DELETE_CLAN_DESC, &request).await?)
    }

    /// Gives a clan of the user to another member.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or the user id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have given the clan away.
    pub async fn transfer(&self, clan: ClanId, to: UserId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check(!to.is_none(), "the user id 0 is no user")?;
        let request = api::TransferOwnershipRequest { clan_id: clan.get(), new_owner_id: to.get() };
        Ok(self.api.call(methods::TRANSFER_OWNERSHIP, &request).await?)
    }

    /// How the user presents itself in a clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn profile(&self, clan: ClanId) -> Result<ClanProfile, ClientError> {
        check_clan(clan)?;
        let request = api::ClanProfileRequest { clan_id: clan.get() };
        Ok(self.api.call(methods::GET_USER_PROFILE_ON_CLAN, &request).await?.into())
    }

    /// Changes how the user presents itself in a clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or a change of nothing, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed the profile. Repeating it does no harm.
    pub async fn set_profile(&self, clan: ClanId, changes: ClanProfileChanges) -> Result<(), ClientError> {
        check_clan(clan)?;
        check(changes != ClanProfileChanges::default(), "nothing is to be changed")?;
        let ClanProfileChanges { nick, avatar } = changes;
        let request = api::UpdateClanProfileRequest { clan_id: clan.get(), nick_name: nick, avatar };
        Ok(self.api.call(methods::UPDATE_USER_PROFILE_BY_CLAN.idempotent(), &request).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server cannot tell these fields from ones that are left out, so a new banner would clear them.
    #[test]
    fn what_cannot_be_left_out_goes_along_as_it_was() {
        let now = api::ClanDesc {
            clan_id: 7,
            clan_name: "Rust Hanoi".into(),
            logo: "https://cdn.mezon.ai/logo.png".into(),
            welcome_channel_id: 9,
            prevent_anonymous: true,
            ..Default::default()
        };
        let now = Clan::from(now);
        let request = ClanChanges::new().banner("").request(&now);
        let expected = api::UpdateClanDescRequest {
            clan_id: 7,
            clan_name: "Rust Hanoi".into(),
            banner: Some(String::new()),
            welcome_channel_id: 9,
            prevent_anonymous: true,
            ..Default::default()
        };
        assert_eq!(request, expected);
        let changes = ClanChanges::new().name("Rust").welcome_channel(ChannelId::new(0)).prevents_anonymous(false);
        let request = changes.logo("l").about("a").description("d").request(&now);
        let expected = api::UpdateClanDescRequest {
            clan_id: 7,
            clan_name: "Rust".into(),
            logo: Some("l".into()),
            about: Some("a".into()),
            description: Some("d".into()),
            ..Default::default()
        };
        assert_eq!(request, expected);
    }
}
