//! What holds after any sequence of operations. That what is written is what is there, [`Place`] checks after each.

use mezon_proto::api;
use mezon_proto::realtime::HandleParticipantMeetStateEvent;
use proptest::prelude::*;

use super::channels::{THREAD, in_clans, members as in_channels, threads};
use super::testing::Place;
use super::{bans, channels, clans, members, roles, voice};

/// Users 1 to 4; the first one owns the clan at the start.
const USERS: std::ops::RangeInclusive<i64> = 1..=4;

/// One step of somebody. `pick` picks one of the things that are there.
#[derive(Debug, Clone, Copy)]
struct Step {
    what: u8,
    by: i64,
    of: i64,
    pick: usize,
}

fn step() -> impl Strategy<Value = Step> {
    (0..12_u8, USERS, USERS, 0..8_usize).prop_map(|(what, by, of, pick)| Step { what, by, of, pick })
}

/// Lets the step happen if it may.
fn take(place: &mut Place, clan: i64, Step { what, by, of, pick }: Step) {
    let picked = |place: &Place| {
        let ids: Vec<i64> = place.town.channels.iter().map(|channel| channel.id).collect();
        ids.get(pick % ids.len().max(1)).copied().unwrap_or(0)
    };
    let channel_id = picked(place);
    let role = place.town.roles.iter().nth(pick).map_or(0, |role| role.id);
    let user_ids = vec![of];
    match what {
        0 => place.tried(
            by,
            channels::create,
            api::CreateChannelDescRequest {
                clan_id: clan,
                r#type: [1, 6, 10][pick % 3],
                channel_label: "x".to_owned(),
                channel_private: (pick % 2).try_into().unwrap(),
                user_ids,
                ..Default::default()
            },
        ),
        1 => place.tried(
            by,
            channels::create,
            api::CreateChannelDescRequest {
                r#type: THREAD,
                parent_id: channel_id,
                channel_label: "x".to_owned(),
                user_ids,
                ..Default::default()
            },
        ),
        2 => place.tried(by, in_channels::add, api::AddChannelUsersRequest { channel_id, user_ids }),
        3 => place.tried(by, in_channels::remove, api::RemoveChannelUsersRequest { channel_id, user_ids }),
        4 => place.tried(by, in_clans::delete, api::DeleteChannelDescRequest { clan_id: clan, channel_id }),
        5 => place.tried(by, members::remove, api::RemoveClanUsersRequest { clan_id: clan, user_ids }),
        6 => place.tried(by, members::let_in, (clan, of)),
        7 => place.tried(
            by,
            roles::create,
            api::CreateRoleRequest {
                clan_id: clan,
                title: "x".to_owned(),
                add_user_ids: user_ids,
                active_permission_ids: vec![1 + i64::try_from(pick % 7).unwrap()],
                ..Default::default()
            },
        ),
        8 => place.tried(by, roles::delete, api::DeleteRoleRequest { role_id: role, ..Default::default() }),
        9 => place.tried(by, bans::ban, api::BanClanUsersRequest { clan_id: clan, user_ids, ..Default::default() }),
        10 => place.tried(
            by,
            voice::take_part,
            HandleParticipantMeetStateEvent { channel_id, state: (pick % 2).try_into().unwrap(), ..Default::default() },
        ),
        _ => match pick {
            0 => place.tried(by, clans::transfer, api::TransferOwnershipRequest { clan_id: clan, new_owner_id: of }),
            1 => {
                place.tried(
                    by,
                    bans::unban,
                    api::BanClanUsersRequest { clan_id: clan, user_ids, ..Default::default() },
                );
            }
            2 => place.tried(by, threads::leave, api::LeaveThreadRequest { clan_id: clan, channel_id }),
            _ => place.tried(
                by,
                in_clans::add_roles,
                api::AddRoleChannelDescRequest { role_ids: vec![role], channel_id },
            ),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_is_where_they_do_not_belong(steps in proptest::collection::vec(step(), 1..40)) {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        for step in steps {
            take(&mut place, clan, step);
            let town = &place.town;
            let is_member = |user: i64| town.members.has((clan, user));
            prop_assert!(is_member(town.clan(clan).unwrap().owner), "the owner is a member");
            for channel in town.channels.iter() {
                prop_assert!(channel.members.is_sorted() && channel.members.iter().all(|user| is_member(*user)));
                prop_assert!(USERS.filter(|user| town.may_see(*user, channel)).all(is_member));
                prop_assert!(channel.roles.iter().all(|role| town.roles.has(*role)));
                let parent = town.channels.get(channel.parent);
                prop_assert_eq!(channel.kind == THREAD, parent.is_some(), "a thread has a parent, and nothing else has");
                prop_assert!(parent.is_none_or(|parent| parent.kind != THREAD));
                let sees_above = |user| parent.is_none_or(|parent| town.may_see(user, parent));
                prop_assert!(USERS.filter(|user| town.may_see(*user, channel)).all(sees_above));
            }
            for role in town.roles.iter() {
                prop_assert!(role.members.is_sorted() && role.members.iter().all(|user| is_member(*user)));
            }
            for user in USERS {
                prop_assert!(is_member(user) || !town.is_in_a_room(user));
                prop_assert!(!is_member(user) || !town.bans.has((clan, user)), "who is banned is out");
            }
        }
    }
}
