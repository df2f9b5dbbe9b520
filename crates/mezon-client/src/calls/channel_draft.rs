//! Channels that are to be, and what is to change about them.

use mezon_model::{AppId, CategoryId, Channel, ChannelId, ChannelType, ClanId, UserId};
use mezon_proto::api;

use super::{check, check_clan, check_name, raw};
use crate::ClientError;

/// A channel of a clan to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelDraft {
    /// The clan.
    pub clan_id: ClanId,
    /// What it is to be.
    pub kind: ChannelType,
    /// Its name.
    pub label: String,
    /// The category it is listed in, or none.
    pub category_id: CategoryId,
    /// The channel that a thread hangs under, or none.
    pub parent_id: ChannelId,
    /// The application of an app channel, or none.
    pub app_id: AppId,
    /// Who sees it, beside the user; `None`: the whole clan.
    pub members: Option<Vec<UserId>>,
    /// Whether it would be a thread of a thread.
    in_thread: bool,
}

impl ChannelDraft {
    fn new(clan_id: ClanId, kind: ChannelType, label: impl Into<String>) -> Self {
        let (category_id, parent_id, app_id) = Default::default();
        Self { clan_id, kind, label: label.into(), category_id, parent_id, app_id, members: None, in_thread: false }
    }

    /// A text channel.
    pub fn text(clan: ClanId, label: impl Into<String>) -> Self {
        Self::new(clan, ChannelType::Channel, label)
    }

    /// A voice channel.
    pub fn voice(clan: ClanId, label: impl Into<String>) -> Self {
        Self::new(clan, ChannelType::Voice, label)
    }

    /// A channel that shows an application.
    pub fn app(clan: ClanId, label: impl Into<String>, app: AppId) -> Self {
        Self { app_id: app, ..Self::new(clan, ChannelType::App, label) }
    }

    /// A thread under a channel. Threads have no threads: making one is an error.
    pub fn thread(parent: &Channel, label: impl Into<String>) -> Self {
        let in_thread = parent.kind() == ChannelType::Thread || !parent.parent_id().is_none();
        Self { in_thread, category_id: parent.category_id(), ..Self::thread_in(parent.clan_id(), parent.id(), label) }
    }

    /// A thread under a channel of which only the id is known. If that is a thread itself, the server refuses.
    pub fn thread_in(clan: ClanId, parent: ChannelId, label: impl Into<String>) -> Self {
        Self { parent_id: parent, ..Self::new(clan, ChannelType::Thread, label) }
    }

    /// Listed in this category.
    #[must_use]
    pub fn category(self, category: CategoryId) -> Self {
        Self { category_id: category, ..self }
    }

    /// Seen by the user and these people only.
    #[must_use]
    pub fn private(self, members: impl IntoIterator<Item = UserId>) -> Self {
        Self { members: Some(members.into_iter().collect()), ..self }
    }

    pub(super) fn request(self) -> Result<api::CreateChannelDescRequest, ClientError> {
        check_clan(self.clan_id)?;
        check_name(&self.label)?;
        check(!self.in_thread, "a thread has no threads: make it under the channel of the thread")?;
        let is_thread = self.kind == ChannelType::Thread;
        check(is_thread != self.parent_id.is_none(), "a thread hangs under a channel, and nothing else does")?;
        let is_app = self.kind == ChannelType::App;
        check(is_app != self.app_id.is_none(), "an app channel shows an application, and no other channel does")?;
        let members = self.members.as_deref();
        check(members.is_none_or(|members| members.iter().all(|user| !user.is_none())), "the user id 0 is no user")?;
        Ok(api::CreateChannelDescRequest {
            clan_id: self.clan_id.get(),
            parent_id: self.parent_id.get(),
            category_id: self.category_id.get(),
            r#type: self.kind.to_raw(),
            channel_label: self.label,
            channel_private: members.is_some().into(),
            user_ids: raw(members.unwrap_or_default()),
            app_id: self.app_id.get(),
            ..api::CreateChannelDescRequest::default()
        })
    }
}

/// What to change about a channel. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelChanges {
    /// The name.
    pub label: Option<String>,
    /// What the channel is about.
    pub topic: Option<String>,
    /// The address of the picture.
    pub avatar: Option<String>,
    /// Whether it is for adults.
    pub is_age_restricted: Option<bool>,
}

impl ChannelChanges {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the name.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// Changes what the channel is about.
    #[must_use]
    pub fn topic(self, topic: impl Into<String>) -> Self {
        Self { topic: Some(topic.into()), ..self }
    }

    /// Changes the picture to the one at this address.
    #[must_use]
    pub fn avatar(self, address: impl Into<String>) -> Self {
        Self { avatar: Some(address.into()), ..self }
    }

    /// Says whether the channel is for adults.
    #[must_use]
    pub fn age_restricted(self, is_age_restricted: bool) -> Self {
        Self { is_age_restricted: Some(is_age_restricted), ..self }
    }

    /// The request. Most fields cannot be left out on the wire: what they are now goes along.
    pub(super) fn request(self, now: &Channel) -> api::UpdateChannelDescRequest {
        api::UpdateChannelDescRequest {
            clan_id: now.clan_id().get(),
            channel_id: now.id().get(),
            channel_label: self.label,
            category_id: now.category_id().get(),
            app_id: now.app_id().get(),
            topic: self.topic.unwrap_or_else(|| now.topic().to_owned()),
            age_restricted: self.is_age_restricted.unwrap_or(now.is_age_restricted()).into(),
            e2ee: now.is_encrypted().into(),
            channel_avatar: self.avatar,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAN: ClanId = ClanId::new(7);

    fn problem(channel: ChannelDraft) -> String {
        match channel.request() {
            Err(ClientError::InvalidInput { problem }) => problem.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    fn known(kind: ChannelType, parent: i64) -> Channel {
        let description = api::ChannelDescription {
            clan_id: 7,
            channel_id: 70,
            parent_id: parent,
            category_id: 5,
            r#type: kind.to_raw(),
            channel_label: "general".into(),
            topic: "all sorts".into(),
            age_restricted: 1,
            e2ee: 1,
            app_id: 3,
            ..Default::default()
        };
        description.into()
    }

    #[test]
    fn each_kind_of_channel_asks_for_what_it_is() {
        let text = ChannelDraft::text(CLAN, "general").category(CategoryId::new(5)).request().unwrap();
        let expected = api::CreateChannelDescRequest {
            clan_id: 7,
            category_id: 5,
            r#type: 1,
            channel_label: "general".into(),
            ..Default::default()
        };
        assert_eq!(text, expected);
        let private = ChannelDraft::voice(CLAN, "calls").private([UserId::new(43)]).request().unwrap();
        let expected = api::CreateChannelDescRequest {
            clan_id: 7,
            r#type: 10,
            channel_label: "calls".into(),
            channel_private: 1,
            user_ids: vec![43],
            ..Default::default()
        };
        assert_eq!(private, expected);
        let app = ChannelDraft::app(CLAN, "quiz", AppId::new(3)).request().unwrap();
        assert_eq!((app.r#type, app.app_id, app.channel_private), (8, 3, 0));
        let thread = ChannelDraft::thread(&known(ChannelType::Channel, 0), "errors").request().unwrap();
        assert_eq!((thread.r#type, thread.parent_id, thread.category_id, thread.clan_id), (7, 70, 5, 7));
    }

    /// Only for its maker: private without a further member is not the same as public.
    #[test]
    fn a_channel_for_nobody_else_is_private() {
        assert_eq!(ChannelDraft::text(CLAN, "notes").private([]).request().unwrap().channel_private, 1);
    }

    #[test]
    fn what_cannot_be_a_channel_is_refused_before_any_request() {
        let in_thread = ChannelDraft::thread(&known(ChannelType::Thread, 0), "deeper");
        assert_eq!(problem(in_thread), "a thread has no threads: make it under the channel of the thread");
        // A server may describe a thread as a text channel that has a parent.
        assert!(
            problem(ChannelDraft::thread(&known(ChannelType::Channel, 9), "deeper"))
                .starts_with("a thread has no threads")
        );
        assert_eq!(problem(ChannelDraft::text(CLAN, "  ")), "the name is empty");
        assert!(problem(ChannelDraft::text(ClanId::DIRECT, "general")).starts_with("the clan id 0"));
        assert!(problem(ChannelDraft::thread_in(CLAN, ChannelId::default(), "errors")).starts_with("a thread hangs"));
        assert!(problem(ChannelDraft::app(CLAN, "quiz", AppId::default())).starts_with("an app channel"));
        let nobody = ChannelDraft::text(CLAN, "general").private([UserId::default()]);
        assert_eq!(problem(nobody), "the user id 0 is no user");
    }

    /// A server cannot tell these fields from ones that are left out, so a new name would clear the topic.
    #[test]
    fn what_cannot_be_left_out_goes_along_as_it_was() {
        let now = known(ChannelType::App, 0);
        let unchanged = api::UpdateChannelDescRequest {
            clan_id: 7,
            channel_id: 70,
            category_id: 5,
            app_id: 3,
            topic: "all sorts".into(),
            age_restricted: 1,
            e2ee: 1,
            ..Default::default()
        };
        let renamed = api::UpdateChannelDescRequest { channel_label: Some("lobby".into()), ..unchanged.clone() };
        assert_eq!(ChannelChanges::new().label("lobby").request(&now), renamed);
        let changes = ChannelChanges::new().topic("").age_restricted(false).avatar("a");
        let expected = api::UpdateChannelDescRequest {
            topic: String::new(),
            age_restricted: 0,
            channel_avatar: Some("a".into()),
            ..unchanged
        };
        assert_eq!(changes.request(&now), expected);
    }
}
