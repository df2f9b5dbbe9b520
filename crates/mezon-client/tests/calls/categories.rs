//! Categories: made, renamed, ordered, deleted.

use mezon_client::ClientError;
use mezon_client::mezon_api::ApiErrorKind;
use mezon_client::mezon_model::{CategoryId, ClanId, event};

use crate::clan_of_two::ClanOfTwo;
use crate::support::{denied, refused};

#[tokio::test]
async fn a_category_is_made_renamed_put_on_top_and_deleted() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let categories = linh.client.categories();
    let made = categories.create(clan.id, "Projects").await.unwrap();
    assert_eq!((made.name.as_str(), made.clan_id), ("Projects", clan.id));
    let seen: event::CategoryChanged = minh.sees().await;
    assert_eq!((seen.category_id, seen.name.as_str(), seen.status), (made.id, "Projects", 1));

    categories.rename(clan.id, made.id, "Workshops").await.unwrap();
    assert_eq!(minh.sees::<event::CategoryChanged>().await.name, "Workshops");
    let first = categories.list(clan.id).await.unwrap().remove(0).id;
    categories.order(clan.id, &[made.id, first]).await.unwrap();
    let order: Vec<_> = categories.list(clan.id).await.unwrap().into_iter().map(|category| category.id).collect();
    assert_eq!(order, [made.id, first]);
    assert_eq!(categories.find(clan.id, "workshops").await.unwrap().id, made.id);

    assert!(matches!(denied(minh.client.categories().delete(clan.id, made.id).await), ApiErrorKind::Forbidden { .. }));
    categories.delete(clan.id, made.id).await.unwrap();
    let Err(ClientError::Name(_)) = categories.find(clan.id, "workshops").await else { panic!("still there") };
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_any_request() {
    let ClanOfTwo { emulator, clan, linh, .. } = ClanOfTwo::made().await;
    let (categories, none, some) = (linh.client.categories(), CategoryId::default(), CategoryId::new(7));
    let before = emulator.stats();
    assert_eq!(refused(categories.create(clan.id, "").await), "the name is empty");
    assert_eq!(refused(categories.rename(clan.id, some, " ").await), "the name is empty");
    assert_eq!(refused(categories.rename(clan.id, none, "x").await), "the category id 0 is no category");
    assert_eq!(refused(categories.delete(clan.id, none).await), "the category id 0 is no category");
    assert_eq!(refused(categories.order(clan.id, &[]).await), "the order names nothing");
    assert_eq!(refused(categories.order(clan.id, &[some, some]).await), "the order names something twice");
    assert!(refused(categories.list(ClanId::DIRECT).await).starts_with("the clan id 0"));
    assert_eq!(emulator.stats(), before);
}
