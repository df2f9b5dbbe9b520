//! `mezon upload`: puts a file into the object store.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::progress;

#[derive(Debug, Args)]
#[command(after_help = "`mezon send --attach` uploads and sends in one go.\n\n\
                        Examples:\n  mezon upload plan.pdf\n  mezon upload plan.pdf --json")]
pub(crate) struct Arguments {
    /// The file
    file: PathBuf,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account<'_>, output: Output) -> Result<(), Failure> {
    progress::check_file(&arguments.file)?;
    let client = account.resume()?;
    let attachment = progress::upload(&client, &arguments.file, output).await?;
    let object = json!({
        "event": "uploaded",
        "filename": attachment.filename,
        "url": attachment.url,
        "filetype": attachment.filetype,
        "size": attachment.size,
    });
    output.print(&object, &attachment.url)
}
