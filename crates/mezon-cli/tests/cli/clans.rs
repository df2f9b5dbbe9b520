//! Clans: their channels, members and threads, and names that are in several of them.

use serde_json::{Value, json};

use crate::gateway::Gateway;

/// Calls a method as `user`.
#[track_caller]
fn call(gateway: &Gateway, user: &str, method: &str, request: &Value) -> Value {
    gateway.mez(user).args(["api", method, &request.to_string()]).run().json()
}

/// A clan of An's, which has a channel called general; gives its id.
#[track_caller]
fn clan(gateway: &Gateway, name: &str) -> String {
    let made = call(gateway, "an", "CreateClanDesc", &json!({ "clan_name": name }));
    made["clan_id"].as_str().unwrap().to_owned()
}

/// Lets Bình into a clan of An's.
#[track_caller]
fn invite_binh(gateway: &Gateway, clan: &str) {
    let invite = call(gateway, "an", "CreateLinkInviteUser", &json!({ "clan_id": clan }));
    call(gateway, "binh", "InviteUser", &json!({ "invite_id": invite["invite_link"] }));
}

#[test]
fn clans_their_channels_and_their_members_are_listed() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    gateway.mez("an").arg("clans").run().told(&["no clans yet"]);
    let komu = clan(&gateway, "Komu");
    invite_binh(&gateway, &komu);

    let clans = gateway.mez("binh").arg("clans").run().lines();
    assert_eq!((clans.len(), &clans[0]["id"], &clans[0]["name"]), (1, &komu.as_str().into(), &"Komu".into()));
    let table = gateway.mez("binh").args(["clans", "--no-json"]).run().succeeded().stdout;
    assert!(table.starts_with("ID ") && table.contains(&format!("\n{komu}  Komu")), "{table}");

    // By name in any case, or by id.
    for name in ["Komu", "komu", &komu] {
        let channels = gateway.mez("binh").args(["channels", "--clan", name]).run().lines();
        assert_eq!((channels.len(), &channels[0]["channel_label"]), (1, &"general".into()));
    }
    let shown = gateway.mez("binh").args(["channels", "--clan", "komu", "--no-json"]).run().succeeded().stdout;
    assert!(shown.lines().next().unwrap().contains("CATEGORY") && shown.contains("  channel  "), "{shown}");
    // Conversations are another list.
    assert!(gateway.mez("binh").arg("channels").run().lines().iter().all(|channel| channel["clan_id"] == "0"));

    for command in [["members", "--clan", "komu"].as_slice(), &["members", "komu/#general"]] {
        let mut members = gateway.mez("an").args(command).run().lines();
        members.sort_by_key(|member| member["user_id"].as_str().unwrap().to_owned());
        let names: Vec<&str> = members.iter().map(|member| member["username"].as_str().unwrap()).collect();
        assert_eq!(names, ["an", "binh"], "{command:?}");
        assert!(members[0]["role_ids"].is_array(), "{members:?}");
    }
    for command in
        [vec!["channels", "--clan", "komo"], vec!["members", "--clan", "komo"], vec!["send", "komo/#general", "x"]]
    {
        gateway
            .mez("an")
            .args(command)
            .run()
            .failed(6, &["you have no clan \"komo\"", "did you mean \"Komu\"?", "mez clans"]);
    }
}

#[test]
fn a_name_of_two_channels_lists_both_and_sends_nothing() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    let (komu, mezon) = (clan(&gateway, "Komu"), clan(&gateway, "Mezon"));
    invite_binh(&gateway, &komu);
    let channel =
        |clan: &str| gateway.mez("an").args(["channels", "--clan", clan]).run().lines()[0]["channel_id"].clone();
    let (first, second) = (channel(&komu), channel(&mezon));
    let both = [first.as_str().unwrap(), second.as_str().unwrap(), "2 channels", "in Komu", "in Mezon", "give the id"];
    for name in ["#general", "general"] {
        for command in [vec!["send", name, "hi"], vec!["mark-read", name], vec!["thread", name, "plans"]] {
            gateway.mez("an").args(command).run().failed(6, &both);
        }
    }
    let near = gateway.mez("an").args(["send", "#genral", "hi"]).run();
    near.failed(6, &["you have no channel \"#genral\"", "did you mean \"general\"?"]);
    gateway.mez("an").args(["send", "komu/#weekend", "hi"]).run().failed(6, &["\"komu/#weekend\"", "--clan komu"]);
    gateway.mez("an").args(["send", "@general", "hi"]).run().failed(6, &["you have no channel \"@general\""]);
    assert_eq!(gateway.emulator.stats().messages, 0);

    // With its clan or by its id it is one channel; and Bình is in one of the clans only.
    gateway.mez("an").args(["send", "komu/#general", "one"]).run().succeeded();
    gateway.mez("an").args(["send", both[0], "two"]).run().succeeded();
    gateway.mez("binh").args(["send", "#general", "three"]).run().succeeded();
    let heard = gateway.mez("an").args(["history", "komu/#general", "--json"]).run().lines();
    let texts: Vec<&str> = heard.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn a_thread_is_begun_in_a_channel_and_not_in_a_thread() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    let komu = clan(&gateway, "Komu");
    invite_binh(&gateway, &komu);
    gateway.mez("an").args(["thread", "komu/#general"]).run().told(&["no threads"]);
    let thread = gateway.mez("an").args(["thread", "komu/#general", "plans", "--json"]).run().json();
    assert_eq!((&thread["channel_label"], &thread["clan_id"]), (&"plans".into(), &komu.as_str().into()));
    let listed = gateway.mez("an").args(["thread", "komu/#general"]).run().lines();
    assert_eq!((listed.len(), &listed[0]["channel_id"]), (1, &thread["channel_id"]));

    let id = thread["channel_id"].as_str().unwrap();
    let words = ["plans is a thread", "threads have none of their own"];
    gateway.mez("an").args(["thread", id, "more plans"]).run().failed(6, &words);
    gateway.mez("an").args(["thread", "binh", "plans"]).run().failed(6, &["only channels of clans have threads"]);
    assert_eq!(gateway.mez("an").args(["thread", "komu/#general"]).run().lines().len(), 1);

    let private = gateway.mez("an").args(["thread", "komu/#general", "a present", "--private", "binh", "--json"]);
    assert_eq!(private.run().json()["is_private"], true);

    gateway.mez("an").args(["send", id, "in the thread"]).run().succeeded();
    assert_eq!(gateway.mez("an").args(["history", id, "--json"]).run().lines()[0]["text"], "in the thread");
}

#[test]
fn a_channel_of_a_clan_is_listened_to() {
    let gateway = Gateway::start();
    gateway.an_and_binh();
    invite_binh(&gateway, &clan(&gateway, "Komu"));
    let listen = ["listen", "komu/#general", "--json", "--count", "1"];
    let mut listen = gateway.mez("binh").args(listen).start();
    assert_eq!(listen.json()["event"], "ready");
    gateway.mez("an").args(["send", "komu/#general", "chào cả nhà"]).run().succeeded();
    assert_eq!(listen.json()["message"]["text"], "chào cả nhà");
    listen.end().succeeded();
}

#[test]
fn people_are_found_among_the_members_of_clans() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    gateway.sign_in("binh", 1002);
    invite_binh(&gateway, &clan(&gateway, "Komu"));
    let dm = gateway.mez("an").args(["dm", "@binh", "--json"]).run().json();
    assert_eq!(dm["user_ids"], json!(["1002"]));
}
