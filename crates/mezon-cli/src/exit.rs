//! How a command ends: exit codes, and failures that people and programs can read.

mod sdk;

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

use serde::Serialize;

use crate::output::{self, Output, Stream, printable};

/// The exit codes. `mez help exit-codes` and `docs/cli.md` list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// Something that has no code of its own.
    Other = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// Not signed in, or the login is over.
    SignedOut = 3,
    /// The network or the server failed for now.
    Network = 4,
    /// The server refused.
    Refused = 5,
    /// A setting, a file or another input is wrong.
    Input = 6,
    /// The request may have reached the server, and nobody knows whether it acted.
    Unknown = 7,
    /// Interrupted by a signal.
    Interrupted = 130,
}

impl Exit {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Ok,
        Self::Other,
        Self::Usage,
        Self::SignedOut,
        Self::Network,
        Self::Refused,
        Self::Input,
        Self::Unknown,
        Self::Interrupted,
    ];

    /// What it means, for people.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done; also when `listen` or `emulator` are ended with Ctrl-C",
            Self::Other => "something that has no code of its own",
            Self::Usage => "the arguments are wrong",
            Self::SignedOut => "not signed in, or the login is over",
            Self::Network => "the network or the server failed for now: try again",
            Self::Refused => "the server refused",
            Self::Input => "a setting, a file or another input is wrong",
            Self::Unknown => "the outcome is unknown: look before you repeat",
            Self::Interrupted => "interrupted by Ctrl-C or SIGTERM",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// A name for programs, in snake case.
    kind: String,
    /// What a program can do about it.
    class: &'static str,
    /// The error and its causes, for people.
    message: String,
    /// What a person can do about it.
    hint: Option<String>,
    /// Nothing is printed: whoever reads the output has left.
    quiet: bool,
}

impl Failure {
    fn new(exit: Exit, kind: &str, class: &'static str, message: impl Into<String>) -> Self {
        Self { exit, kind: kind.to_owned(), class, message: message.into(), hint: None, quiet: false }
    }

    /// The arguments do not fit together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", "permanent", message)
    }

    /// A file or another local input is wrong.
    pub(crate) fn input(kind: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Input, kind, "permanent", message)
    }

    /// There is no login.
    pub(crate) fn signed_out(message: impl Into<String>) -> Self {
        Self::new(Exit::SignedOut, "signed_out", "auth", message)
    }

    /// Something that has no code of its own.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Exit::Other, "other", "permanent", message)
    }

    /// The server may have done it, and nobody knows what came of it.
    pub(crate) fn unknown(kind: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Unknown, kind, "maybe_done", message)
    }

    /// A signal ended the command.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted", "cancelled", "interrupted")
    }

    /// Whoever read the output has left, as in `mez channels | head -1`. That is no error to talk about.
    pub(crate) fn output_closed() -> Self {
        Self { quiet: true, ..Self::new(Exit::Ok, "output_closed", "cancelled", "the output was closed") }
    }

    /// For a command whose exit code has to say that all was done: without a reader it was not.
    pub(crate) fn not_done(mut self) -> Self {
        if self.exit == Exit::Ok {
            self.exit = Exit::Other;
        }
        self
    }

    /// Appends `cause` and what lies beneath it to the message.
    pub(crate) fn because(mut self, cause: &(dyn Error + 'static)) -> Self {
        self.message = chain(&self.message, Some(cause));
        self
    }

    /// Says first what could not be done.
    pub(crate) fn of(mut self, what: impl Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Appends what lies beneath `error`, whose own words are the message already.
    pub(crate) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        self.message = chain(&self.message, error.source());
        self
    }

    /// Says what a person can do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Writes the failure to stderr, in the form the user asked for.
    pub(crate) async fn report(&self, output: Output) {
        if let Some(text) = self.text(output) {
            output::complain(text).await;
        }
    }

    /// As [`Failure::report`], and blocks until it is written.
    pub(crate) fn complain(&self, output: Output) {
        if let Some(text) = self.text(output) {
            // When that fails there is nobody left to tell.
            let _ = output::write_line(Stream::Stderr, &text);
        }
    }

    /// What to write; nothing when whoever would read it has left.
    fn text(&self, output: Output) -> Option<String> {
        #[derive(Serialize)]
        struct Report<'a> {
            error: Told<'a>,
        }
        #[derive(Serialize)]
        struct Told<'a> {
            kind: &'a str,
            class: &'a str,
            message: &'a str,
            hint: Option<&'a str>,
        }

        if self.quiet {
            return None;
        }
        let hint = self.hint.as_deref();
        if output.is_json() {
            let error = Told { kind: &self.kind, class: self.class, message: &self.message, hint };
            return Output::line(&Report { error }).ok();
        }
        let mut text = format!("error: {}", printable(&self.message));
        if let Some(hint) = hint {
            text.push_str("\nhint:  ");
            text.push_str(hint);
        }
        Some(text)
    }
}

/// `first` and every error beneath, each once, parted by colons.
fn chain(first: &str, mut next: Option<&(dyn Error + 'static)>) -> String {
    let mut text = first.to_owned();
    while let Some(error) = next {
        let part = error.to_string();
        // Some errors print their source too: say it once.
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        next = error.source();
    }
    text
}
