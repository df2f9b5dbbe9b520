//! Texts that are read from a file or from stdin.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::text::without_mark;

/// The text of a file, without a byte order mark; `-` is stdin. What is behind `limit` bytes is not read: a wrong file, such
/// as a device, may have no end.
pub(crate) async fn read_text(path: PathBuf, limit: u64) -> io::Result<String> {
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        if path == Path::new("-") {
            io::stdin().lock().take(limit).read_to_string(&mut text)?;
        } else {
            File::open(&path)?.take(limit).read_to_string(&mut text)?;
        }
        Ok(without_mark(&text).to_owned())
    });
    read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
