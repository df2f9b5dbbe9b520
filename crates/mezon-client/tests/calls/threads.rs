//! Threads and the archive.

use mezon_client::calls::ChannelDraft;
use mezon_client::mezon_api::ApiErrorKind;
use mezon_client::mezon_model::{Channel, ChannelType, event};

use crate::clan_of_two::ClanOfTwo;
use crate::support::{MINH, denied, refused};

fn labels(threads: &[Channel]) -> Vec<&str> {
    threads.iter().map(Channel::label).collect()
}

#[tokio::test]
async fn threads_are_made_listed_found_and_left() {
    let ClanOfTwo { emulator: _town, clan, general, mut linh, mut minh } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let thread = channels.create(ChannelDraft::thread(&general, "lunch today").private([MINH])).await.unwrap();
    assert_eq!((thread.kind(), thread.parent_id()), (ChannelType::Thread, general.id()));
    let seen: event::ChannelCreated = minh.sees().await;
    assert_eq!((seen.parent_id, seen.channel_type), (general.id(), ChannelType::Thread));
    channels.create(ChannelDraft::thread_in(clan.id, general.id(), "games")).await.unwrap();
    let threads = channels.threads(clan.id, general.id()).all().await.unwrap();
    assert_eq!(labels(&threads), ["games", "lunch today"]);
    let found = minh.client.channels().search_threads(clan.id, general.id(), "LUNCH").await.unwrap();
    assert_eq!(labels(&found), ["lunch today"]);

    minh.client.channels().leave(&thread.target()).await.unwrap();
    let left: event::ChannelMembersRemoved = linh.sees().await;
    assert_eq!((left.channel_id, left.channel_type, left.user_ids), (thread.id(), ChannelType::Thread, vec![MINH]));
}

#[tokio::test]
async fn a_thread_in_a_thread_is_refused_before_any_request_where_that_is_known() {
    let ClanOfTwo { emulator, clan, general, linh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let thread = channels.create(ChannelDraft::thread(&general, "lunch")).await.unwrap();
    let before = emulator.stats();
    let problem = refused(channels.create(ChannelDraft::thread(&thread, "dessert")).await);
    assert_eq!(problem, "a thread has no threads: make it under the channel of the thread");
    assert_eq!(refused(channels.search_threads(clan.id, general.id(), "").await), "the name is empty");
    assert_eq!(emulator.stats(), before);
    let by_id = channels.create(ChannelDraft::thread_in(clan.id, thread.id(), "dessert")).await;
    let ApiErrorKind::Status { message, .. } = denied(by_id) else { panic!("another refusal") };
    assert_eq!(message.as_deref(), Some("a thread cannot have threads"));
}

#[tokio::test]
async fn a_thread_goes_to_the_archive_and_comes_back() {
    let ClanOfTwo { emulator: _town, clan, general, linh, mut minh } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let thread = channels.create(ChannelDraft::thread(&general, "lunch")).await.unwrap();
    channels.archive(clan.id, thread.id()).await.unwrap();
    let away: event::ChannelArchived = minh.sees().await;
    assert_eq!((away.channel_id, away.label.as_str()), (thread.id(), "lunch"));
    assert_eq!(labels(&channels.archived(clan.id).await.unwrap()), ["lunch"]);
    assert_eq!(channels.threads(clan.id, general.id()).all().await.unwrap(), []);
    channels.unarchive(clan.id, thread.id()).await.unwrap();
    minh.sees::<event::ChannelArchived>().await;
    assert_eq!(channels.archived(clan.id).await.unwrap(), []);
    assert_eq!(labels(&channels.threads(clan.id, general.id()).all().await.unwrap()), ["lunch"]);
}
