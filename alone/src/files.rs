//! Files, up and down.

use std::path::Path;

use mezon_light::{
    Attachment, Download, FileCategory, LightClient, LightError, UploadRequest, UploadSource, UploadTicket,
};

/// Each way to upload.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn upload(client: &LightClient, path: &Path) -> Result<Vec<Attachment>, LightError> {
    let progress = |sent: u64, all: u64| debug_assert!(sent <= all);
    let picture = client.upload_file(path, progress).await?;
    let text = client.upload_bytes("a.txt", "text/plain", "hello", progress).await?;
    let request = UploadRequest::new("voice.webm", 5).category(FileCategory::Audio);
    let ticket: UploadTicket = client.upload_attachment(&request).await?;
    client.put_attachment(&ticket, &UploadSource::bytes("voice.webm", "hello"), progress).await?;
    Ok(vec![picture, text, ticket.attachment()])
}

/// Saves what was attached to a message.
///
/// # Errors
/// When it does not exist, or cannot be written.
pub async fn download(client: &LightClient, attachment: &Attachment, to: &Path) -> Result<u64, LightError> {
    let file: Download = client.download(&attachment.url).await?;
    Ok(file.save_new(to, |_, _| ()).await?)
}
