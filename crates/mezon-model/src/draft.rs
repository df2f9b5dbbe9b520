//! A message before it is sent.

use std::fmt;

use crate::attachment::Attachment;
use crate::content::{ContentBuilder, MessageContent, Span};
use crate::id::TopicId;
use crate::interactive::ComponentError;
use crate::kind::MessageCode;
use crate::mention::Mention;
use crate::message::ChannelMessage;
use crate::reference::Reference;

/// How long a message may be: UTF-16 units of its content *as JSON text*, marks and escapes included.
///
/// The server's rule, as the official bot SDK checks it.
pub const CONTENT_LIMIT: usize = 4000;

/// A message before it is sent.
///
/// ```
/// use mezon_model::Draft;
///
/// assert_eq!(Draft::from("hi").check()?, r#"{"t":"hi"}"#);
///
/// let long = Draft::from("x".repeat(5000));
/// assert_eq!(
///     long.check().unwrap_err().to_string(),
///     "the message content is 5008 UTF-16 units long as JSON and the limit is 4000: shorten it or send it in parts",
/// );
/// # Ok::<(), mezon_model::DraftError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Draft {
    /// What it says.
    pub content: MessageContent,
    /// Who is named in it. The builder fills this in.
    pub mentions: Vec<Mention>,
    /// Its files, uploaded before.
    pub attachments: Vec<Attachment>,
    /// What it answers. See [`Draft::reply_to`].
    pub references: Vec<Reference>,
    /// Whether it calls everybody in the channel.
    pub mention_everyone: bool,
    /// What it is for: [`MessageCode::Chat`] unless set.
    pub code: MessageCode,
    /// Whether the sender's name is hidden.
    pub anonymous: bool,
    /// Address of a picture to show instead of the sender's own; empty for the sender's own.
    pub avatar: String,
    /// The topic it belongs to, if any.
    pub topic: Option<TopicId>,
    /// What the builder found wrong with a component.
    pub(crate) component_error: Option<Box<ComponentError>>,
}

impl Draft {
    /// A draft that says `content`.
    pub fn new(content: MessageContent) -> Self {
        // Not out of the default draft, which would make a content only to drop it.
        Self {
            content,
            mentions: Vec::new(),
            attachments: Vec::new(),
            references: Vec::new(),
            mention_everyone: false,
            code: MessageCode::default(),
            anonymous: false,
            avatar: String::new(),
            topic: None,
            component_error: None,
        }
    }

    /// Adds a file that was uploaded before.
    pub fn attach(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Makes this an answer to `message`, and keeps it in the topic of that message unless another one
    /// is set.
    pub fn reply_to(mut self, message: &ChannelMessage) -> Self {
        self.references.push(Reference::reply_to(message));
        self.topic = self.topic.or_else(|| Some(message.topic_id()).filter(|topic| !topic.is_none()));
        self
    }

    /// Makes this a buzz: the receiver's client asks for attention at once.
    pub fn buzz(mut self) -> Self {
        self.code = MessageCode::Buzz;
        self
    }

    /// Marks the bare web addresses in the text as links, apart from those inside another mark or a
    /// mention. See [`MessageContent::mark_links`].
    pub fn mark_links(&mut self) {
        let mentions: Vec<Span> = self.mentions.iter().map(Mention::span).collect();
        self.content.mark_links_outside(&mentions);
    }

    /// Checks that the server can take this, and gives the content as the JSON text to send.
    ///
    /// # Errors
    ///
    /// - [`DraftError::ContentTooLong`] when that text is over [`CONTENT_LIMIT`];
    /// - [`DraftError::Component`] when a button or another component that the builder was given could not be used;
    /// - [`DraftError::TooManyAttachments`] when there are more than [`Attachment::MAX_COUNT`];
    /// - [`DraftError::AttachmentTooLarge`] when a file is over [`Attachment::MAX_SIZE`].
    pub fn check(&self) -> Result<String, DraftError> {
        let json = self.content.to_json();
        // A text never has more units than bytes, so most need no count.
        if json.len() > CONTENT_LIMIT {
            let units = json.chars().map(char::len_utf16).sum();
            if units > CONTENT_LIMIT {
                return Err(DraftError::ContentTooLong { units, limit: CONTENT_LIMIT });
            }
        }
        if let Some(error) = &self.component_error {
            return Err(DraftError::Component(ComponentError::clone(error)));
        }
        if self.attachments.len() > Attachment::MAX_COUNT {
            let (count, limit) = (self.attachments.len(), Attachment::MAX_COUNT);
            return Err(DraftError::TooManyAttachments { count, limit });
        }
        match self.attachments.iter().find(|attachment| attachment.size > Attachment::MAX_SIZE) {
            Some(attachment) => Err(DraftError::AttachmentTooLarge {
                filename: attachment.filename.clone(),
                size: attachment.size,
                limit: Attachment::MAX_SIZE,
            }),
            None => Ok(json),
        }
    }
}

impl From<MessageContent> for Draft {
    fn from(content: MessageContent) -> Self {
        Self::new(content)
    }
}

impl From<&str> for Draft {
    fn from(text: &str) -> Self {
        Self::new(MessageContent::from(text))
    }
}

impl From<String> for Draft {
    fn from(text: String) -> Self {
        Self::new(MessageContent::text(text))
    }
}

impl From<ContentBuilder> for Draft {
    fn from(builder: ContentBuilder) -> Self {
        builder.build()
    }
}

/// Why a draft cannot be sent. Nothing has left the program; trying again unchanged cannot help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DraftError {
    /// The content is too long.
    ContentTooLong {
        /// Its length in UTF-16 units of the JSON text.
        units: usize,
        /// The length allowed: [`CONTENT_LIMIT`].
        limit: usize,
    },
    /// A component could not be shown or used.
    Component(ComponentError),
    /// There are too many files.
    TooManyAttachments {
        /// How many.
        count: usize,
        /// The number allowed: [`Attachment::MAX_COUNT`].
        limit: usize,
    },
    /// A file is too large for the protocol to say so.
    AttachmentTooLarge {
        /// The name of the file.
        filename: String,
        /// Its size in bytes.
        size: i64,
        /// The size allowed: [`Attachment::MAX_SIZE`].
        limit: i64,
    },
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContentTooLong { units, limit } => write!(
                f,
                "the message content is {units} UTF-16 units long as JSON and the limit is {limit}: \
                 shorten it or send it in parts"
            ),
            Self::Component(error) => error.fmt(f),
            Self::TooManyAttachments { count, limit } => {
                write!(f, "the message has {count} attachments and the limit is {limit}: send them in several messages")
            }
            Self::AttachmentTooLarge { filename, size, limit } => write!(
                f,
                "the attachment {filename:?} has {size} bytes and the limit is {limit}: \
                 make it smaller or send a link to it"
            ),
        }
    }
}

impl std::error::Error for DraftError {}
