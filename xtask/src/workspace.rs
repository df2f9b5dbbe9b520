//! Where things are, and how other programs are run there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::MetadataCommand;

/// The checked-out workspace and the folder that builds go to.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the environment or Cargo's configuration puts it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks Cargo which workspace the current folder belongs to.
    pub(crate) fn find() -> Result<Self, String> {
        let metadata = MetadataCommand::new()
            .cargo_path(cargo_path())
            .no_deps()
            .exec()
            .map_err(|error| format!("cannot read the workspace's metadata: {error}"))?;
        Ok(Self { root: metadata.workspace_root.into(), target: metadata.target_directory.into() })
    }

    /// The Cargo that started this program, run at the root.
    pub(crate) fn cargo(&self) -> Command {
        self.command(cargo_path())
    }

    /// A program run at the root.
    ///
    /// `cargo run` tells this program about its own package in the environment. Build scripts compare such
    /// variables to decide whether to run again, so passing them on would rebuild crates for nothing.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }
}

/// Says what is run, runs it with its output shown, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let line = command_line(command);
    say(&format!("$ {line}"));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("cannot start `{line}`: {error}")),
    }
}

/// Runs a command quietly and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let line = command_line(command);
    let output = command.output().map_err(|error| format!("cannot start `{line}`: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{line}` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Prints one line for the person or the log that follows along.
#[allow(clippy::print_stdout)] // a program for a terminal
pub(crate) fn say(line: &str) {
    println!("{line}");
}

pub(crate) fn cargo_path() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// The command as one would type it.
fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(line, " {}", argument.to_string_lossy());
    }
    line
}
