//! Signals, while somebody holds a pipe open and does not read it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use crate::gateway::Gateway;
use crate::mez::{Mez, mez};

/// Less than the ten seconds after which a command that does not end by itself is ended.
const SOON: Duration = Duration::from_secs(5);

/// A pipe that is full until it is read.
struct FullPipe {
    path: PathBuf,
    reader: File,
    filler: File,
}

impl FullPipe {
    fn new(gateway: &Gateway, name: &str) -> Self {
        let path = gateway.file(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let open = |flags| File::from(rustix::fs::open(&path, flags, Mode::empty()).unwrap());
        // To open one end waits for the other, unless asked not to.
        let reader = open(OFlags::RDONLY | OFlags::NONBLOCK);
        let mut pipe = Self { filler: open(OFlags::WRONLY | OFlags::NONBLOCK), reader, path };
        pipe.fill();
        pipe
    }

    fn fill(&mut self) {
        // The last free bytes take no large piece.
        for piece in [&[b'.'; 4096][..], b"."] {
            loop {
                if let Err(error) = self.filler.write_all(piece) {
                    break assert_eq!(error.kind(), ErrorKind::WouldBlock);
                }
            }
        }
    }

    /// The end for a child process, which waits when the pipe is full.
    fn end(&self) -> Stdio {
        File::options().write(true).open(&self.path).unwrap().into()
    }

    /// Reads until `text` has come.
    fn read_to(&mut self, text: &str) {
        let (mut all, mut part) = (Vec::new(), [0; 4096]);
        let start = Instant::now();
        while !String::from_utf8_lossy(&all).contains(text) {
            match self.reader.read(&mut part) {
                Ok(length) => all.extend_from_slice(&part[..length]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            assert!(start.elapsed() < SOON, "{text:?} did not come");
            std::thread::yield_now();
        }
    }
}

/// A command that is killed in the end.
struct Stuck(Child);

impl Stuck {
    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// Its exit code, once it has ended by itself.
    #[track_caller]
    fn end(mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < SOON, "the command does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Long enough for a command that is about to print to stand in the write: a whole other process runs meanwhile.
fn let_it_get_stuck() {
    mez().arg("version").run().succeeded();
}

fn start(command: Mez, stdout: Stdio, stderr: Stdio) -> Stuck {
    Stuck(command.into_command().stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn().unwrap())
}

#[test]
fn a_listener_that_nobody_reads_ends_with_ctrl_c_and_with_sigterm() {
    for signal in ["-INT", "-TERM"] {
        let gateway = Gateway::start();
        let dm = gateway.an_and_binh();
        let pipe = FullPipe::new(&gateway, "pipe");
        let listen = start(gateway.mez("binh").args(["listen", &dm, "--json"]), pipe.end(), Stdio::null());
        gateway.wait_for(|stats| stats.joins == 1);
        let_it_get_stuck();
        listen.signal(signal);
        assert_eq!(listen.end(), Some(0), "{signal}");
        // The socket was closed, not just dropped with the process.
        gateway.wait_for(|stats| stats.open_sockets == 0);
    }
}

#[test]
fn status_lines_that_nobody_reads_hold_nobody_up() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let pipe = FullPipe::new(&gateway, "pipe");
    let listen = start(gateway.mez("binh").args(["listen", &dm, "--log", "trace"]), Stdio::null(), pipe.end());
    gateway.wait_for(|stats| stats.joins == 1);
    let_it_get_stuck();
    listen.signal("-INT");
    assert_eq!(listen.end(), Some(0));
}

#[test]
fn an_error_that_nobody_reads_holds_nobody_up() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    gateway.emulator.faults().half_open(true);
    let pipe = FullPipe::new(&gateway, "pipe");
    let send = start(gateway.mez("an").args(["send", &dm, "never answered"]), Stdio::null(), pipe.end());
    gateway.wait_for(|stats| stats.open_sockets == 1);
    send.signal("-INT");
    assert_eq!(send.end(), Some(130));
}

#[test]
fn a_message_that_was_sent_is_not_waited_for_when_nobody_reads_of_it() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let pipe = FullPipe::new(&gateway, "pipe");
    let send = start(gateway.mez("an").args(["send", &dm, "hi"]), pipe.end(), Stdio::null());
    gateway.wait_for(|stats| stats.messages == 1 && stats.open_sockets == 0);
    let_it_get_stuck();
    send.signal("-INT");
    assert_eq!(send.end(), Some(130));
}

#[test]
fn a_demo_that_nobody_reads_ends_with_ctrl_c() {
    let gateway = Gateway::start();
    let mut pipe = FullPipe::new(&gateway, "pipe");
    let demo = start(mez().arg("demo"), pipe.end(), Stdio::null());
    pipe.read_to("1. A gateway");
    pipe.fill();
    let_it_get_stuck();
    demo.signal("-INT");
    assert_eq!(demo.end(), Some(130));
}

#[test]
fn an_emulator_that_nobody_reads_ends_with_ctrl_c() {
    let gateway = Gateway::start();
    let pipe = FullPipe::new(&gateway, "pipe");
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let emulator = start(mez().args(["emulator", "--listen", &address.to_string()]), pipe.end(), Stdio::null());
    let begun = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < SOON, "nobody listens");
        std::thread::yield_now();
    }
    let_it_get_stuck();
    emulator.signal("-INT");
    assert_eq!(emulator.end(), Some(0));
}

#[test]
fn the_second_signal_ends_at_once() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", &dm, "--json"]).start();
    assert_eq!(listen.json()["event"], "ready");
    // The closing handshake is never answered, so the first signal has something to wait for.
    gateway.emulator.faults().half_open(true);
    // Two of a kind could be taken for one.
    listen.signal("-INT");
    listen.signal("-TERM");
    listen.end().code(130);
}
