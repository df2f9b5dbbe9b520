//! How large an answer may be, and what it may become.

use mezon_api::{ApiErrorKind, methods};
use mezon_proto::api;
use mezon_proto::api::clan_user_list::ClanUser;
use prost::Message as _;

use crate::support::{Peer, USER, answer, session};

/// A clan of more than 20,000 members was taken for an attack.
#[tokio::test]
async fn a_clan_of_30_000_members_is_listed() {
    let member = |id: i64| ClanUser {
        user: Some(api::User {
            id: USER + id,
            username: format!("member.number.{id}"),
            display_name: format!("Thành viên số {id}"),
            avatar_url: format!("https://cdn.mezon.ai/avatars/{id}/picture.png"),
            ..api::User::default()
        }),
        clan_nick: format!("bạn {id}"),
        role_id: vec![1_840_651_202_342_719_489, 1_840_651_202_342_719_490],
        ..ClanUser::default()
    };
    let list = api::ClanUserList { clan_users: (0..30_000).map(member).collect(), ..Default::default() };
    let body = list.encode_to_vec();
    let peer = Peer::start([answer(200, "Content-Type: application/proto\r\n", &body)]).await;
    let request = api::ListClanUsersRequest { clan_id: 7 };
    let read = peer.client().call(methods::LIST_CLAN_USERS, &request).await.unwrap();
    assert_eq!(read.clan_users.len(), 30_000);

    let narrow = peer.gateway().decoded_limit(16 << 20).build().unwrap().resume(session("1", 3_600)).unwrap();
    let error = narrow.call(methods::LIST_CLAN_USERS, &request).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::BodyTooLarge { limit: 16 << 20 }, "{} on the wire", body.len());
}
