//! The official Python SDK, installed into a virtual environment of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::{INSTALL_LIMIT, run_bounded};
use crate::workspace::{Workspace, output};

/// Programs that may be a Python that is new enough; the first that is gets the job.
const CANDIDATES: &[&str] = &["python3", "python3.13", "python3.12", "python3.11", "python"];
/// Says nothing when this Python can do it: the SDK uses task groups, which came with 3.11, and pip comes with `ensurepip`.
const CHECK: &str = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))";

/// Installs the SDK unless it is there already, and gives back the Python that has it.
pub(super) fn install(workspace: &Workspace) -> Result<PathBuf, String> {
    let requirements = workspace.root.join("xtask/interop/requirements.txt");
    let wanted = read(&requirements)?;
    let folder = workspace.target.join("interop-python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let installed = folder.join("installed.txt");
    if read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }

    let mut venv = workspace.command(find(workspace)?);
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    run_bounded("python -m venv", &mut venv, INSTALL_LIMIT)?;
    let mut pip = workspace.command(&python);
    // Wheels only: no script of a package is run. The list is complete, so nothing else is looked for.
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"])
        .args(["--only-binary", ":all:", "--ignore-requires-python", "--requirement"])
        .arg(&requirements);
    run_bounded("pip install", &mut pip, INSTALL_LIMIT)?;
    // Written last: an installation that was broken off is done again.
    fs::write(&installed, wanted).map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(python)
}

fn find(workspace: &Workspace) -> Result<PathBuf, String> {
    let able = |name: &&&str| output(workspace.command(name).args(["-c", CHECK])).is_ok();
    let found = CANDIDATES.iter().find(able);
    found.map(PathBuf::from).ok_or_else(|| "Python 3.11 or newer with venv is needed to run the Python SDK".to_owned())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
