//! The project's own chores. `cargo xtask help` lists them.

mod api;
mod bench;
mod ci;
mod codegen;
#[cfg(test)]
mod contract;
mod deny;
mod interop;
mod toolchain;
mod weight;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "usage: cargo xtask <command>

  codegen [--check]   generate the code of mezon-proto, the descriptors of mezon-cli and docs/protocol.md from proto/
                      (--check: fail on any difference)
  api                 write the public API of each published crate to xtask/api, which `ci` holds it to
  interop             run the JavaScript and Python SDKs against the emulator and the Rust client (needs Node.js, npm, Python)
  bench [--quick]     measure beside peers and bare loops, write docs/benchmarks.md (needs Node.js and npm)
  weight              crates, build time and size of a program on mezon-light, beside other SDKs
  ci [STEP...]        run what every commit has to pass, or only the named steps:
";

fn main() -> ExitCode {
    if let Some(done) = api::as_rustdoc() {
        return if done { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        ["api"] => api::write(),
        ["ci", steps @ ..] => ci::ci(steps),
        ["interop"] => Workspace::find().and_then(|workspace| interop::run(&workspace)),
        ["bench"] => Workspace::find().and_then(|workspace| bench::measure(&workspace, false)),
        ["bench", "--quick"] => Workspace::find().and_then(|workspace| bench::measure(&workspace, true)),
        ["weight"] => Workspace::find().and_then(|workspace| weight::measure(&workspace)),
        ["help" | "--help" | "-h"] => {
            workspace::say(&usage());
            Ok(())
        }
        _ => Err(usage()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    format!("{USAGE}{}", ci::help())
}
