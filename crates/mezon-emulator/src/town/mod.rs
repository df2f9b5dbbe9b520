//! The town: people, clans, channels and who may do what, as plain state without a network, a clock or a store.
//!
//! # How an operation is written
//!
//! One file per subject holds its records and its operations. An operation that changes something is a function
//!
//! ```text
//! fn rename(town: &mut Town, act: &Act<'_>, request: Request) -> Result<Done<Answer>, Failure>
//! ```
//!
//! and one that only reads is `fn list(town: &Town, act: &Act<'_>, request: Request) -> Result<Answer, Failure>`.
//!
//! - [`Act`] says who asks and when, makes ids, and knows who is online. There is no other source of time or ids.
//! - Change what you like, in any order, and refuse with `?` at any point: the [tables](Table) remember what was there
//!   before, and an operation that fails has changed nothing.
//! - What a table changed is written to the store in one transaction before the client gets its answer. Messages are
//!   no records; [`Done::write`] puts them into the same transaction.
//! - [`Done`] carries the answer and the events, each with its [`Audience`]. They go out in this order after the
//!   transaction, and no other operation comes in between: [`Gateway::change`](crate::gateway::Gateway::change).
//!
//! # How a subject is added
//!
//! 1. A file here: a struct that derives `Serialize` and `Deserialize` and is a [`Record`], and its operations.
//! 2. A [`Table`] of it in [`Town`], in both lists.
//! 3. A file in [`rpc`](crate::rpc) with a `call` that names the methods, and a line in the list of subjects there.
//! 4. Tests on the bare `Town` with [`testing`], and one or two over the wire in `tests/emulator/`.
//! 5. Its rows in `proto/contract/support.tsv`, then `cargo xtask codegen`.

pub(crate) mod activities;
pub(crate) mod bans;
pub(crate) mod categories;
pub(crate) mod channels;
pub(crate) mod clan_events;
pub(crate) mod clans;
pub(crate) mod clicks;
mod describe;
pub(crate) mod emojis;
pub(crate) mod friends;
pub(crate) mod invites;
pub(crate) mod marks;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod notices;
pub(crate) mod overrides;
pub(crate) mod people;
pub(crate) mod permissions;
pub(crate) mod pins;
pub(crate) mod polls;
pub(crate) mod profiles;
#[cfg(test)]
mod properties;
pub(crate) mod quick_menus;
pub(crate) mod reading;
pub(crate) mod reports;
pub(crate) mod roles;
mod table;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod topics;
pub(crate) mod voice;
pub(crate) mod webhooks;
pub(crate) mod whispers;
pub(crate) mod wishes;

use std::collections::{BTreeMap, HashMap};

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;

use crate::failure::Failure;
use crate::snowflake::Snowflakes;
use crate::store::{Row, StoreError, Write};
use activities::Activity;
use bans::Ban;
use categories::Category;
use channels::{Channel, page_limit};
use clan_events::ClanEvent;
use clans::Clan;
use emojis::{Emoji, Sticker};
use friends::Tie;
use invites::Invite;
use marks::Mark;
use members::Member;
use notices::Notice;
use overrides::Override;
use people::User;
use pins::Pin;
use polls::Poll;
use quick_menus::QuickMenu;
use reading::Seen;
use reports::Report;
use roles::Role;
use table::AnyTable;
pub(crate) use table::{Key, Record, Table};
use topics::Topic;
use voice::Room;
use webhooks::Webhook;
use whispers::Whispers;
use wishes::Wish;

/// All that the emulator knows but messages, uploads and refresh tokens.
#[derive(Debug, Default)]
pub(crate) struct Town {
    pub(crate) users: Table<User>,
    pub(crate) clans: Table<Clan>,
    pub(crate) members: Table<Member>,
    pub(crate) roles: Table<Role>,
    pub(crate) categories: Table<Category>,
    pub(crate) channels: Table<Channel>,
    pub(crate) invites: Table<Invite>,
    pub(crate) bans: Table<Ban>,
    pub(crate) overrides: Table<Override>,
    pub(crate) marks: Table<Mark>,
    pub(crate) ties: Table<Tie>,
    pub(crate) notices: Table<Notice>,
    pub(crate) wishes: Table<Wish>,
    pub(crate) activities: Table<Activity>,
    pub(crate) clan_events: Table<ClanEvent>,
    pub(crate) emojis: Table<Emoji>,
    pub(crate) stickers: Table<Sticker>,
    pub(crate) webhooks: Table<Webhook>,
    pub(crate) pins: Table<Pin>,
    pub(crate) topics: Table<Topic>,
    pub(crate) polls: Table<Poll>,
    pub(crate) quick_menus: Table<QuickMenu>,
    pub(crate) seen: Table<Seen>,
    pub(crate) reports: Table<Report>,
    /// The newest message of each channel. No record: it is read from the messages at the start.
    pub(crate) newest: HashMap<i64, api::ChannelMessageHeader>,
    /// The voice rooms in which somebody is, by channel. No records.
    rooms: BTreeMap<i64, Room>,
    /// Ephemeral messages. No records: nothing of them is stored.
    pub(crate) whispers: Whispers,
}

impl Town {
    /// All tables: one that is missing here is not stored.
    fn tables(&mut self) -> [&mut dyn AnyTable; 24] {
        [
            &mut self.users,
            &mut self.clans,
            &mut self.members,
            &mut self.roles,
            &mut self.categories,
            &mut self.channels,
            &mut self.invites,
            &mut self.bans,
            &mut self.overrides,
            &mut self.marks,
            &mut self.ties,
            &mut self.notices,
            &mut self.wishes,
            &mut self.activities,
            &mut self.clan_events,
            &mut self.emojis,
            &mut self.stickers,
            &mut self.webhooks,
            &mut self.pins,
            &mut self.topics,
            &mut self.polls,
            &mut self.quick_menus,
            &mut self.seen,
            &mut self.reports,
        ]
    }

    /// Builds the town from the rows of a store.
    pub(crate) fn load(rows: Vec<Row>) -> Result<Self, StoreError> {
        let mut town = Self::default();
        for row in rows {
            let mut tables = town.tables().into_iter();
            let table = tables.find(|table| table.kind() == row.kind);
            let unknown = || StoreError::new("the database holds records of an unknown kind", row.kind.clone());
            table.ok_or_else(unknown)?.load(&row.body)?;
        }
        Ok(town)
    }

    /// What the operation under way has changed, for the store.
    pub(crate) fn changes(&mut self) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        for table in self.tables() {
            table.changes(&mut writes)?;
        }
        Ok(writes)
    }

    /// Ends the operation under way: its changes stay.
    pub(crate) fn keep(&mut self) {
        self.tables().into_iter().for_each(AnyTable::keep);
    }

    /// Ends the operation under way: all records are as before.
    pub(crate) fn roll_back(&mut self) {
        self.tables().into_iter().for_each(AnyTable::roll_back);
    }

    /// All records, as the store has them.
    #[cfg(test)]
    fn rows(&mut self) -> Vec<Row> {
        self.tables().into_iter().flat_map(|table| table.rows()).collect()
    }

    /// The highest id that the emulator made, 0 when there is none.
    pub(crate) fn last_id(&mut self) -> i64 {
        self.tables().into_iter().map(|table| table.last_id()).max().unwrap_or(0)
    }
}

/// The circumstances of an operation.
pub(crate) struct Act<'a> {
    /// Who asks.
    pub(crate) by: i64,
    /// Milliseconds since the Unix epoch.
    pub(crate) now_ms: u64,
    pub(crate) ids: &'a Snowflakes,
    /// Whether a user has an open socket.
    pub(crate) online: &'a (dyn Fn(i64) -> bool + Sync),
}

impl Act<'_> {
    /// Seconds since the Unix epoch.
    pub(crate) fn now(&self) -> u32 {
        u32::try_from(self.now_ms / 1000).unwrap_or(u32::MAX)
    }

    /// A new id, higher than all before.
    pub(crate) fn id(&self) -> i64 {
        self.ids.next_at(self.now_ms)
    }
}

/// What came of an operation.
#[derive(Debug)]
pub(crate) struct Done<A> {
    pub(crate) answer: A,
    pub(crate) pushes: Vec<Push>,
    /// What is to be stored beside the records, such as messages.
    pub(crate) writes: Vec<Write>,
}

impl<A> Done<A> {
    pub(crate) fn new(answer: A) -> Self {
        Self { answer, pushes: Vec::new(), writes: Vec::new() }
    }

    /// Tells something to those whom it concerns, after what was added before.
    pub(crate) fn push(mut self, to: Audience, message: Message) -> Self {
        self.pushes.push(Push { to, message });
        self
    }

    /// Stores something in the transaction of the operation.
    pub(crate) fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }
}

/// An event, and who is to hear it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Push {
    pub(crate) to: Audience,
    pub(crate) message: Message,
}

/// Who hears an event. It is resolved to sockets when the operation has ended, by the town as it is then: what a
/// removal tells of a private channel goes to [`Users`](Self::Users) who are picked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// All sockets of these users, whatever they have joined.
    Users(Vec<i64>),
    /// The sockets that have joined a channel, or its clan, of those who may see it.
    Channel(i64),
    /// Those, and all sockets of these users.
    ChannelAnd(i64, Vec<i64>),
    /// The sockets that have joined a clan, of its members.
    Clan(i64),
    /// Those, and all sockets of these users.
    ClanAnd(i64, Vec<i64>),
}

/// `status` of the events of categories and roles: it is new.
pub(crate) const MADE: i32 = 1;
/// `status` of the events of categories and roles: it is different.
pub(crate) const CHANGED: i32 = 2;
/// `status` of the events of categories and roles: it is no more.
pub(crate) const GONE: i32 = 3;

/// A name out of a request, without blanks around it.
fn named(name: &str, field: &str) -> Result<String, Failure> {
    let name = name.trim();
    if name.is_empty() { Err(Failure::invalid(format!("{field} is required"))) } else { Ok(name.to_owned()) }
}

/// A page of a list that starts after the element that the cursor names, and the cursor of the next one, empty at the end.
/// Without a limit it is the whole rest.
fn after_cursor<'a, T>(
    all: &'a [T],
    cursor: &str,
    limit: i32,
    id: impl Fn(&T) -> i64,
) -> Result<(&'a [T], String), Failure> {
    let position = |cursor: &str| {
        let after: i64 = cursor.parse().ok()?;
        Some(all.iter().position(|element| id(element) == after)? + 1)
    };
    let start = if cursor.is_empty() { Some(0) } else { position(cursor) };
    let start = start.ok_or_else(|| Failure::invalid("cursor is none of this list"))?;
    let rest = all.get(start..).unwrap_or_default();
    let page = if limit <= 0 { rest } else { rest.get(..page_limit(limit)).unwrap_or(rest) };
    let last = page.last().filter(|_| page.len() < rest.len());
    Ok((page, last.map(|last| id(last).to_string()).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_stored() {
        let mut town = Town::default();
        let shown = format!("{town:?}");
        assert_eq!(shown.matches("Table {").count(), town.tables().len(), "a table is missing in `Town::tables`");
    }

    #[test]
    fn a_record_of_an_unknown_kind_is_an_error() {
        let row = Row { kind: "castle".to_owned(), body: b"{}".to_vec() };
        let refused = Town::load(vec![row]).unwrap_err();
        assert_eq!(refused.to_string(), "the database holds records of an unknown kind");
        let damaged = Row { kind: "user".to_owned(), body: b"{".to_vec() };
        assert_eq!(Town::load(vec![damaged]).unwrap_err().to_string(), "a stored record is damaged");
    }
}
