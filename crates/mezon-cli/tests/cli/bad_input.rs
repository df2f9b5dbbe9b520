//! Bad input: each with its exit code and a text that says what to do, and nothing lost.

use mezon_emulator::Emulator;
use serde_json::Value;

use crate::gateway::Gateway;
use crate::mez::mez;

#[test]
fn a_wrong_server_key_is_refused() {
    let gateway = Gateway::start();
    let login = gateway.login("an", 1001).variable("MEZON_SERVER_KEY", "wrong-server-key").run();
    let ended = login.failed(5, &["error: ", "refused the sign-in", "MEZON_SERVER_KEY"]);
    assert!(!ended.stderr.contains("wrong-server-key"));
    assert!(!gateway.file("an.json").exists());
}

#[test]
fn a_server_key_comes_from_a_file_too() {
    let gateway = Gateway::with(Emulator::builder().server_key("the-key"));
    let key = gateway.write("key", "the-key\n");
    gateway.login("an", 1001).arg("--server-key-file").arg(&key).run().succeeded();
    gateway
        .login("an", 1001)
        .arg("--server-key-file")
        .arg(gateway.file("none"))
        .run()
        .failed(6, &["server key", "none"]);
}

/// To open it waits for its other end, and Ctrl-C was not heard meanwhile.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_file_to_send() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let pipe = gateway.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    gateway.mez("an").arg("upload").arg(&pipe).run().failed(6, &["pipe", "no regular file"]);
}

#[test]
fn an_expired_refresh_token_asks_for_a_new_login_and_keeps_the_file() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.emulator.faults().expire_tokens();
    gateway.emulator.faults().expire_refresh_tokens();
    let before = std::fs::read(gateway.file("an.json")).unwrap();
    gateway.mez("an").arg("channels").run().failed(3, &["error: ", "login is over", "mez login"]);
    assert_eq!(std::fs::read(gateway.file("an.json")).unwrap(), before);
}

#[test]
fn a_token_in_the_session_file_that_the_server_does_not_know_is_replaced() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let file = std::fs::read_to_string(gateway.file("an.json")).unwrap();
    let mut session: Value = serde_json::from_str(&file).unwrap();
    session["token"] = "not.a-jwt".into();
    gateway.write("an.json", session.to_string());
    let ended = gateway.mez("an").arg("channels").run().told(&["no channels yet"]);
    assert!(!ended.stderr.contains("not.a-jwt"));
    assert!(!std::fs::read_to_string(gateway.file("an.json")).unwrap().contains("not.a-jwt"), "refreshed");
    assert_eq!(gateway.emulator.stats().refreshes, 1);
}

#[test]
fn a_session_file_cut_in_half_is_reported_and_left_alone() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let file = std::fs::read(gateway.file("an.json")).unwrap();
    let half = &file[..file.len() / 2];
    gateway.write("an.json", half);
    for command in [vec!["channels"], vec!["session", "show"], vec!["session", "refresh"]] {
        gateway.mez("an").args(command).run().failed(6, &["an.json", "damaged"]);
    }
    assert_eq!(std::fs::read(gateway.file("an.json")).unwrap(), half);
}

#[cfg(unix)]
#[test]
fn a_session_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    std::fs::set_permissions(gateway.file("an.json"), std::fs::Permissions::from_mode(0o644)).unwrap();
    gateway.mez("an").arg("channels").run().failed(6, &["an.json", "chmod 600"]);
}

#[test]
fn an_unknown_channel_is_named_and_nothing_is_sent() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let file = gateway.write("plan.txt", "the plan");
    for command in [
        vec!["send", "4711", "hi", "--attach", file.to_str().unwrap()],
        vec!["listen", "4711"],
        vec!["history", "4711"],
    ] {
        gateway.mez("an").args(command).run().failed(6, &["you have no channel 4711", "mez channels"]);
    }
    let stats = gateway.emulator.stats();
    assert_eq!((stats.connects, stats.uploads, stats.messages), (0, 0, 0));
}

#[test]
fn content_over_the_limit_is_refused_before_anything_is_sent() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let calls = gateway.emulator.stats().http_calls;
    let long = "x".repeat(5_000);
    gateway.mez("an").args(["send", &dm, &long]).run().failed(6, &["5008", "4000", "nothing was sent"]);
    assert_eq!(gateway.emulator.stats().http_calls, calls);
}

#[test]
fn more_files_than_a_message_takes_are_refused_before_the_first_is_uploaded() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let file = gateway.write("plan.txt", "the plan");
    let calls = gateway.emulator.stats().http_calls;
    let send = |count: usize| {
        let files = std::iter::repeat_n(["--attach", file.to_str().unwrap()], count).flatten();
        gateway.mez("an").args(["send", &dm, "hi"]).args(files).run()
    };
    send(51).failed(6, &["51 attachments", "limit is 50", "nothing was sent"]);
    assert_eq!(gateway.emulator.stats().http_calls, calls);
}

#[test]
fn an_embed_over_the_limit_is_refused_before_anything_is_sent() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let calls = gateway.emulator.stats().http_calls;
    let send = |name: &str, embed: &str| {
        let file = gateway.write(name, embed);
        gateway.mez("an").args(["send", &dm, "--embed"]).arg(file).run()
    };
    let long = serde_json::json!({ "title": "the plan", "description": "x".repeat(5_000) });
    send("long.json", &long.to_string()).failed(6, &["4000", "nothing was sent"]);
    send("no.json", "{").failed(6, &["no.json is no embed", "nothing was sent"]);
    assert_eq!(gateway.emulator.stats().http_calls, calls);
    gateway.mez("an").args(["send", &dm, "--embed", "nowhere.json"]).run().failed(6, &["nowhere.json"]);

    send("short.json", r#"{"title": "the plan", "description": "at nine"}"#).succeeded();
    let message = gateway.mez("binh").args(["history", &dm, "--json"]).run().json();
    assert_eq!(message["content"]["embed"][0]["title"], "the plan");
}

#[test]
fn an_empty_message_is_refused() {
    let gateway = Gateway::start();
    gateway.mez("an").args(["send", "1", ""]).run().failed(2, &["the message is empty"]);
}

#[test]
fn a_dm_needs_a_user_and_ids_are_numbers() {
    mez().arg("dm").run().failed(2, &["USER"]);
    let ended = mez().args(["dm", "--json"]).run().code(2);
    let error: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "usage");
}

#[test]
fn a_missing_file_is_found_before_anything_is_sent() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let calls = gateway.emulator.stats().http_calls;
    let send = gateway.mez("an").args(["send", &dm, "hi", "--attach"]).arg(gateway.file("nowhere.pdf"));
    send.run().failed(6, &["nowhere.pdf", "nothing was sent"]);
    gateway.mez("an").arg("upload").arg(gateway.folder.path()).run().failed(6, &["no regular file"]);
    assert_eq!(gateway.emulator.stats().http_calls, calls);
}

#[test]
fn a_refused_upload_sends_no_message() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    gateway.emulator.faults().refuse_uploads(403);
    let file = gateway.write("plan.txt", "the plan");
    let ended = gateway.mez("an").args(["send", &dm, "hi", "--attach"]).arg(file).run();
    let ended = ended.failed(5, &["refused the upload", "403"]);
    assert!(!ended.stderr.contains("X-Amz") && !ended.stderr.contains('?'), "{ended:?}");
    assert_eq!(gateway.emulator.stats().messages, 0);
}

#[test]
fn a_gateway_that_is_down_is_told_apart() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let before = std::fs::read(gateway.file("an.json")).unwrap();
    gateway.go_down();
    gateway.mez("an").args(["send", &dm, "hi"]).run().failed(4, &["could not connect", "127.0.0.1"]);
    let ended = gateway.login("binh", 1002).arg("--json").run().failed(4, &[]);
    let error: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!((&error["error"]["kind"], &error["error"]["class"]), (&"connect".into(), &"transient".into()));
    assert_eq!(std::fs::read(gateway.file("an.json")).unwrap(), before);
}

#[test]
fn an_unknown_authority_is_not_trusted() {
    let gateway = Gateway::with(Emulator::builder().tls(true));
    gateway.login("an", 1001).run().failed(6, &["certificate", "--ca"]);
    let rubbish = gateway.write("ca.pem", "no certificate");
    gateway.login("an", 1001).arg("--ca").arg(rubbish).run().failed(6, &["ca.pem"]);
    gateway.login("an", 1001).arg("--ca").arg(gateway.file("none.pem")).run().failed(6, &["none.pem"]);
    assert_eq!(gateway.emulator.stats().logins, 0);
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    let gateway = Gateway::start();
    let login = gateway.login("an", 1001).args(["--gateway-url", "http://gw.mezon.example"]).run();
    login.failed(6, &["--gateway-url", "https"]);
}

#[test]
fn secrets_are_no_arguments() {
    let login = ["login", "--user-id", "1001", "--username", "an"];
    mez().args(login).args(["--token", "x"]).run().failed(2, &["--token"]);
    mez().args(login).args(["--id-token", "x"]).run().failed(2, &["--id-token"]);
    // Nobody to ask, as in a script.
    mez().args(login).run().failed(2, &["MEZON_ID_TOKEN", "--id-token-file"]);
}

#[test]
fn a_wrong_log_filter_is_refused() {
    mez().args(["session", "show", "--log", "mezon=loud"]).run().failed(2, &["no log filter"]);
}
