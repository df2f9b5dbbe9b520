//! `mez friends`: lists friends, and asks, accepts, removes and blocks.

use clap::{Args, Subcommand, ValueEnum};
use mezon_client::Client;
use mezon_client::calls::names;
use mezon_client::mezon_model::{Friend, FriendState};
use mezon_light::UserId;
use serde::Serialize;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::person::{Person, people};
use crate::place::unnamed;
use crate::table::{Column, Table};

#[derive(Debug, Args)]
#[command(after_help = "Without a command the list is shown.\n\n\
                        Examples:\n  mez friends\n  mez friends add linh\n  mez friends accept binh")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List friends, requests in both directions, and whom you have blocked
    #[command(after_help = "Examples:\n  mez friends list\n  mez friends list --state asks-you")]
    List {
        /// Only those who stand to you like this
        #[arg(long)]
        state: Option<State>,
    },
    /// Ask somebody to be friends
    #[command(after_help = "Examples:\n  mez friends add linh\n  mez friends add 1002")]
    Add {
        /// The user: an id, or the user name
        user: Person,
    },
    /// Accept somebody who has asked
    #[command(after_help = "Example:\n  mez friends accept binh")]
    Accept {
        /// The user: an id, or the name of somebody who has asked
        user: Person,
    },
    /// End a friendship, take a request back, or decline one
    #[command(after_help = "Example:\n  mez friends remove binh")]
    Remove {
        /// The user: an id, or a name in the list
        user: Person,
    },
    /// Block somebody, who can then write you no direct messages
    #[command(after_help = "Example:\n  mez friends block 1002")]
    Block {
        /// The user: an id, or the name of somebody you know
        user: Person,
    },
    /// Lift a block
    #[command(after_help = "Example:\n  mez friends unblock 1002")]
    Unblock {
        /// The user: an id, or the name of somebody you have blocked
        user: Person,
    },
}

/// How somebody stands to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum State {
    /// You are friends
    Friend,
    /// You have asked, and wait
    Asked,
    /// They have asked, and wait
    AsksYou,
    /// You have blocked them
    Blocked,
}

impl State {
    fn of(friend: &Friend) -> Option<Self> {
        match friend.state {
            FriendState::Friend => Some(Self::Friend),
            FriendState::InviteSent => Some(Self::Asked),
            FriendState::InviteReceived => Some(Self::AsksYou),
            FriendState::Blocked => Some(Self::Blocked),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Friend => "friend",
            Self::Asked => "asked",
            Self::AsksYou => "asks you",
            Self::Blocked => "blocked",
        }
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    user_id: UserId,
    username: &'a str,
    display_name: &'a str,
    /// Null for one that this version does not know.
    state: Option<State>,
    online: bool,
}

#[derive(Serialize)]
struct Done {
    event: &'static str,
    /// Null when only the name is known.
    user_id: Option<UserId>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let friends = client.friends();
    let (event, user, id, done) = match &arguments.command {
        None => return list(client, None, output).await,
        Some(Command::List { state }) => return list(client, *state, output).await,
        Some(Command::Add { user: Person::Name(name) }) => {
            let name = name.strip_prefix('@').unwrap_or(name);
            friends.add_by_name(name).await?;
            let object = Done { event: "friend_asked", user_id: None };
            return output.print(&object, format!("{name} is asked to be your friend")).await;
        }
        Some(Command::Add { user: user @ Person::Id(id) }) => {
            friends.add(*id).await?;
            ("friend_asked", user, *id, "is asked to be your friend")
        }
        Some(Command::Accept { user }) => {
            let id = one(client, user, "has asked to be your friend", |state| state == State::AsksYou).await?;
            friends.accept(id).await?;
            ("friend_accepted", user, id, "is your friend")
        }
        Some(Command::Remove { user }) => {
            let id = one(client, user, "is your friend or about to be", |state| state != State::Blocked).await?;
            friends.remove(id).await?;
            ("friend_removed", user, id, "is no friend of yours")
        }
        Some(Command::Block { user }) => {
            let id = people(client, std::slice::from_ref(user)).await?.first().copied().unwrap_or_default();
            friends.block(id).await?;
            ("friend_blocked", user, id, "is blocked")
        }
        Some(Command::Unblock { user }) => {
            let id = one(client, user, "is blocked", |state| state == State::Blocked).await?;
            friends.unblock(id).await?;
            ("friend_unblocked", user, id, "is not blocked any more")
        }
    };
    output.print(&Done { event, user_id: Some(id) }, format!("{user} {done}")).await
}

/// The one in the list that `person` means, among those who stand to the user in a way that is `wanted`.
async fn one(client: &Client, person: &Person, how: &str, wanted: impl Fn(State) -> bool) -> Result<UserId, Failure> {
    let name = match person {
        Person::Id(id) => return Ok(*id),
        Person::Name(name) => name,
    };
    let all = client.friends().list().all().await?;
    let candidates: Vec<Friend> = all.into_iter().filter(|friend| State::of(friend).is_some_and(&wanted)).collect();
    let found = names::find(name, &candidates);
    let unknown = || format!("nobody called {person} {how}");
    let friend = found.map_err(|error| unnamed(&error, "user", person, unknown(), "`mez friends` lists them"))?;
    Ok(friend.user.as_ref().map_or_else(UserId::default, |user| user.id))
}

async fn list(client: &Client, state: Option<State>, output: Output) -> Result<(), Failure> {
    let all = client.friends().list().all().await?;
    let listed: Vec<Listed<'_>> = all
        .iter()
        .filter(|friend| state.is_none() || State::of(friend) == state)
        .filter_map(|friend| {
            let user = friend.user.as_ref()?;
            Some(Listed {
                user_id: user.id,
                username: &user.username,
                display_name: &user.display_name,
                state: State::of(friend),
                online: user.is_online,
            })
        })
        .collect();
    if listed.is_empty() {
        output.status("nobody yet: `mez friends add USER` asks somebody").await?;
    }
    let mut table =
        Table::new([Column::whole("ID"), Column::whole("STATE"), Column::text("USER"), Column::text("NAME")]);
    for Listed { user_id, username, display_name, state, .. } in &listed {
        let state = state.map_or("?", State::words).to_owned();
        table.row([user_id.to_string(), state, (*username).to_owned(), (*display_name).to_owned()]);
    }
    output.list(&listed, &table).await
}
