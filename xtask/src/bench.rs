//! Measures the SDK beside the JavaScript SDK and beside bare loops, and writes the figures to `docs/benchmarks.md` and
//! the plots beside it.

use std::time::Duration;

use crate::interop::{copy_scripts, install, run_bounded};
use crate::workspace::{Workspace, output, run};

/// All of it takes about eight minutes on two busy cores. Half of that is idle connections, which is mostly waiting.
const LIMIT: Duration = Duration::from_secs(14 * 60);

/// With `quick`, one short round that shows that everything runs; the page is left as it is.
pub(crate) fn measure(workspace: &Workspace, quick: bool) -> Result<(), String> {
    run(workspace.cargo().args(["build", "--locked", "--release", "-p", "bench"]))?;
    let folder = install(workspace)?;
    copy_scripts(&workspace.root.join("bench/js"), &folder)?;

    let program = workspace.target.join("release").join(format!("bench{}", std::env::consts::EXE_SUFFIX));
    let mut bench = workspace.command(program);
    bench.arg("--javascript").arg(folder);
    if quick {
        bench.arg("--quick");
    } else {
        bench.arg("--page").arg(workspace.root.join("docs/benchmarks.md"));
        bench.env("BENCH_VERSIONS", versions(workspace)?);
    }
    run_bounded("bench", &mut bench, LIMIT)
}

/// What the figures were taken with.
fn versions(workspace: &Workspace) -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = output(workspace.command(rustc).arg("--version"))?;
    let node = output(workspace.command("node").arg("--version"))?;
    let commit = output(workspace.command("git").args(["describe", "--always", "--dirty"]))?;
    Ok(format!(
        "Commit {}, {}, Node.js {}, {} on {}.",
        commit.trim(),
        rustc.trim(),
        node.trim(),
        std::env::consts::ARCH,
        std::env::consts::OS
    ))
}
