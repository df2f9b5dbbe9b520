//! The bar that shows how far a file is.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use mezon_light::{Attachment, LightClient, LightError};

use crate::exit::Failure;
use crate::output::{Output, printable, write_bytes};

/// Uploads the file at `path`, with a bar when a person watches.
pub(crate) async fn upload(client: &LightClient, path: &Path, output: Output) -> Result<Attachment, Failure> {
    let bar = if output.shows_progress() { bar(path) } else { ProgressBar::hidden() };
    let shown = bar.clone();
    let uploaded = client
        .upload_file(path, move |sent, total| {
            shown.set_length(total);
            shown.set_position(sent);
        })
        .await;
    bar.finish_and_clear();
    Ok(uploaded?)
}

/// Saves the file at `url` as `path`, with a bar when a person watches. Gives its size.
pub(crate) async fn download(client: &LightClient, url: &str, path: &Path, output: Output) -> Result<u64, Failure> {
    let file = client.download(url).await?;
    let bar = if output.shows_progress() { bar(path) } else { ProgressBar::hidden() };
    let shown = bar.clone();
    let saved = file
        .save_new(path, move |received, total| {
            shown.set_length(total.unwrap_or(received));
            shown.set_position(received);
        })
        .await;
    bar.finish_and_clear();
    Ok(saved.map_err(LightError::from)?)
}

/// Writes the file at `url` to stdout.
pub(crate) async fn download_to_stdout(client: &LightClient, url: &str) -> Result<(), Failure> {
    let mut file = client.download(url).await?;
    while let Some(chunk) = file.chunk().await.map_err(LightError::from)? {
        // Half a file is no success, also when its reader has left.
        write_bytes(chunk).await.map_err(|error| Failure::output(&error).not_done())?;
    }
    Ok(())
}

/// Checks that `path` is a file that can be opened, before anything is sent anywhere.
pub(crate) fn check_file(path: &Path) -> Result<(), Failure> {
    let unusable = |reason: &str| Failure::input("file", format!("cannot send {}: {reason}", path.display()));
    // Only a file is opened: to open a pipe waits for its other end.
    let opened = std::fs::metadata(path)
        .and_then(|found| if found.is_file() { std::fs::File::open(path).map(Some) } else { Ok(None) });
    match opened {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(unusable("it is no regular file")),
        Err(error) => Err(unusable(&error.to_string()).hint("nothing was sent; check the path")),
    }
}

fn bar(path: &Path) -> ProgressBar {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::no_length().with_style(style).with_message(printable(&name).to_string())
}
