//! The channels of clans: made, changed, hidden and deleted.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{ChannelArchiveEvent, ChannelCreatedEvent, ChannelDeletedEvent, ChannelUpdatedEvent};

use super::members::added;
use super::{ANNOUNCEMENT, APP, Channel, DIRECT, FORUM, GOOGLE_MEET, STREAMING, TEXT, THREAD, VOICE, described};
use crate::failure::Failure;
use crate::store::Write;
use crate::town::permissions::Permission;
use crate::town::{Act, Audience, Done, Town, named};

impl Channel {
    pub(super) fn created_event(&self, town: &Town) -> Message {
        Message::ChannelCreatedEvent(ChannelCreatedEvent {
            clan_id: self.clan,
            category_id: self.category,
            creator_id: self.creator,
            parent_id: self.parent,
            channel_id: self.id,
            channel_label: self.label.clone(),
            channel_private: self.private.into(),
            channel_type: self.kind,
            status: 1,
            app_id: self.app,
            clan_name: town.clans.get(self.clan).map(|clan| clan.name.clone()).unwrap_or_default(),
            channel_avatar: self.avatar.clone(),
        })
    }

    pub(super) fn updated_event(&self) -> Message {
        Message::ChannelUpdatedEvent(ChannelUpdatedEvent {
            clan_id: self.clan,
            category_id: self.category,
            creator_id: self.creator,
            parent_id: self.parent,
            channel_id: self.id,
            channel_label: self.label.clone(),
            channel_type: self.kind,
            // Of a thread, it says that the thread is open, and clients join it.
            status: 1,
            meeting_code: self.meeting_code.clone(),
            is_error: false,
            channel_private: self.private,
            app_id: self.app,
            e2ee: self.e2ee,
            topic: self.topic.clone(),
            age_restricted: self.age_restricted,
            active: (!self.archived).into(),
            count_mess_unread: 0,
            user_ids: self.members.clone(),
            role_ids: self.roles.clone(),
            channel_avatar: self.avatar.clone(),
        })
    }

    fn archive_event(&self) -> Message {
        Message::ChannelArchiveEvent(ChannelArchiveEvent {
            clan_id: self.clan,
            category_id: self.category,
            creator_id: self.creator,
            parent_id: self.parent,
            channel_id: self.id,
            channel_label: self.label.clone(),
            channel_type: self.kind,
            status: (!self.archived).into(),
            channel_private: self.private,
            active: (!self.archived).into(),
            ..ChannelArchiveEvent::default()
        })
    }
}

/// Makes a channel of a clan that is no thread.
pub(super) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateChannelDescRequest,
) -> Result<Done<api::ChannelDescription>, Failure> {
    if ![TEXT, GOOGLE_MEET, FORUM, STREAMING, APP, ANNOUNCEMENT, VOICE].contains(&request.r#type) {
        return Err(Failure::invalid("there is no such type of channels"));
    }
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageChannel)?.id;
    if request.parent_id != 0 {
        return Err(Failure::invalid("only a thread has a parent"));
    }
    let label = named(&request.channel_label, "channel_label")?;
    let category = match request.category_id {
        0 => town.first_category(clan),
        id => town.category(clan, id)?.id,
    };
    let id = act.id();
    let mut channel = Channel {
        id,
        kind: request.r#type,
        clan,
        category,
        label,
        creator: act.by,
        created: act.now(),
        private: request.channel_private != 0,
        app: request.app_id,
        ..Channel::default()
    };
    if [GOOGLE_MEET, STREAMING, VOICE].contains(&channel.kind) {
        channel.meeting_code = format!("room-{id}");
    }
    if channel.private {
        for user in &request.user_ids {
            town.member(clan, *user)?;
        }
        channel.add(&request.user_ids);
        channel.add(&[act.by]);
    }
    Ok(open(town, act, channel))
}

/// Puts a new channel of a clan into the town, and tells those who may see it and those who are in it.
pub(super) fn open(town: &mut Town, act: &Act<'_>, channel: Channel) -> Done<api::ChannelDescription> {
    town.channels.put(channel.clone());
    let mut done = Done::new(town.description(act, &channel, act.by))
        .push(Audience::Channel(channel.id), channel.created_event(town));
    let others: Vec<i64> = channel.members.iter().copied().filter(|member| *member != act.by).collect();
    if !others.is_empty() {
        let event = added(town, act, &channel, &others, 0);
        done = done.push(Audience::Users(others), event);
    }
    done
}

/// Changes what the request has of a channel or group.
pub(crate) fn update(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateChannelDescRequest,
) -> Result<Done<()>, Failure> {
    // A group belongs to everybody in it.
    let seen = town.channel_for(act.by, request.channel_id)?;
    let mut channel =
        if seen.clan == 0 { seen.clone() } else { town.channel_to_manage(act, request.channel_id)?.clone() };
    if channel.kind == DIRECT {
        return Err(Failure::invalid("a direct channel has nothing to change"));
    }
    if let Some(label) = request.channel_label {
        channel.label = named(&label, "channel_label")?;
    }
    if request.category_id != 0 {
        channel.category = town.category(channel.clan, request.category_id)?.id;
    }
    if !request.topic.is_empty() {
        channel.topic = request.topic;
    }
    channel.avatar = request.channel_avatar.unwrap_or(channel.avatar);
    for (field, new) in [(&mut channel.age_restricted, request.age_restricted), (&mut channel.e2ee, request.e2ee)] {
        if new != 0 {
            *field = new;
        }
    }
    if request.app_id != 0 {
        channel.app = request.app_id;
    }
    Ok(changed(town, channel))
}

/// Moves a channel into another category.
pub(crate) fn change_category(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ChangeChannelCategoryRequest,
) -> Result<Done<()>, Failure> {
    let mut channel = town.channel_to_manage(act, request.channel_id)?.clone();
    channel.category = town.category(channel.clan, request.new_category_id)?.id;
    Ok(changed(town, channel))
}

/// Makes a channel private, for the caller and those whom the request names, or public.
pub(crate) fn change_privacy(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ChangeChannelPrivateRequest,
) -> Result<Done<()>, Failure> {
    let mut channel = town.channel_to_manage(act, request.channel_id)?.clone();
    if channel.clan == 0 {
        return Err(Failure::invalid("only a channel of a clan can be public"));
    }
    channel.private = request.channel_private != 0;
    channel.roles = check_roles(town, channel.clan, request.role_ids)?;
    for user in &request.user_ids {
        town.member(channel.clan, *user)?;
    }
    channel.members = Vec::new();
    if channel.private || channel.kind == THREAD {
        channel.add(&request.user_ids);
        channel.add(&[act.by]);
    }
    // Who loses sight of it is told as well.
    let before = town.channel(channel.id)?;
    let told = Audience::ChannelAnd(channel.id, if channel.private { town.seers(before) } else { Vec::new() });
    let done = Done::new(()).push(told, channel.updated_event());
    town.channels.put(channel);
    Ok(done)
}

/// Lets roles see a private channel.
pub(crate) fn add_roles(
    town: &mut Town,
    act: &Act<'_>,
    request: api::AddRoleChannelDescRequest,
) -> Result<Done<()>, Failure> {
    let mut channel = town.channel_to_manage(act, request.channel_id)?.clone();
    let roles = check_roles(town, channel.clan, request.role_ids)?;
    channel.roles.extend(roles);
    channel.roles.sort_unstable();
    channel.roles.dedup();
    Ok(changed(town, channel))
}

/// Takes a role off a channel.
pub(crate) fn remove_role(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DeleteRoleRequest,
) -> Result<Done<()>, Failure> {
    let mut channel = town.channel_to_manage(act, request.channel_id)?.clone();
    let before = channel.roles.len();
    channel.roles.retain(|role| *role != request.role_id);
    if channel.roles.len() == before {
        return Err(Failure::not_found("role not found"));
    }
    Ok(changed(town, channel))
}

/// Deletes a channel with its messages and threads. A group is deleted by who made it.
pub(crate) fn delete(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DeleteChannelDescRequest,
) -> Result<Done<()>, Failure> {
    let channel = town.channel_to_manage(act, request.channel_id)?.clone();
    if channel.kind == DIRECT {
        return Err(Failure::invalid("a direct channel cannot be deleted"));
    }
    if town.clans.get(channel.clan).is_some_and(|clan| clan.welcome_channel == channel.id) {
        return Err(Failure::invalid("the welcome channel of a clan cannot be deleted"));
    }
    let threads = town.channels.iter().filter(|thread| thread.parent == channel.id).cloned();
    let gone: Vec<Channel> = threads.chain([channel.clone()]).collect();
    let mut done = Done::new(());
    for channel in gone {
        let event = ChannelDeletedEvent {
            clan_id: channel.clan,
            category_id: channel.category,
            parent_id: channel.parent,
            channel_id: channel.id,
            deletor: act.by.to_string(),
        };
        // Who has seen it is not known when it is gone.
        done = done
            .push(Audience::Users(town.seers(&channel)), Message::ChannelDeletedEvent(event))
            .write(Write::NoMessages { channel: channel.id });
        town.remove_channel(channel.id);
    }
    Ok(done)
}

/// Puts a channel away, or a thread.
pub(crate) fn archive(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ArchiveChannelRequest,
) -> Result<Done<()>, Failure> {
    set_archived(town, act, request.channel_id, true)
}

/// Puts a channel away, or brings it back.
pub(super) fn set_archived(town: &mut Town, act: &Act<'_>, id: i64, archived: bool) -> Result<Done<()>, Failure> {
    let mut channel = town.channel_to_manage(act, id)?.clone();
    if channel.clan == 0 {
        return Err(Failure::invalid("a conversation cannot be archived"));
    }
    channel.archived = archived;
    let done = Done::new(()).push(Audience::Channel(channel.id), channel.archive_event());
    town.channels.put(channel);
    Ok(done)
}

/// The channels of a clan that were put away.
pub(crate) fn list_archived(
    town: &Town,
    act: &Act<'_>,
    request: api::ListArchivedChannelDescsRequest,
) -> Result<api::ListArchivedChannelDescsResponse, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let away = town.channels.iter().filter(|of| of.clan == clan && of.archived && town.may_see(act.by, of));
    Ok(api::ListArchivedChannelDescsResponse { channeldesc: described(town, act, &away.collect::<Vec<_>>()) })
}

impl Town {
    /// Removes a channel and what the town knows of it.
    pub(in crate::town) fn remove_channel(&mut self, id: i64) {
        self.channels.remove(id);
        self.newest.remove(&id);
        self.rooms.remove(&id);
        self.bans.remove_where(|ban| ban.place == id);
        self.overrides.remove_where(|of| of.channel == id);
        self.marks.remove_where(|mark| mark.channel == id);
        self.forget_messages(id);
    }
}

/// Roles of a clan, in ascending order.
fn check_roles(town: &Town, clan: i64, mut roles: Vec<i64>) -> Result<Vec<i64>, Failure> {
    for role in &roles {
        if town.role(*role)?.clan != clan {
            return Err(Failure::not_found("role not found"));
        }
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

/// Keeps a changed channel, and tells those who may see it.
pub(super) fn changed(town: &mut Town, channel: Channel) -> Done<()> {
    let done = Done::new(()).push(Audience::Channel(channel.id), channel.updated_event());
    town.channels.put(channel);
    done
}

#[cfg(test)]
mod tests;
