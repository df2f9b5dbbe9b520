//! Sessions alone: kept in a file that only its owner reads, renewed when that is due, with a server of your own choice
//! behind it. Nothing here touches the network.
//!
//! ```sh
//! cargo run -p mezon-session --example session_alone
//! ```

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mezon_session::{FileStore, RefreshPolicy, Session, SessionStore, SessionUpdate};

/// Unsigned tokens of user 7, which end at second 1,000 and at second 4,102,444,800. Real ones come from a server.
const OLD: &str = "e30.eyJ1aWQiOiI3IiwiZXhwIjoxMDAwfQ.";
const FRESH: &str = "e30.eyJ1aWQiOiI3IiwiZXhwIjo0MTAyNDQ0ODAwfQ.";

/// Asks whoever renews sessions for the next credentials. This one makes them up.
fn ask_server(old: &Session) -> SessionUpdate {
    let mut update = SessionUpdate::from(old.clone());
    update.token = Some(FRESH.into());
    update
}

/// The stored session, renewed if that is due.
fn current(store: &FileStore, now: SystemTime) -> Result<Session, Box<dyn Error>> {
    // Another process may be at it: whoever has the lock looks again.
    let _lock = store.lock()?;
    let session = store.load()?.ok_or("there is no session yet")?;
    if !RefreshPolicy::default().is_due(&session, now) {
        return Ok(session);
    }
    // Before a token is spent: the next session can be saved.
    let staged = store.stage()?;
    let next = session.merged(&ask_server(&session))?;
    staged.commit(store, &next)?;
    Ok(next)
}

fn keep(file: &Path) -> Result<Session, Box<dyn Error>> {
    let store = FileStore::new(file);
    let first = format!(r#"{{"token":"{OLD}","refresh_token":"r","api_url":"https://gw.mezon.ai","user_id":"7"}}"#);
    store.save(&Session::restore(&first)?)?;
    let now = UNIX_EPOCH + Duration::from_secs(2_000);
    let renewed = current(&store, now)?;
    // The second time there is nothing to do.
    let same = current(&store, now)?;
    if same.token() != renewed.token() {
        return Err("a fresh session was renewed again".into());
    }
    Ok(same)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let session = keep(&folder.path().join("session.json"))?;
    writeln!(io::stdout(), "user {} is signed in until {:?}", session.user_id(), session.expires_at())?;
    Ok(())
}

#[test]
fn a_session_is_renewed_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let session = keep(&folder.path().join("session.json")).unwrap();
    assert_eq!(session.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(4_102_444_800)));
}
