//! People and clans of an emulator, set up and moved from code: no client is needed for them.
//!
//! What a person does here is what a client of theirs could do: others hear of it, and it is refused where a client would
//! be refused.

mod clan;

use std::sync::Arc;

use mezon_proto::api::CreateChannelDescRequest;
use mezon_proto::api::CreateClanDescRequest;
use mezon_proto::realtime::ChannelMessageSend;
use serde_json::json;

pub use clan::Clan;

use crate::emulator::Emulator;
use crate::error::EmulatorError;
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::town::channels::{self, DIRECT, GROUP};
use crate::town::people::{self, User};
use crate::town::{Act, Done, Town, clans};

/// Somebody in an emulator, who acts without a client.
///
/// A client that signs in with the same id is the same person; one that signs in with the name alone is, too.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use mezon_emulator::Emulator;
///
/// let emulator = Emulator::start().await?;
/// let (linh, minh) = (emulator.person("linh").await?, emulator.person("minh").await?);
/// let clan = linh.found_clan("Book club").await?;
/// clan.let_in(&minh).await?;
/// let channel = clan.add_text_channel("readings").await?;
/// linh.say(channel, "Chapter three, everybody!").await?;
/// # emulator.shutdown().await;
/// # Ok::<(), mezon_emulator::EmulatorError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Person {
    gateway: Arc<Gateway>,
    id: i64,
    username: String,
}

impl Emulator {
    /// The person of a name, who is made when there is none.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) for an empty name,
    /// [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when the person cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the person may have been made.
    pub async fn person(&self, username: &str) -> Result<Person, EmulatorError> {
        let user = self.gateway().change(0, people::resident, (None, username.to_owned())).await?;
        Ok(Person::new(self.gateway(), user))
    }

    /// The person of an id, who is made when there is none, and has this name from now on.
    ///
    /// # Errors
    ///
    /// As [`person`](Self::person), and `Refused` for an id below 1.
    ///
    /// # Cancel safety
    ///
    /// As [`person`](Self::person).
    pub async fn person_with_id(&self, id: i64, username: &str) -> Result<Person, EmulatorError> {
        let user = self.gateway().change(0, people::resident, (Some(id), username.to_owned())).await?;
        Ok(Person::new(self.gateway(), user))
    }
}

impl Person {
    pub(crate) fn new(gateway: &Arc<Gateway>, User { id, username, .. }: User) -> Self {
        Self { gateway: Arc::clone(gateway), id, username }
    }

    /// The id of the user.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The unique name of the user.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Opens the direct conversation with somebody; gives its id. The same two share one.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) for oneself and behind a block,
    /// [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the conversation may have been opened.
    pub async fn open_direct(&self, with: &Person) -> Result<i64, EmulatorError> {
        self.converse(DIRECT, &[with]).await
    }

    /// Makes a group conversation; gives its id.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) without anybody else,
    /// [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the group may have been made.
    pub async fn open_group(&self, with: &[&Person]) -> Result<i64, EmulatorError> {
        self.converse(GROUP, with).await
    }

    /// Writes a text into a channel or conversation; gives the id of the message.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) when the person may not write there or the text is
    /// too long, [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the message may have been stored and not delivered.
    pub async fn say(&self, channel_id: i64, text: &str) -> Result<i64, EmulatorError> {
        let content = json!({ "t": text }).to_string();
        let request = ChannelMessageSend { channel_id, content, ..Default::default() };
        Ok(self.gateway.send_message(&self.caller(), request).await?.message_id)
    }

    /// Makes a clan that belongs to the person, with a text channel named `general`.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`](crate::EmulatorErrorKind::Refused) for an empty name,
    /// [`EmulatorErrorKind::Storage`](crate::EmulatorErrorKind::Storage) when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the clan may have been made.
    pub async fn found_clan(&self, name: &str) -> Result<Clan, EmulatorError> {
        let request = CreateClanDescRequest { clan_name: name.to_owned(), ..Default::default() };
        let made = self.act(clans::create, request).await?;
        Ok(Clan::new(self.clone(), made.clan_id, made.welcome_channel_id))
    }

    async fn converse(&self, kind: i32, with: &[&Person]) -> Result<i64, EmulatorError> {
        let user_ids = with.iter().map(|person| person.id).collect();
        let request = CreateChannelDescRequest { r#type: kind, user_ids, ..Default::default() };
        Ok(self.act(channels::create, request).await?.channel_id)
    }

    /// Does what a client of the person could do.
    async fn act<R, A>(
        &self,
        operation: impl FnOnce(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
        request: R,
    ) -> Result<A, EmulatorError> {
        Ok(self.gateway.change(self.id, operation, request).await?)
    }

    /// The person as the maker of a request that came without a client.
    pub(crate) fn caller(&self) -> Caller {
        Caller { user: self.id, username: self.username.clone(), token: 0, host: String::new() }
    }
}

/// Shows who it is, and not the emulator.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}
