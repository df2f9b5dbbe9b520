//! Pins, searching, and what was read.

use serde_json::json;

use crate::gateway::Gateway;

/// Says something as An and gives the id of the message.
#[track_caller]
fn say(gateway: &Gateway, channel: &str, text: &str) -> String {
    let sent = gateway.mez("an").args(["send", channel, text, "--json"]).run().json();
    sent["message_id"].as_str().unwrap().to_owned()
}

#[test]
fn messages_are_pinned_listed_and_unpinned() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let id = say(&gateway, &dm, "at nine");
    gateway.mez("binh").args(["pin", "an"]).run().told(&["nothing is pinned"]);
    let pinned = gateway.mez("binh").args(["pin", "an", &id, "--json"]).run().json();
    assert_eq!(pinned, json!({ "event": "pinned", "channel_id": dm, "message_id": id }));
    let pins = gateway.mez("an").args(["pin", "binh"]).run().lines();
    assert_eq!((pins.len(), &pins[0]["message_id"]), (1, &id.as_str().into()));
    let table = gateway.mez("an").args(["pin", "binh", "--no-json"]).run().succeeded().stdout;
    assert!(table.starts_with("MESSAGE ") && table.contains("at nine"), "{table}");

    let unpin = || gateway.mez("an").args(["unpin", "binh", &id, "--json"]).run();
    assert_eq!(unpin().json()["event"], "unpinned");
    unpin().failed(6, &["is not pinned", "mez pin CHANNEL"]);
    gateway.mez("an").args(["pin", "binh", "4711"]).run().failed(6, &["there is no message 4711"]);
}

#[test]
fn messages_are_found_by_their_words() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let group = gateway.mez("an").args(["dm", "1002", "1003", "--json"]).run().json();
    let group = group["channel_id"].as_str().unwrap();
    for text in ["cà phê lúc tám giờ", "không, cà phê lúc chín giờ"] {
        say(&gateway, &dm, text);
    }
    say(&gateway, group, "cà phê không?");
    let found = |arguments: &[&str]| {
        let found = gateway.mez("binh").args(["search", "--json"]).args(arguments).run().lines();
        found.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&["cà phê"]).len(), 3);
    assert_eq!(found(&["cà phê", "--limit", "2"]).len(), 2);
    assert_eq!(found(&["tám", "--in", "an"]), ["cà phê lúc tám giờ"]);
    assert_eq!(found(&["cà phê", "--in", group]), ["cà phê không?"]);
    assert_eq!(found(&["cà phê", "--from", "@binh"]), [""; 0]);
    assert_eq!(found(&["--from", "an", "--in", "an"]).len(), 2);
    gateway.mez("binh").args(["search", "trà"]).run().told(&["nothing was found"]);
    gateway.mez("binh").arg("search").run().failed(2, &["TEXT"]);
    let table = gateway.mez("binh").args(["search", "tám", "--no-json"]).run().succeeded().stdout;
    assert!(table.starts_with("MESSAGE ") && table.contains("cà phê lúc tám giờ"), "{table}");
}

#[test]
fn a_channel_is_marked_as_read() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let id = say(&gateway, &dm, "hi");
    let seen = || gateway.mez("binh").arg("channels").run().lines()[0]["last_seen_message"]["id"].clone();
    assert_ne!(seen(), id.as_str());
    let marked = gateway.mez("binh").args(["mark-read", "an", "--json"]).run().json();
    assert_eq!(marked, json!({ "event": "marked_read", "clan_id": "0", "channel_id": dm }));
    assert_eq!(seen(), id.as_str());
    gateway.mez("binh").arg("mark-read").run().failed(2, &["CHANNEL"]);
}
