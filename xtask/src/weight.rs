//! What a small program on `mezon-light` weighs, beside the same on other SDKs: crates, build time, size.
//!
//! The programs are made in the target folder and do nothing but make a client, so that everything a client needs is
//! linked in. Each is built once from nothing, in a folder of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{Workspace, output, say};

/// A program on one SDK.
struct Program {
    name: &'static str,
    dependencies: &'static str,
    code: &'static str,
}

const TOKIO: &str = r#"tokio = { version = "1", features = ["rt", "net", "time"] }"#;

const PROGRAMS: &[Program] = &[
    Program {
        name: "mezon-light",
        dependencies: r#"mezon-light = { path = "ROOT/crates/mezon-light" }"#,
        code: r#"
async fn run(word: String) -> Option<()> {
    use mezon_light::*;
    let client = LightClient::authenticate(AuthenticateConfig::new(word, UserId::new(1), "me")).await.ok()?;
    let socket = client.create_socket();
    let mut messages = socket.messages();
    socket.connect(SocketConnectOptions::new()).await.ok()?;
    socket.send_dm(SendMessagePayload::new(ChannelId::new(1), "hello")).await.ok()?;
    println!("{}", messages.next().await?.ok()?.text());
    Some(())
}"#,
    },
    Program {
        name: "twilight-gateway + twilight-http",
        dependencies: "twilight-gateway = \"0.18\"\ntwilight-http = \"0.18\"\ntwilight-model = \"0.18\"",
        code: r#"
async fn run(word: String) -> Option<()> {
    use twilight_gateway::{EventTypeFlags, Intents, Shard, ShardId, StreamExt as _};
    let http = twilight_http::Client::new(word.clone());
    let mut shard = Shard::new(ShardId::ONE, word, Intents::DIRECT_MESSAGES);
    http.create_message(twilight_model::id::Id::new(1)).content("hello").await.ok()?;
    println!("{:?}", shard.next_event(EventTypeFlags::all()).await?.ok()?);
    Some(())
}"#,
    },
    Program {
        name: "async-nats",
        dependencies: "async-nats = \"0.51\"\nfutures-util = { version = \"0.3\", default-features = false }",
        code: r#"
async fn run(word: String) -> Option<()> {
    use futures_util::StreamExt as _;
    let client = async_nats::connect(word).await.ok()?;
    let mut messages = client.subscribe("a").await.ok()?;
    client.publish("a", "hello".into()).await.ok()?;
    println!("{:?}", messages.next().await?);
    Some(())
}"#,
    },
    Program {
        name: "slack-morphism",
        dependencies: r#"slack-morphism = { version = "2.31", features = ["hyper"] }"#,
        code: r#"
async fn run(word: String) -> Option<()> {
    use slack_morphism::prelude::*;
    let client = std::sync::Arc::new(SlackClient::new(SlackClientHyperConnector::new().ok()?));
    let token = SlackApiToken::new(word.into());
    let message = SlackApiChatPostMessageRequest::new("a".into(), SlackMessageContent::new().with_text("hello".into()));
    client.open_session(&token).chat_post_message(&message).await.ok()?;
    let callbacks = SlackSocketModeListenerCallbacks::new();
    let state = std::sync::Arc::new(SlackClientEventsListenerEnvironment::new(client));
    let listener = SlackClientSocketModeListener::new(&SlackClientSocketModeConfig::new(), state, callbacks);
    listener.listen_for(&token).await.ok()?;
    listener.serve().await;
    Some(())
}"#,
    },
];

pub(crate) fn measure(workspace: &Workspace) -> Result<(), String> {
    say("| program on | crates from outside | CPU s of a release build | KiB, stripped |");
    say("|---|---:|---:|---:|");
    for program in PROGRAMS {
        say(&format!("| {} | {} |", program.name, weigh(workspace, program)?));
    }
    Ok(())
}

/// The figures as cells of a table.
fn weigh(workspace: &Workspace, program: &Program) -> Result<String, String> {
    let folder = workspace.target.join("weight").join(program.name.replace([' ', '+'], ""));
    let io = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(io)?;
    }
    fs::create_dir_all(folder.join("src")).map_err(io)?;
    let root = workspace.root.display().to_string().replace('\\', "/");
    let dependencies = program.dependencies.replace("ROOT", &root);
    let manifest = format!(
        "[package]\nname = \"hello\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n{TOKIO}\n\n\
         [profile.release]\nstrip = true\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).map_err(io)?;
    let main = "\nfn main() {\n    let word = std::env::args().next().unwrap_or_default();\n    \
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();\n    \
                runtime.block_on(run(word));\n}\n";
    fs::write(folder.join("src/main.rs"), format!("{}{main}", program.code)).map_err(io)?;
    // The same versions as in this workspace, as far as they are the same crates.
    fs::copy(workspace.root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(io)?;

    let crates = crates(workspace, &folder)?;
    let cpu = build(workspace, &folder)?;
    let binary = folder.join("target/release").join(format!("hello{}", std::env::consts::EXE_SUFFIX));
    let size = fs::metadata(binary).map_err(io)?.len();
    Ok(format!("{crates} | {cpu:.0} | {}", size / 1_024))
}

/// How many crates from outside are compiled for it, build scripts and macros included.
fn crates(workspace: &Workspace, folder: &Path) -> Result<usize, String> {
    let mut tree = workspace.cargo();
    tree.args(["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]).current_dir(folder);
    let listing = output(&mut tree)?;
    // Our own crates, and the program, have their folder in brackets.
    let outside: std::collections::BTreeSet<&str> = listing
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)"))
        .filter(|line| !line.is_empty() && !line.contains('('))
        .collect();
    Ok(outside.len())
}

/// Builds it, and gives the CPU seconds of the compilers.
fn build(workspace: &Workspace, folder: &Path) -> Result<f64, String> {
    let cargo = workspace.cargo();
    // Fetched before, so that only compiling counts.
    output(Command::new(cargo.get_program()).arg("fetch").current_dir(folder))?;
    let before = children_cpu();
    output(
        workspace
            .cargo()
            .args(["build", "--release", "--quiet"])
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", folder.join("target")),
    )?;
    Ok(children_cpu() - before)
}

/// CPU seconds of all processes that this one has started and waited for, as Linux tells; 0 elsewhere.
fn children_cpu() -> f64 {
    /// Of `/proc`, on every architecture that Linux runs on today.
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold anything, in brackets: state is the first field, cutime and cstime are the
    // fourteenth and fifteenth.
    let fields = text.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    fields.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}
