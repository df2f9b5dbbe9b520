//! A clan that is set up from code, in the name of its founder.

use mezon_proto::api::{CreateChannelDescRequest, CreateRoleRequest};

use super::Person;
use crate::error::EmulatorError;
use crate::town::channels::{self, TEXT, THREAD};
use crate::town::permissions::Permission;
use crate::town::{members, roles};

/// A clan of an emulator, in the hands of the [`Person`] who has founded it.
#[derive(Debug, Clone)]
pub struct Clan {
    founder: Person,
    id: i64,
    welcome_channel: i64,
}

impl Clan {
    pub(super) fn new(founder: Person, id: i64, welcome_channel: i64) -> Self {
        Self { founder, id, welcome_channel }
    }

    /// The id of the clan.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The id of the channel that every clan has, `general`.
    pub fn welcome_channel(&self) -> i64 {
        self.welcome_channel
    }

    /// Makes a person a member, as by an invitation. One who is a member stays one.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) for one who is banned, and when the clan was
    /// deleted; [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the person may be a member.
    pub async fn let_in(&self, person: &Person) -> Result<(), EmulatorError> {
        self.founder.act(members::let_in, (self.id, person.id())).await
    }

    /// Makes a public text channel; gives its id.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) for an empty label, and when the clan was deleted or
    /// the founder has lost it; [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the channel may have been made.
    pub async fn add_text_channel(&self, label: &str) -> Result<i64, EmulatorError> {
        self.add_channel(TEXT, label).await
    }

    /// Makes a public channel of a type; gives its id. `channel_type` is a number of the protocol: 1 text, 5 forum,
    /// 6 streaming, 8 app, 9 announcements, 10 voice.
    ///
    /// # Errors
    ///
    /// As [`add_text_channel`](Self::add_text_channel), and `Refused` for a type that clans do not have.
    ///
    /// # Cancel safety
    ///
    /// As [`add_text_channel`](Self::add_text_channel).
    pub async fn add_channel(&self, channel_type: i32, label: &str) -> Result<i64, EmulatorError> {
        let request = CreateChannelDescRequest { r#type: channel_type, ..self.channel(label) };
        Ok(self.founder.act(channels::create, request).await?.channel_id)
    }

    /// Makes a text channel that only the founder and these members see; gives its id.
    ///
    /// # Errors
    ///
    /// As [`add_text_channel`](Self::add_text_channel), and `Refused` for somebody who is no member.
    ///
    /// # Cancel safety
    ///
    /// As [`add_text_channel`](Self::add_text_channel).
    pub async fn add_private_channel(&self, label: &str, members: &[&Person]) -> Result<i64, EmulatorError> {
        let user_ids = members.iter().map(|person| person.id()).collect();
        let request = CreateChannelDescRequest { r#type: TEXT, channel_private: 1, user_ids, ..self.channel(label) };
        Ok(self.founder.act(channels::create, request).await?.channel_id)
    }

    /// Makes a public thread in a channel; gives its id.
    ///
    /// # Errors
    ///
    /// As [`add_text_channel`](Self::add_text_channel), and `Refused` when the channel is none of the clan, or a thread.
    ///
    /// # Cancel safety
    ///
    /// As [`add_text_channel`](Self::add_text_channel).
    pub async fn add_thread(&self, channel_id: i64, label: &str) -> Result<i64, EmulatorError> {
        let request = CreateChannelDescRequest { r#type: THREAD, parent_id: channel_id, ..self.channel(label) };
        Ok(self.founder.act(channels::create, request).await?.channel_id)
    }

    /// Makes a role that these members have, with permissions by their names, such as `manage-channel`; gives its id.
    ///
    /// The names are those of `GetListPermission`: `administrator`, `manage-clan`, `manage-channel`, `manage-thread`,
    /// `delete-message`, `view-channel` and `send-message`.
    ///
    /// # Errors
    ///
    /// As [`add_text_channel`](Self::add_text_channel), and `Refused` for somebody who is no member or an unknown permission.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the role may have been made.
    pub async fn add_role(&self, title: &str, members: &[&Person], permissions: &[&str]) -> Result<i64, EmulatorError> {
        let allowed = permissions.iter().map(|slug| Permission::of_slug(slug).map(Permission::id));
        let request = CreateRoleRequest {
            title: title.to_owned(),
            clan_id: self.id,
            add_user_ids: members.iter().map(|person| person.id()).collect(),
            active_permission_ids: allowed.collect::<Result<_, _>>()?,
            ..Default::default()
        };
        Ok(self.founder.act(roles::create, request).await?.id)
    }

    fn channel(&self, label: &str) -> CreateChannelDescRequest {
        CreateChannelDescRequest { clan_id: self.id, channel_label: label.to_owned(), ..Default::default() }
    }
}
