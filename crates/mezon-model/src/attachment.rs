//! A file that belongs to a message.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lenient;

/// A file that belongs to a message. The bytes lie in an object store; this says where and what they are.
///
/// ```
/// use mezon_model::{Attachment, Draft};
///
/// let file = Attachment {
///     filename: "plan.pdf".into(),
///     url: "https://cdn.example/plan.pdf".into(),
///     filetype: "doc".into(),
///     size: 18_204,
///     ..Attachment::default()
/// };
/// let draft = Draft::from("the plan").attach(file);
/// assert_eq!(draft.attachments.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// The name to show and to save under.
    #[serde(deserialize_with = "lenient::text")]
    pub filename: String,
    /// Size in bytes. The wire had 64 bits once and has 32 now: any size is read, and a draft whose
    /// attachment is larger than [`Attachment::MAX_SIZE`] is refused.
    #[serde(deserialize_with = "lenient::int64")]
    pub size: i64,
    /// Where the bytes are, without the query of the presigned address they were uploaded to.
    #[serde(deserialize_with = "lenient::text")]
    pub url: String,
    /// Its category: `image`, `video`, `audio` or `doc`. Older senders wrote the media type; [`category`](Self::category)
    /// reads both.
    #[serde(deserialize_with = "lenient::text")]
    pub filetype: String,
    /// Width in pixels of an image or a video, 0 when there is none.
    #[serde(deserialize_with = "lenient::int32")]
    pub width: i32,
    /// Height in pixels of an image or a video, 0 when there is none.
    #[serde(deserialize_with = "lenient::int32")]
    pub height: i32,
    /// Address of a small preview, empty when there is none.
    #[serde(deserialize_with = "lenient::text")]
    pub thumbnail: String,
    /// Length of a recording in seconds, 0 when there is none.
    #[serde(deserialize_with = "lenient::int32")]
    pub duration: i32,
}

impl Attachment {
    /// The largest size in bytes that the wire can carry: 2^31 − 1.
    pub const MAX_SIZE: i64 = i32::MAX as i64;

    /// How many files one message may have, as the official clients hold it.
    pub const MAX_COUNT: usize = 50;

    /// How its message names the file when it has arrived: the last part of the address, without query and extension.
    ///
    /// ```
    /// # use mezon_model::Attachment;
    /// let file = Attachment { url: "https://cdn.mezon.ai/0/1/a1b2.tar.gz".into(), ..Attachment::default() };
    /// assert_eq!(file.key(), "a1b2.tar");
    /// ```
    pub fn key(&self) -> &str {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Whether the file lies where files can be announced before they are there: at the platform's own stores, or on this
    /// machine, where an emulator plays them.
    pub(crate) fn may_be_announced(&self) -> bool {
        let Some((_, rest)) = self.url.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let host = match authority.strip_prefix('[') {
            Some(ipv6) => ipv6.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let is_store =
            |store: &&str| host.strip_suffix(*store).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        STORES.iter().any(is_store) || ["127.0.0.1", "localhost", "::1"].contains(&host)
    }

    /// What kind of file it is, whether [`filetype`](Self::filetype) holds the category or a media type.
    pub fn category(&self) -> FileCategory {
        FileCategory::of(&self.filetype)
    }
}

/// The hosts of the platform's stores, as the official clients list them.
const STORES: [&str; 3] = ["cdn.komu.vn", "cdn.komu.ai", "cdn.mezon.ai"];

/// Whether the bytes of an attachment are there. Senders may post a message first and upload its files then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileState {
    /// They are there.
    Ready,
    /// They are announced and on their way.
    Pending,
    /// They were announced more than [`FileState::DEAD_AFTER`] ago and have not come: nobody waits for them any more.
    Dead,
}

impl FileState {
    /// How long after its message a file is waited for: 600 s, as the official clients do.
    pub const DEAD_AFTER: Duration = Duration::from_secs(600);
}

/// What kind of file an attachment is. This is what its `filetype` says: the server matches it exactly, and a file of which it
/// holds a media type instead is not in the list of files of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileCategory {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A sound.
    Audio,
    /// Anything else.
    Document,
}

impl FileCategory {
    /// The category of a media type such as `image/png`, in either case. Of a category it is that one.
    pub fn of(media_type: &str) -> Self {
        let media_type = media_type.to_ascii_lowercase();
        let named = [Self::Image, Self::Video, Self::Audio];
        named.into_iter().find(|category| media_type.contains(category.as_str())).unwrap_or(Self::Document)
    }

    /// The word for it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "doc",
        }
    }
}

impl fmt::Display for FileCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_the_end_of_its_address() {
        let of = |url: &str| Attachment { url: url.into(), ..Attachment::default() };
        for (url, key) in [
            ("https://cdn.mezon.ai/0/1/2/plan.pdf", "plan"),
            ("https://cdn.mezon.ai/0/plan.pdf?X-Amz-Date=1.2/3#x.y", "plan"),
            ("https://cdn.mezon.ai/0/17_a.tar.gz", "17_a.tar"),
            ("https://cdn.mezon.ai/0/README", "README"),
            ("https://cdn.mezon.ai/", ""),
            ("", ""),
        ] {
            assert_eq!(of(url).key(), key, "{url}");
        }
        for (url, is_store) in [
            ("https://cdn.mezon.ai/a", true),
            ("https://eu.cdn.komu.vn:443/a", true),
            ("https://CDN.komu.ai", true),
            ("http://127.0.0.1:7350/uploads/a", true),
            ("http://[::1]:7350/uploads/a", true),
            ("https://evilcdn.mezon.ai/a", false),
            ("https://mezon.ai/cdn.mezon.ai", false),
            ("https://cdn.mezon.ai.example/a", false),
            ("cdn.mezon.ai/a", false),
        ] {
            assert_eq!(of(url).may_be_announced(), is_store, "{url}");
        }
    }

    #[test]
    fn a_category_is_what_the_media_type_contains() {
        for (media_type, category) in [
            ("image/png", "image"),
            ("IMAGE/JPEG", "image"),
            ("video/mp4", "video"),
            ("audio/ogg", "audio"),
            ("application/pdf", "doc"),
            ("", "doc"),
            ("image", "image"),
            ("doc", "doc"),
        ] {
            assert_eq!(FileCategory::of(media_type).as_str(), category, "{media_type}");
            let filetype = media_type.to_owned();
            assert_eq!(Attachment { filetype, ..Attachment::default() }.category().as_str(), category);
        }
    }
}
