//! A store that lives as long as the emulator.

use std::collections::{BTreeMap, HashMap, HashSet};

use mezon_proto::api;

use super::{Channel, DIRECT, Direction, Page, Store, StoreError, Upload, User};

#[derive(Debug, Default)]
pub(crate) struct Memory {
    secret: Option<[u8; 32]>,
    users: BTreeMap<i64, User>,
    channels: BTreeMap<i64, Channel>,
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
        let message = self.messages.values().filter_map(|of| of.last_key_value()).map(|(&id, _)| id).max();
        Ok(message.max(self.channels.last_key_value().map(|(&id, _)| id)).unwrap_or(0))
    }

    fn user(&mut self, id: i64) -> Result<Option<User>, StoreError> {
        Ok(self.users.get(&id).cloned())
    }

    fn user_named(&mut self, username: &str) -> Result<Option<User>, StoreError> {
        Ok(self.users.values().find(|user| user.username == username).cloned())
    }

    fn put_user(&mut self, user: &User) -> Result<(), StoreError> {
        self.users.insert(user.id, user.clone());
        Ok(())
    }

    fn channel(&mut self, id: i64) -> Result<Option<Channel>, StoreError> {
        Ok(self.channels.get(&id).cloned())
    }

    fn direct_channel(&mut self, one: i64, other: i64) -> Result<Option<Channel>, StoreError> {
        let found =
            self.channels.values().find(|channel| channel.kind == DIRECT && channel.has(one) && channel.has(other));
        Ok(found.cloned())
    }

    fn channels_of(&mut self, user: i64) -> Result<Vec<Channel>, StoreError> {
        Ok(self.channels.values().filter(|channel| channel.has(user)).cloned().collect())
    }

    fn add_channel(&mut self, channel: &Channel) -> Result<(), StoreError> {
        self.channels.insert(channel.id, channel.clone());
        Ok(())
    }

    fn message(&mut self, channel: i64, id: i64) -> Result<Option<api::ChannelMessage>, StoreError> {
        Ok(self.messages.get(&channel).and_then(|of| of.get(&id)).cloned())
    }

    fn put_message(&mut self, message: &api::ChannelMessage) -> Result<(), StoreError> {
        self.messages.entry(message.channel_id).or_default().insert(message.message_id, message.clone());
        Ok(())
    }

    fn remove_message(&mut self, channel: i64, id: i64) -> Result<(), StoreError> {
        if let Some(of) = self.messages.get_mut(&channel) {
            of.remove(&id);
        }
        Ok(())
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
