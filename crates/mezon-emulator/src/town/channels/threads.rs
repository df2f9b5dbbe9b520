//! Threads: channels that belong to another one.

use mezon_proto::{api, realtime};

use super::in_clans::{open, set_archived};
use super::{Channel, THREAD, described, members, page};
use crate::failure::Failure;
use crate::town::{Act, Done, Town, named};

/// Makes a thread in a channel that the caller may write into.
pub(super) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateChannelDescRequest,
) -> Result<Done<api::ChannelDescription>, Failure> {
    if request.parent_id == 0 {
        return Err(Failure::invalid("a thread needs a parent"));
    }
    let parent = town.channel_to_write(act, request.parent_id)?;
    if parent.kind == THREAD {
        return Err(Failure::invalid("a thread cannot have threads"));
    }
    if parent.clan == 0 || ![0, parent.clan].contains(&request.clan_id) {
        return Err(Failure::invalid("the parent of a thread is a channel of its clan"));
    }
    for user in &request.user_ids {
        if !town.may_see(*user, parent) {
            return Err(Failure::not_found("user not found"));
        }
    }
    let mut thread = Channel {
        id: act.id(),
        kind: THREAD,
        clan: parent.clan,
        category: parent.category,
        parent: parent.id,
        label: named(&request.channel_label, "channel_label")?,
        creator: act.by,
        created: act.now(),
        private: request.channel_private != 0,
        ..Channel::default()
    };
    thread.add(&request.user_ids);
    thread.add(&[act.by]);
    Ok(open(town, act, thread))
}

/// The threads of a channel, the newest first; archived ones are left out.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListThreadRequest,
) -> Result<api::ChannelDescListNoPool, Failure> {
    let threads = below(town, act, request.channel_id)?;
    let mut wanted: Vec<&Channel> = threads.filter(|thread| [0, thread.id].contains(&request.thread_id)).collect();
    wanted.reverse();
    let page = page(&wanted, request.limit, request.page);
    Ok(api::ChannelDescListNoPool { channeldesc: described(town, act, page), page: request.page })
}

/// The threads of a channel whose name has a text in it, in any case.
pub(crate) fn search(
    town: &Town,
    act: &Act<'_>,
    request: api::SearchThreadRequest,
) -> Result<api::ChannelDescList, Failure> {
    let wanted = request.label.trim().to_lowercase();
    let found = below(town, act, request.channel_id)?.filter(|thread| thread.label.to_lowercase().contains(&wanted));
    Ok(api::ChannelDescList { channeldesc: described(town, act, &found.collect::<Vec<_>>()) })
}

/// The caller leaves a thread.
pub(crate) fn leave(town: &mut Town, act: &Act<'_>, request: api::LeaveThreadRequest) -> Result<Done<()>, Failure> {
    let thread = town.channel_for(act.by, request.channel_id)?.clone();
    if thread.kind != THREAD {
        return Err(Failure::invalid("the channel is no thread"));
    }
    if !thread.has(act.by) {
        return Err(Failure::not_found("user not found"));
    }
    Ok(members::without(town, thread, &[act.by]))
}

/// Brings a thread back that was archived.
pub(crate) fn reopen(
    town: &mut Town,
    act: &Act<'_>,
    request: realtime::ActiveArchivedThread,
) -> Result<Done<()>, Failure> {
    set_archived(town, act, request.channel_id, false)
}

/// The threads of a channel that the caller may see.
fn below<'a>(town: &'a Town, act: &Act<'_>, parent: i64) -> Result<impl Iterator<Item = &'a Channel>, Failure> {
    let (parent, by) = (town.channel_for(act.by, parent)?.id, act.by);
    let threads = town.channels.iter().filter(move |channel| channel.parent == parent && !channel.archived);
    Ok(threads.filter(move |thread| town.may_see(by, thread)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::channels;
    use crate::town::testing::Place;

    fn labels(place: &Place, user: i64, parent: i64) -> Vec<String> {
        let request = api::ListThreadRequest { channel_id: parent, ..Default::default() };
        place.seen(user, list, request).channeldesc.into_iter().map(|thread| thread.channel_label).collect()
    }

    #[test]
    fn a_thread_belongs_to_a_channel_of_a_clan() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let parent = place.welcome(clan);
        let thread = place.thread(2, parent, "lunch", &[1]);
        let made = place.seen(1, channels::detail, api::ListChannelDetailRequest { channel_id: thread });
        assert_eq!((made.parent_id, made.clan_id, made.r#type), (parent, clan, THREAD));
        let request = |parent_id: i64| api::CreateChannelDescRequest {
            r#type: THREAD,
            parent_id,
            channel_label: "x".to_owned(),
            ..Default::default()
        };
        place.refused(2, channels::create, request(thread), "a thread cannot have threads");
        place.refused(2, channels::create, request(0), "a thread needs a parent");
        let dm = place.dm(1, 2);
        let elsewhere = "the parent of a thread is a channel of its clan";
        place.refused(2, channels::create, request(dm), elsewhere);
        let other = api::CreateChannelDescRequest { clan_id: 404, ..request(parent) };
        place.refused(2, channels::create, other, elsewhere);
        let stranger = api::CreateChannelDescRequest { user_ids: vec![9], ..request(parent) };
        place.refused(2, channels::create, stranger, "user not found");
    }

    #[test]
    fn threads_are_listed_found_and_left() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let parent = place.welcome(clan);
        let lunch = place.thread(1, parent, "Lunch today", &[2]);
        place.thread(1, parent, "Games", &[]);
        assert_eq!(labels(&place, 3, parent), ["Games", "Lunch today"]);
        let query = api::SearchThreadRequest { channel_id: parent, label: "LUNCH".to_owned(), ..Default::default() };
        let found = place.seen(3, search, query).channeldesc;
        assert_eq!(found.iter().map(|thread| thread.channel_id).collect::<Vec<_>>(), [lunch]);

        let leave_it = |channel_id| api::LeaveThreadRequest { clan_id: clan, channel_id };
        place.done(2, leave, leave_it(lunch));
        assert_eq!(place.town.channel(lunch).unwrap().members, [1]);
        place.refused(2, leave, leave_it(lunch), "user not found");
        place.refused(2, leave, leave_it(parent), "the channel is no thread");
    }

    #[test]
    fn an_archived_thread_comes_back() {
        let mut place = Place::default();
        let clan = place.clan(1, &[]);
        let parent = place.welcome(clan);
        let thread = place.thread(1, parent, "lunch", &[]);
        let away = api::ArchiveChannelRequest { clan_id: clan, channel_id: thread };
        place.done(1, channels::in_clans::archive, away);
        assert!(labels(&place, 1, parent).is_empty());
        place.done(1, reopen, realtime::ActiveArchivedThread { clan_id: clan, channel_id: thread });
        assert_eq!(labels(&place, 1, parent), ["lunch"]);
    }

    #[test]
    fn a_private_thread_is_for_those_in_it() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let request = api::CreateChannelDescRequest {
            r#type: THREAD,
            parent_id: place.welcome(clan),
            channel_label: "secret".to_owned(),
            channel_private: 1,
            user_ids: vec![3],
            ..Default::default()
        };
        let thread = place.done(2, channels::create, request).answer.channel_id;
        assert!(place.town.channel_for(3, thread).is_ok());
        let clan2 = place.town.channel(thread).unwrap().clan;
        place.enter(clan2, 4);
        assert!(place.town.channel_for(4, thread).is_err());
    }
}
