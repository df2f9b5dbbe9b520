//! `mez demo`: the whole job on an emulated gateway, each step checked.

mod person;
mod story;
mod transcript;

use std::time::Duration;

use clap::Args;
use mezon_emulator::Emulator;

use self::story::Story;
use self::transcript::Transcript;
use crate::cli::NAME;
use crate::commands::emulator::Listening;
use crate::exit::Failure;
use crate::interrupt::{interrupted, last_words, unless_interrupted};
use crate::output::Output;

/// Far longer than the demo takes: it fails rather than hangs.
const DEADLINE: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing leaves this machine. The exit code is 0 only if every step was verified.

Examples:
  mez demo
  mez demo --keep     # then try the other commands against the same gateway
  mez demo --json")]
pub(crate) struct Arguments {
    /// Leave the emulated gateway running, and print how to connect to it
    #[arg(long)]
    keep: bool,
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let emulator = Emulator::start().await?;
    let mut transcript = Transcript::new(output);
    let told = {
        // Boxed: it holds three clients and their sockets.
        let story = Box::pin(Story::new(&emulator, &mut transcript).tell());
        unless_interrupted(async {
            let told = tokio::time::timeout(DEADLINE, story).await;
            told.unwrap_or_else(|_| {
                Err(Failure::other(format!("the demo was not done after {} s", DEADLINE.as_secs())))
            })
        })
        .await
    };
    if let Err(failure) = told {
        // That nobody reads this any more does not make it a success.
        last_words(transcript.broke_off()).await;
        emulator.shutdown().await;
        return Err(failure.not_done());
    }
    let told = unless_interrupted(transcript.end()).await;
    let kept = match told {
        Ok(()) if arguments.keep => keep(&emulator, output).await,
        told => told,
    };
    emulator.shutdown().await;
    kept
}

/// Leaves the gateway to the user, until Ctrl-C.
async fn keep(emulator: &Emulator, output: Output) -> Result<(), Failure> {
    let url = emulator.url();
    let mez = std::env::args().next().unwrap_or_else(|| NAME.to_owned());
    let folder = std::env::temp_dir();
    let session = |name: &str| folder.join(format!("mezon-demo-{name}.json")).display().to_string();
    let (dung, binh) = (session("dung"), session("binh"));
    let text = format!(
        "\n\
         The gateway stays up until Ctrl-C. In a second terminal, a new user listens to everything:\n\n\
         export MEZON_GATEWAY_URL={url} MEZON_SESSION={dung}\n\
         MEZON_ID_TOKEN=any-token {mez} login --user-id 1004 --username dung\n\
         {mez} dm {binh_id}\n\
         {mez} listen\n\n\
         In a third, Bình writes back, with the channel's number from above:\n\n\
         export MEZON_GATEWAY_URL={url} MEZON_SESSION={binh}\n\
         MEZON_ID_TOKEN=any-token {mez} login --user-id {binh_id} --username binh\n\
         {mez} channels\n\
         {mez} send CHANNEL 'xin chào'",
        binh_id = story::BINH,
    );
    let object = Listening::new(&url, None, None);
    tokio::select! {
        printed = output.print(&object, text) => printed?,
        () = interrupted() => {}
    }
    interrupted().await;
    Ok(())
}
