//! Files beside and instead of text, and streams instead of files.

use std::io::Write;
use std::process::Stdio;

use crate::gateway::Gateway;

/// No text in any encoding.
const BYTES: &[u8] = b"\x00\xff\xfe\x80 plan \r\n\x00";

#[test]
fn a_file_needs_no_text_and_leaves_the_text_alone() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let plan = gateway.write("plan.txt", "the plan");
    let last = || gateway.mez("binh").args(["history", &dm, "--limit", "1", "--json"]).run().json();
    gateway.mez("an").args(["send", &dm, "--attach"]).arg(&plan).run().succeeded();
    let message = last();
    assert_eq!((&message["text"], &message["attachments"][0]["filename"]), (&"".into(), &"plan.txt".into()));

    gateway.mez("an").args(["send", &dm, "--attach"]).arg(&plan).arg("the plan").run().succeeded();
    let message = last();
    assert_eq!((&message["text"], message["attachments"].as_array().unwrap().len()), (&"the plan".into(), 1));

    // Before the channel, too.
    gateway.mez("an").args(["send", "--attach"]).arg(&plan).args([&dm, "again"]).run().succeeded();
    assert_eq!(last()["text"], "again");
}

#[test]
fn a_file_comes_from_stdin_and_goes_to_stdout() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let upload = gateway.mez("an").args(["upload", "-", "--name", "plan.bin", "--json"]).into_command();
    let mut upload = { upload }.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    upload.stdin.take().unwrap().write_all(BYTES).unwrap();
    let ended = upload.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    let uploaded: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((&uploaded["filename"], &uploaded["size"]), (&"plan.bin".into(), &BYTES.len().into()));

    for flag in [None, Some("--json")] {
        let url = uploaded["url"].as_str().unwrap();
        let ended =
            gateway.mez("an").args(["download", url, "--output", "-"]).args(flag).into_command().output().unwrap();
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
        assert_eq!(ended.stdout, BYTES);
    }
}

#[test]
fn wrong_names_and_files_are_found_before_anything_is_sent() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let plan = gateway.write("plan.txt", "the plan");
    let plan = plan.to_str().unwrap();
    let calls = gateway.emulator.stats().http_calls;
    let run = |arguments: &[&str]| gateway.mez("an").args(arguments).run();
    run(&["send", &dm]).failed(2, &["TEXT"]);
    run(&["send", &dm, "--attach"]).failed(2, &["--attach"]);
    run(&["send", &dm, "--attach", plan, plan, "the plan"]).failed(2, &["the plan"]);
    run(&["upload", "-"]).failed(2, &["--name"]);
    run(&["upload", plan, "--name", "x"]).failed(2, &["stdin"]);
    for name in ["", "a/b", "..", "/"] {
        run(&["upload", "-", "--name", name]).failed(2, &["name"]);
    }
    run(&["upload", "-", "--name", &"x".repeat(300)]).failed(6, &["stdin"]);
    run(&["history", &dm, "--before", "yesterday"]).failed(2, &["yesterday"]);
    run(&["channels", "--gateway-url", ""]).failed(2, &["--gateway-url"]);
    run(&["channels", "--gateway-url", "http://gw.mezon.example"]).failed(6, &["--gateway-url", "https"]);
    assert_eq!(gateway.emulator.stats().http_calls, calls);
    run(&["download", "https://cdn.mezon.example/a/plan.txt", "--output", "-"]).failed(6, &["cdn.mezon.example"]);
}
