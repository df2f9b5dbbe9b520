//! No secret on stdout or stderr, however much is logged.

use mezon_emulator::Emulator;
use serde_json::Value;

use crate::gateway::Gateway;
use crate::mez::{Ended, Mez};

const SERVER_KEY: &str = "canary-server-key";
const ID_TOKEN: &str = "canary-id-token";
const API_KEY: &str = "canary-api-key";

#[test]
fn nothing_is_printed_that_opens_a_door() {
    let gateway = Gateway::with(Emulator::builder().server_key(SERVER_KEY).app(2001, API_KEY, "robot"));
    let url = gateway.emulator.url();
    let loud = |user: &str| {
        let mezon = gateway.mez(user).variable("MEZON_SERVER_KEY", SERVER_KEY).variable("MEZON_GATEWAY_URL", &url);
        mezon.variable("RUST_LOG", "trace,tungstenite::handshake=trace").args(["--log", "trace"])
    };
    let mut ended: Vec<Ended> = Vec::new();
    let mut sessions: Vec<String> = Vec::new();
    let mut run = |command: Mez, sessions: &mut Vec<String>| {
        ended.push(command.run());
        sessions.extend(
            ["an", "bot"].iter().filter_map(|user| std::fs::read_to_string(gateway.file(&format!("{user}.json"))).ok()),
        );
    };
    let file = gateway.write("plan.txt", "the plan");
    let file = file.to_str().unwrap();
    let login = ["login", "--user-id", "1001", "--username", "an"];
    run(loud("an").args(login).variable("MEZON_ID_TOKEN", ID_TOKEN), &mut sessions);
    run(loud("bot").args(["login", "--bot", "2001"]).variable("MEZON_API_KEY", API_KEY), &mut sessions);
    run(loud("an").args(["dm", "1002"]), &mut sessions);
    let dm = gateway.mez("an").variable("MEZON_SERVER_KEY", SERVER_KEY).args(["channels", "--json"]).run().json();
    let dm = dm["channel_id"].as_str().unwrap();
    for command in [
        vec!["session", "show"],
        vec!["send", dm, "hi", "--attach", file],
        vec!["upload", file, "--json"],
        vec!["history", dm],
        vec!["api", "UploadAttachmentFile", r#"{"filename": "plan.txt", "filetype": "text/plain", "size": 8}"#],
        vec!["session", "refresh"],
    ] {
        run(loud("an").args(command), &mut sessions);
    }
    // The ways that fail print too.
    gateway.emulator.faults().refuse_uploads(403);
    run(loud("an").args(["upload", file]), &mut sessions);
    gateway.emulator.faults().refuse_upgrades(5, 401);
    run(loud("an").args(["send", dm, "hi"]), &mut sessions);
    gateway.emulator.faults().fail_next(9, 401, None);
    run(loud("an").args(["session", "refresh"]), &mut sessions);
    run(
        loud("an").args(login).variable("MEZON_ID_TOKEN", ID_TOKEN).variable("MEZON_SERVER_KEY", "canary-wrong"),
        &mut sessions,
    );

    let mut canaries: Vec<String> =
        [SERVER_KEY, ID_TOKEN, API_KEY, "canary-wrong", "X-Amz-Signature", "X-Amz-Credential"]
            .map(str::to_owned)
            .into();
    // Base64 of the keys, as they stand in the Authorization header.
    canaries.extend(["Y2FuYXJ5LXNlcnZlci1rZXk", "Y2FuYXJ5LWFwaS1rZXk"].map(str::to_owned));
    for session in &sessions {
        let session: Value = serde_json::from_str(session).unwrap();
        for field in ["token", "refresh_token", "id_token", "session_id"] {
            canaries.extend(session[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned));
        }
    }
    assert!(canaries.len() > 10, "the sessions had tokens");
    let logged: usize = ended.iter().map(|ended| ended.stderr.len()).sum();
    assert!(logged > 1_000, "something was logged");
    for ended in &ended {
        for canary in &canaries {
            assert!(!ended.stdout.contains(canary) && !ended.stderr.contains(canary), "{canary} in {ended:#?}");
        }
    }
}
