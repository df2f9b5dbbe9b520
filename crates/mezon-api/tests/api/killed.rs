//! A program that is killed while it refreshes, again and again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io, thread};

use mezon_api::{ApiErrorKind, Gateway, IdTokenLogin, RetryPolicy};
use mezon_emulator::{Emulator, EmulatorBuilder};
use mezon_session::{FileStore, SessionStore as _};

use crate::support::USER;

/// Where the program finds its gateway and its session file.
const GATEWAY: &str = "MEZON_KILLED_GATEWAY";
const STORE: &str = "MEZON_KILLED_STORE";

const KILLS: u64 = 12;

fn gateway(url: &str, store: &Path) -> Gateway {
    let gateway = Gateway::builder().gateway_url(url).retry(RetryPolicy::none());
    gateway.store(Arc::new(FileStore::new(store))).build().unwrap()
}

/// The program: refreshes for each line that it reads, and says so. A test without its settings, which has nothing to do.
#[tokio::test]
async fn the_program() {
    let (Ok(url), Ok(store)) = (env::var(GATEWAY), env::var(STORE)) else { return };
    let client = gateway(&url, Path::new(&store)).resume_stored().await.unwrap().unwrap();
    for _ in io::stdin().lines() {
        client.refresh_session().await.unwrap();
        writeln!(io::stdout(), "refreshed").unwrap();
    }
}

fn start(url: &str, store: &Path) -> Child {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", "killed::the_program", "--nocapture"]).env(GATEWAY, url).env(STORE, store);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Lets the program refresh some times, and kills it: in even rounds after it has saved, in odd ones as soon as the server
/// has taken its token.
fn kill(mut program: Child, emulator: &Emulator, round: u64) {
    let refreshes = 1 + round % 3;
    let spent = emulator.stats().refreshes + refreshes;
    let mut orders = program.stdin.take().unwrap();
    (0..refreshes).for_each(|_| writeln!(orders, "refresh").unwrap());
    if round.is_multiple_of(2) {
        let lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = lines.filter(|line| line == "refreshed").take(usize::try_from(refreshes).unwrap());
        assert_eq!(said.count() as u64, refreshes);
    } else {
        while emulator.stats().refreshes < spent && program.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
    }
    program.kill().unwrap();
    program.wait().unwrap();
}

/// How many logins are lost by killing the program.
async fn lost_logins(emulator: EmulatorBuilder) -> u64 {
    let emulator = emulator.start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("session.json");
    let (gateway, store) = (gateway(&emulator.url(), &path), FileStore::new(&path));
    let login = IdTokenLogin::new("an-id-token-of-linh", USER, "linh");
    gateway.authenticate(&login).await.unwrap();
    let mut lost = 0;
    for round in 0..KILLS {
        kill(start(&emulator.url(), &path), &emulator, round);

        drop(store.lock().unwrap());
        let left =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["session.json", "session.json.lock"], "no token is left beside the file");
        let client = gateway.resume_stored().await.expect("the file is never torn").expect("and never gone");
        match client.refresh_session().await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), &ApiErrorKind::LoginOver, "{error:#}");
                assert!(format!("{error:#}").contains("the server refused the refresh token"), "{error:#}");
                gateway.authenticate(&login).await.unwrap();
                lost += 1;
            }
        }
    }
    lost
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_program_leaves_a_whole_session_and_nothing_else() {
    // With tokens for one use, a program that is killed before it has saved loses the login. Nothing on this side helps.
    let lost = lost_logins(Emulator::builder()).await;
    assert!(lost <= KILLS / 2, "a program that is killed after it has saved keeps it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_program_keeps_its_login_where_the_previous_token_is_still_good() {
    assert_eq!(lost_logins(Emulator::builder().rotate_refresh_tokens(false)).await, 0);
    let grace = Duration::from_secs(3_600);
    assert_eq!(lost_logins(Emulator::builder().refresh_token_grace(grace)).await, 0);
}
