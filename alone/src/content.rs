//! Messages: written and read.

use mezon_light::interactive::Button;
use mezon_light::{
    Attachment, CONTENT_LIMIT, ChannelMessage, ContentBuilder, ContentError, Draft, DraftError, EmojiId, EmojiMark,
    HashtagMark, Mark, MarkKind, Mention, MessageCode, MessageContent, MessageParts, ParseIdError, Reaction, Reference,
    RoleId, SendMessagePayload, Span, StreamMode, UserId,
};

/// A rich message.
///
/// # Errors
/// When it is too long, or has a key that cannot be written.
pub fn write(channel: i64, file: Attachment) -> Result<SendMessagePayload, DraftError> {
    let content: ContentBuilder = MessageContent::builder().text("hello ").emoji(EmojiId::new(5), ":wave:");
    let draft: Draft = content.mention_role(RoleId::new(9), "@team").row([Button::primary("yes", "Yes")]).build();
    let json = draft.check()?;
    debug_assert!(json.len() <= 4 * CONTENT_LIMIT);
    let payload = SendMessagePayload::new(channel, draft).attachment(file.clone()).attachments([file]);
    let payload = payload.hide_link(true).code(MessageCode::Buzz);
    debug_assert_eq!(payload.channel_id().get(), channel);
    Ok(payload)
}

/// The message itself, with a key of the application's own.
///
/// # Errors
/// When the key cannot be written.
pub fn annotated(payload: SendMessagePayload) -> Result<Draft, ContentError> {
    let mut draft = payload.into_draft();
    draft.content.set("origin", "alone")?;
    Ok(draft)
}

/// What is in a message.
pub fn read(message: &ChannelMessage) -> usize {
    let content = message.content();
    let (marks, emojis): (Vec<Mark>, Vec<EmojiMark>) = (content.marks(), content.emojis());
    let (tags, links): (Vec<HashtagMark>, Vec<Span>) = (content.hashtags(), content.links());
    let bold = marks.iter().filter(|mark| mark.kind == MarkKind::Bold).count();
    let (mentions, reactions): (&[Mention], &[Reaction]) = (message.mentions(), message.reactions());
    let answered: &[Reference] = message.references();
    let direct = usize::from(message.mode() == StreamMode::Direct);
    bold + emojis.len() + tags.len() + links.len() + mentions.len() + reactions.len() + answered.len() + direct
}

/// A message for a test.
///
/// # Errors
/// When the text is no id.
pub fn made_up(sender: &str) -> Result<ChannelMessage, ParseIdError> {
    let mut parts = MessageParts::default();
    parts.sender_id = sender.parse::<UserId>()?;
    Ok(parts.into())
}
