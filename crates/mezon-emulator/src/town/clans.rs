//! Clans: made, changed, given away, deleted.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{ClanCreatedEvent, ClanDeletedEvent, ClanUpdatedEvent, TransferOwnershipEvent};
use serde::{Deserialize, Serialize};

use super::categories::Category;
use super::channels::{Channel, TEXT};
use super::members::Member;
use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town, named};
use crate::failure::Failure;
use crate::store::Write;

/// What the first category and the first channel of a clan are called.
const FIRST: &str = "general";

/// A place of channels, with members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Clan {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) owner: i64,
    pub(crate) logo: String,
    pub(crate) banner: String,
    pub(crate) description: String,
    pub(crate) about: String,
    pub(crate) short_url: String,
    pub(crate) community: bool,
    pub(crate) community_banner: String,
    pub(crate) onboarding: bool,
    pub(crate) onboarding_banner: String,
    pub(crate) welcome_channel: i64,
    pub(crate) prevent_anonymous: bool,
    pub(crate) status: i32,
}

impl Record for Clan {
    const KIND: &'static str = "clan";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Clan {
    fn described(&self, member: &Member) -> api::ClanDesc {
        api::ClanDesc {
            creator_id: self.owner,
            clan_name: self.name.clone(),
            logo: self.logo.clone(),
            banner: self.banner.clone(),
            clan_id: self.id,
            status: self.status,
            is_onboarding: self.onboarding,
            welcome_channel_id: self.welcome_channel,
            onboarding_banner: self.onboarding_banner.clone(),
            clan_order: member.order,
            is_community: self.community,
            community_banner: self.community_banner.clone(),
            description: self.description.clone(),
            about: self.about.clone(),
            short_url: self.short_url.clone(),
            prevent_anonymous: self.prevent_anonymous,
            ..api::ClanDesc::default()
        }
    }

    fn updated(&self) -> Message {
        Message::ClanUpdatedEvent(ClanUpdatedEvent {
            clan_id: self.id,
            clan_name: self.name.clone(),
            logo: self.logo.clone(),
            banner: self.banner.clone(),
            status: self.status,
            is_onboarding: self.onboarding,
            welcome_channel_id: self.welcome_channel,
            onboarding_banner: self.onboarding_banner.clone(),
            community_banner: self.community_banner.clone(),
            is_community: self.community,
            about: self.about.clone(),
            description: self.description.clone(),
            prevent_anonymous: self.prevent_anonymous,
        })
    }
}

impl Town {
    pub(crate) fn clan(&self, id: i64) -> Result<&Clan, Failure> {
        self.clans.get(id).ok_or_else(|| Failure::not_found("clan not found"))
    }

    /// A clan that the user is a member of.
    pub(crate) fn clan_for(&self, user: i64, id: i64) -> Result<&Clan, Failure> {
        let clan = self.clan(id)?;
        if self.members.has((id, user)) { Ok(clan) } else { Err(Failure::denied("clan permission denied")) }
    }

    /// A clan in which the user may do something.
    pub(crate) fn clan_where(&self, user: i64, id: i64, permission: Permission) -> Result<&Clan, Failure> {
        let clan = self.clan_for(user, id)?;
        if self.may(user, id, permission) { Ok(clan) } else { Err(Failure::denied("permission denied")) }
    }

    /// A clan that belongs to the user.
    fn own_clan(&self, user: i64, id: i64) -> Result<&Clan, Failure> {
        let clan = self.clan_for(user, id)?;
        if clan.owner == user { Ok(clan) } else { Err(Failure::denied("permission denied")) }
    }
}

/// Makes a clan of the caller with one category and one text channel.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateClanDescRequest,
) -> Result<Done<api::ClanDesc>, Failure> {
    let name = named(&request.clan_name, "clan_name")?;
    let mut clan = Clan {
        id: act.id(),
        name,
        owner: act.by,
        logo: request.logo,
        banner: request.banner,
        status: 1,
        ..Clan::default()
    };
    let category =
        Category { id: act.id(), clan: clan.id, name: FIRST.to_owned(), creator: act.by, ..Category::default() };
    let channel = Channel {
        id: act.id(),
        kind: TEXT,
        clan: clan.id,
        category: category.id,
        label: FIRST.to_owned(),
        creator: act.by,
        created: act.now(),
        ..Channel::default()
    };
    clan.welcome_channel = channel.id;
    let member = Member { clan: clan.id, user: act.by, joined: act.now(), ..Member::default() };
    let event = ClanCreatedEvent {
        clan_id: clan.id,
        clan_name: clan.name.clone(),
        logo: clan.logo.clone(),
        creator_id: act.by,
        welcome_channel_id: channel.id,
    };
    let done = Done::new(clan.described(&member)).push(Audience::Users(vec![act.by]), Message::ClanCreatedEvent(event));
    town.clans.put(clan);
    town.categories.put(category);
    town.channels.put(channel);
    town.members.put(member);
    Ok(done)
}

/// The clans of the caller, in the order of the caller's choice.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListClanDescRequest,
) -> Result<api::ClanDescList, Failure> {
    let clans = town.clans.iter().filter_map(|clan| Some((clan, town.members.get((clan.id, act.by))?)));
    let mut clans: Vec<api::ClanDesc> = clans.map(|(clan, member)| clan.described(member)).collect();
    clans.sort_by_key(|clan| (clan.clan_order, clan.clan_id));
    if let Ok(limit @ 1..) = usize::try_from(request.limit) {
        clans.truncate(limit);
    }
    Ok(api::ClanDescList { clandesc: clans })
}

/// Changes what the request has of a clan.
pub(crate) fn update(town: &mut Town, act: &Act<'_>, request: api::UpdateClanDescRequest) -> Result<Done<()>, Failure> {
    let mut clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.clone();
    if !request.clan_name.is_empty() {
        clan.name = named(&request.clan_name, "clan_name")?;
    }
    if request.welcome_channel_id != 0 {
        let welcome = town.channel(request.welcome_channel_id)?;
        if welcome.clan != clan.id {
            return Err(Failure::invalid("welcome_channel_id is no channel of the clan"));
        }
        clan.welcome_channel = welcome.id;
    }
    if request.status != 0 {
        clan.status = request.status;
    }
    for (field, new) in [
        (&mut clan.logo, request.logo),
        (&mut clan.banner, request.banner),
        (&mut clan.description, request.description),
        (&mut clan.about, request.about),
        (&mut clan.short_url, request.short_url),
        (&mut clan.community_banner, request.community_banner),
        (&mut clan.onboarding_banner, request.onboarding_banner),
    ] {
        *field = new.unwrap_or_else(|| std::mem::take(field));
    }
    clan.community = request.is_community.unwrap_or(clan.community);
    clan.onboarding = request.is_onboarding.unwrap_or(clan.onboarding);
    clan.prevent_anonymous = request.prevent_anonymous;
    let done = Done::new(()).push(Audience::Clan(clan.id), clan.updated());
    town.clans.put(clan);
    Ok(done)
}

/// Deletes a clan with all that is in it.
pub(crate) fn delete(town: &mut Town, act: &Act<'_>, request: api::DeleteClanDescRequest) -> Result<Done<()>, Failure> {
    let id = town.own_clan(act.by, request.clan_desc_id)?.id;
    let members = town.members.of(id).map(|member| member.user).collect();
    let event = ClanDeletedEvent { clan_id: id, deletor: act.by };
    let mut done = Done::new(()).push(Audience::Users(members), Message::ClanDeletedEvent(event));
    let channels: Vec<i64> = town.channels.iter().filter(|of| of.clan == id).map(|of| of.id).collect();
    for channel in channels {
        town.remove_channel(channel);
        done = done.write(Write::NoMessages { channel });
    }
    town.clans.remove(id);
    town.categories.remove_where(|category| category.clan == id);
    town.members.remove_where(|member| member.clan == id);
    town.roles.remove_where(|role| role.clan == id);
    town.invites.remove_where(|invite| invite.clan == id);
    town.bans.remove_where(|ban| ban.clan == id);
    town.clan_events.remove_where(|event| event.clan == id);
    town.emojis.remove_where(|emoji| emoji.clan == id);
    town.stickers.remove_where(|sticker| sticker.clan == id);
    town.webhooks.remove_where(|webhook| webhook.clan == id);
    Ok(done)
}

/// Gives a clan of the caller to another member.
pub(crate) fn transfer(
    town: &mut Town,
    act: &Act<'_>,
    request: api::TransferOwnershipRequest,
) -> Result<Done<()>, Failure> {
    let mut clan = town.own_clan(act.by, request.clan_id)?.clone();
    town.member(clan.id, request.new_owner_id)?;
    clan.owner = request.new_owner_id;
    let event = TransferOwnershipEvent { clan_id: clan.id, prev_owner: act.by, curr_owner: clan.owner };
    let done = Done::new(()).push(Audience::Clan(clan.id), Message::TransferOwnershipEvent(event));
    town.clans.put(clan);
    Ok(done)
}

/// Stores the order in which the caller sees the clans.
pub(crate) fn reorder(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateClanOrderRequest,
) -> Result<Done<()>, Failure> {
    for clan in request.clans_order {
        town.clan_for(act.by, clan.clan_id)?;
        if let Some(member) = town.members.get_mut((clan.clan_id, act.by)) {
            member.order = clan.order;
        }
    }
    Ok(Done::new(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::channels;
    use crate::town::testing::Place;

    fn names(place: &Place, user: i64) -> Vec<String> {
        let clans = place.seen(user, list, api::ListClanDescRequest::default()).clandesc;
        clans.into_iter().map(|clan| clan.clan_name).collect()
    }

    #[test]
    fn a_new_clan_has_its_maker_a_category_and_a_channel() {
        let mut place = Place::default();
        let request = api::CreateClanDescRequest { clan_name: " Town ".to_owned(), ..Default::default() };
        let made = place.done(1, create, request);
        assert!(matches!(made.pushes.as_slice(), [one] if one.to == Audience::Users(vec![1])), "{:?}", made.pushes);
        let clan = made.answer;
        assert_eq!((clan.clan_name.as_str(), clan.creator_id), ("Town", 1));
        assert_eq!((names(&place, 1), names(&place, 2)), (vec!["Town".to_owned()], Vec::new()));
        let all = api::ListChannelDescsRequest { clan_id: clan.clan_id, ..Default::default() };
        let channels = place.seen(1, channels::list, all).channeldesc;
        assert_eq!(channels.len(), 1);
        assert_eq!((channels[0].channel_id, channels[0].r#type), (clan.welcome_channel_id, TEXT));
        assert_eq!((channels[0].category_name.as_str(), channels[0].clan_name.as_str()), (FIRST, "Town"));
        let unnamed = api::CreateClanDescRequest { clan_name: " ".to_owned(), ..Default::default() };
        place.refused(1, create, unnamed, "clan_name is required");
    }

    #[test]
    fn only_those_who_manage_a_clan_change_it() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let request = |name: &str| api::UpdateClanDescRequest {
            clan_id: clan,
            clan_name: name.to_owned(),
            about: Some("of us".to_owned()),
            ..Default::default()
        };
        place.refused(2, update, request("Mine"), "permission denied");
        place.refused(3, update, request("Mine"), "clan permission denied");
        let nowhere = api::UpdateClanDescRequest { clan_id: 404, ..request("Mine") };
        place.refused(1, update, nowhere, "clan not found");
        let foreign = place.dm(1, 2);
        let welcome = api::UpdateClanDescRequest { welcome_channel_id: foreign, ..request("Ours") };
        place.refused(1, update, welcome, "welcome_channel_id is no channel of the clan");

        let done = place.done(1, update, request("Ours"));
        let [push] = done.pushes.as_slice() else { panic!("{:?}", done.pushes) };
        assert_eq!(push.to, Audience::Clan(clan));
        let Message::ClanUpdatedEvent(event) = &push.message else { panic!("{push:?}") };
        assert_eq!((event.clan_name.as_str(), event.about.as_str()), ("Ours", "of us"));
        assert_eq!(names(&place, 2), ["Ours"]);
    }

    #[test]
    fn a_clan_goes_with_all_that_is_in_it_and_by_its_owner_alone() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let request = api::DeleteClanDescRequest { clan_desc_id: clan };
        place.refused(2, delete, request, "permission denied");
        let done = place.done(1, delete, request);
        assert_eq!(done.pushes[0].to, Audience::Users(vec![1, 2]), "they are told, although they are no members now");
        assert_eq!(done.writes.len(), 1);
        assert!(place.town.clan(clan).is_err());
        assert_eq!(place.town.channels.iter().count(), 0);
        assert_eq!(place.town.members.iter().count(), 0);
    }

    #[test]
    fn a_clan_is_given_to_a_member() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let to = |user| api::TransferOwnershipRequest { clan_id: clan, new_owner_id: user };
        place.refused(1, transfer, to(3), "user not found");
        place.refused(2, transfer, to(2), "permission denied");
        place.done(1, transfer, to(2));
        assert_eq!(place.town.clan(clan).unwrap().owner, 2);
        place.refused(1, transfer, to(1), "permission denied");
    }

    #[test]
    fn each_member_has_an_order_of_clans() {
        let mut place = Place::default();
        let (one, two) = (place.clan(1, &[2]), place.clan(1, &[2]));
        let order = |clan_id, order| api::update_clan_order_request::ClanOrder { clan_id, order };
        let request = api::UpdateClanOrderRequest { clans_order: vec![order(one, 2), order(two, 1)] };
        place.done(2, reorder, request);
        let ids = |user| -> Vec<i64> {
            let clans = place.seen(user, list, api::ListClanDescRequest::default()).clandesc;
            clans.iter().map(|clan| clan.clan_id).collect()
        };
        assert_eq!((ids(1), ids(2)), (vec![one, two], vec![two, one]));
    }
}
