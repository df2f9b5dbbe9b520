//! What the demo prints while it runs.

use std::fmt::Display;
use std::time::Instant;

use serde::Serialize;

use crate::exit::Failure;
use crate::output::Output;

/// Steps, and under each the checks that held.
pub(super) struct Transcript {
    output: Output,
    started: Instant,
    steps: u32,
    checks: u32,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Step { step: u32, title: &'a str },
    Check { step: u32, ok: bool, text: String },
    Done { checks: u32, seconds: f64 },
    BrokeOff { step: u32 },
}

impl Transcript {
    pub(super) fn new(output: Output) -> Self {
        Self { output, started: Instant::now(), steps: 0, checks: 0 }
    }

    /// Begins a step.
    pub(super) async fn step(&mut self, title: &str) -> Result<(), Failure> {
        self.steps += 1;
        let gap = if self.steps == 1 { "" } else { "\n" };
        let object = Line::Step { step: self.steps, title };
        self.output.print(&object, format_args!("{gap}{:>2}. {title}", self.steps)).await
    }

    /// Prints a check that holds. One that does not ends the demo.
    pub(super) async fn check(&mut self, holds: bool, text: impl Display) -> Result<(), Failure> {
        self.checks += 1;
        let object = Line::Check { step: self.steps, ok: holds, text: text.to_string() };
        let mark = if holds { '✓' } else { '✗' };
        self.output.print(&object, format_args!("    {mark} {text}")).await?;
        if holds { Ok(()) } else { Err(Failure::other(format!("step {} does not hold: {text}", self.steps))) }
    }

    /// The last line of a demo that went well.
    pub(super) async fn end(&self) -> Result<(), Failure> {
        let (seconds, checks) = (self.started.elapsed().as_secs_f64(), self.checks);
        let object = Line::Done { checks, seconds };
        self.output.print(&object, format_args!("\nAll {checks} checks hold, in {seconds:.1} s.")).await
    }

    /// The last line of a demo that did not.
    pub(super) async fn broke_off(&self) -> Result<(), Failure> {
        let object = Line::BrokeOff { step: self.steps };
        self.output.print(&object, format_args!("\nThe demo broke off in step {}.", self.steps)).await
    }
}
