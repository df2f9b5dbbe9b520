//! Putting a text with marks together.

use super::object::ObjectWriter;
use super::{
    COMPONENTS, EMBEDS, EMOJIS, EmojiMark, HASHTAGS, HashtagMark, LINKS, MARKS, Mark, MarkKind, Span, TEXT, to_json,
};
use crate::draft::Draft;
use crate::id::{ChannelId, EmojiId, RoleId, UserId};
use crate::interactive::{ActionRow, Checker, Component, Embed};
use crate::mention::Mention;

/// Puts a text with marks together, piece by piece, and counts the offsets.
///
/// ```
/// use mezon_model::MessageContent;
///
/// let draft = MessageContent::builder().text("run ").code("make").text(" in ").bold("this").text(" folder").build();
/// assert_eq!(
///     draft.check()?,
///     r#"{"t":"run make in this folder","mk":[{"type":"c","s":4,"e":8},{"type":"b","s":12,"e":16}]}"#,
/// );
/// # Ok::<(), mezon_model::DraftError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ContentBuilder {
    text: String,
    /// The length of `text` in UTF-16 units.
    units: u32,
    links: Vec<Span>,
    marks: Vec<Mark>,
    hashtags: Vec<HashtagMark>,
    emojis: Vec<EmojiMark>,
    mentions: Vec<Mention>,
    /// The JSON of each.
    embeds: Vec<String>,
    rows: Vec<String>,
    checker: Checker,
}

impl ContentBuilder {
    /// Adds plain text.
    pub fn text(mut self, text: &str) -> Self {
        self.push(text);
        self
    }

    /// Adds bold text.
    pub fn bold(self, text: &str) -> Self {
        self.marked(MarkKind::Bold, text)
    }

    /// Adds code within a line. Give it without back-ticks.
    pub fn code(self, code: &str) -> Self {
        self.marked(MarkKind::Code, code)
    }

    /// Adds a block of code. Give it without fences; `language` may be empty.
    pub fn code_block(mut self, language: &str, code: &str) -> Self {
        if let Some(span) = self.push(code) {
            let language = (!language.is_empty()).then(|| language.to_owned());
            self.marks.push(Mark { language, ..Mark::new(MarkKind::CodeBlock, span) });
        }
        self
    }

    /// Adds an address as a link.
    pub fn link(mut self, url: &str) -> Self {
        let span = self.push(url);
        self.links.extend(span);
        self
    }

    /// Adds `@username` and names that person.
    pub fn mention_user(mut self, user_id: UserId, username: &str) -> Self {
        if let Some(span) = self.push(&format!("@{username}")) {
            self.mentions.push(Mention { user_id, username: username.to_owned(), ..mention_at(span) });
        }
        self
    }

    /// Adds `@here` and names everybody who is online in the channel.
    pub fn mention_here(mut self) -> Self {
        if let Some(span) = self.push(Mention::HERE) {
            let username = Mention::HERE.to_owned();
            self.mentions.push(Mention { user_id: UserId::HERE, username, ..mention_at(span) });
        }
        self
    }

    /// Adds `@rolename` and names everybody with that role.
    pub fn mention_role(mut self, role_id: RoleId, rolename: &str) -> Self {
        if let Some(span) = self.push(&format!("@{rolename}")) {
            self.mentions.push(Mention { role_id, rolename: rolename.to_owned(), ..mention_at(span) });
        }
        self
    }

    /// Adds `#label` and points to that channel.
    pub fn hashtag(mut self, channel_id: ChannelId, label: &str) -> Self {
        if let Some(span) = self.push(&format!("#{label}")) {
            self.hashtags.push(HashtagMark { channel_id, span });
        }
        self
    }

    /// Adds a custom emoji by its short name, such as `:like:`.
    pub fn emoji(mut self, emoji_id: EmojiId, shortname: &str) -> Self {
        if let Some(span) = self.push(shortname) {
            self.emojis.push(EmojiMark { emoji_id, span });
        }
        self
    }

    /// Adds a box below the text.
    #[allow(clippy::needless_pass_by_value)] // as every piece is given
    pub fn embed(mut self, embed: Embed) -> Self {
        self.checker.look_at(embed.fields.iter().flat_map(|field| &field.inputs));
        self.embeds.push(to_json(&embed));
        self
    }

    /// Adds a row of buttons and other things to use. [`Draft::check`] tells if one of them could not be used.
    pub fn row(mut self, components: impl IntoIterator<Item = impl Into<Component>>) -> Self {
        let row = ActionRow::new(components);
        self.checker.look_at(&row.components);
        self.rows.push(to_json(&row));
        self
    }

    /// The finished draft: the content, and the mentions that travel beside it.
    pub fn build(self) -> Draft {
        let mut object = ObjectWriter::with_capacity(self.text.len() + r#"{"t":""}"#.len());
        object.push(TEXT, &to_json(&self.text));
        if !self.hashtags.is_empty() {
            object.push(HASHTAGS, &to_json(&self.hashtags));
        }
        if !self.emojis.is_empty() {
            object.push(EMOJIS, &to_json(&self.emojis));
        }
        if !self.links.is_empty() {
            object.push(LINKS, &to_json(&self.links));
        }
        if !self.marks.is_empty() {
            object.push(MARKS, &to_json(&self.marks));
        }
        if !self.embeds.is_empty() {
            object.push(EMBEDS, &format!("[{}]", self.embeds.join(",")));
        }
        if !self.rows.is_empty() {
            object.push(COMPONENTS, &format!("[{}]", self.rows.join(",")));
        }
        let mut draft = Draft::new(object.finish());
        draft.mentions = self.mentions;
        draft.component_error = self.checker.found();
        draft
    }

    fn marked(mut self, kind: MarkKind, text: &str) -> Self {
        if let Some(span) = self.push(text) {
            self.marks.push(Mark::new(kind, span));
        }
        self
    }

    /// Adds text and says where it lies; `None` when there is nothing to mark.
    fn push(&mut self, text: &str) -> Option<Span> {
        let start = self.units;
        let width: usize = text.chars().map(char::len_utf16).sum();
        self.text.push_str(text);
        // Past 2^32 units the offsets would be wrong, but such a text is a million times over the limit.
        self.units = start.saturating_add(u32::try_from(width).unwrap_or(u32::MAX));
        Some(Span::new(start, self.units)).filter(|span| !span.is_empty())
    }
}

fn mention_at(span: Span) -> Mention {
    Mention { start: span.start, end: span.end, ..Mention::default() }
}
