//! How a channel looks to somebody who reads about it.

use mezon_proto::api;

use super::channels::Channel;
use super::people::User;
use super::{Act, Town};

impl Town {
    /// A channel as one of its members sees it: the lists of users are those of the others.
    pub(crate) fn description(&self, act: &Act<'_>, channel: &Channel, viewer: i64) -> api::ChannelDescription {
        let others = channel.members.iter().filter(|member| **member != viewer);
        let others: Vec<&User> = others.filter_map(|member| self.users.get(*member)).collect();
        let names: Vec<String> = others.iter().map(|user| user.username.clone()).collect();
        let newest = self.newest.get(&channel.id);
        api::ChannelDescription {
            clan_id: channel.clan,
            channel_id: channel.id,
            r#type: channel.kind,
            creator_id: channel.creator,
            creator_name: self.users.get(channel.creator).map(|user| user.username.clone()).unwrap_or_default(),
            channel_label: if channel.label.is_empty() { names.join(",") } else { channel.label.clone() },
            channel_private: 1,
            avatars: others.iter().map(|user| user.avatar.clone()).collect(),
            user_ids: others.iter().map(|user| user.id).collect(),
            onlines: others.iter().map(|user| (act.online)(user.id)).collect(),
            display_names: others.iter().map(|user| user.shown_name().to_owned()).collect(),
            usernames: names,
            last_sent_message: newest.cloned(),
            active: 1,
            create_time_seconds: channel.created,
            update_time_seconds: newest.map_or(channel.created, |newest| newest.timestamp_seconds),
            member_count: i32::try_from(channel.members.len()).unwrap_or(i32::MAX),
            ..api::ChannelDescription::default()
        }
    }
}
