//! What goes to stdout and stderr: text for people, or one JSON object a line for programs.

use std::fmt::{self, Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use crate::exit::Failure;

/// Where a command prints to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Prints JSON if `json`, else text for people.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads the output.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person watches stderr, so that a progress bar makes sense.
    pub(crate) fn shows_progress(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Prints `object` as a line of JSON, or else `text`.
    pub(crate) fn print(self, object: &impl Serialize, text: impl Display) -> Result<(), Failure> {
        if self.json { self.object(object) } else { self.text(text) }
    }

    /// Prints `object` as a line of JSON; nothing when a person reads the output.
    pub(crate) fn object(self, object: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let line = serde_json::to_string(object)
            .map_err(|error| Failure::other("cannot write the answer as JSON").because(&error))?;
        write_line(&line)
    }

    /// Prints `text`; nothing when a program reads the output.
    pub(crate) fn text(self, text: impl Display) -> Result<(), Failure> {
        if self.json { Ok(()) } else { write_line(&text) }
    }

    /// Writes a line to stderr. When even that fails there is nobody left to tell.
    pub(crate) fn complain(line: &dyn Display) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

/// A whole line at once, so that lines of two tasks do not mix and a pipe's reader gets it now.
fn write_line(line: &dyn Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::output_closed(),
        _ => Failure::other("cannot write to stdout").because(&error),
    })
}

/// Text from elsewhere, made safe to show at a terminal: what would move the cursor, change colours or turn the writing
/// direction is shown as an escape, and lines after the first are indented.
pub(crate) fn printable(text: &str) -> Printable<'_> {
    Printable(text)
}

/// See [`printable`].
pub(crate) struct Printable<'a>(&'a str);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\n' => f.write_str("\n    ")?,
                '\t' => f.write_char(' ')?,
                '\r' => {}
                c if c.is_control() || is_bidi_control(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_command_the_terminal() {
        let shown = printable("a\x1b[2Jb\u{202e}c\u{9b}31m\r\nd 🎉").to_string();
        assert_eq!(shown, "a\\u{1b}[2Jb\\u{202e}c\\u{9b}31m\n    d 🎉");
    }
}
