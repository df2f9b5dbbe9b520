//! Each client runs in a process of its own, so that memory and CPU are its own. It prints its figures as JSON.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::place::Place;
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
    pub(crate) server: &'a Place,
    /// How many messages, calls or connections.
    pub(crate) count: usize,
    /// What else the work depends on: how many at a time, how many channels, how many seconds.
    pub(crate) extent: usize,
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
        let mut running = self.start()?;
        running.line()?;
        let elapsed = started.elapsed();
        running.end()?;
        Ok(elapsed.as_secs_f64() * 1e3)
    }

    pub(crate) fn start(self) -> Result<Running> {
        let mut child = self.command()?.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the client has no output")?;
        Ok(Running { name: self.client, child, stdout: BufReader::new(stdout) })
    }

    fn command(self) -> Result<Command> {
        let numbers = [self.count.to_string(), self.extent.to_string()];
        let mut command = if self.client == NODE {
            let folder = self.javascript.ok_or("the JavaScript SDK is not installed")?;
            let mut command = Command::new("node");
            command.arg(folder.join("peer.mjs")).arg(self.work).arg(clients::session(self.server));
            command
        } else {
            let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| PathBuf::from("bench")));
            command.args(["child", self.work, self.client]).arg(self.server.to_argument());
            command
        };
        command.args(numbers).stdin(Stdio::null());
        Ok(command)
    }
}

/// A client that tells by lines how far it is.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Waits for the next line.
    pub(crate) fn line(&mut self) -> Result<()> {
        let read = self.stdout.read_line(&mut String::new())?;
        if read > 0 { Ok(()) } else { Err(format!("{} ended with {}", self.name, self.child.wait()?).into()) }
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Result<()> {
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", self.name).into()) }
    }
}

/// Prints the figures of this process.
pub(crate) fn print(figures: &Figures) -> Result<()> {
    let figures: BTreeMap<&str, f64> = figures.iter().copied().collect();
    say(&serde_json::to_string(&figures)?);
    Ok(())
}
