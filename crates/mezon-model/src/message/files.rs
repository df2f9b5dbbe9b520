//! Files of a message that was posted before they were there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ChannelMessage;
use crate::attachment::{Attachment, FileState};
use crate::kind::MessageCode;

impl ChannelMessage {
    /// Whether it tells that files of the message with the same id have arrived, which was posted before them. On the wire
    /// that is an update of its content.
    ///
    /// What it said before is not known here. So an update counts as an arrival if its content lists arrived files and files
    /// were still waited for, at most [`FileState::DEAD_AFTER`] after the message was posted; who edits a text in that time
    /// and keeps the list looks the same. [`ChannelMessage::arrived_since`] compares with the message of before.
    pub fn is_arrival(&self) -> bool {
        let waited = self.update_time_seconds().saturating_sub(self.create_time_seconds());
        self.code() == MessageCode::Update
            && !self.raw_attachments().is_empty()
            && u64::from(waited) <= FileState::DEAD_AFTER.as_secs()
            && self.content().arrived_files().is_some_and(|keys| !keys.is_empty())
    }

    /// The files that have arrived between `before` and this state of the same message.
    pub fn arrived_since<'a>(&'a self, before: &ChannelMessage) -> Vec<&'a Attachment> {
        let Some(known) = before.content().arrived_files() else { return Vec::new() };
        let now = self.content().arrived_files();
        let has = |keys: &[String], key: &str| keys.iter().any(|known| known == key);
        let is_new = |file: &&Attachment| {
            let key = file.key();
            file.may_be_announced() && !has(&known, key) && now.as_ref().is_none_or(|keys| has(keys, key))
        };
        self.attachments().iter().filter(is_new).collect()
    }

    /// Whether the bytes of `file`, an attachment of this message, are there at `now`.
    pub fn file_state(&self, file: &Attachment, now: SystemTime) -> FileState {
        let arrived = self.content().arrived_files();
        let has_arrived = arrived.is_none_or(|keys| keys.iter().any(|key| key == file.key()));
        if has_arrived || !file.may_be_announced() {
            return FileState::Ready;
        }
        let posted = UNIX_EPOCH + Duration::from_secs(self.create_time_seconds().into());
        match now.duration_since(posted) {
            Ok(age) if age > FileState::DEAD_AFTER => FileState::Dead,
            _ => FileState::Pending,
        }
    }
}
