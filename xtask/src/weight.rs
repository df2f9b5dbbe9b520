//! What a small program on `mezon-light` weighs, beside the same on other SDKs: crates, build time, size.
//!
//! The programs are made in the target folder and never run. Each is built from nothing, in a folder of its own.

mod programs;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{Workspace, output, say};
use programs::{CONNECTED, HEAVIER, ONE_OF_EACH, PROGRAMS, Program, SDK, TOKIO};

/// The page with the figures, and what stands around them.
const PAGE: &str = "docs/benchmarks.md";
const BEGIN: &str = "<!-- weight: begin -->";
const END: &str = "<!-- weight: end -->";

/// What the program on our SDK may have at most.
const MOST_CRATES: usize = 100;
const MOST_BYTES: u64 = 4_500_000;

/// What one method and one event may add to a program, in bytes: a few times what their own messages take, and a fraction
/// of what all messages of the protocol would.
const MOST_ADDED: u64 = 100_000;

/// How often all programs are built, by turns. The cheapest build counts: other work on the machine, and a machine that
/// slows down for minutes, can only make one dearer.
const ROUNDS: usize = 2;

/// What one program weighs.
struct Weight {
    name: &'static str,
    crates: usize,
    cpu: f64,
    bytes: u64,
}

/// Weighs all programs and writes the figures to the page.
pub(crate) fn measure(workspace: &Workspace) -> Result<(), String> {
    let page = workspace.root.join(PAGE);
    let io = |error: std::io::Error| format!("{}: {error}", page.display());
    // Before the minutes of building, not after.
    replaced(&fs::read_to_string(&page).map_err(io)?, "")?;
    let mut weights: Vec<Weight> = Vec::new();
    for _ in 0..ROUNDS {
        for (at, program) in PROGRAMS.iter().enumerate() {
            let weight = weigh(workspace, program)?;
            say(&row(&weight));
            match weights.get_mut(at) {
                Some(known) => known.cpu = known.cpu.min(weight.cpu),
                None => weights.push(weight),
            }
        }
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = output(workspace.command(rustc).arg("--version"))?;
    let (arch, system) = (std::env::consts::ARCH, std::env::consts::OS);
    let text = format!("{}, {arch} on {system}.\n\n{}\n{}", rustc.trim(), table(&weights), verdicts(&weights));
    // Read again: somebody may have written meanwhile.
    let text = replaced(&fs::read_to_string(&page).map_err(io)?, &text)?;
    fs::write(&page, text).map_err(io)
}

fn table(weights: &[Weight]) -> String {
    let mut text =
        "| program on | crates from outside | CPU s of a release build | kB, stripped |\n|---|---:|---:|---:|\n"
            .to_owned();
    for weight in weights {
        _ = writeln!(text, "{}", row(weight));
    }
    text
}

fn row(Weight { name, crates, cpu, bytes }: &Weight) -> String {
    format!("| {name} | {crates} | {cpu:.0} | {} |", thousands(bytes / 1_000))
}

/// Our program, held to its targets.
fn verdicts(weights: &[Weight]) -> String {
    let mut text = "| target | bound | measured | |\n|---|---:|---:|---|\n".to_owned();
    let of = |name| weights.iter().find(|weight| weight.name == name);
    let Some(ours) = of(SDK) else { return text };
    let mut add = |claim: &str, bound: &str, measured: &str, met: bool| {
        let met = if met { "met" } else { "**not met**" };
        _ = writeln!(text, "| {claim} | {bound} | {measured} | {met} |");
    };
    let crates = ours.crates;
    add("crates from outside", &format!("≤ {MOST_CRATES}"), &crates.to_string(), crates <= MOST_CRATES);
    let (bound, size) = (thousands(MOST_BYTES / 1_000), thousands(ours.bytes / 1_000));
    add("kB, stripped", &format!("< {bound}"), &size, ours.bytes < MOST_BYTES);
    if let (Some(alone), Some(more)) = (of(CONNECTED), of(ONE_OF_EACH)) {
        let added = more.bytes.saturating_sub(alone.bytes);
        let (bound, size) = (thousands(MOST_ADDED / 1_000), thousands(added / 1_000));
        add("kB that one method and one event add", &format!("< {bound}"), &size, added < MOST_ADDED);
    }
    for other in HEAVIER.iter().filter_map(|name| of(name)) {
        let ratio = ours.cpu / other.cpu;
        add(&format!("CPU of a build: of {}", other.name), "< 1", &format!("{ratio:.2}"), ratio < 1.0);
    }
    text
}

/// A number with a comma before each group of three digits.
fn thousands(number: u64) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (more, rest) => format!("{},{rest:03}", thousands(more)),
    }
}

/// The page with `text` between the markers.
fn replaced(page: &str, text: &str) -> Result<String, String> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{PAGE} has lost its markers {BEGIN} and {END}"))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

fn weigh(workspace: &Workspace, program: &Program) -> Result<Weight, String> {
    let folder = workspace.target.join("weight").join(program.name.replace([' ', '+', ',', ':'], ""));
    let io = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(io)?;
    }
    fs::create_dir_all(folder.join("src")).map_err(io)?;
    let root = workspace.root.display().to_string().replace('\\', "/");
    let dependencies = program.dependencies.replace("ROOT", &root);
    let manifest = format!(
        "[package]\nname = \"hello\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n{TOKIO}\n\n\
         [profile.release]\nstrip = true\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).map_err(io)?;
    let main = "\nfn main() {\n    let word = std::env::args().next().unwrap_or_default();\n    \
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();\n    \
                runtime.block_on(run(word));\n}\n";
    fs::write(folder.join("src/main.rs"), format!("{}{main}", program.code)).map_err(io)?;
    // The same versions as in this workspace, as far as they are the same crates.
    fs::copy(workspace.root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(io)?;

    let crates = crates(workspace, &folder)?;
    let cpu = build(workspace, &folder)?;
    let binary = folder.join("target/release").join(format!("hello{}", std::env::consts::EXE_SUFFIX));
    let bytes = fs::metadata(binary).map_err(io)?.len();
    Ok(Weight { name: program.name, crates, cpu, bytes })
}

/// How many crates from outside are compiled for it, build scripts and macros included.
fn crates(workspace: &Workspace, folder: &Path) -> Result<usize, String> {
    let mut tree = workspace.cargo();
    tree.args(["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]).current_dir(folder);
    let listing = output(&mut tree)?;
    // Our own crates, and the program, have their folder in brackets.
    let outside: std::collections::BTreeSet<&str> = listing
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)"))
        .filter(|line| !line.is_empty() && !line.contains('('))
        .collect();
    Ok(outside.len())
}

/// Builds it, and gives the CPU seconds of the compilers.
fn build(workspace: &Workspace, folder: &Path) -> Result<f64, String> {
    let cargo = workspace.cargo();
    // Fetched before, so that only compiling counts.
    output(Command::new(cargo.get_program()).arg("fetch").current_dir(folder))?;
    let before = children_cpu();
    output(
        workspace
            .cargo()
            .args(["build", "--release", "--quiet"])
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", folder.join("target")),
    )?;
    Ok(children_cpu() - before)
}

/// CPU seconds of all processes that this one has started and waited for, as Linux tells; 0 elsewhere.
fn children_cpu() -> f64 {
    /// Of `/proc`, on every architecture that Linux runs on today.
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold anything, in brackets: state is the first field, cutime and cstime are the
    // fourteenth and fifteenth.
    let fields = text.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    fields.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(name: &'static str, crates: usize, cpu: f64, bytes: u64) -> Weight {
        Weight { name, crates, cpu, bytes }
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = format!("before {BEGIN} old {END} after");
        assert_eq!(replaced(&page, " new ").unwrap(), format!("before {BEGIN}\n\nnew\n\n{END} after"));
        for page in ["nothing", BEGIN, END, &format!("{END} {BEGIN}")] {
            assert!(replaced(page, "new").unwrap_err().contains("lost its markers"), "{page}");
        }
    }

    #[test]
    fn each_target_is_judged_by_itself() {
        let others = || HEAVIER.map(|name| weight(name, 300, 100.0, 9_000_000));
        let judged = |ours| {
            let lines = verdicts(&[ours].into_iter().chain(others()).collect::<Vec<_>>());
            lines.lines().skip(2).map(|line| line.ends_with("| met |")).collect::<Vec<_>>()
        };
        assert_eq!(judged(weight(SDK, 100, 99.0, 4_499_999)), [true; 5]);
        assert_eq!(judged(weight(SDK, 101, 100.0, 4_500_000)), [false; 5]);
        assert_eq!(judged(weight(SDK, 101, 99.0, 4_499_999)), [false, true, true, true, true]);
        let added = |bytes| {
            let all =
                [weight(SDK, 1, 1.0, 1), weight(CONNECTED, 1, 1.0, 3_000_000), weight(ONE_OF_EACH, 1, 1.0, bytes)];
            verdicts(&all).lines().last().is_some_and(|line| line.ends_with("| met |"))
        };
        assert!(added(3_099_999) && !added(3_100_000));
    }

    #[test]
    fn every_program_that_ours_is_compared_with_is_built() {
        for name in HEAVIER.iter().chain(&[SDK, CONNECTED, ONE_OF_EACH]) {
            assert!(PROGRAMS.iter().any(|program| program.name == *name), "{name}");
        }
    }

    #[test]
    fn long_numbers_are_readable() {
        assert_eq!([0, 999, 1_000, 1_234_056].map(thousands), ["0", "999", "1,000", "1,234,056"]);
    }
}
