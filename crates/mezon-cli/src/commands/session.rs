//! `mezon session`: shows, refreshes and ends the login.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use mezon_light::Session;
use serde_json::{Value, json};

use crate::client::Account;
use crate::duration;
use crate::exit::Failure;
use crate::output::{Output, printable};

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  mezon session show\n  mezon session refresh --json\n  mezon session logout")]
pub(crate) enum Command {
    /// Show whose session it is, where it talks to and when it ends; no token
    #[command(after_help = "Examples:\n  mezon session show\n  mezon session show --session bot.json --json")]
    Show,
    /// Trade the refresh token for new tokens now, whether or not that is due
    #[command(after_help = "Examples:\n  mezon session refresh\n  mezon session refresh --json")]
    Refresh,
    /// End the login at the server and forget the tokens
    #[command(after_help = "Examples:\n  mezon session logout\n  mezon session logout --session bot.json")]
    Logout,
}

pub(crate) async fn run(command: &Command, account: &Account<'_>, output: Output) -> Result<(), Failure> {
    match command {
        Command::Show => show(account, output),
        Command::Refresh => refresh(account, output).await,
        Command::Logout => logout(account, output).await,
    }
}

fn show(account: &Account<'_>, output: Output) -> Result<(), Failure> {
    let session = account.session()?;
    let default = |url: Option<&str>| printable(url.unwrap_or("(as the gateway)")).to_string();
    let lines = [
        ("user", who(&session)),
        ("api", default(session.api_url())),
        ("socket", default(session.ws_url())),
        ("token", lifetime(session.expires_at())),
        ("refresh", session.refresh_token().map_or("none".to_owned(), |_| lifetime(session.refresh_expires_at()))),
        ("file", account.path().display().to_string()),
    ];
    let text: Vec<String> = lines.iter().map(|(name, value)| format!("{name:<8} {value}")).collect();
    output.print(&describe("session", &session), text.join("\n"))
}

async fn refresh(account: &Account<'_>, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let before = client.session();
    client.refresh_session().await?;
    let session = client.session();
    let rotated = before.refresh_token() != session.refresh_token();
    let mut object = describe("refreshed", &session);
    if let Some(fields) = object.as_object_mut() {
        fields.insert("rotated".to_owned(), rotated.into());
    }
    output.print(&object, format_args!("session of {} refreshed, {}", who(&session), lifetime(session.expires_at())))
}

async fn logout(account: &Account<'_>, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let user = who(&client.session());
    client.logout().await?;
    output.print(&json!({"event": "logged_out", "user_id": client.user_id()}), format_args!("{user} is logged out"))
}

/// Whose session it is.
pub(crate) fn who(session: &Session) -> String {
    match session.username() {
        Some(name) => format!("{} ({})", printable(name), session.user_id()),
        None => session.user_id().to_string(),
    }
}

/// A session as JSON, without its tokens.
pub(crate) fn describe(event: &str, session: &Session) -> Value {
    json!({
        "event": event,
        "user_id": session.user_id(),
        "username": session.username(),
        "api_url": session.api_url(),
        "ws_url": session.ws_url(),
        "expires_at": unix(session.expires_at()),
        "expired": session.is_expired(SystemTime::now()),
        "refresh_expires_at": unix(session.refresh_expires_at()),
        "refresh_expired": session.is_refresh_expired(SystemTime::now()),
    })
}

/// Unix seconds.
fn unix(time: Option<SystemTime>) -> Option<u64> {
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).as_ref().map(Duration::as_secs)
}

fn lifetime(end: Option<SystemTime>) -> String {
    let Some(end) = end else { return "does not say when it ends".to_owned() };
    match end.duration_since(SystemTime::now()) {
        Ok(left) => format!("valid for {}", duration::describe(left)),
        Err(past) => format!("expired {} ago", duration::describe(past.duration())),
    }
}
