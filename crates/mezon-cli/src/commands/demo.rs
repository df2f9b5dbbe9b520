//! `mezon demo`: the whole job on an emulated gateway, each step checked.

mod person;
mod story;
mod transcript;

use std::time::Duration;

use clap::Args;
use mezon_emulator::Emulator;
use serde_json::json;

use self::story::Story;
use self::transcript::Transcript;
use crate::exit::Failure;
use crate::interrupt::{interrupted, unless_interrupted};
use crate::output::Output;

/// Far longer than the demo takes: it fails rather than hangs.
const DEADLINE: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing leaves this machine. The exit code is 0 only if every step was verified.

Examples:
  mezon demo
  mezon demo --keep     # then try the other commands against the same gateway
  mezon demo --json")]
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
        let _ = transcript.broke_off();
        emulator.shutdown().await;
        return Err(failure.not_done());
    }
    transcript.end()?;
    if arguments.keep {
        keep(&emulator, output).await?;
    }
    emulator.shutdown().await;
    Ok(())
}

/// Leaves the gateway to the user, until Ctrl-C.
async fn keep(emulator: &Emulator, output: Output) -> Result<(), Failure> {
    let url = emulator.url();
    let mezon = std::env::args().next().unwrap_or_else(|| "mezon".to_owned());
    let folder = std::env::temp_dir();
    let session = |name: &str| folder.join(format!("mezon-demo-{name}.json")).display().to_string();
    let (dung, binh) = (session("dung"), session("binh"));
    output.print(
        &json!({"event": "listening", "url": url, "ca": null}),
        format_args!(
            "\n\
             The gateway stays up until Ctrl-C. In a second terminal, a new user listens to everything:\n\n\
             export MEZON_GATEWAY_URL={url} MEZON_SESSION={dung}\n\
             MEZON_ID_TOKEN=any {mezon} login --user-id 1004 --username dung\n\
             {mezon} dm {binh_id}\n\
             {mezon} listen\n\n\
             In a third, Bình writes back, with the channel's number from above:\n\n\
             export MEZON_GATEWAY_URL={url} MEZON_SESSION={binh}\n\
             MEZON_ID_TOKEN=any {mezon} login --user-id {binh_id} --username binh\n\
             {mezon} channels\n\
             {mezon} send CHANNEL 'xin chào'",
            binh_id = story::BINH,
        ),
    )?;
    interrupted().await;
    Ok(())
}
