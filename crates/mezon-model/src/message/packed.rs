//! How a received message is kept: its numbers, one buffer with all texts, one with all lists.
//!
//! A message has nine texts and five lists, most of them short or empty. One buffer each costs one allocation where
//! separate strings would cost one each, and none of them holds on to the buffer of the socket.

use crate::id::{ChannelId, ClanId, MessageId, TopicId, UserId};
use crate::kind::{MessageCode, StreamMode};

/// The fields of fixed size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) message_id: MessageId,
    pub(crate) channel_id: ChannelId,
    pub(crate) clan_id: ClanId,
    pub(crate) sender_id: UserId,
    pub(crate) topic_id: TopicId,
    pub(crate) code: MessageCode,
    pub(crate) mode: StreamMode,
    pub(crate) is_public: bool,
    pub(crate) hide_edited: bool,
    pub(crate) create_time_seconds: u32,
    pub(crate) update_time_seconds: u32,
}

/// The texts.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    Username,
    DisplayName,
    Avatar,
    ClanNick,
    ClanAvatar,
    ChannelLabel,
    ClanLogo,
    CategoryName,
    Content,
}

/// The lists, and the answered message: bytes that are decoded when they are asked for.
#[derive(Clone, Copy)]
pub(crate) enum List {
    Mentions,
    Attachments,
    References,
    Reactions,
    ReferencedMessage,
}

const TEXTS: usize = Text::Content as usize + 1;
const LISTS: usize = List::ReferencedMessage as usize + 1;

/// The texts and lists of a message before they are packed, wherever they lie.
#[derive(Default)]
pub(crate) struct Pieces<'a> {
    texts: [&'a [u8]; TEXTS],
    lists: [&'a [u8]; LISTS],
}

/// Where a piece begins and ends in its buffer.
type Extent = (u32, u32);

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) numbers: Numbers,
    texts: String,
    lists: Vec<u8>,
    text_extents: [Extent; TEXTS],
    list_extents: [Extent; LISTS],
}

impl<'a> Pieces<'a> {
    pub(crate) fn set_text(&mut self, text: Text, bytes: &'a [u8]) {
        if let Some(place) = self.texts.get_mut(text as usize) {
            *place = bytes;
        }
    }

    pub(crate) fn set_list(&mut self, list: List, bytes: &'a [u8]) {
        if let Some(place) = self.lists.get_mut(list as usize) {
            *place = bytes;
        }
    }
}

impl Packed {
    /// `None`: a text is not UTF-8, or all of it is larger than 4 GiB.
    pub(crate) fn new(numbers: Numbers, pieces: &Pieces<'_>) -> Option<Self> {
        let text_extents = extents(&pieces.texts)?;
        let list_extents = extents(&pieces.lists)?;
        let [names @ .., content] = &pieces.texts;
        // Names are short, so they are checked together; the content, which is not, on vector instructions.
        let mut texts = Vec::with_capacity(end(&text_extents));
        joined(names, &mut texts);
        let mut texts = String::from_utf8(texts).ok()?;
        // Two broken names can be sound when joined.
        if !text_extents.iter().all(|&(start, _)| texts.is_char_boundary(start as usize)) {
            return None;
        }
        texts.push_str(simdutf8::basic::from_utf8(content).ok()?);
        let mut lists = Vec::with_capacity(end(&list_extents));
        joined(&pieces.lists, &mut lists);
        Some(Self { numbers, texts, lists, text_extents, list_extents })
    }

    /// How many bytes the two buffers take.
    pub(crate) fn room(&self) -> usize {
        self.texts.capacity() + self.lists.capacity()
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        let extent = self.text_extents.get(text as usize);
        extent.and_then(|&(start, end)| self.texts.get(start as usize..end as usize)).unwrap_or_default()
    }

    pub(crate) fn list(&self, list: List) -> &[u8] {
        let extent = self.list_extents.get(list as usize);
        extent.and_then(|&(start, end)| self.lists.get(start as usize..end as usize)).unwrap_or_default()
    }
}

/// Where each piece is when all are joined.
fn extents<const N: usize>(pieces: &[&[u8]; N]) -> Option<[Extent; N]> {
    let mut extents = [(0, 0); N];
    let mut end = 0_u32;
    for (extent, piece) in extents.iter_mut().zip(pieces) {
        let start = end;
        end = u32::try_from(piece.len()).ok().and_then(|length| end.checked_add(length))?;
        *extent = (start, end);
    }
    Some(extents)
}

fn joined(pieces: &[&[u8]], to: &mut Vec<u8>) {
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        to.extend_from_slice(piece);
    }
}

/// How long the joined pieces are.
fn end(extents: &[Extent]) -> usize {
    extents.last().map_or(0, |&(_, end)| end as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_comes_back() {
        let mut pieces = Pieces::default();
        pieces.set_text(Text::Username, "an".as_bytes());
        pieces.set_text(Text::DisplayName, "Ân".as_bytes());
        pieces.set_text(Text::Content, "{}".as_bytes());
        pieces.set_list(List::Mentions, &[0xff]);
        pieces.set_list(List::ReferencedMessage, &[1, 2]);
        let packed = Packed::new(Numbers::default(), &pieces).unwrap();
        assert_eq!(packed.text(Text::Username), "an");
        assert_eq!(packed.text(Text::DisplayName), "Ân");
        assert_eq!(packed.text(Text::Avatar), "");
        assert_eq!(packed.text(Text::Content), "{}");
        assert_eq!(packed.list(List::Mentions), [0xff]);
        assert_eq!(packed.list(List::Attachments), [0u8; 0]);
        assert_eq!(packed.list(List::ReferencedMessage), [1, 2]);
    }

    #[test]
    fn two_halves_of_a_character_are_no_two_texts() {
        let (first, second) = "é".as_bytes().split_at(1);
        let mut pieces = Pieces::default();
        pieces.set_text(Text::Username, first);
        pieces.set_text(Text::DisplayName, second);
        assert_eq!(Packed::new(Numbers::default(), &pieces), None);
    }

    /// Short contents are checked in another way than long ones.
    #[test]
    fn a_content_is_utf_8_or_nothing() {
        for length in [0, 1, 63, 64, 65, 200] {
            let content = "a".repeat(length) + "ề";
            let packed = |bytes: &[u8]| {
                let mut pieces = Pieces::default();
                pieces.set_text(Text::Username, "Ân".as_bytes());
                pieces.set_text(Text::Content, bytes);
                Packed::new(Numbers::default(), &pieces)
            };
            assert_eq!(packed(content.as_bytes()).unwrap().text(Text::Content), content);
            let (_, cut) = content.as_bytes().split_last().unwrap();
            assert_eq!(packed(cut), None, "{length}");
        }
    }
}
