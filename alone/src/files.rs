//! Files, up and down.

use std::path::Path;

use mezon_light::{
    AnnouncedFiles, Attachment, Connection, Download, Draft, DraftError, FileCategory, FileState, FilesArrived,
    LightClient, LightError, Target, UploadRequest, UploadSource, UploadTicket,
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

/// Posts a message before its files are there.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn post_first(connection: &Connection, target: &Target, film: &Path) -> Result<(), LightError> {
    let api = connection.client().api();
    let files: AnnouncedFiles = api.announce_files([UploadSource::file(film)]).await?;
    let draft: Result<Draft, DraftError> = files.attach_to(Draft::from("look"));
    let Ok(draft) = draft else { return Ok(()) };
    let ack = connection.send(target, &draft).await?;
    api.bring_files(&files, target, &ack, &draft, |_, _| ()).await?;
    Ok(())
}

/// Hears of files that come after their messages, and fetches those that are there.
pub fn fetch(connection: &Connection) {
    let api = connection.client().api().clone();
    let arrived = move |_, FilesArrived { message, .. }: FilesArrived| {
        let api = api.clone();
        async move {
            for file in message.attachments() {
                if message.file_state(file, api.now()) == FileState::Ready {
                    api.download_attachment(&message, file).await?.chunk().await?;
                }
            }
            Ok(())
        }
    };
    connection.respond_to(arrived).detach();
}
