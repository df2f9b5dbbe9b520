//! Messages that are posted before their files are there.

use std::time::Duration;

use mezon_model::{Attachment, Draft, DraftError, MessageAck, Target};
use mezon_proto::realtime::ChannelMessageUpdate;
use mezon_session::{BoxFuture, ErrorClass};
use tokio::time::sleep;
use tracing::debug;

use super::announced::Announced;
use super::progress::Total;
use super::source::UploadSource;
use crate::{ApiClient, ApiError, ApiErrorKind, methods};

/// How many files go at a time, and are told of at once, as in the official clients.
const AT_ONCE: usize = 4;

/// How long to wait before it is told again that files have arrived, as in the official clients.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Files that have their places at the store, and whose bytes are not there yet: a message can be posted with them at once.
///
/// ```no_run
/// use mezon_api::UploadSource;
/// use mezon_model::{Draft, MessageAck, Target};
///
/// # async fn example(client: mezon_api::ApiClient, target: Target, post: impl AsyncFn(&Draft) -> MessageAck)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let files = client.announce_files([UploadSource::file("film.mp4")]).await?;
/// let draft = files.attach_to(Draft::from("look at this"))?;
/// let ack = post(&draft).await;
/// client.bring_files(&files, &target, &ack, &draft, |sent, all| println!("{sent} of {all}")).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "announced files are lost unless they are brought"]
pub struct AnnouncedFiles(Vec<Announced>);

impl AnnouncedFiles {
    /// What a message says about the files.
    pub fn attachments(&self) -> Vec<Attachment> {
        self.0.iter().map(Announced::attachment).collect()
    }

    /// Attaches the files to a message, which says that they have not arrived yet. Files that it has already are there.
    ///
    /// # Errors
    /// As [`Draft::check`]: there are too many files, or the text leaves no room for their names, which come to its content as
    /// they arrive.
    pub fn attach_to(&self, draft: Draft) -> Result<Draft, DraftError> {
        let mut draft = draft;
        let there: Vec<String> = draft.attachments.iter().map(|file| file.key().to_owned()).collect();
        draft.attachments.extend(self.attachments());
        let all: Vec<String> = draft.attachments.iter().map(|file| file.key().to_owned()).collect();
        draft.content.set_arrived_files(all.iter().map(String::as_str));
        draft.check()?;
        draft.content.set_arrived_files(there.iter().map(String::as_str));
        Ok(draft)
    }
}

impl std::fmt::Debug for AnnouncedFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AnnouncedFiles").field(&self.attachments()).finish()
    }
}

impl ApiClient {
    /// Asks for places for files, for a message that is posted before them. Then post the message of
    /// [`AnnouncedFiles::attach_to`] and bring the files with [`ApiClient::bring_files`] at once: the places are good for some
    /// 10 to 60 seconds, and what has not arrived ten minutes after its message is given up by whoever waits for it.
    ///
    /// # Errors
    /// As [`ApiClient::upload`].
    ///
    /// # Cancel safety
    /// Cancel safe: unused places expire.
    pub async fn announce_files(
        &self,
        sources: impl IntoIterator<Item = UploadSource>,
    ) -> Result<AnnouncedFiles, ApiError> {
        let mut files = Vec::new();
        for source in sources {
            files.push(self.announce(&source).await?);
        }
        Ok(AnnouncedFiles(files))
    }

    /// Uploads the files of a message that was posted to `target` as `draft` and taken by the server as `ack`, four at a time,
    /// and tells its readers after each four which have arrived. That is tried again after 1 s and 3 s. `progress` hears the
    /// bytes sent so far and the bytes of all files.
    ///
    /// It changes the content of the message to that of `draft` with the arrived files. So the message is not to be edited
    /// meanwhile.
    ///
    /// # Errors
    /// The first of what went wrong, as for [`ApiClient::upload`]. Files that could be brought all the same have been told of.
    ///
    /// # Cancel safety
    /// When the future is dropped, files that have not arrived stay announced, and nobody waits for them after ten minutes.
    pub async fn bring_files(
        &self,
        files: &AnnouncedFiles,
        target: &Target,
        ack: &MessageAck,
        draft: &Draft,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<(), ApiError> {
        self.bring_all(&files.0, target, ack, draft.clone(), &mut progress).await
    }

    /// In a box: see `SessionKeeper::refresh_now` for the reason.
    fn bring_all<'a>(
        &'a self,
        files: &'a [Announced],
        target: &'a Target,
        ack: &'a MessageAck,
        mut draft: Draft,
        progress: &'a mut (dyn FnMut(u64, u64) + Send),
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let there = draft.content.arrived_files().unwrap_or_default();
            let total = Total::new(files.len(), files.iter().map(Announced::size).sum(), progress);
            let (mut arrived, mut failed) = (vec![false; files.len()], None);
            for first in (0..files.len()).step_by(AT_ONCE) {
                let one = async |at: usize| match files.get(at) {
                    Some(file) => Some((at, self.bring(file, &mut |sent, _| total.moved(at, sent)).await)),
                    None => None,
                };
                let four = tokio::join!(one(first), one(first + 1), one(first + 2), one(first + 3));
                for (at, brought) in [four.0, four.1, four.2, four.3].into_iter().flatten() {
                    match (brought, arrived.get_mut(at)) {
                        (Ok(_), Some(arrived)) => *arrived = true,
                        (Err(error), _) => _ = failed.get_or_insert(error),
                        (Ok(_), None) => {}
                    }
                }
                let keys = there.iter().cloned().chain(arrived_keys(files, &arrived)).collect::<Vec<_>>();
                draft.content.set_arrived_files(keys.iter().map(String::as_str));
                self.tell_arrived(target, ack, &draft).await?;
            }
            if let Some(error) = failed {
                return Err(error);
            }
            total.done();
            Ok(())
        })
    }

    /// Changes the message to `draft`, which is the same with more arrived files.
    async fn tell_arrived(&self, target: &Target, ack: &MessageAck, draft: &Draft) -> Result<(), ApiError> {
        let update = draft.to_update(target, ack.message_id, ack.create_time_seconds);
        let unusable =
            |_| ApiErrorKind::InvalidInput { problem: "the message leaves no room for the names of its files" };
        let update = ChannelMessageUpdate { hide_editted: true, ..update.map_err(unusable)? };
        for pause in PAUSES {
            match self.call(methods::UPDATE_CHANNEL_MESSAGE, &update).await {
                // To say it twice does no harm.
                Err(error) if matches!(error.class(), ErrorClass::Transient { .. } | ErrorClass::MaybeDone) => {
                    debug!(error = %error, "not told that files have arrived, trying again");
                }
                told => return told.map(drop),
            }
            sleep(pause).await;
        }
        self.call(methods::UPDATE_CHANNEL_MESSAGE, &update).await.map(drop)
    }
}

/// The names of what has arrived. Files with the same name have arrived when all of them have.
fn arrived_keys(files: &[Announced], arrived: &[bool]) -> Vec<String> {
    let keys: Vec<String> = files.iter().map(|file| file.attachment().key().to_owned()).collect();
    let has_come = |key: &String| keys.iter().zip(arrived).all(|(other, arrived)| other != key || *arrived);
    keys.iter().filter(|key| has_come(key)).cloned().collect()
}
