//! A message that was received.

#[cfg(feature = "proto")]
mod decode;
mod files;
mod json;
mod packed;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::attachment::Attachment;
use crate::content::{self, MessageContent};
use crate::id::{ChannelId, ClanId, MessageId, TopicId, UserId};
use crate::kind::{ChannelType, MessageCode, StreamMode};
use crate::list;
use crate::mention::Mention;
use crate::reaction::Reaction;
use crate::reference::Reference;
use crate::target::Target;

pub(crate) use self::packed::{List, Numbers, Packed, Pieces, Text};

/// A message that was received: from the socket or from the history of a channel.
///
/// Content and lists are parsed when they are first asked for and kept, so a program that only counts
/// messages does not pay for them. A clone is cheap and shares what is already parsed.
///
/// An edit or a removal arrives as a message too: it carries the id of the original and the
/// [`code`](Self::code) [`MessageCode::Update`] or [`MessageCode::Remove`].
///
/// As JSON it is one object with snake-case keys; ids are strings, `content` is the content object and
/// `text` its plain text.
#[derive(Clone)]
pub struct ChannelMessage {
    shared: Arc<Shared>,
}

/// What a received message is made of, before anything is parsed.
///
/// For transports and for tests: programs that make their own messages fill this in and convert it.
///
/// ```
/// use mezon_model::{ChannelMessage, MessageId, MessageParts};
///
/// let mut parts = MessageParts::default();
/// parts.message_id = MessageId::new(7);
/// parts.content = r#"{"t":"hi"}"#.into();
/// assert_eq!(ChannelMessage::from(parts).text(), "hi");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageParts {
    /// See [`ChannelMessage::id`].
    pub message_id: MessageId,
    /// See [`ChannelMessage::channel_id`].
    pub channel_id: ChannelId,
    /// See [`ChannelMessage::clan_id`].
    pub clan_id: ClanId,
    /// See [`ChannelMessage::sender_id`].
    pub sender_id: UserId,
    /// See [`ChannelMessage::username`].
    pub username: String,
    /// See [`ChannelMessage::display_name`].
    pub display_name: String,
    /// See [`ChannelMessage::avatar`].
    pub avatar: String,
    /// See [`ChannelMessage::clan_nick`].
    pub clan_nick: String,
    /// See [`ChannelMessage::clan_avatar`].
    pub clan_avatar: String,
    /// See [`ChannelMessage::channel_label`].
    pub channel_label: String,
    /// See [`ChannelMessage::clan_logo`].
    pub clan_logo: String,
    /// See [`ChannelMessage::category_name`].
    pub category_name: String,
    /// See [`ChannelMessage::code`].
    pub code: MessageCode,
    /// See [`ChannelMessage::mode`].
    pub mode: StreamMode,
    /// See [`ChannelMessage::topic_id`].
    pub topic_id: TopicId,
    /// See [`ChannelMessage::is_public`].
    pub is_public: bool,
    /// See [`ChannelMessage::hide_edited`].
    pub hide_edited: bool,
    /// See [`ChannelMessage::create_time_seconds`].
    pub create_time_seconds: u32,
    /// See [`ChannelMessage::update_time_seconds`].
    pub update_time_seconds: u32,
    /// See [`ChannelMessage::raw_content`].
    pub content: String,
    /// See [`ChannelMessage::raw_mentions`].
    pub mentions: Vec<u8>,
    /// See [`ChannelMessage::raw_attachments`].
    pub attachments: Vec<u8>,
    /// See [`ChannelMessage::raw_references`].
    pub references: Vec<u8>,
    /// See [`ChannelMessage::raw_reactions`].
    pub reactions: Vec<u8>,
    /// See [`ChannelMessage::raw_referenced_message`].
    pub referenced_message: Vec<u8>,
}

struct Shared {
    packed: Packed,
    text: OnceLock<KeptText>,
    parsed: OnceLock<Box<Parsed>>,
}

/// The plain text of a content.
enum KeptText {
    /// From here to there in the content as it came.
    Within(u32, u32),
    Decoded(Box<str>),
}

/// What was asked for so far. In a box: most messages are never asked for more than their text.
#[derive(Default)]
struct Parsed {
    content: OnceLock<MessageContent>,
    mentions: OnceLock<list::List<Mention>>,
    attachments: OnceLock<list::List<Attachment>>,
    references: OnceLock<list::List<Reference>>,
    reactions: OnceLock<list::List<Reaction>>,
}

impl ChannelMessage {
    /// How many bytes it takes in memory as it came, for bounds on what waits. What was parsed of it since is not counted.
    pub fn memory(&self) -> usize {
        size_of::<[usize; 2]>() + size_of::<Shared>() + self.shared.packed.room()
    }

    /// The message's id. An edit or a removal has the id of the original.
    pub fn id(&self) -> MessageId {
        self.numbers().message_id
    }

    /// The channel it was written in.
    pub fn channel_id(&self) -> ChannelId {
        self.numbers().channel_id
    }

    /// The clan of the channel, [`ClanId::DIRECT`] for direct and group conversations.
    pub fn clan_id(&self) -> ClanId {
        self.numbers().clan_id
    }

    /// Who wrote it.
    pub fn sender_id(&self) -> UserId {
        self.numbers().sender_id
    }

    /// The sender's user name.
    pub fn username(&self) -> &str {
        self.shared.packed.text(Text::Username)
    }

    /// What the sender is called outside clans; may be empty.
    pub fn display_name(&self) -> &str {
        self.shared.packed.text(Text::DisplayName)
    }

    /// The address of the sender's picture; may be empty.
    pub fn avatar(&self) -> &str {
        self.shared.packed.text(Text::Avatar)
    }

    /// What the sender is called in the clan; may be empty.
    pub fn clan_nick(&self) -> &str {
        self.shared.packed.text(Text::ClanNick)
    }

    /// The address of the sender's picture in the clan; may be empty.
    pub fn clan_avatar(&self) -> &str {
        self.shared.packed.text(Text::ClanAvatar)
    }

    /// The name of the channel; may be empty.
    pub fn channel_label(&self) -> &str {
        self.shared.packed.text(Text::ChannelLabel)
    }

    /// The address of the clan's picture; may be empty.
    pub fn clan_logo(&self) -> &str {
        self.shared.packed.text(Text::ClanLogo)
    }

    /// The name of the channel's category; may be empty.
    pub fn category_name(&self) -> &str {
        self.shared.packed.text(Text::CategoryName)
    }

    /// What the message is for: chat, an edit, a removal, a buzz, …
    pub fn code(&self) -> MessageCode {
        self.numbers().code
    }

    /// Whether somebody has edited it: the message with the same id has a new content. That files of it have arrived is no
    /// edit, see [`ChannelMessage::is_arrival`].
    pub fn is_edit(&self) -> bool {
        match self.code() {
            MessageCode::UpdateEphemeral => true,
            MessageCode::Update => !self.is_arrival(),
            _ => false,
        }
    }

    /// Whether it is a removal: the message with the same id is gone.
    pub fn is_removal(&self) -> bool {
        matches!(self.code(), MessageCode::Remove | MessageCode::DeleteEphemeral)
    }

    /// The kind of conversation.
    pub fn mode(&self) -> StreamMode {
        self.numbers().mode
    }

    /// The channel type that belongs to the [`mode`](Self::mode).
    pub fn channel_type(&self) -> ChannelType {
        self.mode().channel_type()
    }

    /// The topic it belongs to, or none.
    pub fn topic_id(&self) -> TopicId {
        self.numbers().topic_id
    }

    /// Whether the channel is open to its whole clan.
    pub fn is_public(&self) -> bool {
        self.numbers().is_public
    }

    /// Whether clients should not show that the message was edited.
    pub fn hide_edited(&self) -> bool {
        self.numbers().hide_edited
    }

    /// When it was written, in Unix seconds; 0 when the server does not say.
    pub fn create_time_seconds(&self) -> u32 {
        self.numbers().create_time_seconds
    }

    /// When it was last changed, in Unix seconds; 0 when never.
    pub fn update_time_seconds(&self) -> u32 {
        self.numbers().update_time_seconds
    }

    /// When it was written, to the second. See [`MessageId::created_at`] for milliseconds.
    pub fn created_at(&self) -> Option<SystemTime> {
        time(self.create_time_seconds())
    }

    /// When it was last changed, to the second.
    pub fn updated_at(&self) -> Option<SystemTime> {
        time(self.update_time_seconds())
    }

    /// What it says, with its marks.
    pub fn content(&self) -> &MessageContent {
        self.parsed().content.get_or_init(|| MessageContent::parse(self.raw_content()))
    }

    /// The plain text of the [`content`](Self::content). Asking for it alone costs less than asking for the content.
    pub fn text(&self) -> &str {
        let raw = self.raw_content();
        match self.shared.text.get_or_init(|| KeptText::of(raw)) {
            KeptText::Within(start, end) => raw.get(*start as usize..*end as usize).unwrap_or_default(),
            KeptText::Decoded(text) => text,
        }
    }

    /// The content exactly as it came, mostly JSON.
    pub fn raw_content(&self) -> &str {
        self.shared.packed.text(Text::Content)
    }

    /// Who is named in it. Empty also when the list is malformed: see [`raw_mentions`](Self::raw_mentions).
    pub fn mentions(&self) -> &[Mention] {
        &self.mention_list().items
    }

    /// Its files. Empty also when the list is malformed: see [`raw_attachments`](Self::raw_attachments).
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachment_list().items
    }

    /// What it answers. Empty also when the list is malformed: see [`raw_references`](Self::raw_references).
    pub fn references(&self) -> &[Reference] {
        &self.reference_list().items
    }

    /// The emojis under it. Empty also when the list is malformed: see [`raw_reactions`](Self::raw_reactions).
    pub fn reactions(&self) -> &[Reaction] {
        &self.reaction_list().items
    }

    /// How much of its lists is missing: elements that could not be read or were over
    /// [`MAX_ELEMENTS`](list::MAX_ELEMENTS), and lists that are malformed, as one each. All four lists are read for it.
    pub fn dropped_elements(&self) -> usize {
        self.mention_list().dropped
            + self.attachment_list().dropped
            + self.reference_list().dropped
            + self.reaction_list().dropped
    }

    /// The bytes of the mentions as they came.
    pub fn raw_mentions(&self) -> &[u8] {
        self.shared.packed.list(List::Mentions)
    }

    /// The bytes of the attachments as they came.
    pub fn raw_attachments(&self) -> &[u8] {
        self.shared.packed.list(List::Attachments)
    }

    /// The bytes of the references as they came.
    pub fn raw_references(&self) -> &[u8] {
        self.shared.packed.list(List::References)
    }

    /// The bytes of the reactions as they came.
    pub fn raw_reactions(&self) -> &[u8] {
        self.shared.packed.list(List::Reactions)
    }

    /// The bytes of the answered message as they came. Their format is not known, so they are not parsed.
    pub fn raw_referenced_message(&self) -> &[u8] {
        self.shared.packed.list(List::ReferencedMessage)
    }

    /// Where to send an answer to.
    pub fn target(&self) -> Target {
        Target {
            clan_id: self.clan_id(),
            channel_id: self.channel_id(),
            channel_type: self.channel_type(),
            is_public: self.is_public(),
        }
    }

    pub(crate) fn packed(packed: Packed) -> Self {
        Self { shared: Arc::new(Shared { packed, text: OnceLock::new(), parsed: OnceLock::new() }) }
    }

    fn numbers(&self) -> &Numbers {
        &self.shared.packed.numbers
    }

    fn mention_list(&self) -> &list::List<Mention> {
        self.parsed().mentions.get_or_init(|| readable(list::decode_mentions(self.raw_mentions())))
    }

    fn attachment_list(&self) -> &list::List<Attachment> {
        self.parsed().attachments.get_or_init(|| readable(list::decode_attachments(self.raw_attachments())))
    }

    fn reference_list(&self) -> &list::List<Reference> {
        self.parsed().references.get_or_init(|| readable(list::decode_references(self.raw_references())))
    }

    fn reaction_list(&self) -> &list::List<Reaction> {
        self.parsed().reactions.get_or_init(|| readable(list::decode_reactions(self.raw_reactions())))
    }

    fn parsed(&self) -> &Parsed {
        self.shared.parsed.get_or_init(Box::default)
    }
}

/// A list as it was read. One that is malformed is missing as a whole.
fn readable<T>(list: Result<list::List<T>, list::MalformedList>) -> list::List<T> {
    list.unwrap_or_else(|_| list::List { dropped: 1, ..list::List::default() })
}

impl From<MessageParts> for ChannelMessage {
    fn from(parts: MessageParts) -> Self {
        let numbers = Numbers {
            message_id: parts.message_id,
            channel_id: parts.channel_id,
            clan_id: parts.clan_id,
            sender_id: parts.sender_id,
            topic_id: parts.topic_id,
            code: parts.code,
            mode: parts.mode,
            is_public: parts.is_public,
            hide_edited: parts.hide_edited,
            create_time_seconds: parts.create_time_seconds,
            update_time_seconds: parts.update_time_seconds,
        };
        let mut pieces = Pieces::default();
        pieces.set_text(Text::Username, parts.username.as_bytes());
        pieces.set_text(Text::DisplayName, parts.display_name.as_bytes());
        pieces.set_text(Text::Avatar, parts.avatar.as_bytes());
        pieces.set_text(Text::ClanNick, parts.clan_nick.as_bytes());
        pieces.set_text(Text::ClanAvatar, parts.clan_avatar.as_bytes());
        pieces.set_text(Text::ChannelLabel, parts.channel_label.as_bytes());
        pieces.set_text(Text::ClanLogo, parts.clan_logo.as_bytes());
        pieces.set_text(Text::CategoryName, parts.category_name.as_bytes());
        pieces.set_text(Text::Content, parts.content.as_bytes());
        pieces.set_list(List::Mentions, &parts.mentions);
        pieces.set_list(List::Attachments, &parts.attachments);
        pieces.set_list(List::References, &parts.references);
        pieces.set_list(List::Reactions, &parts.reactions);
        pieces.set_list(List::ReferencedMessage, &parts.referenced_message);
        // The texts are sound, and no frame has 4 GiB.
        Self::packed(Packed::new(numbers, &pieces).unwrap_or_default())
    }
}

impl PartialEq for ChannelMessage {
    fn eq(&self, other: &Self) -> bool {
        self.shared.packed == other.shared.packed
    }
}

impl Eq for ChannelMessage {}

impl fmt::Debug for ChannelMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelMessage")
            .field("id", &self.id())
            .field("channel_id", &self.channel_id())
            .field("clan_id", &self.clan_id())
            .field("sender_id", &self.sender_id())
            .field("code", &self.code())
            .field("mode", &self.mode())
            .field("content", &self.raw_content())
            .finish_non_exhaustive()
    }
}

impl KeptText {
    fn of(content: &str) -> Self {
        let text = content::text_in(content);
        if let Cow::Borrowed(text) = text {
            let start = text.as_ptr().addr().wrapping_sub(content.as_ptr().addr());
            let end = start.wrapping_add(text.len());
            if let (Ok(start), Ok(end), true) = (start.try_into(), end.try_into(), end <= content.len()) {
                return Self::Within(start, end);
            }
        }
        Self::Decoded(text.into())
    }
}

fn time(seconds: u32) -> Option<SystemTime> {
    (seconds != 0).then(|| UNIX_EPOCH + Duration::from_secs(seconds.into()))
}
