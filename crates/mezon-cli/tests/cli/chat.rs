//! Channels, messages and files.

use mezon_emulator::Emulator;
use serde_json::Value;

use crate::gateway::Gateway;

#[test]
fn a_message_arrives_with_its_attachments() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", &dm, "--json", "--count", "2"]).start();
    let ready = listen.json();
    assert_eq!((&ready["event"], &ready["user_id"]), (&"ready".into(), &"1002".into()));
    assert_eq!(ready["channels"], serde_json::json!([dm]));

    let plan = gateway.write("plan.txt", "the plan");
    let picture = gateway.write("ảnh.png", [0x89, b'P', b'N', b'G']);
    let command = gateway.mez("an").args(["send", &dm, "xin chào 👋", "--json"]);
    let sent = command.arg("--attach").arg(plan).arg("--attach").arg(picture).run().json();
    assert_eq!((&sent["event"], &sent["channel_id"]), (&"sent".into(), &dm.as_str().into()));

    let heard = listen.json();
    assert_eq!(heard["event"], "message");
    let message = &heard["message"];
    assert_eq!(message["message_id"], sent["message_id"]);
    assert_eq!((&message["text"], &message["sender_id"]), (&"xin chào 👋".into(), &"1001".into()));
    let files: Vec<&str> =
        message["attachments"].as_array().unwrap().iter().map(|file| file["filename"].as_str().unwrap()).collect();
    assert_eq!(files, ["plan.txt", "ảnh.png"]);
    assert_eq!(message["attachments"][0]["size"], 8);
    assert_eq!(message["attachments"][1]["filetype"], "image");
    let saved = gateway.file("saved.txt");
    let url = message["attachments"][0]["url"].as_str().unwrap();
    gateway.mez("binh").args(["download", url, "--output"]).arg(&saved).run().succeeded();
    assert_eq!(std::fs::read(&saved).unwrap(), b"the plan");

    gateway.mez("an").args(["send", &dm, "-"]).input("from stdin\n").run().succeeded();
    assert_eq!(listen.json()["message"]["text"], "from stdin");
    listen.end().succeeded();
}

#[test]
fn the_same_over_tls_with_a_private_authority() {
    let gateway = Gateway::with(Emulator::builder().tls(true));
    let ca = gateway.file("ca.pem");
    gateway.emulator.write_ca(&ca).unwrap();
    gateway.login("an", 1001).arg("--ca").arg(&ca).run().succeeded();
    gateway.login("binh", 1002).arg("--ca").arg(&ca).run().succeeded();
    let as_user = |user: &str| gateway.mez(user).variable("MEZON_CA", &ca);
    let dm = as_user("an").args(["dm", "1002", "--json"]).run().json()["channel_id"].as_str().unwrap().to_owned();

    let mut listen = as_user("binh").args(["listen", "--json", "--count", "1"]).start();
    assert_eq!(listen.json()["event"], "ready");
    let file = gateway.write("plan.txt", "the plan");
    as_user("an").args(["send", &dm, "over TLS", "--attach"]).arg(file).run().succeeded();
    let message = &listen.json()["message"];
    assert_eq!(message["text"], "over TLS");
    let url = message["attachments"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("https://"));
    let saved = gateway.file("saved.txt");
    as_user("binh").args(["download", url, "--output"]).arg(&saved).run().succeeded();
    assert_eq!(std::fs::read(&saved).unwrap(), b"the plan");
    listen.end().succeeded();
}

#[test]
fn a_group_takes_messages_without_a_flag() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.sign_in("binh", 1002);
    let group = gateway.mez("an").args(["dm", "1002", "1003", "--json"]).run().json();
    let id = group["channel_id"].as_str().unwrap();
    gateway.mez("an").args(["send", id, "hello group"]).run().succeeded();
    let history = gateway.mez("binh").args(["history", id, "--json"]).run().json();
    assert_eq!((&history["text"], &history["channel_id"]), (&"hello group".into(), &id.into()));

    let listed = gateway.mez("binh").args(["channels", "--json"]).run().json();
    assert_eq!((&listed["channel_id"], &listed["type"]), (&id.into(), &2.into()));
    let shown = gateway.mez("binh").args(["channels", "--no-json"]).run().succeeded().stdout;
    assert!(shown.lines().any(|line| line.starts_with(id) && line.contains("group")), "{shown}");
}

#[test]
fn the_history_comes_oldest_first_and_goes_back() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    for text in ["one", "two", "three"] {
        gateway.mez("an").args(["send", &dm, text]).run().succeeded();
    }
    let history = |arguments: &[&str]| -> Vec<Value> {
        let command = gateway.mez("binh").args(["history", &dm, "--json"]).args(arguments);
        command.run().succeeded().stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let texts =
        |messages: &[Value]| messages.iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let last_two = history(&["--limit", "2"]);
    assert_eq!(texts(&last_two), ["two", "three"]);
    let before = last_two[0]["message_id"].as_str().unwrap().to_owned();
    assert_eq!(texts(&history(&["--before", &before])), ["one"]);

    let shown = gateway.mez("binh").args(["history", &dm]).run().succeeded();
    assert!(shown.stdout.contains("an: one\n"), "{shown:?}");
}

#[test]
fn links_are_marked_unless_hidden_and_a_buzz_is_one() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let last = || gateway.mez("an").args(["history", &dm, "--limit", "1", "--json"]).run().json();
    gateway.mez("an").args(["send", &dm, "see https://mezon.ai", "--buzz"]).run().succeeded();
    let message = last();
    assert_eq!(message["code"], 8);
    assert!(message["content"].to_string().contains("\"lk\""), "{message}");
    gateway.mez("an").args(["send", &dm, "see https://mezon.ai", "--hide-link"]).run().succeeded();
    let message = last();
    assert_eq!((&message["code"], &message["content"]), (&0.into(), &serde_json::json!({"t": "see https://mezon.ai"})));
}

#[test]
fn an_upload_prints_the_clean_address() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let file = gateway.write("plan.txt", "the plan");
    let ended = gateway.mez("an").arg("upload").arg(&file).run().succeeded();
    let url = ended.stdout.trim();
    assert!(url.starts_with(&gateway.emulator.url()) && !url.contains('?'), "{url}");
    let json = gateway.mez("an").arg("upload").arg(&file).arg("--json").run().json();
    assert_eq!((&json["event"], &json["filename"], &json["size"]), (&"uploaded".into(), &"plan.txt".into(), &8.into()));
}

#[test]
fn a_download_replaces_nothing_and_goes_nowhere_else() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let file = gateway.write("plan.txt", "the plan");
    let url = gateway.mez("an").arg("upload").arg(&file).run().succeeded().stdout.trim().to_owned();
    let download = |url: &str| gateway.mez("an").args(["download", url, "--json", "--output"]);
    let saved = gateway.file("saved.txt");
    let json = download(&url).arg(&saved).run().json();
    assert_eq!((&json["event"], &json["url"], &json["size"]), (&"downloaded".into(), &url.as_str().into(), &8.into()));
    assert_eq!(std::fs::read(&saved).unwrap(), b"the plan");

    download(&url).arg(&file).run().failed(6, &["is there already", "nothing was fetched"]);
    let missing = url.replace("plan.txt", "other.txt");
    download(&missing).arg(gateway.file("other.txt")).run().failed(5, &["download_refused", "NoSuchKey"]);
    let elsewhere = "https://evil.example/plan.txt";
    download(elsewhere).arg(gateway.file("evil.txt")).run().failed(6, &["untrusted_file", "evil.example"]);
    assert_eq!(gateway.emulator.stats().downloads, 1);
}

#[test]
fn a_listener_survives_a_cut_and_sees_each_message_once() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", &dm, "--json", "--count", "2"]).start();
    assert_eq!(listen.json()["event"], "ready");
    gateway.mez("an").args(["send", &dm, "before"]).run().succeeded();
    assert_eq!(listen.json()["message"]["text"], "before");
    gateway.emulator.faults().cut_connections();
    let lost = listen.json();
    assert_eq!(lost["event"], "disconnected");
    assert!(lost["retry_in_seconds"].as_f64().unwrap() <= 1.0);
    gateway.mez("an").args(["send", &dm, "during or after"]).run().succeeded();
    let rest = listen.end().succeeded();
    let messages = rest.stdout.lines().filter(|line| line.contains("during or after")).count();
    assert_eq!(messages, 1, "{rest:?}");
}

#[test]
fn a_listener_to_everything_hears_what_is_opened_later() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.sign_in("binh", 1002);
    let listen = |arguments: &[&str]| gateway.mez("binh").args(["listen", "--count", "1"]).args(arguments).start();
    let (mut for_programs, mut for_people) = (listen(&["--json"]), listen(&[]));
    assert_eq!(for_programs.json()["channels"], serde_json::json!([]));
    gateway.wait_for(|stats| stats.open_sockets == 2);
    gateway.mez("an").args(["dm", "1002"]).run().succeeded();
    gateway.mez("an").args(["send", "binh", "chào bạn mới"]).run().succeeded();
    assert_eq!(for_programs.json()["message"]["text"], "chào bạn mới");
    assert!(for_people.line().ends_with("  [an] an: chào bạn mới"));
    for_programs.end().succeeded();
    for_people.end().told(&["0 channels"]);
}

#[test]
fn a_listener_goes_on_without_a_channel_that_is_refused() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let group = gateway.mez("an").args(["dm", "1002", "1003", "--json"]).run().json();
    let archived = group["channel_id"].as_str().unwrap();
    gateway.emulator.faults().refuse_joins(archived.parse().unwrap());

    let mut listen = gateway.mez("binh").args(["listen", "--json", "--count", "1"]).start();
    assert_eq!(listen.json()["channels"], serde_json::json!([dm]));
    gateway.mez("an").args(["send", &dm, "still heard"]).run().succeeded();
    assert_eq!(listen.json()["message"]["text"], "still heard");
    let ended = listen.end().code(0);
    let told: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!((&told["error"]["kind"], &told["error"]["class"]), (&"rejected".into(), &"permanent".into()));
    assert!(told["error"]["message"].as_str().unwrap().contains(archived), "{told}");

    // Nothing is left to listen to.
    let words = [&format!("error: channel {archived} cannot be joined"), "takes no joins"];
    gateway.mez("binh").args(["listen", archived]).run().failed(5, &words);
}

#[cfg(unix)]
#[test]
fn a_listener_tells_of_a_channel_that_does_not_come_back() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let mut listen = gateway.mez("binh").args(["listen", "--json"]).start();
    assert_eq!(listen.json()["event"], "ready");
    gateway.emulator.faults().refuse_joins(dm.parse().unwrap());
    gateway.emulator.faults().cut_connections();
    assert_eq!(listen.json()["event"], "disconnected");
    while listen.json()["event"] != "reconnected" {}
    listen.interrupt();
    let ended = listen.end().code(0);
    assert!(ended.stderr.contains(&format!("channel {dm} cannot be joined")), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_listener_cleanly() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let listen = gateway.mez("binh").args(["listen", &dm]).start();
    gateway.wait_for(|stats| stats.joins == 1);
    gateway.mez("an").args(["send", &dm, "hi"]).run().succeeded();
    listen.interrupt();
    let ended = listen.end().told(&["listening as binh (1002) to 1 channel,"]);
    assert!(!ended.stdout.contains("listening"), "{ended:?}");
    // The socket was closed, not just dropped with the process.
    gateway.wait_for(|stats| stats.open_sockets == 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_interrupts_a_command_that_waits() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    gateway.emulator.faults().half_open(true);
    let send = gateway.mez("an").args(["send", &dm, "never answered", "--json"]).start();
    gateway.wait_for(|stats| stats.open_sockets == 1);
    send.interrupt();
    send.end().failed(130, &["\"kind\":\"interrupted\""]);
}
