//! Media types by file name.

/// What is said of a file whose type is not known.
pub(crate) const UNKNOWN: &str = "application/octet-stream";

/// The media type of a file with this name: the common ones of what people attach to messages.
pub(crate) fn guess(filename: &str) -> &'static str {
    let Some((_, extension)) = filename.rsplit_once('.') else { return UNKNOWN };
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "heic" => "image/heic",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_decides() {
        assert_eq!(guess("photo.JPG"), "image/jpeg");
        assert_eq!(guess("backup.tar.gz"), "application/gzip");
        assert_eq!(guess("plan.pdf"), "application/pdf");
        for name in ["README", "archive.unknown", "trailing.", ""] {
            assert_eq!(guess(name), UNKNOWN, "{name:?}");
        }
    }
}
