//! What the command says about itself.

use crate::mez::mez;

/// The smallest terminal that still counts.
const LINES: usize = 24;
const COLUMNS: usize = 80;

const COMMANDS: [&[&str]; 39] = [
    &["demo"],
    &["emulator"],
    &["login"],
    &["session"],
    &["session", "show"],
    &["session", "refresh"],
    &["session", "logout"],
    &["whoami"],
    &["dm"],
    &["clans"],
    &["channels"],
    &["members"],
    &["friends"],
    &["friends", "list"],
    &["friends", "add"],
    &["friends", "accept"],
    &["friends", "remove"],
    &["friends", "block"],
    &["friends", "unblock"],
    &["send"],
    &["reply"],
    &["edit"],
    &["delete"],
    &["react"],
    &["pin"],
    &["unpin"],
    &["thread"],
    &["search"],
    &["mark-read"],
    &["listen"],
    &["history"],
    &["upload"],
    &["download"],
    &["api"],
    &["help"],
    &["completions"],
    &["man"],
    &["version"],
    &[],
];

#[track_caller]
fn fits(text: &str) {
    assert!(text.lines().count() <= LINES, "{} lines:\n{text}", text.lines().count());
    for line in text.lines() {
        assert!(line.chars().count() <= COLUMNS, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn help_fits_a_small_terminal() {
    for command in COMMANDS {
        fits(&mez().variable("COLUMNS", "80").args(command).arg("-h").run().succeeded().stdout);
    }
    fits(&mez().arg("--help").run().succeeded().stdout);
    fits(&mez().args(["help", "exit-codes"]).run().succeeded().stdout);
    let longest = mez().args(["help", "commands"]).run().succeeded().stdout;
    assert!(longest.lines().all(|line| line.chars().count() <= COLUMNS), "{longest}");
}

#[test]
fn the_bare_command_is_a_question() {
    let bare = mez().run().succeeded().stdout;
    assert!(!bare.contains("\n\n\n"), "{bare}");
    assert_eq!(bare, mez().arg("--help").run().succeeded().stdout);
    assert_eq!(bare, mez().arg("help").run().succeeded().stdout);
    let all = mez().args(["help", "commands"]).run().succeeded().stdout;
    let words: Vec<&str> = bare.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
    for command in COMMANDS.iter().filter_map(|command| command.first()) {
        assert!(words.contains(command), "no {command} in {bare}");
        assert!(all.lines().any(|line| line.trim_start().starts_with(command)), "no {command} in {all}");
    }
    // And none is left out here.
    assert_eq!(
        all.lines().filter(|line| line.starts_with("  ")).count(),
        COMMANDS.iter().filter(|c| c.len() == 1).count()
    );
}

#[test]
fn options_of_all_commands_are_told_once() {
    let top = mez().arg("--help").run().succeeded().stdout;
    let environment = mez().args(["help", "environment"]).run().succeeded().stdout;
    let man = mez().arg("man").run().succeeded().stdout.replace('\\', "");
    let send = mez().args(["send", "--help"]).run().succeeded().stdout;
    for option in ["--gateway-url", "--session", "--json", "--no-json", "--ca", "--server-key-file", "--log"] {
        assert!(top.contains(option) && environment.contains(option) && man.contains(option), "{option}");
        assert!(!send.contains(option), "{option} in {send}");
        assert!(!mez().args(["help", "send"]).run().succeeded().stdout.contains(option), "{option}");
    }
    assert!(send.contains("--attach"), "{send}");
    // They are understood after a command all the same.
    mez().args(["session", "show", "--session", "nowhere.json", "--json"]).run().failed(3, &["nowhere.json"]);
}

#[test]
fn topics_tell_of_the_environment_and_of_exit_codes() {
    let environment = mez().args(["help", "environment"]).run().succeeded().stdout;
    for variable in ["GATEWAY_URL", "SESSION", "CA", "SERVER_KEY", "ID_TOKEN", "API_KEY", "APP_KEY"] {
        assert!(environment.contains(&format!("MEZON_{variable}")), "{variable}");
    }
    let codes = mez().args(["help", "exit-codes"]).run().succeeded().stdout;
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130 "] {
        assert!(codes.lines().any(|line| line.trim_start().starts_with(code)), "{code}");
    }
    let faults = mez().args(["help", "emulator"]).run().succeeded().stdout;
    assert!(faults.contains("drop-after=N"), "{faults}");
    mez().args(["help", "weather"]).run().failed(2, &["weather", "mez help"]);
    mez().args(["man", "weather"]).run().failed(2, &["weather"]);
}

#[test]
fn the_version_is_told_in_three_ways() {
    let version = format!("mez {}\n", env!("CARGO_PKG_VERSION"));
    for way in ["version", "--version", "-V"] {
        assert_eq!(mez().arg(way).run().succeeded().stdout, version);
    }
    let json = mez().args(["version", "--json"]).run().json();
    assert_eq!((&json["event"], &json["version"]), (&"version".into(), &env!("CARGO_PKG_VERSION").into()));
}

#[test]
fn shells_and_man_are_served() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = mez().args(["completions", shell]).run().succeeded().stdout;
        assert!(script.contains("mez") && script.contains("listen"), "{shell}");
    }
    mez().args(["completions", "csh"]).run().failed(2, &["csh", "bash"]);
    assert!(mez().arg("man").run().succeeded().stdout.contains(".TH mez 1"));
    assert!(mez().args(["man", "session", "show"]).run().succeeded().stdout.contains("mez-session-show"));
}
