//! `mez session`: shows, refreshes and ends the login.

use std::time::SystemTime;

use clap::Subcommand;
use mezon_light::{Session, UserId};
use serde::Serialize;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::{Output, printable};
use crate::time::{self, Moment};

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  mez session show\n  mez session refresh --json\n  mez session logout")]
pub(crate) enum Command {
    /// Show whose session it is, where it talks to and when it ends; no token
    #[command(after_help = "Examples:\n  mez session show\n  mez session show --session bot.json --json")]
    Show,
    /// Trade the refresh token for new tokens now, whether or not that is due
    #[command(after_help = "Examples:\n  mez session refresh\n  mez session refresh --json")]
    Refresh,
    /// End the login at the server and forget the tokens
    #[command(after_help = "Examples:\n  mez session logout\n  mez session logout --session bot.json")]
    Logout,
}

pub(crate) async fn run(command: &Command, account: &Account, output: Output) -> Result<(), Failure> {
    match command {
        Command::Show => show(account, output).await,
        Command::Refresh => refresh(account, output).await,
        Command::Logout => logout(account, output).await,
    }
}

async fn show(account: &Account, output: Output) -> Result<(), Failure> {
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
    output.print(&Described::new("session", &session), text.join("\n")).await
}

async fn refresh(account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let before = client.session();
    client.refresh_session().await?;
    let session = client.session();
    let rotated = before.refresh_token() != session.refresh_token();
    let object = Described { rotated: Some(rotated), ..Described::new("refreshed", &session) };
    let text = format!("session of {} refreshed, {}", who(&session), lifetime(session.expires_at()));
    output.print(&object, text).await
}

async fn logout(account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let user = who(&client.session());
    client.logout().await?;
    let object = LoggedOut { event: "logged_out", user_id: client.user_id() };
    output.print(&object, format_args!("{user} is logged out")).await
}

/// Whose session it is.
pub(crate) fn who(session: &Session) -> String {
    match session.username() {
        Some(name) => format!("{} ({})", printable(name), session.user_id()),
        None => session.user_id().to_string(),
    }
}

#[derive(Serialize)]
struct LoggedOut {
    event: &'static str,
    user_id: UserId,
}

/// A session as JSON, without its tokens.
#[derive(Serialize)]
pub(crate) struct Described<'a> {
    event: &'static str,
    user_id: UserId,
    username: Option<&'a str>,
    api_url: Option<&'a str>,
    ws_url: Option<&'a str>,
    expires_at: Moment,
    expired: bool,
    refresh_expires_at: Moment,
    refresh_expired: bool,
    /// Whether there is a new refresh token, after a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated: Option<bool>,
}

impl<'a> Described<'a> {
    pub(crate) fn new(event: &'static str, session: &'a Session) -> Self {
        let now = SystemTime::now();
        Self {
            event,
            user_id: session.user_id(),
            username: session.username(),
            api_url: session.api_url(),
            ws_url: session.ws_url(),
            expires_at: Moment(session.expires_at()),
            expired: session.is_expired(now),
            refresh_expires_at: Moment(session.refresh_expires_at()),
            refresh_expired: session.is_refresh_expired(now),
            rotated: None,
        }
    }
}

fn lifetime(end: Option<SystemTime>) -> String {
    let Some(end) = end else { return "does not say when it ends".to_owned() };
    match end.duration_since(SystemTime::now()) {
        Ok(left) => format!("valid for {}", time::describe(left)),
        Err(past) => format!("expired {} ago", time::describe(past.duration())),
    }
}
