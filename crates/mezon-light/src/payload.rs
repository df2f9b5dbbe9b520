//! What `send_dm` and `send_group` take.

use mezon_model::{Attachment, ChannelId, Draft, MessageCode};

/// A message for a direct or group channel.
#[derive(Clone, Debug)]
pub struct SendMessagePayload {
    channel_id: ChannelId,
    draft: Draft,
    hide_link: bool,
}

impl SendMessagePayload {
    /// A message with `content` for `channel_id`. A text, a content or a whole [`Draft`] will do.
    pub fn new(channel_id: impl Into<ChannelId>, content: impl Into<Draft>) -> Self {
        Self { channel_id: channel_id.into(), draft: content.into(), hide_link: false }
    }

    /// Adds an attachment that was uploaded before.
    pub fn attachment(mut self, attachment: Attachment) -> Self {
        self.draft.attachments.push(attachment);
        self
    }

    /// Adds attachments that were uploaded before.
    pub fn attachments(mut self, attachments: impl IntoIterator<Item = Attachment>) -> Self {
        self.draft.attachments.extend(attachments);
        self
    }

    /// Whether URLs in the text stay plain. By default they are marked as links, so that clients render them. It says
    /// nothing about whom the message mentions.
    pub fn hide_link(mut self, hide: bool) -> Self {
        self.hide_link = hide;
        self
    }

    /// What kind of message it is: [`MessageCode::Chat`] by default, [`MessageCode::Buzz`] rings.
    pub fn code(mut self, code: MessageCode) -> Self {
        self.draft.code = code;
        self
    }

    /// The channel it goes to.
    pub fn channel_id(&self) -> ChannelId {
        self.channel_id
    }

    /// The message as it will be sent.
    pub fn into_draft(mut self) -> Draft {
        self.prepare();
        self.draft
    }

    /// As [`SendMessagePayload::into_draft`], in place: a draft is large to be handed around for each send.
    pub(crate) fn prepare(&mut self) -> &Draft {
        if !self.hide_link {
            self.draft.mark_links();
        }
        &self.draft
    }
}

#[cfg(test)]
mod tests {
    use mezon_model::{MessageContent, UserId};

    use super::*;

    #[test]
    fn links_are_marked_unless_hidden_and_never_inside_a_mention() {
        let draft = || {
            let text = MessageContent::builder().text("https://a.b ");
            text.mention_user(UserId::new(7), "https://c.d").build()
        };
        let links = |payload: SendMessagePayload| payload.into_draft().content.links().len();
        assert_eq!(links(SendMessagePayload::new(ChannelId::new(1), draft())), 1);
        assert_eq!(links(SendMessagePayload::new(ChannelId::new(1), draft()).hide_link(true)), 0);
    }
}
