//! What people and programs read: times, places, ids, and which stream they stand on.

use mezon_emulator::Emulator;
use mezon_light::Revision;
use serde_json::Value;

use crate::gateway::Gateway;

#[test]
fn times_are_local_for_people_and_rfc_3339_for_programs() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let sent = gateway.mez("an").args(["send", &dm, "mấy giờ rồi?", "--json"]).run().json();
    let history = |zone: &str, arguments: &[&str]| {
        gateway.mez("binh").variable("TZ", zone).args(["history", &dm]).args(arguments).run().succeeded().stdout
    };
    let message: Value = serde_json::from_str(&history("ICT-7", &["--json"])).unwrap();
    let seconds = message["create_time_seconds"].as_u64().unwrap();
    let created = message["created_at"].as_str().unwrap();
    let of_day = |seconds: u64| format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    assert_eq!(&created[10..], format!("T{}Z", of_day(seconds)));
    assert_eq!(&sent["created_at"], created);

    // At midnight between the sending and the showing, a date stands before it.
    assert!(history("UTC0", &[]).contains(&format!("{}  an: ", of_day(seconds))));
    assert!(history("ICT-7", &[]).contains(&format!("{}  an: ", of_day(seconds + 7 * 3_600))));
}

#[test]
fn a_listener_to_several_channels_names_the_channel_of_each_message() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let group = gateway.mez("an").args(["dm", "1002", "1003", "--json"]).run().json();
    let group = group["channel_id"].as_str().unwrap();
    let channels = gateway.mez("binh").args(["channels", "--no-json"]).run().succeeded().stdout;
    let title =
        |id: &str| channels.lines().find(|line| line.starts_with(id)).unwrap().split("  ").last().unwrap().trim();

    let mut listen = gateway.mez("binh").args(["listen", "--ids", "--count", "2"]).start();
    gateway.wait_for(|stats| stats.joins == 2);
    for id in [dm.as_str(), group] {
        let sent = gateway.mez("an").args(["send", id, "hi", "--json"]).run().json();
        let (title, message) = (title(id), sent["message_id"].as_str().unwrap());
        assert!(listen.line().ends_with(&format!("  [{title}] #{message} an: hi")), "{title}");
    }
    listen.end().told(&["listening as binh (1002) to 2 channels"]);

    let mut listen = gateway.mez("binh").args(["listen", &dm, "--count", "1"]).start();
    gateway.wait_for(|stats| stats.joins >= 5);
    gateway.mez("an").args(["send", &dm, "hi"]).run().succeeded();
    assert!(listen.line().ends_with("  an: hi"));
    listen.end().told(&["1 channel,"]);
}

#[test]
fn history_shows_ids_when_asked_to() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let sent = gateway.mez("an").args(["send", &dm, "hi", "--json"]).run().json();
    let shown = gateway.mez("binh").args(["history", &dm, "--ids"]).run().succeeded().stdout;
    assert!(shown.contains(&format!("#{} an: hi", sent["message_id"].as_str().unwrap())), "{shown}");
}

#[test]
fn how_things_are_going_is_told_on_stderr() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    assert_eq!(gateway.mez("an").arg("channels").run().told(&["no channels yet"]).stdout, "");
    let dm = gateway.mez("an").args(["dm", "1002", "--json"]).run().json();
    let dm = dm["channel_id"].as_str().unwrap();
    assert_eq!(gateway.mez("an").args(["history", dm]).run().told(&["no messages"]).stdout, "");
    // Programs are told by an empty answer.
    assert_eq!(gateway.mez("an").args(["history", dm, "--json"]).run().succeeded().stdout, "");
}

#[test]
fn keys_come_in_the_same_order_everywhere() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", &dm, "--json", "--count", "1"]).start();
    assert!(listen.line().starts_with(r#"{"event":"ready","user_id":"#));
    gateway.mez("an").args(["send", &dm, "hi"]).run().succeeded();
    let heard = listen.line();
    let history = gateway.mez("binh").args(["history", &dm, "--json"]).run().succeeded().stdout;
    let keys = |text: &str| -> Vec<String> {
        text.split('"')
            .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            .map(str::to_owned)
            .collect()
    };
    let heard = heard.strip_prefix(r#"{"event":"message","message":"#).unwrap();
    assert!(heard.starts_with(r#"{"message_id":"#) && heard.contains(r#""created_at":"#), "{heard}");
    assert_eq!(keys(heard), keys(&history));
    for command in [vec!["session", "show"], vec!["session", "refresh"], vec!["session", "logout"]] {
        let shown = gateway.mez("an").args(command).arg("--json").run().succeeded().stdout;
        assert!(shown.starts_with(r#"{"event":""#) && shown.contains(r#","user_id":"1001""#), "{shown}");
    }
}

#[test]
fn a_listener_tells_of_what_it_cannot_read() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", &dm, "--json", "--count", "1"]).start();
    assert_eq!(listen.json()["event"], "ready");
    gateway.emulator.faults().garbage_frame();
    let told = listen.json();
    assert_eq!((&told["event"], &told["field"]), (&"undecodable".into(), &0.into()));
    assert!(!told["reason"].as_str().unwrap().is_empty(), "{told}");
    gateway.mez("an").args(["send", &dm, "hi"]).run().succeeded();
    assert_eq!(listen.json()["message"]["text"], "hi");
    listen.end().succeeded();
}

#[test]
fn a_gateway_of_the_revision_before_is_spoken_to_when_told() {
    let gateway = Gateway::with(Emulator::builder().revision(Revision::StringCid));
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", &dm, "--json", "--count", "1", "--string-cid"]).start();
    assert_eq!(listen.json()["event"], "ready");
    gateway.mez("an").args(["send", &dm, "hi", "--string-cid"]).run().succeeded();
    assert_eq!(listen.json()["message"]["text"], "hi");
    listen.end().succeeded();
}
