//! Each client runs in a process of its own, so that memory and CPU are its own. It prints its figures as JSON.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{Result, clients, say};

/// The figures of one run.
pub(crate) type Figures = Vec<(&'static str, f64)>;

/// One run of one client.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    /// The kind of work.
    pub(crate) work: &'static str,
    /// The client that does it.
    pub(crate) client: &'static str,
    pub(crate) server: SocketAddr,
    /// How many messages, calls or connections.
    pub(crate) count: usize,
    /// How many at a time.
    pub(crate) at_once: usize,
    /// Where the JavaScript SDK and `peer.mjs` are.
    pub(crate) javascript: Option<&'a Path>,
}

/// The client on Node.js.
pub(crate) const NODE: &str = "mezon-light-sdk 1.0.5 (Node.js)";

impl Run<'_> {
    /// Runs it, and gives back what it printed.
    pub(crate) fn figures(self) -> Result<BTreeMap<String, f64>> {
        let output = self.command()?.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{} / {} ended with {}", self.work, self.client, output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Milliseconds from the start of the process to the first line it prints.
    pub(crate) fn time_to_first_line(self) -> Result<f64> {
        let started = Instant::now();
        let mut child = self.command()?.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("the client has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let elapsed = started.elapsed();
        let status = child.wait()?;
        if line.is_empty() || !status.success() {
            return Err(format!("{} / {} ended with {status}", self.work, self.client).into());
        }
        Ok(elapsed.as_secs_f64() * 1e3)
    }

    fn command(self) -> Result<Command> {
        let numbers = [self.count.to_string(), self.at_once.to_string()];
        let mut command = if self.client == NODE {
            let folder = self.javascript.ok_or("the JavaScript SDK is not installed")?;
            let mut command = Command::new("node");
            command.arg(folder.join("peer.mjs")).arg(self.work).arg(clients::session(self.server));
            command
        } else {
            let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| PathBuf::from("bench")));
            command.args(["child", self.work, self.client]).arg(OsString::from(self.server.to_string()));
            command
        };
        command.args(numbers).stdin(Stdio::null());
        Ok(command)
    }
}

/// Prints the figures of this process.
pub(crate) fn print(figures: &Figures) -> Result<()> {
    let figures: BTreeMap<&str, f64> = figures.iter().copied().collect();
    say(&serde_json::to_string(&figures)?);
    Ok(())
}
