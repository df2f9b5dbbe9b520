//! Channels and people by name, and messages by time and place.

use serde_json::Value;

use crate::gateway::Gateway;

#[test]
fn channels_and_people_are_found_by_name() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    gateway.sign_in("chi", 1003);
    let an = |arguments: &[&str]| gateway.mez("an").args(arguments).arg("--json").run();
    let group = an(&["dm", "1002", "1003"]).json();
    assert_eq!(an(&["dm", "binh"]).json()["channel_id"], dm.as_str());
    assert_eq!(an(&["dm", "@binh"]).json()["channel_id"], dm.as_str());
    assert_eq!(an(&["send", "binh", "by name"]).json()["channel_id"], dm.as_str());
    assert_eq!(an(&["history", "binh"]).json()["text"], "by name");
    let label = group["channel_label"].as_str().unwrap();
    assert_eq!(an(&["send", label, "to all"]).json()["channel_id"], group["channel_id"]);

    let mut listen = gateway.mez("binh").args(["listen", "an", "--json", "--count", "1"]).start();
    assert_eq!(listen.json()["channels"], serde_json::json!([dm]));
    an(&["send", "binh", "hi"]).succeeded();
    assert_eq!(listen.json()["message"]["text"], "hi");
    listen.end().succeeded();
}

#[test]
fn unknown_and_ambiguous_names_are_told_before_anything_is_sent() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    for command in [vec!["send", "dung", "hi"], vec!["listen", "dung"], vec!["history", "dung"], vec!["send", "", "hi"]]
    {
        gateway.mez("an").args(command).run().failed(6, &["you have no channel", "mez channels"]);
    }
    gateway.mez("an").args(["dm", "dung"]).run().failed(6, &["dung", "give the user's id"]);

    // Two groups of the same people are called the same.
    let groups: Vec<Value> =
        (0..2).map(|_| gateway.mez("an").args(["dm", "1002", "1003", "--json"]).run().json()).collect();
    let label = groups[0]["channel_label"].as_str().unwrap();
    assert_eq!(groups[1]["channel_label"], label);
    let ids: Vec<&str> = groups.iter().map(|group| group["channel_id"].as_str().unwrap()).collect();
    gateway.mez("an").args(["send", label, "hi"]).run().failed(6, &["2 channels", ids[0], ids[1], "give the id"]);
    assert_eq!(gateway.emulator.stats().messages, 0);
}

#[test]
fn a_history_is_read_over_its_pages() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let ids: Vec<String> = (0..5)
        .map(|n| {
            gateway.mez("an").args(["send", &dm, &n.to_string(), "--json"]).run().json()["message_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let texts = |arguments: &[&str]| -> String {
        let command = gateway.mez("binh").args(["history", &dm, "--json"]).args(arguments);
        let lines = command.run().succeeded().stdout;
        lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(texts(&[]), "01234");
    assert_eq!(texts(&["--all"]), "01234");
    assert_eq!(texts(&["--all", "--limit", "3"]), "234");
    assert_eq!(texts(&["--after", &ids[1]]), "234");
    assert_eq!(texts(&["--after", &ids[1], "--limit", "2"]), "23");
    assert_eq!(texts(&["--before", &ids[3], "--limit", "2"]), "12");
    assert_eq!(texts(&["--before", &ids[3], "--all"]), "012");
    assert_eq!(texts(&["--since", "1h"]), "01234");
    assert_eq!(texts(&["--since", "2999-01-01"]), "");
    assert_eq!(texts(&["--since", "2020-01-01", "--limit", "1"]), "4");
}

#[test]
fn a_history_longer_than_a_page_is_read_whole_and_in_order() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let said: Vec<String> = (0..250).map(|n| format!("{n}")).collect();
    for text in &said {
        gateway.say(1001, &dm, text);
    }
    let read = |arguments: &[&str]| -> (Vec<String>, String) {
        let lines = gateway.mez("binh").args(["history", &dm, "--json"]).args(arguments).run().succeeded().stdout;
        let messages: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let texts = messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect();
        (texts, messages[0]["message_id"].as_str().unwrap().to_owned())
    };
    let (texts, first) = read(&["--all"]);
    assert_eq!(texts, said);
    assert_eq!(read(&["--since", "1h"]).0, said);
    assert_eq!(read(&["--after", &first, "--all"]).0, said[1..]);
    assert_eq!(read(&["--limit", "130"]).0, said[120..]);
    assert_eq!(read(&["--after", &first, "--limit", "130"]).0, said[1..131]);
}

#[test]
fn wrong_places_and_times_are_refused() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let history = |arguments: &[&str]| gateway.mez("an").args(["history", &dm]).args(arguments).run();
    for zero in ["--before", "--after"] {
        history(&[zero, "0"]).failed(2, &[zero, "0 is no message"]);
    }
    history(&["--since", "yesterday"]).failed(2, &["yesterday", "2h"]);
    history(&["--limit", "0"]).failed(2, &["--limit"]);
    history(&["--before", "5", "--after", "4"]).failed(2, &["--before", "--after"]);
    history(&["--since", "1h", "--after", "4"]).failed(2, &["--since", "--after"]);
}

#[test]
fn a_message_is_answered_by_its_id() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let asked = gateway.mez("an").args(["send", &dm, "cà phê?", "--json"]).run().json();
    let id = asked["message_id"].as_str().unwrap();
    gateway.mez("binh").args(["send", &dm, "ừ", "--reply-to", id]).run().succeeded();
    let answer = gateway.mez("an").args(["history", &dm, "--limit", "1", "--json"]).run().json();
    assert_eq!((&answer["text"], &answer["references"][0]["message_ref_id"]), (&"ừ".into(), &id.into()));

    gateway.mez("binh").args(["reply", "an", id, "đi đâu?"]).run().succeeded();
    let answer = gateway.mez("an").args(["history", &dm, "--limit", "1", "--json"]).run().json();
    assert_eq!((&answer["text"], &answer["references"][0]["message_ref_id"]), (&"đi đâu?".into(), &id.into()));
    gateway.mez("binh").args(["reply", "an", "4711", "x"]).run().failed(6, &["there is no message 4711"]);

    let file = gateway.write("plan.txt", "the plan");
    let wrong = |id: &str| gateway.mez("an").args(["send", &dm, "hi", "--reply-to", id, "--attach"]).arg(&file).run();
    wrong("4711").failed(6, &["there is no message 4711", "nothing was sent"]);
    wrong("0").failed(2, &["0 is no message"]);
    wrong("first").failed(2, &["first"]);
    let stats = gateway.emulator.stats();
    assert_eq!((stats.messages, stats.uploads), (3, 0));
}

#[test]
fn members_are_listed() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    gateway.sign_in("chi", 1003);
    let group = gateway.mez("an").args(["dm", "1002", "1003", "--json"]).run().json();
    let group = group["channel_id"].as_str().unwrap();
    let shown = gateway.mez("an").args(["members", group, "--no-json"]).run().succeeded().stdout;
    assert!(shown.lines().any(|line| line.starts_with("1003 ") && line.contains(" chi")), "{shown}");
    let json = gateway.mez("an").args(["members", "binh", "--json"]).run().succeeded().stdout;
    assert!(json.starts_with(r#"{"user_id":""#) && json.contains(r#""username":"binh""#), "{json}");
    gateway.mez("an").args(["members", "4711"]).run().failed(6, &["you have no channel 4711"]);
}

#[test]
fn whoami_tells_whose_login_it_is() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    assert_eq!(gateway.mez("an").arg("whoami").run().succeeded().stdout, "an (1001)\n");
    let json = gateway.mez("an").args(["whoami", "--json"]).run().json();
    assert_eq!((&json["event"], &json["user_id"], &json["username"]), (&"whoami".into(), &"1001".into(), &"an".into()));
    gateway.mez("binh").arg("whoami").run().failed(3, &["there is no session", "mez login"]);
}
