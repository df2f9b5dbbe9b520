//! What every commit has to pass: the same steps, in the same order, on a desk and on the build machine.

use std::time::{Duration, Instant};

use crate::workspace::{Workspace, output, run, say};
use crate::{api, codegen, deny, interop, toolchain};

/// One thing that must hold.
struct Step {
    name: &'static str,
    claim: &'static str,
    run: fn(&Workspace) -> Result<(), String>,
}

/// Cheap steps first, and steps that share compiled artefacts next to each other.
const STEPS: &[Step] = &[
    Step { name: "fmt", claim: "every file is formatted", run: fmt },
    Step { name: "rust", claim: "the minimum Rust version that is declared is built", run: toolchain::check },
    Step { name: "codegen", claim: "the generated code is what proto/ gives", run: |_| codegen::check() },
    Step { name: "clippy", claim: "no warning, with all features", run: clippy },
    Step { name: "features", claim: "each layer builds alone and brings no more than it should", run: features },
    Step { name: "doc", claim: "the documentation builds without a warning", run: doc },
    Step { name: "api", claim: "the public API is the one of xtask/api, and free of foreign types", run: api::check },
    Step { name: "test", claim: "tests, doctests and tidy rules pass", run: test },
    Step { name: "deny", claim: "licences, bans and sources are as deny.toml says", run: deny::check },
    Step {
        name: "interop",
        claim: "the JavaScript and Python SDKs talk to the emulator and to the Rust client",
        run: interop::run,
    },
];

/// A build of one crate with some of its features, and what must not be in its dependency tree then.
struct Slice {
    package: &'static str,
    features: &'static [&'static str],
    without: &'static [&'static str],
}

const SLICES: &[Slice] = &[
    Slice {
        package: "mezon-model",
        features: &[],
        without: &["prost", "mezon-proto", "tokio", "hyper", "tokio-tungstenite"],
    },
    Slice { package: "mezon-session", features: &[], without: &["prost", "mezon-proto", "tokio", "hyper", "rustls"] },
    Slice {
        package: "mezon-mmn",
        features: &[],
        without: &["prost", "mezon-proto", "tokio", "hyper", "rustls", "mezon-api"],
    },
    Slice { package: "mezon-tls", features: &["webpki-roots"], without: &["rustls-platform-verifier", "tokio"] },
    Slice {
        package: "mezon-realtime",
        features: &[],
        without: &["tokio", "tokio-tungstenite", "tungstenite", "hyper", "rustls"],
    },
    Slice {
        package: "mezon-realtime",
        features: &["driver", "webpki-roots"],
        without: &["hyper", "hyper-util", "mezon-api", "rustls-platform-verifier"],
    },
    Slice {
        package: "mezon-api",
        features: &["webpki-roots"],
        without: &["tokio-tungstenite", "mezon-realtime", "rustls-platform-verifier"],
    },
    Slice {
        package: "mezon-client",
        features: &["webpki-roots"],
        without: &["mezon-emulator", "mezon-light", "rustls-platform-verifier"],
    },
    Slice {
        package: "mezon-light",
        features: &["webpki-roots"],
        without: &["mezon-emulator", "rusqlite", "clap", "url", "reqwest", "rustls-platform-verifier"],
    },
];

/// Runs the named steps, or all of them when none is named. Stops at the first that fails.
pub(crate) fn ci(names: &[&str]) -> Result<(), String> {
    let steps = select(names)?;
    let workspace = Workspace::find()?;
    let mut times = Vec::new();
    let started = Instant::now();
    for step in steps {
        say(&format!("\n── {}: {}", step.name, step.claim));
        let started = Instant::now();
        let outcome = (step.run)(&workspace);
        let took = seconds(started.elapsed());
        if let Err(reason) = outcome {
            return Err(format!(
                "\nci: step `{0}` failed after {took}: {reason}\nRun it alone with `cargo xtask ci {0}`.",
                step.name
            ));
        }
        say(&format!("── {} passed in {took}", step.name));
        times.push((step.name, took));
    }
    say(&format!("\nci: passed in {}", seconds(started.elapsed())));
    for (name, took) in times {
        say(&format!("  {name:<10}{took:>10}"));
    }
    Ok(())
}

/// The steps, one a line, for the help text.
pub(crate) fn help() -> String {
    let lines: Vec<String> = STEPS.iter().map(|step| format!("      {:<10}{}", step.name, step.claim)).collect();
    lines.join("\n")
}

fn select(names: &[&str]) -> Result<Vec<&'static Step>, String> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            STEPS
                .iter()
                .find(|step| step.name == *name)
                .ok_or_else(|| format!("there is no step `{name}`; the steps are\n{}", help()))
        })
        .collect()
}

fn fmt(workspace: &Workspace) -> Result<(), String> {
    run(workspace.cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(workspace: &Workspace) -> Result<(), String> {
    run(workspace.cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

fn features(workspace: &Workspace) -> Result<(), String> {
    for slice in SLICES {
        let features = slice.features.join(",");
        let selection = ["--locked", "-p", slice.package, "--no-default-features", "--features", &features];
        // Clippy rather than check: code that only some features use must not linger in the others.
        run(workspace.cargo().arg("clippy").args(selection).args(["--", "-D", "warnings"]))?;
        let mut tree = workspace.cargo();
        tree.arg("tree").args(selection).args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let listing = output(&mut tree)?;
        let crates: Vec<&str> = listing.lines().filter_map(|line| line.split_whitespace().next()).collect();
        if let Some(intruder) = slice.without.iter().find(|name| crates.contains(name)) {
            return Err(format!("{} with features [{features}] depends on {intruder}", slice.package));
        }
    }
    Ok(())
}

fn doc(workspace: &Workspace) -> Result<(), String> {
    run(workspace
        .cargo()
        .args(["doc", "--locked", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

fn test(workspace: &Workspace) -> Result<(), String> {
    run(workspace.cargo().args(["test", "--locked", "--workspace"]))
}

fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    match tenths / 600 {
        0 => format!("{}.{} s", tenths / 10, tenths % 10),
        minutes => format!("{minutes} min {:02} s", tenths % 600 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_step_is_refused_with_the_list_of_steps() {
        let message = select(&["fmt", "lint"]).err().unwrap();
        assert!(message.contains("`lint`") && message.contains("clippy"), "{message}");
    }

    #[test]
    fn named_steps_run_in_the_order_given_and_none_means_all() {
        let names: Vec<&str> = select(&["test", "fmt"]).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(names, ["test", "fmt"]);
        assert_eq!(select(&[]).unwrap().len(), STEPS.len());
    }

    #[test]
    fn times_are_written_for_people() {
        assert_eq!(seconds(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
