//! The minimum Rust version: what Cargo.toml declares is what is built.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use cargo_metadata::MetadataCommand;

use crate::workspace::{Workspace, cargo_path, output, run, say};

/// A minor release of Rust, such as 1.95.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Release {
    major: u64,
    minor: u64,
}

impl Release {
    /// `1.95` and `1.95.0` are the same; so is `1.95.0-nightly`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('.');
        let mut next = || parts.next()?.parse().ok();
        Some(Self { major: next()?, minor: next()? })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What the declared version and the compiler at hand ask for.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// All other steps build with the declared version.
    Built,
    TooOld,
    /// The declared version has to be built with a toolchain of its own.
    Newer,
}

fn judge(declared: Release, at_hand: Release) -> Verdict {
    match at_hand.cmp(&declared) {
        std::cmp::Ordering::Less => Verdict::TooOld,
        std::cmp::Ordering::Equal => Verdict::Built,
        std::cmp::Ordering::Greater => Verdict::Newer,
    }
}

/// Fails when the declared minimum version is not built, by this compiler or by one that rustup has.
pub(crate) fn check(workspace: &Workspace) -> Result<(), String> {
    let declared = declared()?;
    match beside(workspace, declared)? {
        None => {
            say(&format!("Rust {declared} is declared, and builds all that follows"));
            Ok(())
        }
        Some((mut cargo, _)) => run(cargo.args(["check", "--locked", "--workspace", "--all-targets"])),
    }
}

/// Cargo of the declared version, and the folder that it builds to.
pub(crate) fn minimum_cargo(workspace: &Workspace) -> Result<(Command, PathBuf), String> {
    Ok(beside(workspace, declared()?)?.unwrap_or_else(|| (workspace.cargo(), workspace.target.clone())))
}

/// The toolchain of the declared version beside a newer compiler, and a folder of its own: the other steps would have to
/// build everything again. `None` when the compiler at hand is the one that is declared.
fn beside(workspace: &Workspace, declared: Release) -> Result<Option<(Command, PathBuf)>, String> {
    let version = output(workspace.command("rustc").arg("--version"))?;
    let at_hand = version.split_whitespace().nth(1).and_then(Release::parse);
    let at_hand = at_hand.ok_or_else(|| format!("cannot read the version of rustc: {}", version.trim()))?;
    match judge(declared, at_hand) {
        Verdict::Built => Ok(None),
        Verdict::TooOld => Err(format!("Rust {declared} is declared as the minimum, and this is {at_hand}")),
        Verdict::Newer => {
            let listed = output(workspace.command("rustup").args(["toolchain", "list"])).unwrap_or_default();
            let toolchain = installed(&listed, declared).ok_or_else(|| {
                format!(
                    "Rust {declared} is declared as the minimum, and nothing here builds it: this is {at_hand}; run \
                     `rustup toolchain install {declared}`, or declare what is built in Cargo.toml"
                )
            })?;
            let target = workspace.target.join("minimum-rust");
            let mut cargo = workspace.command("rustup");
            cargo.args(["run", toolchain, "cargo"]).env("CARGO_TARGET_DIR", &target);
            Ok(Some((cargo, target)))
        }
    }
}

/// The version that every crate of the workspace declares; a tidy test holds that they all declare one.
fn declared() -> Result<Release, String> {
    let metadata = MetadataCommand::new().cargo_path(cargo_path()).no_deps().exec();
    let metadata = metadata.map_err(|error| format!("cannot read the workspace's metadata: {error}"))?;
    let versions = metadata.packages.iter().filter_map(|package| package.rust_version.as_ref());
    let newest = versions.max().ok_or("no crate declares a rust-version")?;
    Ok(Release { major: newest.major, minor: newest.minor })
}

/// A toolchain of this release, as `rustup toolchain list` names it.
fn installed(listed: &str, release: Release) -> Option<&str> {
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    names.into_iter().find(|name| Release::parse(name) == Some(release))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        Release::parse(text).unwrap()
    }

    #[test]
    fn only_the_declared_version_is_proof() {
        assert_eq!(judge(release("1.95"), release("1.95.0")), Verdict::Built);
        assert_eq!(judge(release("1.95"), release("1.94.1")), Verdict::TooOld);
        assert_eq!(judge(release("1.95"), release("1.100.0-nightly")), Verdict::Newer);
        assert_eq!(Release::parse("stable"), None);
    }

    #[test]
    fn a_toolchain_of_the_release_is_found_by_its_number() {
        let listed = "stable-x86_64-unknown-linux-gnu (active, default)\nnightly-x86_64-unknown-linux-gnu\n\
                      1.95.0-x86_64-unknown-linux-gnu\n";
        assert_eq!(installed(listed, release("1.95")), Some("1.95.0-x86_64-unknown-linux-gnu"));
        assert_eq!(installed(listed, release("1.9")), None);
        assert_eq!(installed("", release("1.95")), None);
    }
}
