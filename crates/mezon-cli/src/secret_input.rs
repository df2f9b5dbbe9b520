//! Secrets from the environment, a file, stdin or a hidden prompt. Never from arguments: those end up in shell histories
//! and process lists.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use mezon_light::Secret;

use crate::exit::Failure;
use crate::text::trimmed;

/// More than any token or key has. A wrong file, such as a device, is not read for ever.
const SIZE_LIMIT: u64 = 64 * 1024;

/// Where one secret can come from, in this order.
pub(crate) struct SecretInput {
    /// What it is, for the prompt and for errors.
    pub(crate) name: &'static str,
    /// The file given on the command line; `-` is stdin.
    pub(crate) file: Option<PathBuf>,
    /// The flag that gives the file.
    pub(crate) file_flag: &'static str,
    /// The environment variable that holds it.
    pub(crate) variable: &'static str,
}

impl SecretInput {
    /// The secret, asked for at the terminal as a last resort.
    pub(crate) async fn require(self) -> Result<Secret, Failure> {
        off_the_runtime(move || match self.given()? {
            Some(secret) => Ok(secret),
            None => self.prompt(),
        })
        .await
    }

    /// The secret, if a file or the environment holds one.
    pub(crate) async fn optional(self) -> Result<Option<Secret>, Failure> {
        off_the_runtime(move || self.given()).await
    }

    fn given(&self) -> Result<Option<Secret>, Failure> {
        let text = match &self.file {
            Some(path) if path == Path::new("-") => read(io::stdin().lock()),
            Some(path) => std::fs::File::open(path).and_then(read),
            None => return Ok(std::env::var(self.variable).ok().and_then(secret)),
        };
        let text = text.map_err(|error| {
            let path = self.file.as_deref().unwrap_or(Path::new("-")).display();
            Failure::input("secret_file", format!("cannot read the {} from {path}", self.name)).because(&error)
        })?;
        secret(text).map(Some).ok_or_else(|| self.missing())
    }

    fn prompt(&self) -> Result<Secret, Failure> {
        if !io::stdin().is_terminal() {
            return Err(self.missing());
        }
        let typed = rpassword::prompt_password(format!("{}: ", self.name)).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => Failure::interrupted(),
            _ => Failure::input("prompt", format!("cannot read the {} from the terminal", self.name)).because(&error),
        })?;
        secret(typed).ok_or_else(|| self.missing())
    }

    fn missing(&self) -> Failure {
        Failure::usage(format!("there is no {}", self.name)).hint(format!(
            "set {}, or give {} FILE (- reads stdin), or run this at a terminal to be asked",
            self.variable, self.file_flag
        ))
    }
}

/// A prompt waits for a person, and a pipe for its other end: signals must be heard meanwhile.
async fn off_the_runtime<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| Failure::other("reading a secret failed").because(&error))?
}

fn read(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(SIZE_LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

/// Files and prompts end with a newline that is no part of the secret, and some editors begin them with a mark.
fn secret(text: String) -> Option<Secret> {
    // The untrimmed copy is cleared when it is dropped.
    let text = Secret::new(text);
    Secret::non_empty(trimmed(text.expose()))
}
