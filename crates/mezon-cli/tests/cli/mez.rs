//! The built command as a child process, with a limit on everything.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// More than any command here takes.
const LIMIT: Duration = Duration::from_secs(20);

/// A command to be run.
pub(crate) struct Mez {
    command: Command,
    input: Option<String>,
}

/// The built command, with none of the tester's own settings.
pub(crate) fn mez() -> Mez {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mez"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MEZON_") || name == "RUST_LOG" || name == "COLUMNS" {
            command.env_remove(name);
        }
    }
    Mez { command, input: None }
}

impl Mez {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// What the command reads on stdin; nothing otherwise.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// The command, for streams of the test's own.
    #[cfg(unix)]
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs the command to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }

    /// Starts the command.
    #[track_caller]
    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        if let Some(input) = self.input {
            // A command that fails early does not read it all.
            let _ = stdin.write_all(input.as_bytes());
        }
        drop(stdin);
        let (lines, stdout) = channel();
        let reader = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || reader.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        let (all, stderr) = channel();
        let mut reader = child.stderr.take().unwrap();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = reader.read_to_string(&mut text);
            all.send(text)
        });
        Running { child, stdout, stderr }
    }
}

/// A command that runs. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Running {
    /// The next line of stdout.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        match self.stdout.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(error) => {
                let _ = self.child.kill();
                panic!("no line came ({error}); stderr: {}", self.stderr.recv_timeout(LIMIT).unwrap_or_default());
            }
        }
    }

    /// The next line of stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
    }

    /// Presses Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end, and takes what was printed and not read yet.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let mut stdout = String::new();
        // Each stream ends with the process, so the waits below are bounded by these.
        while let Some(line) = self.stdout_line() {
            stdout.push_str(&line);
            stdout.push('\n');
        }
        let stderr = self.stderr.recv_timeout(LIMIT).expect("the command ends in time");
        let status = self.child.wait().unwrap();
        Ended { status, stdout, stderr }
    }

    #[track_caller]
    fn stdout_line(&self) -> Option<String> {
        match self.stdout.recv_timeout(LIMIT) {
            Ok(line) => Some(line),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("the command does not end"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the command has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// It did what it should, without complaints.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.status.code(), Some(0), "{self:#?}");
        assert_eq!(self.stderr, "", "{self:#?}");
        self
    }

    /// It did what it should, and said on stderr how that went, in all these words.
    #[track_caller]
    pub(crate) fn told(self, words: &[&str]) -> Self {
        let ended = self.code(0);
        for word in words {
            assert!(ended.stderr.contains(word), "no {word:?} in {ended:#?}");
        }
        ended
    }

    /// It printed exactly one JSON object.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let ended = self.succeeded();
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:#?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// It printed lines of JSON, or nothing.
    #[track_caller]
    pub(crate) fn lines(self) -> Vec<Value> {
        let ended = self.succeeded();
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// It failed with this exit code and all these words on stderr, and printed no result.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {self:#?}");
        }
        self
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }
}
