//! How a channel looks to somebody who reads about it.

use mezon_proto::api;

use super::channels::Channel;
use super::people::User;
use super::{Act, Town};

impl Town {
    /// A channel as somebody sees it: the lists of users are those of the others in a conversation, and all who were
    /// added to a channel of a clan.
    pub(crate) fn description(&self, act: &Act<'_>, channel: &Channel, viewer: i64) -> api::ChannelDescription {
        let others = channel.members.iter().filter(|member| channel.clan != 0 || **member != viewer);
        let others: Vec<&User> = others.filter_map(|member| self.users.get(*member)).collect();
        let names: Vec<String> = others.iter().map(|user| user.username.clone()).collect();
        let newest = self.newest.get(&channel.id);
        let everybodys = channel.is_public() && channel.parent == 0;
        let count = if everybodys { self.members.of(channel.clan).count() } else { channel.members.len() };
        api::ChannelDescription {
            clan_id: channel.clan,
            parent_id: channel.parent,
            channel_id: channel.id,
            category_id: channel.category,
            category_name: self.categories.get(channel.category).map(|of| of.name.clone()).unwrap_or_default(),
            clan_name: self.clans.get(channel.clan).map(|clan| clan.name.clone()).unwrap_or_default(),
            meeting_code: channel.meeting_code.clone(),
            channel_avatar: channel.avatar.clone(),
            app_id: channel.app,
            age_restricted: channel.age_restricted,
            topic: channel.topic.clone(),
            e2ee: channel.e2ee,
            r#type: channel.kind,
            creator_id: channel.creator,
            creator_name: self.users.get(channel.creator).map(|user| user.username.clone()).unwrap_or_default(),
            channel_label: if channel.label.is_empty() { names.join(",") } else { channel.label.clone() },
            channel_private: (!channel.is_public()).into(),
            avatars: others.iter().map(|user| user.avatar.clone()).collect(),
            user_ids: others.iter().map(|user| user.id).collect(),
            onlines: others.iter().map(|user| (act.online)(user.id)).collect(),
            display_names: others.iter().map(|user| user.shown_name().to_owned()).collect(),
            usernames: names,
            last_sent_message: newest.cloned(),
            last_seen_message: self.last_seen(channel.id, viewer),
            active: (!channel.archived).into(),
            create_time_seconds: channel.created,
            update_time_seconds: newest.map_or(channel.created, |newest| newest.timestamp_seconds),
            member_count: i32::try_from(count).unwrap_or(i32::MAX),
            ..api::ChannelDescription::default()
        }
    }
}
