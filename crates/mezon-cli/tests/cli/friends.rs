//! `mez friends`.

use serde_json::{Value, json};

use crate::gateway::Gateway;

/// Who stands to `user` how: `(name, state)`.
#[track_caller]
fn friends(gateway: &Gateway, user: &str, arguments: &[&str]) -> Vec<(String, String)> {
    let listed = gateway.mez(user).args(["friends", "list", "--json"]).args(arguments).run().succeeded().stdout;
    let lines = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines.map(|line| (text(&line["username"]), text(&line["state"]))).collect()
}

#[test]
fn friends_are_asked_accepted_and_removed() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.sign_in("binh", 1002);
    let an = |arguments: &[&str]| gateway.mez("an").arg("friends").args(arguments).arg("--json").run();
    let binh = |arguments: &[&str]| gateway.mez("binh").arg("friends").args(arguments).arg("--json").run();
    gateway.mez("an").arg("friends").run().told(&["nobody yet", "mez friends add USER"]);

    assert_eq!(an(&["add", "@binh"]).json(), json!({ "event": "friend_asked", "user_id": null }));
    assert_eq!(friends(&gateway, "an", &[]), [("binh".to_owned(), "asked".to_owned())]);
    assert_eq!(friends(&gateway, "binh", &["--state", "asks-you"]), [("an".to_owned(), "asks_you".to_owned())]);
    assert_eq!(friends(&gateway, "binh", &["--state", "friend"]), []);

    // Only who has asked can be accepted by name.
    an(&["accept", "binh"]).failed(6, &["has asked to be your friend", "mez friends"]);
    assert_eq!(binh(&["accept", "an"]).json(), json!({ "event": "friend_accepted", "user_id": "1001" }));
    assert_eq!(friends(&gateway, "an", &[]), [("binh".to_owned(), "friend".to_owned())]);
    let table = gateway.mez("an").args(["friends", "--no-json"]).run().succeeded().stdout;
    assert!(table.starts_with("ID ") && table.contains("\n1002  friend  binh"), "{table}");

    an(&["remove", "bin"]).failed(6, &["did you mean", "binh"]);
    assert_eq!(an(&["remove", "binh"]).json(), json!({ "event": "friend_removed", "user_id": "1002" }));
    assert_eq!(friends(&gateway, "binh", &[]), []);
    assert_eq!(an(&["add", "1002"]).json(), json!({ "event": "friend_asked", "user_id": "1002" }));
    an(&["add", "1001"]).failed(6, &["friend of itself"]);
}

#[test]
fn somebody_is_blocked_and_let_in_again() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    let an = |arguments: &[&str]| gateway.mez("an").arg("friends").args(arguments).arg("--json").run();
    an(&["unblock", "binh"]).failed(6, &["nobody called", "is blocked"]);
    assert_eq!(an(&["block", "binh"]).json(), json!({ "event": "friend_blocked", "user_id": "1002" }));
    assert_eq!(friends(&gateway, "an", &["--state", "blocked"]), [("binh".to_owned(), "blocked".to_owned())]);
    assert_eq!(an(&["unblock", "binh"]).json(), json!({ "event": "friend_unblocked", "user_id": "1002" }));
    assert_eq!(friends(&gateway, "an", &["--state", "blocked"]), []);
}
