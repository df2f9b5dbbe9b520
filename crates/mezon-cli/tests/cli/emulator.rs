//! `mez emulator`.

use tempfile::TempDir;

use crate::mez::{Mez, mez};

const LISTEN: [&str; 3] = ["emulator", "--listen", "127.0.0.1:0"];

fn login(url: &str, folder: &TempDir) -> Mez {
    mez()
        .args(["login", "--user-id", "1001", "--username", "an", "--gateway-url", url, "--session"])
        .arg(folder.path().join("an.json"))
        .variable("MEZON_ID_TOKEN", "any")
}

#[cfg(unix)]
#[test]
fn it_says_where_it_listens_and_ends_with_ctrl_c() {
    let folder = TempDir::new().unwrap();
    let mut emulator = mez().args(LISTEN).start();
    let first = emulator.line();
    let url =
        first.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")).expect("a URL in the first line");
    login(url, &folder).run().succeeded();
    emulator.interrupt();
    assert_eq!(emulator.end().told(&["stopped"]).stderr, "stopped\n");
}

#[test]
fn with_tls_it_writes_its_authority() {
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    let mut emulator = mez().args(LISTEN).args(["--tls", "--json", "--ca-out"]).arg(&ca).start();
    let first = emulator.json();
    assert_eq!((&first["event"], &first["ca"]), (&"listening".into(), &ca.to_str().unwrap().into()));
    assert_eq!(first["ca_pem"], std::fs::read_to_string(&ca).unwrap());
    let url = first["url"].as_str().unwrap();
    assert!(url.starts_with("https://"));
    login(url, &folder).arg("--ca").arg(&ca).run().succeeded();
}

#[test]
fn a_database_outlives_the_process() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("chat.sqlite");
    let start = || {
        let mut emulator = mez().args(LISTEN).arg("--json").arg("--database").arg(&database).start();
        let url = emulator.json()["url"].as_str().unwrap().to_owned();
        (emulator, url)
    };
    let command = || mez().arg("--session").arg(folder.path().join("an.json"));
    let (emulator, url) = start();
    login(&url, &folder).run().succeeded();
    let dm = command().args(["dm", "1002", "--json"]).run().json();
    drop(emulator);

    let (_emulator, url) = start();
    login(&url, &folder).run().succeeded();
    let listed = command().args(["channels", "--json"]).run().json();
    assert_eq!(listed["channel_id"], dm["channel_id"]);
}

#[test]
fn faults_and_apps_are_switched_on_by_flags() {
    let folder = TempDir::new().unwrap();
    let mut emulator = mez();
    emulator = emulator.args(LISTEN).args(["--json", "--fault", "fail-next=1:403", "--app", "2001", "--at", "1h=cut"]);
    let mut emulator = emulator.variable("MEZON_APP_KEY", "bot-key").start();
    let url = emulator.json()["url"].as_str().unwrap().to_owned();
    login(&url, &folder).run().failed(5, &["403"]);
    login(&url, &folder).run().succeeded();
    let bot =
        mez().args(["login", "--bot", "2001", "--gateway-url", &url, "--session"]).arg(folder.path().join("bot.json"));
    bot.variable("MEZON_API_KEY", "bot-key").run().succeeded();
}

#[test]
fn wrong_flags_are_refused() {
    mez().args(["emulator", "--fault", "burn"]).run().failed(2, &["burn"]);
    mez().args(["emulator", "--at", "soon=cut"]).run().failed(2, &["soon"]);
    mez().args(["emulator", "--token-lifetime", "30"]).run().failed(2, &["15m"]);
    mez().args(["emulator", "--ca-out", "ca.pem"]).run().failed(2, &["--tls"]);
    mez().args(LISTEN).args(["--app", "2001"]).run().failed(2, &["MEZON_APP_KEY"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    mez().args(["emulator", "--listen", &address]).run().failed(6, &["cannot listen", &address]);
}
