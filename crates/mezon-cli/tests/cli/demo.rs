//! `mez demo`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::mez::mez;

#[test]
fn the_demo_shows_every_step_and_ends_by_itself() {
    let started = Instant::now();
    let ended = mez().arg("demo").run().succeeded();
    assert!(started.elapsed() < Duration::from_secs(15));
    for step in
        ["Two people sign in", "A direct channel", "A group", "A file", "connection is cut", "refreshed", "leaves"]
    {
        assert!(ended.stdout.contains(step), "no {step:?} in {}", ended.stdout);
    }
    assert!(!ended.stdout.contains('✗') && ended.stdout.contains("All "), "{}", ended.stdout);
}

#[test]
fn the_demo_in_json_is_one_object_a_line() {
    let ended = mez().args(["demo", "--json"]).run().succeeded();
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let checks = lines.iter().filter(|line| line["event"] == "check").count();
    assert!(lines.iter().filter(|line| line["event"] == "check").all(|line| line["ok"] == true));
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], last["checks"].as_u64()), (&"done".into(), Some(checks as u64)));
}

/// The exit code promises that every step was verified.
#[test]
fn a_demo_that_nobody_reads_is_no_success() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_mez"));
    let mut demo = demo.arg("demo").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(demo.stdout.take());
    assert_eq!(demo.wait().unwrap().code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_kept_demo_can_be_used() {
    let mut demo = mez().args(["demo", "--keep", "--json"]).start();
    let listening = loop {
        let line = demo.json();
        if line["event"] == "listening" {
            break line;
        }
    };
    let folder = tempfile::TempDir::new().unwrap();
    let login =
        mez().args(["login", "--user-id", "1004", "--username", "dung", "--session"]).arg(folder.path().join("s"));
    let login = login.args(["--gateway-url", listening["url"].as_str().unwrap()]).variable("MEZON_ID_TOKEN", "any");
    login.run().succeeded();
    demo.interrupt();
    demo.end().succeeded();
}
