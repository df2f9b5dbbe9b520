//! cargo-deny: licences, banned crates and sources, by the rules of deny.toml.

use std::path::PathBuf;

use crate::workspace::{Workspace, output, run};

/// The version the rules were written for. Others know other keys.
const VERSION: &str = "0.20.2";

/// Checks the dependency tree. Advisories are left out: deny.toml says why.
pub(crate) fn check(workspace: &Workspace) -> Result<(), String> {
    let tool = installed(workspace)?;
    run(workspace.command(tool).args(["--locked", "check", "licenses", "bans", "sources"]))
}

/// The program of the wanted version: the one on the path, or one built once into the target folder.
fn installed(workspace: &Workspace) -> Result<PathBuf, String> {
    let tools = workspace.target.join("tools");
    let built = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    for candidate in [PathBuf::from("cargo-deny"), built.clone()] {
        let version = output(workspace.command(&candidate).arg("--version")).unwrap_or_default();
        if version.trim() == format!("cargo-deny {VERSION}") {
            return Ok(candidate);
        }
    }
    // Without optimisation it is built in a third of the time and still checks in seconds.
    run(workspace
        .cargo()
        .args(["install", "cargo-deny", "--version", VERSION, "--locked", "--force", "--debug", "--root"])
        .arg(&tools))?;
    Ok(built)
}
