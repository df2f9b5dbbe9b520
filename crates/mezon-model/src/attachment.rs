//! A file that belongs to a message.

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
///     filetype: "application/pdf".into(),
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
    /// The media type, such as `image/png`.
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
}
