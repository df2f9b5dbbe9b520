//! What the demo prints while it runs.

use std::fmt::Display;
use std::time::Instant;

use serde_json::json;

use crate::exit::Failure;
use crate::output::Output;

/// Steps, and under each the checks that held.
pub(super) struct Transcript {
    output: Output,
    started: Instant,
    steps: u32,
    checks: u32,
}

impl Transcript {
    pub(super) fn new(output: Output) -> Self {
        Self { output, started: Instant::now(), steps: 0, checks: 0 }
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) -> Result<(), Failure> {
        self.steps += 1;
        let gap = if self.steps == 1 { "" } else { "\n" };
        let object = json!({"event": "step", "step": self.steps, "title": title});
        self.output.print(&object, format_args!("{gap}{:>2}. {title}", self.steps))
    }

    /// Prints a check that holds. One that does not ends the demo.
    pub(super) fn check(&mut self, holds: bool, text: impl Display) -> Result<(), Failure> {
        self.checks += 1;
        let object = json!({"event": "check", "step": self.steps, "ok": holds, "text": text.to_string()});
        let mark = if holds { '✓' } else { '✗' };
        self.output.print(&object, format_args!("    {mark} {text}"))?;
        if holds { Ok(()) } else { Err(Failure::other(format!("step {} does not hold: {text}", self.steps))) }
    }

    /// The last line of a demo that went well.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let (seconds, checks) = (self.started.elapsed().as_secs_f64(), self.checks);
        let object = json!({"event": "done", "checks": checks, "seconds": seconds});
        self.output.print(&object, format_args!("\nAll {checks} checks hold, in {seconds:.1} s."))
    }

    /// The last line of a demo that did not.
    pub(super) fn broke_off(&self) -> Result<(), Failure> {
        let object = json!({"event": "broke_off", "step": self.steps});
        self.output.print(&object, format_args!("\nThe demo broke off in step {}.", self.steps))
    }
}
