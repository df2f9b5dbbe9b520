//! The signed-in user's own account.

use std::time::{Duration, UNIX_EPOCH};

use mezon_api::methods;
use mezon_model::{Account, Activity, Device};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// The account of the signed-in user. From [`Client::account`](crate::Client::account).
    OwnAccount,
    /// The account of the signed-in user: profile, name, status, devices.
    account
}

impl OwnAccount {
    /// The account, with the profile that everybody may see.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self) -> Result<Account, ClientError> {
        Ok(self.api.call(methods::GET_ACCOUNT, &()).await?.into())
    }

    /// Changes what `changes` names, and nothing else of the profile. Repeated when an answer was lost.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::calls::ProfileChanges;
    ///
    /// client.account().update(ProfileChanges::new().display_name("Linh").about("likes trains")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] when nothing is to change, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed the profile.
    pub async fn update(&self, changes: ProfileChanges) -> Result<(), ClientError> {
        check(changes != ProfileChanges::default(), "nothing of the profile is to change")?;
        let request = api::UpdateAccountRequest {
            display_name: changes.display_name,
            avatar_url: changes.avatar_url,
            lang_tag: changes.lang_tag,
            location: changes.location,
            timezone: changes.timezone,
            about_me: changes.about,
            logo: changes.logo,
            ..api::UpdateAccountRequest::default()
        };
        Ok(self.api.call(methods::UPDATE_ACCOUNT.idempotent(), &request).await?)
    }

    /// Changes the unique name. The session goes on with tokens that carry it.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: the change goes on in a task of its own, and its tokens are not lost.
    pub async fn set_username(&self, username: &str) -> Result<(), ClientError> {
        check(!username.trim().is_empty(), "the user name is empty")?;
        Ok(self.api.update_username(username).await?)
    }

    /// The state that others see, such as `Online` or `Idle`; may be empty.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn status(&self) -> Result<String, ClientError> {
        Ok(self.api.call(methods::GET_USER_STATUS, &()).await?.status)
    }

    /// Sets the state that others see. The official clients know `Online`, `Idle`, `Do Not Disturb` and `Invisible`.
    /// Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for a time of more than a year, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have set it.
    pub async fn set_status(&self, status: impl Into<StatusChange>) -> Result<(), ClientError> {
        let request = status.into().to_wire()?;
        Ok(self.api.call(methods::UPDATE_USER_STATUS.idempotent(), &request).await?)
    }

    /// Sets the text beside the user's name, such as `at lunch`; an empty one takes it away. Repeated when an answer was
    /// lost.
    ///
    /// # Errors
    /// As [`OwnAccount::set_status`].
    ///
    /// # Cancel safety
    /// A call that is given up may have set it.
    pub async fn set_custom_status(&self, status: impl Into<StatusChange>) -> Result<(), ClientError> {
        let request = status.into().to_wire()?;
        Ok(self.api.call(methods::UPDATE_USER_CUSTOM_STATUS.idempotent(), &request).await?)
    }

    /// Shows the user's friends what the user is doing, such as a game, from now on; an empty name takes it away. `kind` is a
    /// number of the server. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have set it.
    pub async fn set_activity(&self, name: &str, description: &str, kind: i32) -> Result<Activity, ClientError> {
        let now = self.api.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = api::CreateActivityRequest {
            activity_name: name.to_owned(),
            activity_type: kind,
            activity_description: description.to_owned(),
            start_time_seconds: u32::try_from(now).unwrap_or(u32::MAX),
            ..api::CreateActivityRequest::default()
        };
        Ok(self.api.call(methods::CREATE_ACTIVIY.idempotent(), &request).await?.into())
    }

    /// The devices on which the user is signed in.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn devices(&self) -> Result<Vec<Device>, ClientError> {
        let list = self.api.call(methods::LIST_LOGED_DEVICE, &()).await?;
        Ok(list.devices.into_iter().map(Device::from).collect())
    }
}

/// What to change of a profile. An empty text takes away what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ProfileChanges {
    display_name: Option<String>,
    avatar_url: Option<String>,
    lang_tag: Option<String>,
    location: Option<String>,
    timezone: Option<String>,
    about: Option<String>,
    logo: Option<String>,
}

impl ProfileChanges {
    /// Nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the user is called.
    pub fn display_name(self, name: impl Into<String>) -> Self {
        Self { display_name: Some(name.into()), ..self }
    }

    /// The address of the picture, such as that of an upload.
    pub fn avatar_url(self, url: impl Into<String>) -> Self {
        Self { avatar_url: Some(url.into()), ..self }
    }

    /// The language, such as `vi`.
    pub fn lang_tag(self, tag: impl Into<String>) -> Self {
        Self { lang_tag: Some(tag.into()), ..self }
    }

    /// Where the user is, in words.
    pub fn location(self, location: impl Into<String>) -> Self {
        Self { location: Some(location.into()), ..self }
    }

    /// The time zone, such as `Asia/Ho_Chi_Minh`.
    pub fn timezone(self, timezone: impl Into<String>) -> Self {
        Self { timezone: Some(timezone.into()), ..self }
    }

    /// What the user says of itself.
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    /// The address of the account's logo, which stands for direct conversations in the list of clans.
    pub fn logo(self, url: impl Into<String>) -> Self {
        Self { logo: Some(url.into()), ..self }
    }
}

/// A status, and how long it holds. A plain text is one without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct StatusChange {
    status: String,
    holds: Option<Duration>,
}

impl StatusChange {
    /// This status, until it is changed.
    pub fn new(status: impl Into<String>) -> Self {
        Self { status: status.into(), holds: None }
    }

    /// Holds for this time, in whole minutes, rounded up.
    pub fn holds(self, time: Duration) -> Self {
        Self { holds: Some(time), ..self }
    }

    fn to_wire(&self) -> Result<api::UserStatusUpdate, ClientError> {
        let minutes = self.holds.map_or(0, |time| time.as_secs().div_ceil(60));
        let minutes = i32::try_from(minutes).ok().filter(|minutes| *minutes <= YEAR);
        check(minutes.is_some(), "a status holds for a year at the most")?;
        Ok(api::UserStatusUpdate {
            status: self.status.clone(),
            minutes: minutes.unwrap_or_default(),
            until_turn_on: self.holds.is_none(),
        })
    }
}

impl<T: Into<String>> From<T> for StatusChange {
    fn from(status: T) -> Self {
        Self::new(status)
    }
}

/// In minutes.
const YEAR: i32 = 365 * 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_holds_for_whole_minutes_or_until_it_is_changed() {
        let lunch = StatusChange::new("at lunch").holds(Duration::from_secs(61)).to_wire().unwrap();
        assert_eq!((lunch.minutes, lunch.until_turn_on), (2, false));
        let away = StatusChange::from("away").to_wire().unwrap();
        assert_eq!((away.minutes, away.until_turn_on), (0, true));
        assert!(StatusChange::from("away").holds(Duration::MAX).to_wire().is_err());
    }
}
