//! A store that lives as long as the emulator.

use std::collections::{BTreeMap, HashMap, HashSet};

use mezon_proto::api;

use super::{Direction, Page, Row, Store, StoreError, Upload, Write};
use crate::town::Key;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    secret: Option<[u8; 32]>,
    records: BTreeMap<(&'static str, Key), Vec<u8>>,
    /// Messages of each channel by id, that is, by age.
    messages: HashMap<i64, BTreeMap<i64, api::ChannelMessage>>,
    uploads: HashMap<String, Upload>,
    refresh_tokens: HashSet<String>,
}

impl Store for Memory {
    fn secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(*self.secret.get_or_insert(fresh))
    }

    fn last_id(&mut self) -> Result<i64, StoreError> {
        let newest = self.messages.values().filter_map(|of| of.last_key_value());
        Ok(newest.map(|(&id, _)| id).max().unwrap_or(0))
    }

    fn records(&mut self) -> Result<Vec<Row>, StoreError> {
        let rows = self.records.iter().map(|((kind, _), body)| Row { kind: (*kind).to_owned(), body: body.clone() });
        Ok(rows.collect())
    }

    fn commit(&mut self, writes: Vec<Write>) -> Result<(), StoreError> {
        for write in writes {
            match write {
                Write::Record { kind, key, body: Some(body) } => {
                    self.records.insert((kind, key), body);
                }
                Write::Record { kind, key, body: None } => {
                    self.records.remove(&(kind, key));
                }
                Write::Message(message) => {
                    let of = self.messages.entry(message.channel_id).or_default();
                    of.insert(message.message_id, *message);
                }
                Write::NoMessages { channel } => {
                    self.messages.remove(&channel);
                }
                Write::NoMessage { channel, id } => {
                    if let Some(of) = self.messages.get_mut(&channel) {
                        of.remove(&id);
                    }
                }
            }
        }
        Ok(())
    }

    fn message(&mut self, channel: i64, id: i64) -> Result<Option<api::ChannelMessage>, StoreError> {
        Ok(self.messages.get(&channel).and_then(|of| of.get(&id)).cloned())
    }

    fn messages(&mut self, page: &Page) -> Result<Vec<api::ChannelMessage>, StoreError> {
        let Some(all) = self.messages.get(&page.channel) else { return Ok(Vec::new()) };
        let wanted = |message: &&api::ChannelMessage| page.topic == 0 || message.topic_id == page.topic;
        let older =
            |limit: usize| all.range(..page.cursor).rev().map(|(_, message)| message).filter(wanted).take(limit);
        let newer = |from: i64, limit: usize| all.range(from..).map(|(_, message)| message).filter(wanted).take(limit);
        let newest_first = |newer: Vec<&api::ChannelMessage>| newer.into_iter().rev().cloned().collect::<Vec<_>>();

        Ok(match page.direction {
            _ if page.cursor == 0 => all.values().rev().filter(wanted).take(page.limit).cloned().collect(),
            Direction::Before => older(page.limit).cloned().collect(),
            Direction::After => newest_first(newer(page.cursor.saturating_add(1), page.limit).collect()),
            Direction::Around => {
                let before = page.limit / 2;
                let mut around = newest_first(newer(page.cursor, page.limit - before).collect());
                around.extend(older(before).cloned());
                around
            }
        })
    }

    fn upload(&mut self, key: &str) -> Result<Option<Upload>, StoreError> {
        Ok(self.uploads.get(key).cloned())
    }

    fn put_upload(&mut self, upload: &Upload) -> Result<(), StoreError> {
        self.uploads.insert(upload.key.clone(), upload.clone());
        Ok(())
    }

    fn add_refresh_token(&mut self, id: &str) -> Result<(), StoreError> {
        self.refresh_tokens.insert(id.to_owned());
        Ok(())
    }

    fn has_refresh_token(&mut self, id: &str) -> Result<bool, StoreError> {
        Ok(self.refresh_tokens.contains(id))
    }

    fn remove_refresh_token(&mut self, id: &str) -> Result<bool, StoreError> {
        Ok(self.refresh_tokens.remove(id))
    }
}
