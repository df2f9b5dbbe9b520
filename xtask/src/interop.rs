//! The official JavaScript and Python SDKs against the emulator, alone and with the `mez` command as their peer.
//!
//! The scenarios are in `xtask/interop`. Here is what they need: the SDKs installed from their registries into
//! the target folder, the `mez` command built, emulators running, and a bound on all of it. A machine
//! without Node.js, npm or Python fails; it does not skip.

mod python;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::workspace::{Workspace, output, run as run_shown, say};

/// The bot that the Python SDK signs in as.
const BOT_ID: &str = "1840651409843262001";
const BOT_KEY: &str = "key-of-the-interop-bot";
/// The first major version of Node.js with a global `fetch`, which the SDK calls.
const NODE_MAJOR: u32 = 18;
const INSTALL_LIMIT: Duration = Duration::from_secs(300);
const START_LIMIT: Duration = Duration::from_secs(30);
/// Longer than the script's own limit, which stops what the script started.
const SCRIPT_LIMIT: Duration = Duration::from_secs(180);
/// How often a running program is asked whether it has ended.
const POLL: Duration = Duration::from_millis(50);

/// Installs, builds, starts and runs the scenarios; stops what it started, also when one fails.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let folder = install(workspace)?;
    run_shown(workspace.cargo().args(["build", "--locked", "-p", "mezon-cli"]))?;
    let mez = workspace.target.join("debug").join(format!("mez{}", std::env::consts::EXE_SUFFIX));

    let python = python::install(workspace)?;

    let emulator = Emulator::start(workspace, &mez, &folder.join("emulator.log"), &[])?;
    // Without TLS the Python SDK needs the scheme in the address of the socket, which the JavaScript SDK cannot have.
    let bots = ["--app", BOT_ID, "--ws-url", "full"];
    let for_bots = Emulator::start(workspace, &mez, &folder.join("emulator-for-bots.log"), &bots)?;
    let mut script = workspace.command("node");
    script.arg("run.mjs").arg(&mez).arg(&emulator.url).arg(&for_bots.url).arg(&python).args([BOT_ID, BOT_KEY]);
    run_bounded("node run.mjs", script.current_dir(&folder), SCRIPT_LIMIT)
        .map_err(|error| format!("{error}; the logs of the emulators are in {}", folder.display()))
}

/// Installs the JavaScript SDK, and gives back the folder it is in, with the scripts beside it.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf, String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    check_node(workspace)?;
    output(workspace.command(npm).arg("--version"))
        .map_err(|error| format!("npm is needed to install the JavaScript SDK: {error}"))?;

    let folder = workspace.target.join("interop");
    copy_scripts(&workspace.root.join("xtask/interop"), &folder)?;
    let mut install = workspace.command(npm);
    // No script of an installed package is run.
    install
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"])
        .current_dir(&folder);
    run_bounded("npm ci", &mut install, INSTALL_LIMIT)?;
    Ok(folder)
}

fn check_node(workspace: &Workspace) -> Result<(), String> {
    let version = output(workspace.command("node").arg("--version"))
        .map_err(|error| format!("Node.js {NODE_MAJOR} or newer is needed to run the JavaScript SDK: {error}"))?;
    match node_major(&version) {
        Some(major) if major >= NODE_MAJOR => Ok(()),
        _ => Err(format!("Node.js {NODE_MAJOR} or newer is needed, this one is {}", version.trim())),
    }
}

/// `v20.11.1` gives 20.
fn node_major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Puts the scripts next to the folder that npm fills, so that their imports find the SDK.
pub(crate) fn copy_scripts(from: &Path, to: &Path) -> Result<(), String> {
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    };
    copy().map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}

/// A program that is killed when this value goes.
struct Running {
    child: Child,
}

impl Running {
    fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        let child = command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
        Ok(Self { child })
    }

    /// How the program ended, or `None` when it still runs after `limit`.
    fn wait(&mut self, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait()? {
                None if Instant::now() < deadline => thread::sleep(POLL),
                outcome => return Ok(outcome),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the program has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn run_bounded(name: &str, command: &mut Command, limit: Duration) -> Result<(), String> {
    say(&format!("$ {name}"));
    match Running::start(name, command.stdin(Stdio::null()))?.wait(limit) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("`{name}` ended with {status}")),
        Ok(None) => Err(format!("`{name}` was stopped: it still ran after {} s", limit.as_secs())),
        Err(error) => Err(format!("cannot wait for `{name}`: {error}")),
    }
}

struct Emulator {
    url: String,
    _running: Running,
}

impl Emulator {
    /// Starts `mez emulator` on a free port and waits until it says where it listens.
    fn start(workspace: &Workspace, mez: &Path, log: &Path, options: &[&str]) -> Result<Self, String> {
        let log_file = File::create(log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let mut command = workspace.command(mez);
        command.args(["emulator", "--listen", "127.0.0.1:0"]).args(options).env("MEZON_APP_KEY", BOT_KEY);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file);
        let mut running = Running::start("mez emulator", &mut command)?;
        let stdout = running.child.stdout.take().ok_or("the emulator has no output")?;

        let (urls, found) = mpsc::channel();
        // Reads on after the address is found: a full pipe would stop the emulator.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = address(&line) {
                    let _ = urls.send(url.to_owned());
                }
            }
        });
        let url = found.recv_timeout(START_LIMIT).map_err(|_| {
            format!("the emulator named no address within {} s; its log is {}", START_LIMIT.as_secs(), log.display())
        })?;
        say(&format!("the emulator listens on {url}"));
        Ok(Self { url, _running: running })
    }
}

/// The first word of a line that is an HTTP address.
fn address(line: &str) -> Option<&str> {
    line.split_whitespace().find(|word| word.starts_with("http://") || word.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(node_major("v20.11.1\n"), Some(20));
        assert_eq!(node_major("20.11.1"), None);
        assert_eq!(node_major(""), None);
    }

    #[test]
    fn the_address_is_found_with_and_without_words_around_it() {
        assert_eq!(address("http://127.0.0.1:7350"), Some("http://127.0.0.1:7350"));
        assert_eq!(address("listening on https://127.0.0.1:1 (tls)"), Some("https://127.0.0.1:1"));
        assert_eq!(address("listening"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        let error = run_bounded("sleep", Command::new("sleep").arg("60"), Duration::ZERO).unwrap_err();
        assert!(error.contains("was stopped"), "{error}");
    }
}
