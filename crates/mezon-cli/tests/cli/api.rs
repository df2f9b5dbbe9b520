//! `mez api`: any method of the protocol, with JSON in and out.

use std::io::Read;
use std::net::TcpListener;
use std::thread;

use mezon_emulator::{Answer, Page, Times};
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::mez::mez;

#[test]
fn a_method_is_called_by_its_name() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let account = gateway.mez("an").args(["api", "getaccount"]).run().json();
    assert_eq!((&account["user"]["id"], &account["user"]["username"]), (&"1001".into(), &"an".into()));
    assert_eq!(account["email"], "", "each field has its place");
}

#[test]
fn a_request_comes_from_an_argument_a_file_stdin_or_field_by_field() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let file = gateway.write("request.json", format!("\u{feff}{{\"channel_id\": {dm}}}\r\n"));
    let detail = || gateway.mez("an").args(["api", "ListChannelDetail"]);
    for command in [
        detail().arg(format!(r#"{{"channel_id": "{dm}"}}"#)),
        detail().arg("--input").arg(file),
        detail().arg("-").input(&format!(r#"{{"channelId": {dm}}}"#)),
        detail().args(["-f", &format!("channel_id={dm}")]),
        detail().arg(r#"{"channel_id": 1}"#).args(["--field", &format!("channel_id={dm}")]),
    ] {
        assert_eq!(command.run().json()["channel_id"], dm.as_str());
    }
}

#[test]
fn lists_inside_bytes_are_lists() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let file = gateway.write("plan.txt", "the plan");
    gateway.mez("an").args(["send", &dm, "hi", "--attach"]).arg(file).run().succeeded();
    let answer = gateway.mez("an").args(["api", "ListChannelMessages", "-f", &format!("channel_id={dm}")]);
    let answer = answer.args(["-f", "limit=5", "-f", "direction=3"]).run().json();
    let message = &answer["messages"][0];
    assert_eq!((&message["content"], &message["mentions"]), (&r#"{"t":"hi"}"#.into(), &json!([])));
    assert_eq!(message["attachments"][0]["filename"], "plan.txt");
}

#[test]
fn what_is_wrong_with_a_request_is_told_before_anything_is_sent() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let calls = gateway.emulator.stats().http_calls;
    for (arguments, words) in [
        (vec!["ListRole"], vec!["there is no method \"ListRole\"", "did you mean ListRoles?", "--list"]),
        (vec!["ListRoles", "-f", "clanid=7"], vec!["no field \"clanid\"", "did you mean clan_id?"]),
        (vec!["ListRoles", r#"{"clan_id": true}"#], vec!["`clan_id`", "whole number"]),
        (vec!["ListRoles", "{"], vec!["the request is no JSON"]),
        (vec!["ListRoles", "[]"], vec!["has to be an object"]),
        (vec!["ListRoles", "--input", "nowhere.json"], vec!["nowhere.json"]),
        (vec!["SessionRefresh"], vec!["mez session refresh"]),
        (vec!["sessionlogout"], vec!["mez session logout"]),
    ] {
        gateway.mez("an").arg("api").args(arguments).run().failed(6, &words);
    }
    gateway.mez("an").args(["api", "ListRoles", "-f", "clan_id"]).run().failed(2, &["FIELD=VALUE"]);
    gateway.mez("an").arg("api").run().failed(2, &["METHOD"]);
    gateway.mez("an").args(["api", "GetAccount", "--list"]).run().failed(2, &["--list"]);
    assert_eq!(gateway.emulator.stats().http_calls, calls);
    gateway.mez("nobody").args(["api", "GetAccount"]).run().failed(3, &["there is no session", "mez login"]);
}

#[test]
fn a_refusal_of_the_server_names_the_method() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.mez("an").args(["api", "StreamingServerCallback"]).run().failed(5, &["StreamingServerCallback"]);
}

#[test]
fn a_change_whose_answer_is_lost_may_have_been_made() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    // Takes requests and answers none.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4096]);
        }
    });
    let lost = gateway.mez("an").args(["api", "CreateRole", "-f", "title=x", "--json", "--gateway-url", &url]).run();
    let error: Value = serde_json::from_str(&lost.failed(7, &["CreateRole"]).stderr).unwrap();
    assert_eq!(error["error"]["class"], "maybe_done");

    // The same when it comes and cannot be read.
    let rubbish = || Answer::new(200, Page::Empty).body("application/proto", vec![0xff, 0xff]);
    gateway.emulator.faults().answer("calls", Times::Next(2), rubbish());
    gateway.mez("an").args(["api", "CreateRole", "-f", "title=x"]).run().failed(7, &["could not be read: CreateRole"]);
    gateway.mez("an").args(["api", "ListRoles"]).run().failed(1, &["could not be read: ListRoles"]);
}

#[test]
fn a_dry_run_prints_the_request_and_sends_nothing() {
    let dry = mez().args(["api", "AddFriends", "-f", "ids=1002", "-f", "ids=1003", "--dry-run"]).run().succeeded();
    assert_eq!(dry.stdout, "{\"ids\":[\"1002\",\"1003\"]}\n");
    let again = mez().args(["api", "AddFriends", "-", "--dry-run"]).input(&dry.stdout).run().succeeded();
    assert_eq!(again.stdout, dry.stdout);
}

#[test]
fn credentials_in_an_answer_are_not_printed() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let request = r#"{"filename": "plan.txt", "filetype": "text/plain", "size": 8}"#;
    let answer = gateway.mez("an").args(["api", "UploadAttachmentFile", request]).run().json();
    assert_eq!((&answer["filename"].is_string(), &answer["url"]), (&true, &"<redacted>".into()));
    let dry = mez().args(["api", "SessionRefresh", "-f", "token=canary", "--dry-run"]).run().succeeded();
    assert_eq!(dry.stdout, "{\"token\":\"<redacted>\"}\n");
}

#[test]
fn methods_and_their_fields_are_listed() {
    let listed = |arguments: &[&str]| -> Vec<Value> {
        let ended = mez().args(["api", "--list"]).args(arguments).run().succeeded();
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(listed(&[]).len(), 222);
    let roles = listed(&["RoLe"]);
    assert!(roles.len() > 5 && roles.len() < 222);
    let list = roles.iter().find(|entry| entry["method"] == "ListRoles").unwrap();
    assert_eq!((&list["subject"], &list["repeated"]), (&"roles".into(), &"reads".into()));
    assert_eq!(list["request"], "api.RoleListEventRequest");
    mez().args(["api", "--list", "weather"]).run().failed(6, &["no method has \"weather\" in it"]);

    let schema = mez().args(["api", "listroles", "--schema"]).run().json();
    assert_eq!((&schema["method"], &schema["request"]["fields"][0]["type"]), (&"ListRoles".into(), &"int64".into()));
    let table = mez().args(["api", "--list", "role", "--no-json"]).variable("COLUMNS", "80").run().succeeded().stdout;
    assert!(table.starts_with("METHOD "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let schema = mez().args(["api", "ListRoles", "--schema", "--no-json"]).run().succeeded().stdout;
    assert!(schema.starts_with("ListRoles: ") && schema.contains("\n  clan_id "), "{schema}");
}
