//! A clan of Linh's, with Minh in it.

use mezon_client::calls::InviteOptions;
use mezon_client::mezon_model::{Channel, Clan};
use mezon_emulator::Emulator;

use crate::support::{LINH, MINH, emulator, sign_in};
use crate::two::Side;

/// Linh, who owns the clan, and Minh, who is a member. Both are connected and hear what happens in it.
pub(crate) struct ClanOfTwo {
    pub(crate) emulator: Emulator,
    pub(crate) clan: Clan,
    /// The text channel that the clan came with.
    pub(crate) general: Channel,
    pub(crate) linh: Side,
    pub(crate) minh: Side,
}

impl ClanOfTwo {
    pub(crate) async fn made() -> Self {
        let emulator = emulator().await;
        let url = emulator.url();
        let linh = Side::connected(sign_in(&url, LINH, "linh").await).await;
        let minh = Side::connected(sign_in(&url, MINH, "minh").await).await;
        let clan = linh.client.clans().create("Rust Hanoi").await.unwrap();
        let invite = linh.client.clans().create_invite(clan.id, InviteOptions::new()).await.unwrap();
        minh.client.clans().join(invite.id).await.unwrap();
        for side in [&linh, &minh] {
            side.connection.join_clan(clan.id).await.unwrap();
        }
        let general = linh.client.channels().find_in(clan.id, "general").await.unwrap();
        Self { emulator, clan, general, linh, minh }
    }
}
