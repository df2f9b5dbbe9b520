//! Signing in, and the session file.

use mezon_emulator::Emulator;

use crate::gateway::Gateway;

#[test]
fn a_login_is_saved_and_shown_without_its_tokens() {
    let gateway = Gateway::start();
    let login = gateway.login("an", 1001).run().succeeded();
    assert!(login.stdout.starts_with("signed in as an (1001)\n"), "{login:?}");

    let file = std::fs::read_to_string(gateway.file("an.json")).unwrap();
    let saved: serde_json::Value = serde_json::from_str(&file).unwrap();
    let shown = gateway.mez("an").args(["session", "show"]).run().succeeded();
    assert!(shown.stdout.contains("an (1001)") && shown.stdout.contains("valid for"), "{shown:?}");
    for field in ["token", "refresh_token"] {
        assert!(!shown.stdout.contains(saved[field].as_str().unwrap()), "{field} is shown");
    }

    let json = gateway.mez("an").args(["session", "show", "--json"]).run().json();
    assert_eq!(
        (&json["event"], &json["user_id"], &json["username"]),
        (&"session".into(), &"1001".into(), &"an".into())
    );
    assert_eq!(json["api_url"], gateway.emulator.url());
    assert_eq!(json["expired"], false);
    let (expires, refresh_expires) =
        (json["expires_at"].as_str().unwrap(), json["refresh_expires_at"].as_str().unwrap());
    assert!(expires.len() == "2026-11-28T06:30:00Z".len() && expires.ends_with('Z'), "{expires}");
    assert!(expires < refresh_expires, "{expires} {refresh_expires}");
    assert!(json.get("token").is_none() && json.get("refresh_token").is_none());
}

#[cfg(unix)]
#[test]
fn the_session_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let mode = std::fs::metadata(gateway.file("an.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_session_is_kept_in_the_configuration_folder_by_default() {
    let gateway = Gateway::start();
    let config = gateway.file("config");
    gateway.login("an", 1001).without_variable("MEZON_SESSION").variable("XDG_CONFIG_HOME", &config).run().succeeded();
    assert!(config.join("mezon").join("session.json").is_file());
}

#[test]
fn the_id_token_comes_from_a_file_or_from_stdin() {
    let gateway = Gateway::start();
    let token = gateway.write("token", "an-id-token\n");
    gateway.login("an", 1001).without_variable("MEZON_ID_TOKEN").arg("--id-token-file").arg(token).run().succeeded();
    let stdin = gateway.login("binh", 1002).without_variable("MEZON_ID_TOKEN").args(["--id-token-file", "-"]);
    stdin.input("another-id-token\n").run().succeeded();
    assert_eq!(gateway.emulator.stats().logins, 2);
}

#[test]
fn a_bot_signs_in_with_its_key() {
    let gateway = Gateway::with(Emulator::builder().app(2001, "bot-key", "robot"));
    let login =
        || gateway.mez("bot").variable("MEZON_GATEWAY_URL", gateway.emulator.url()).args(["login", "--bot", "2001"]);
    let json = login().variable("MEZON_API_KEY", "bot-key").arg("--json").run().json();
    assert_eq!(json["event"], "signed_in");

    let wrong = gateway.write("wrong-key", "not-the-bot-key");
    let refused = login().arg("--api-key-file").arg(wrong).run();
    assert!(!refused.failed(5, &["refused"]).stderr.contains("not-the-bot-key"));
}

#[test]
fn a_refresh_rotates_the_tokens_and_saves_them() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let before = std::fs::read_to_string(gateway.file("an.json")).unwrap();
    let json = gateway.mez("an").args(["session", "refresh", "--json"]).run().json();
    assert_eq!((&json["event"], &json["rotated"]), (&"refreshed".into(), &true.into()));
    assert_ne!(std::fs::read_to_string(gateway.file("an.json")).unwrap(), before);
    gateway.mez("an").arg("channels").run().told(&["no channels yet"]);
}

#[test]
fn a_logout_ends_the_login_and_forgets_it() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let json = gateway.mez("an").args(["session", "logout", "--json"]).run().json();
    assert_eq!((&json["event"], &json["user_id"]), (&"logged_out".into(), &"1001".into()));
    assert_eq!(gateway.emulator.stats().logouts, 1);
    assert!(!gateway.file("an.json").exists());
    gateway.mez("an").arg("channels").run().failed(3, &["there is no session", "mez login"]);
}

#[test]
fn commands_at_the_same_time_do_not_log_each_other_out() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.emulator.faults().expire_tokens();
    // Refresh tokens work once: without the lock on the file, all but one would present a used one.
    let running: Vec<_> = (0..4).map(|_| gateway.mez("an").args(["channels", "--json"]).start()).collect();
    for command in running {
        command.end().succeeded();
    }
    let stats = gateway.emulator.stats();
    assert_eq!((stats.refreshes, stats.refreshes_refused), (1, 0));
}
