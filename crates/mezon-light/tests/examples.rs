//! The programs in `examples` run, against an emulated gateway. `cargo test` builds them beside the tests; before
//! `cargo test --test examples` it takes `cargo build --examples`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::Stdio;

use mezon_emulator::Emulator;
use mezon_light::{Channel, LightClient, LightSocket, MessageStream, SendMessagePayload, SocketConnectOptions, UserId};
use support::{MINH, PATIENCE, emulator, next_message, sign_in};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const LINH: UserId = UserId::new(42);

/// An example that runs. It is killed when this is dropped.
struct Program {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(name: &str, arguments: &[&str], emulator: &Emulator) -> Self {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(|deps| deps.parent()).unwrap().join("examples");
        let mut child = Command::new(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .args(arguments)
            .env("MEZON_GATEWAY_URL", emulator.url())
            .env("MEZON_ID_TOKEN", "an-id-token")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo test` has built the example");
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, stdout }
    }

    async fn line(&mut self) -> String {
        timeout(PATIENCE, self.stdout.next_line()).await.expect("a line in time").unwrap().expect("another line")
    }

    /// Waits for its end, and gives what it still printed.
    async fn end(mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = timeout(PATIENCE, self.stdout.next_line()).await.expect("an end in time").unwrap() {
            lines.push(line);
        }
        assert!(timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap().success(), "{lines:?}");
        lines
    }
}

/// The other one in a conversation.
struct Peer {
    client: LightClient,
    socket: LightSocket,
    messages: MessageStream,
    channel: Channel,
}

impl Peer {
    async fn join(emulator: &Emulator) -> Self {
        let client = sign_in(&emulator.url(), MINH, "minh").await;
        let channel = client.create_dm(LINH).await.unwrap();
        let socket = LightSocket::new(&client);
        let messages = socket.messages();
        socket.connect(SocketConnectOptions::new()).await.unwrap();
        socket.join_dm_channel(channel.id()).await.unwrap();
        Self { client, socket, messages, channel }
    }

    async fn say(&self, text: &str) {
        self.socket.send_dm(SendMessagePayload::new(self.channel.id(), text)).await.unwrap();
    }
}

#[tokio::test]
async fn hello_greets_and_prints_what_comes_back() {
    let emulator = emulator().await;
    let mut peer = Peer::join(&emulator).await;
    let mut hello = Program::start("hello", &[], &emulator);
    assert_eq!(next_message(&mut peer.messages).await.text(), "hello from Rust");
    peer.say("chào Linh").await;
    while hello.line().await != "minh: chào Linh" {}
}

/// What the front page shows is the example, so that it runs when it is pasted.
#[test]
fn the_front_page_shows_the_program_that_is_tested() {
    let program = include_str!("../examples/hello.rs");
    let (_, program) = program.split_once("terminal\")]\n\n").unwrap();
    assert!(include_str!("../../../README.md").contains(program), "README.md differs from examples/hello.rs");
    let readme: Vec<&str> =
        include_str!("../README.md").lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
    assert!(
        readme.join("\n").contains(program.trim_end()),
        "crates/mezon-light/README.md differs from examples/hello.rs"
    );
}

#[tokio::test]
async fn echo_says_back_what_it_hears() {
    let emulator = emulator().await;
    let mut peer = Peer::join(&emulator).await;
    let mut echo = Program::start("echo", &["42", "linh"], &emulator);
    assert_eq!(echo.line().await, "conversations: 1");
    peer.say("ơi").await;
    let texts = [next_message(&mut peer.messages).await, next_message(&mut peer.messages).await];
    assert!(texts.iter().all(|message| message.text() == "ơi"), "{texts:?}");
    assert!(texts.iter().any(|message| message.sender_id() == LINH), "{texts:?}");

    #[cfg(unix)]
    {
        let id = echo.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        echo.end().await;
        emulator.wait_for(|stats| stats.open_sockets == 1).await;
    }
}

#[tokio::test]
async fn send_file_sends_a_file() {
    let emulator = emulator().await;
    let mut peer = Peer::join(&emulator).await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("plan.txt");
    std::fs::write(&file, "the plan").unwrap();
    let lines = Program::start("send_file", &["43", file.to_str().unwrap()], &emulator).end().await;
    assert!(lines.contains(&"8 of 8 bytes".to_owned()), "{lines:?}");
    let message = next_message(&mut peer.messages).await;
    assert_eq!(message.text(), "here it is");
    let url = &message.attachments().first().unwrap().url;
    assert_eq!(peer.client.download(url).await.unwrap().bytes(1024).await.unwrap(), "the plan");
}

#[tokio::test]
async fn restore_session_signs_in_once() {
    let emulator = emulator().await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("session.json");
    let start = || Program::start("restore_session", &[file.to_str().unwrap()], &emulator).end();
    assert_eq!(start().await, ["signed in as 42", "conversations: 0"]);
    emulator.faults().expire_tokens();
    assert_eq!(start().await, ["welcome back, 42", "conversations: 0"]);
    assert_eq!((emulator.stats().logins, emulator.stats().refreshes), (1, 1));
}
