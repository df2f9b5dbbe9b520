//! `mez download`: fetches a file of a message.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::{Output, printable};
use crate::progress;

#[derive(Debug, Args)]
#[command(after_help = "A message's attachments have their addresses in `mez history CHANNEL --json`. Only hosts of \
                        the gateway are asked, and they get no credentials.\n\n\
                        Examples:\n  mez download URL\n  mez download URL --output plan.pdf\n  mez download URL --output - | tar t")]
pub(crate) struct Arguments {
    /// The address of the file
    url: String,
    /// Where to save it, - for stdout; nothing is replaced [default: the end of the address, in this folder]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Downloaded<'a> {
    event: &'static str,
    url: &'a str,
    path: &'a str,
    size: u64,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    if arguments.output.as_deref() == Some(Path::new("-")) {
        // Stdout is the file, and so there is no place for a line about it.
        return progress::download_to_stdout(&account.resume()?, &arguments.url).await;
    }
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => name(&arguments.url).ok_or_else(|| {
            Failure::input("file", "the address does not end in a name").hint("say where to save it with --output FILE")
        })?,
    };
    if path.symlink_metadata().is_ok() {
        let problem = format!("{} is there already", path.display());
        return Err(Failure::input("file", problem).hint("nothing was fetched; save it elsewhere with --output FILE"));
    }
    let client = account.resume()?;
    let size = progress::download(&client, &arguments.url, &path, output).await?;
    let shown = path.display().to_string();
    let object = Downloaded { event: "downloaded", url: &arguments.url, path: &shown, size };
    output.print(&object, printable(&shown)).await
}

/// The name at the end of an address, as it stands there: whoever wrote the message chose it, so it may not lead anywhere
/// else than into this folder, nor hide there.
fn name(url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, path) = path.split_once("://")?;
    let (_, name) = path.rsplit_once('/')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.%+~".contains(&byte));
    let reads_as_is = plain && !name.is_empty() && !name.starts_with('.') && !name.ends_with('.');
    (reads_as_is && !is_reserved(name)).then(|| PathBuf::from(name))
}

/// Whether Windows takes the name for a device, whatever its extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|number| number.len() == 1 && number.bytes().all(|n| n.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_is_taken_from_an_address() {
        for (url, plain) in [
            ("https://cdn.mezon.ai/0/1/plan.pdf", Some("plan.pdf")),
            ("https://cdn.mezon.ai/k%E1%BB%B3.png?x=/y#z", Some("k%E1%BB%B3.png")),
            ("https://cdn.mezon.ai/", None),
            ("https://cdn.mezon.ai", None),
            ("https://cdn.mezon.ai/..", None),
            ("https://cdn.mezon.ai/.bashrc", None),
            ("https://cdn.mezon.ai/plan.", None),
            ("https://cdn.mezon.ai/nul", None),
            ("https://cdn.mezon.ai/Con.tar.gz", None),
            ("https://cdn.mezon.ai/lpt1.txt", None),
            ("https://cdn.mezon.ai/com10.txt", Some("com10.txt")),
            ("https://cdn.mezon.ai/console.log", Some("console.log")),
            ("https://cdn.mezon.ai/a\\b", None),
            ("https://cdn.mezon.ai/a\nb", None),
            ("plan.pdf", None),
        ] {
            assert_eq!(name(url), plain.map(PathBuf::from), "{url}");
        }
    }
}
