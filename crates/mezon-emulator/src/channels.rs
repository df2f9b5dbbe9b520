//! Direct and group channels.

use std::cmp::Reverse;
use std::sync::Arc;

use mezon_proto::api;
use mezon_proto::realtime::{Envelope, UserChannelAdded, UserProfileRedis, envelope};

use crate::failure::{Failure, FailureKind};
use crate::gateway::{Caller, Gateway};
use crate::hub::Outgoing;
use crate::sessions::registered;
use crate::snowflake::created_seconds;
use crate::store::{Channel, DIRECT, Direction, GROUP, Page, Store, StoreError, User};

/// The most entries of a list (WIRE: pages of 1 to 100).
pub(crate) const PAGE_LIMIT: i32 = 100;

/// A channel with all that its description needs.
struct Described {
    channel: Channel,
    /// In the order of `channel.members`.
    members: Vec<User>,
    last: Option<api::ChannelMessage>,
}

impl Gateway {
    /// Opens a direct channel or makes a group. The same two users always share one direct channel.
    pub(crate) async fn create_channel(
        &self,
        caller: &Caller,
        request: api::CreateChannelDescRequest,
    ) -> Result<api::ChannelDescription, Failure> {
        let mut peers = request.user_ids.clone();
        peers.retain(|peer| *peer != caller.user);
        peers.sort_unstable();
        peers.dedup();
        match request.r#type {
            DIRECT if peers.len() != 1 => return Err(Failure::invalid("a direct channel needs one other user")),
            GROUP if peers.is_empty() => return Err(Failure::invalid("a group channel needs at least one other user")),
            DIRECT | GROUP if request.clan_id != 0 => {
                return Err(Failure::invalid("direct and group channels belong to clan 0"));
            }
            DIRECT | GROUP => {}
            _ => {
                return Err(Failure::new(
                    FailureKind::Unimplemented,
                    "the emulator has direct and group channels only",
                ));
            }
        }
        if peers.iter().any(|peer| *peer <= 0) {
            return Err(Failure::not_found("user not found"));
        }

        let user = caller.user;
        let id = self.ids.next();
        let (described, created) = self
            .storage
            .run(move |store| {
                for peer in &peers {
                    registered(store, *peer)?;
                }
                let known = match (request.r#type, peers.as_slice()) {
                    (DIRECT, [peer]) => store.direct_channel(user, *peer)?,
                    _ => None,
                };
                let created = known.is_none();
                let channel = match known {
                    Some(channel) => channel,
                    None => add_channel(store, id, user, peers, request)?,
                };
                Ok::<_, StoreError>((describe(store, channel)?, created))
            })
            .await?;
        if created {
            self.announce(caller, &described);
        }
        Ok(self.description(&described, user))
    }

    /// The channels of the caller, the one with the latest activity first.
    pub(crate) async fn channels(
        &self,
        caller: &Caller,
        request: api::ListChannelDescsRequest,
    ) -> Result<api::ChannelDescList, Failure> {
        if request.clan_id != 0 {
            return Ok(api::ChannelDescList::default());
        }
        let user = caller.user;
        let mut described = self
            .storage
            .run(move |store| {
                let channels = store.channels_of(user)?;
                let wanted = channels.into_iter().filter(|of| [0, of.kind].contains(&request.channel_type));
                wanted.map(|channel| describe(store, channel)).collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        described.sort_by_key(|of| Reverse(of.last.as_ref().map_or(of.channel.id, |last| last.message_id)));
        let limit = page_limit(request.limit);
        let skipped = usize::try_from(request.page.max(1) - 1).unwrap_or_default().saturating_mul(limit);
        let page = described.iter().skip(skipped).take(limit);
        Ok(api::ChannelDescList { channeldesc: page.map(|of| self.description(of, user)).collect() })
    }

    pub(crate) async fn channel_detail(
        &self,
        caller: &Caller,
        channel: i64,
    ) -> Result<api::ChannelDescription, Failure> {
        let channel = self.channel_for(caller.user, channel).await?;
        let described = self.storage.run(move |store| describe(store, channel)).await?;
        Ok(self.description(&described, caller.user))
    }

    /// A channel that the user is a member of.
    pub(crate) async fn channel_for(&self, user: i64, channel: i64) -> Result<Channel, Failure> {
        let found = self.storage.run(move |store| store.channel(channel)).await?;
        let channel = found.ok_or_else(|| Failure::not_found("channel not found"))?;
        if channel.has(user) { Ok(channel) } else { Err(Failure::denied("channel permission denied")) }
    }

    /// Tells the other members that they are in a new channel.
    fn announce(&self, caller: &Caller, described: &Described) {
        for member in described.channel.members.iter().filter(|member| **member != caller.user) {
            let added = UserChannelAdded {
                channel_desc: Some(self.description(described, *member)),
                users: described.members.iter().map(profile).collect(),
                caller: described.members.iter().find(|user| user.id == caller.user).map(profile),
                create_time_seconds: described.channel.created,
                active: 1,
                ..UserChannelAdded::default()
            };
            let message = Some(envelope::Message::UserChannelAddedEvent(added));
            self.hub.send_to_user(*member, &Outgoing::Envelope(Arc::new(Envelope { cid: 0, message })));
        }
    }

    /// How a channel looks to one of its members: the lists of users are those of the others.
    fn description(&self, described: &Described, viewer: i64) -> api::ChannelDescription {
        let Described { channel, members, last } = described;
        let others: Vec<&User> = members.iter().filter(|user| user.id != viewer).collect();
        let names: Vec<String> = others.iter().map(|user| user.username.clone()).collect();
        let creator = members.iter().find(|user| user.id == channel.creator);
        api::ChannelDescription {
            channel_id: channel.id,
            r#type: channel.kind,
            creator_id: channel.creator,
            creator_name: creator.map(|user| user.username.clone()).unwrap_or_default(),
            channel_label: if channel.label.is_empty() { names.join(",") } else { channel.label.clone() },
            channel_private: 1,
            avatars: vec![String::new(); others.len()],
            user_ids: others.iter().map(|user| user.id).collect(),
            onlines: others.iter().map(|user| self.hub.is_online(user.id)).collect(),
            display_names: names.clone(),
            usernames: names,
            last_sent_message: last.as_ref().map(header),
            active: 1,
            create_time_seconds: channel.created,
            update_time_seconds: last.as_ref().map_or(channel.created, |last| last.create_time_seconds),
            member_count: i32::try_from(members.len()).unwrap_or(i32::MAX),
            ..api::ChannelDescription::default()
        }
    }
}

/// A limit of a request, brought into its range; the most when there is none.
pub(crate) fn page_limit(limit: i32) -> usize {
    let limit = if limit <= 0 { PAGE_LIMIT } else { limit.min(PAGE_LIMIT) };
    usize::try_from(limit).unwrap_or_default()
}

pub(crate) fn header(message: &api::ChannelMessage) -> api::ChannelMessageHeader {
    api::ChannelMessageHeader {
        id: message.message_id,
        timestamp_seconds: message.create_time_seconds,
        sender_id: message.sender_id,
        content: message.content.clone(),
    }
}

fn add_channel(
    store: &mut dyn Store,
    id: i64,
    creator: i64,
    peers: Vec<i64>,
    request: api::CreateChannelDescRequest,
) -> Result<Channel, StoreError> {
    let mut members = peers;
    members.push(creator);
    members.sort_unstable();
    let label = request.channel_label;
    let channel = Channel { id, kind: request.r#type, label, creator, created: created_seconds(id), members };
    store.add_channel(&channel)?;
    Ok(channel)
}

fn describe(store: &mut dyn Store, channel: Channel) -> Result<Described, StoreError> {
    let members = channel.members.iter().map(|user| registered(store, *user)).collect::<Result<_, _>>()?;
    let end = Page { channel: channel.id, topic: 0, cursor: 0, direction: Direction::Before, limit: 1 };
    let last = store.messages(&end)?.into_iter().next();
    Ok(Described { channel, members, last })
}

fn profile(user: &User) -> UserProfileRedis {
    UserProfileRedis {
        user_id: user.id,
        username: user.username.clone(),
        display_name: user.username.clone(),
        ..UserProfileRedis::default()
    }
}
