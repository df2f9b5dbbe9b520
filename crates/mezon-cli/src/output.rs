//! What goes to stdout and stderr: text for people, or one JSON object a line for programs.
//!
//! Whoever reads the output may stop reading without going away. So no task waits inside a write: lines are written
//! where blocking is allowed, and a future that prints can be dropped.

use std::fmt::{self, Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use crate::exit::Failure;
use crate::table::{Table, terminal_width};

/// Where a command prints to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    tables: bool,
}

/// One of the two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Output {
    /// Prints JSON if `json`, else text for people. Lists go out as JSON to whatever is no terminal.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, tables: false }
    }

    /// The same, with lists as tables wherever they go, if `tables`.
    pub(crate) fn tables(self, tables: bool) -> Self {
        Self { tables, ..self }
    }

    /// Whether the user asked for JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether lists go out as JSON.
    pub(crate) fn lists_json(self) -> bool {
        self.json || !self.tables && !io::stdout().is_terminal()
    }

    /// Whether a person watches stderr, so that a progress bar makes sense.
    pub(crate) fn shows_progress(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Prints a result: `object` as a line of JSON, or else `text`.
    pub(crate) async fn print(self, object: &impl Serialize, text: impl Display) -> Result<(), Failure> {
        self.text(if self.json { Self::line(object)? } else { text.to_string() }).await
    }

    /// Prints a list: a line of JSON for each of `objects`, or else the table.
    pub(crate) async fn list(self, objects: &[impl Serialize], table: &Table) -> Result<(), Failure> {
        if !self.lists_json() {
            let text = table.render(terminal_width());
            return if text.is_empty() { Ok(()) } else { self.text(text).await };
        }
        for object in objects {
            self.text(Self::line(object)?).await?;
        }
        Ok(())
    }

    /// Prints `text`, whoever reads it.
    pub(crate) async fn text(self, text: String) -> Result<(), Failure> {
        write(Stream::Stdout, text).await.map_err(|error| Failure::output(&error))
    }

    /// Prints how things are going: `object` as a line of JSON among the others, or else `text` on stderr, where it is in
    /// nobody's way.
    pub(crate) async fn event(self, object: &impl Serialize, text: impl Display) -> Result<(), Failure> {
        if self.json { self.print(object, "").await } else { self.status(text).await }
    }

    /// Prints how things are going on stderr; nothing when a program reads the output.
    pub(crate) async fn status(self, text: impl Display) -> Result<(), Failure> {
        if !self.json {
            complain(text.to_string()).await;
        }
        Ok(())
    }

    /// `object` as a line of JSON.
    pub(crate) fn line(object: &impl Serialize) -> Result<String, Failure> {
        serde_json::to_string(object).map_err(|error| Failure::other("cannot write the answer as JSON").because(&error))
    }
}

/// Writes a line to stderr. When that fails there is nobody left to tell.
pub(crate) async fn complain(line: String) {
    let _ = write(Stream::Stderr, line).await;
}

/// Writes `bytes`, which need not be text, to stdout.
pub(crate) async fn write_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> io::Result<()> {
    blocking(move || {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes.as_ref()).and_then(|()| stdout.flush())
    })
    .await
}

async fn write(stream: Stream, line: String) -> io::Result<()> {
    blocking(move || write_line(stream, &line)).await
}

/// A whole line at once, so that lines of two tasks do not mix and a pipe's reader gets it now. Blocks until it is taken.
pub(crate) fn write_line(stream: Stream, line: &str) -> io::Result<()> {
    let line = format!("{line}\n");
    match stream {
        Stream::Stdout => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush())
        }
        Stream::Stderr => io::stderr().lock().write_all(line.as_bytes()),
    }
}

async fn blocking(write: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl Failure {
    /// Something could not be written to stdout.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::output_closed(),
            _ => Self::other("cannot write to stdout").because(error),
        }
    }
}

/// Text from elsewhere, made safe to show at a terminal: what would move the cursor, change colours, turn the writing
/// direction or not be seen at all is shown as an escape, and lines after the first are indented.
pub(crate) fn printable(text: &str) -> Printable<'_> {
    Printable(text)
}

/// See [`printable`].
pub(crate) struct Printable<'a>(&'a str);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut previous = ' ';
        for character in self.0.chars() {
            match character {
                '\n' => f.write_str("\n    ")?,
                '\t' => f.write_char(' ')?,
                '\r' => {}
                c if c.is_control() || (is_invisible(c) && !is_shaping(previous, c)) => {
                    write!(f, "{}", c.escape_unicode())?;
                }
                c => f.write_char(c)?,
            }
            previous = character;
        }
        Ok(())
    }
}

/// Characters that show nothing: of zero width, separators of lines, and those that turn the writing direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether the invisible `c` shapes what stands before it: joiners make one emoji of several and belong to the spelling of
/// some scripts, and tags make flags.
fn is_shaping(previous: char, c: char) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' => previous >= '\u{600}' && !is_invisible(previous),
        '\u{e0020}'..='\u{e007f}' => matches!(previous, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_command_the_terminal() {
        let shown = printable("a\x1b[2Jb\u{202e}c\u{9b}31m\r\nd 🎉").to_string();
        assert_eq!(shown, "a\\u{1b}[2Jb\\u{202e}c\\u{9b}31m\n    d 🎉");
    }

    #[test]
    fn text_from_elsewhere_hides_nothing() {
        let shown = printable("a\u{2028}b\u{2029}c\u{200b}d\u{2060}e\u{feff}f\u{200d}g\u{ad}h\u{e0041}i").to_string();
        assert_eq!(shown, "a\\u{2028}b\\u{2029}c\\u{200b}d\\u{2060}e\\u{feff}f\\u{200d}g\\u{ad}h\\u{e0041}i");
        for whole in ["👨‍👩‍👧", "❤\u{fe0f}\u{200d}🔥", "می\u{200c}خواهم", "🏴\u{e0067}\u{e0062}\u{e007f}", "tiếng Việt"]
        {
            assert_eq!(printable(whole).to_string(), whole);
        }
    }
}
