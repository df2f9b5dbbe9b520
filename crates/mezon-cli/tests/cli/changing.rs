//! What is done to messages that are there.

use mezon_emulator::{Answer, Page, Times};
use serde_json::{Value, json};

use crate::gateway::Gateway;

/// Says something as An and gives the id of the message.
fn say(gateway: &Gateway, channel: &str, text: &str) -> String {
    let sent = gateway.mez("an").args(["send", channel, text, "--json"]).run().json();
    sent["message_id"].as_str().unwrap().to_owned()
}

/// The newest message, as the server has it.
fn newest(gateway: &Gateway, channel: &str) -> Value {
    let request = json!({ "channel_id": channel, "limit": 1, "direction": 3 }).to_string();
    let listed = gateway.mez("an").args(["api", "ListChannelMessages", &request]).run().json();
    listed["messages"][0].clone()
}

#[test]
fn a_message_is_changed_by_its_author_alone() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let file = gateway.write("plan.txt", "the plan");
    let sent = gateway.mez("an").args(["send", &dm, "at eight", "--json", "--attach"]).arg(file).run().json();
    let id = sent["message_id"].as_str().unwrap();

    // Nobody else can, and the server is not asked.
    gateway.emulator.faults().fail_next_on("UpdateChannelMessage", 1, 403);
    let edit = |user: &str, text: &str| gateway.mez(user).args(["edit", &dm, id, text, "--json"]);
    edit("binh", "at ten").run().failed(6, &["somebody else's", "only its author"]);
    edit("an", "").run().failed(2, &["would be empty", "mez delete"]);
    edit("an", &"x".repeat(5_000)).run().failed(6, &["4000", "nothing was sent"]);
    gateway.mez("an").args(["edit", &dm, "4711", "x"]).run().failed(6, &["there is no message 4711"]);
    gateway.emulator.faults().clear();

    let edited = edit("an", "-").input("at nine, see https://mezon.ai\n").run().json();
    assert_eq!(edited, json!({ "event": "edited", "channel_id": dm, "message_id": id }));
    let message = gateway.mez("binh").args(["history", &dm, "--json"]).run().json();
    assert_eq!(message["text"], "at nine, see https://mezon.ai");
    assert_eq!(message["attachments"][0]["filename"], "plan.txt", "files stay");
    assert!(message["content"]["lk"].is_array(), "{message}");
}

#[test]
fn an_edit_changes_the_text_and_nothing_else() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let embed = gateway.write("embed.json", r#"{"title": "the plan"}"#);
    let sent =
        gateway.mez("an").args(["send", &dm, "see https://mezon.ai", "--json", "--embed"]).arg(embed).run().json();
    let id = sent["message_id"].as_str().unwrap();
    gateway.mez("an").args(["edit", &dm, id, "no link here"]).run().succeeded();
    let message = gateway.mez("binh").args(["history", &dm, "--json"]).run().json();
    assert_eq!(
        (&message["text"], &message["content"]["embed"][0]["title"]),
        (&"no link here".into(), &"the plan".into())
    );
    assert!(message["content"].get("lk").is_none(), "{message}");
}

#[test]
fn a_message_is_deleted() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let id = say(&gateway, &dm, "oops");
    gateway.emulator.faults().fail_next_on("DeleteChannelMessage", 1, 403);
    gateway.mez("binh").args(["delete", "an", &id]).run().failed(6, &["somebody else's"]);
    gateway.emulator.faults().clear();
    let deleted = gateway.mez("an").args(["delete", "binh", &id, "--json"]).run().json();
    assert_eq!(deleted, json!({ "event": "deleted", "channel_id": dm, "message_id": id }));
    gateway.mez("binh").args(["history", &dm]).run().told(&["no messages"]);
    gateway.mez("an").args(["delete", "binh", &id]).run().failed(6, &["there is no message"]);
}

#[test]
fn an_emoji_is_put_under_a_message_and_taken_back() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let id = say(&gateway, &dm, "hi");
    let react = |arguments: &[&str]| gateway.mez("binh").args(["react", "an", &id]).args(arguments).arg("--json").run();
    let reacted = react(&["👍"]).json();
    assert_eq!(reacted, json!({ "event": "reacted", "channel_id": dm, "message_id": id, "emoji": "👍" }));
    assert_eq!(newest(&gateway, &dm)["reactions"][0]["emoji"], "👍");
    assert_eq!(react(&["👍", "--remove"]).json()["event"], "unreacted");
    assert_eq!(newest(&gateway, &dm)["reactions"], json!([]));
    react(&[" "]).failed(2, &["the emoji is empty"]);

    // A short name is that of an emoji of a clan: number 7 of the protocol's list, ":like:".
    let emojis = Answer::new(200, Page::Empty).body("application/proto", b"\x0a\x0a\x08\x07\x1a\x06:like:".as_slice());
    gateway.emulator.faults().answer("GetListEmojisByUserId", Times::Always, emojis);
    assert_eq!(react(&["like"]).json()["emoji"], ":like:");
    let shown = newest(&gateway, &dm)["reactions"][0].clone();
    assert_eq!((&shown["emoji"], &shown["emoji_id"]), (&":like:".into(), &"7".into()));
}

#[test]
fn a_conversation_has_no_threads() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    gateway.mez("an").args(["thread", "binh", "plans"]).run().failed(6, &["only channels of clans have threads"]);
}
