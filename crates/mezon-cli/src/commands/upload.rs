//! `mez upload`: puts a file into the object store.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use tempfile::TempDir;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::progress;

#[derive(Debug, Args)]
#[command(after_help = "`mez send --attach` uploads and sends in one go.\n\n\
                        Examples:\n  mez upload plan.pdf\n  mez upload plan.pdf --json\n  \
                        pg_dump chat | mez upload - --name chat.sql")]
pub(crate) struct Arguments {
    /// The file; - reads it from stdin
    file: PathBuf,
    /// What the file on stdin is called
    #[arg(long, value_name = "NAME", required_if_eq("file", "-"))]
    name: Option<String>,
}

#[derive(Serialize)]
struct Uploaded<'a> {
    event: &'static str,
    filename: &'a str,
    url: &'a str,
    filetype: &'a str,
    size: i64,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let staged = match (arguments.file.to_str(), &arguments.name) {
        (Some("-"), Some(name)) => Some(Staged::stdin(name).await?),
        (_, Some(_)) => return Err(Failure::usage("--name is for a file on stdin").hint("give - as the file")),
        _ => None,
    };
    let path = staged.as_ref().map_or(arguments.file.as_path(), Staged::path);
    progress::check_file(path)?;
    let client = account.resume()?;
    let attachment = progress::upload(&client, path, output).await?;
    let object = Uploaded {
        event: "uploaded",
        filename: &attachment.filename,
        url: &attachment.url,
        filetype: &attachment.filetype,
        size: attachment.size,
    };
    output.print(&object, &attachment.url).await
}

/// What came on stdin, as a file in a folder of its own that is removed in the end: an upload needs to know the length
/// before it begins, and may begin again.
struct Staged {
    path: PathBuf,
    _folder: TempDir,
}

impl Staged {
    async fn stdin(name: &str) -> Result<Self, Failure> {
        if Path::new(name).file_name().is_none_or(|plain| plain != name) {
            return Err(Failure::usage(format!("{name:?} is no name of a file")).hint("give a name without folders"));
        }
        let unreadable = |error: &(dyn std::error::Error + 'static)| {
            Failure::input("stdin", "cannot read the file from stdin").because(error)
        };
        let folder = TempDir::new().map_err(|error| unreadable(&error))?;
        let path = folder.path().join(name);
        let place = path.clone();
        let copied = tokio::task::spawn_blocking(move || -> io::Result<()> {
            let mut file = std::fs::File::create_new(place)?;
            io::copy(&mut io::stdin().lock(), &mut file).map(drop)
        });
        copied.await.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))?;
        Ok(Self { path, _folder: folder })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
