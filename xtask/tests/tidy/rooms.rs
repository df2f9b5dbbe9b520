//! How the crates may depend on each other, and what each room must do without.

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::{DependencyKind, Package, TargetKind};

use crate::{assert_none, packages, read, root};

/// Who depends on whom in a normal build: the picture in docs/architecture.md.
const ROOMS: &[(&str, &[&str])] = &[
    ("mezon-error", &[]),
    ("mezon-proto", &[]),
    ("mezon-model", &["mezon-proto"]),
    ("mezon-session", &["mezon-error", "mezon-model"]),
    ("mezon-tls", &["mezon-error"]),
    ("mezon-mmn", &["mezon-session"]),
    ("mezon-api", &["mezon-model", "mezon-proto", "mezon-session", "mezon-tls"]),
    ("mezon-realtime", &["mezon-model", "mezon-proto", "mezon-session", "mezon-tls"]),
    ("mezon-client", &["mezon-api", "mezon-model", "mezon-proto", "mezon-realtime", "mezon-session"]),
    ("mezon-light", &["mezon-api", "mezon-client", "mezon-model", "mezon-realtime", "mezon-session"]),
    ("mezon-emulator", &["mezon-error", "mezon-proto"]),
    ("mezon-cli", &["mezon-client", "mezon-emulator", "mezon-light"]),
    ("alone", &["mezon-light"]),
    ("xtask", &[]),
    ("bench", &["mezon-api", "mezon-light", "mezon-model", "mezon-proto", "mezon-realtime", "mezon-session"]),
];

/// The one room that tests of others may use.
const TEST_SERVER: &str = "mezon-emulator";
const TESTED_AGAINST_IT: &[&str] = &["mezon-api", "mezon-realtime", "mezon-client", "mezon-light"];

#[test]
fn rooms_depend_on_each_other_as_drawn() {
    let drawn: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let present: BTreeSet<&str> = packages().iter().map(|package| package.name.as_str()).collect();
    assert_eq!(present, drawn, "a room is missing from the picture, or from the workspace");

    for (room, edges) in ROOMS {
        let wanted: BTreeSet<&str> = edges.iter().copied().collect();
        assert_eq!(ours(package(room), DependencyKind::Normal), wanted, "what {room} depends on");
        assert!(ours(package(room), DependencyKind::Build).is_empty(), "{room} builds with another room");
    }
}

#[test]
fn tests_use_no_other_room_but_the_emulator() {
    for package in packages() {
        let used = ours(package, DependencyKind::Development);
        if TESTED_AGAINST_IT.contains(&package.name.as_str()) {
            assert!(used.iter().all(|name| *name == TEST_SERVER), "{}: {used:?}", package.name);
        } else {
            assert!(used.is_empty(), "{}: {used:?}", package.name);
        }
    }
}

#[test]
fn no_crate_runs_a_build_script() {
    for package in packages() {
        let scripts = package.targets.iter().any(|target| target.kind.contains(&TargetKind::CustomBuild));
        assert!(!scripts, "{} has a build script: users compile checked-in code", package.name);
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let without: Vec<String> = packages()
        .iter()
        .filter(|package| !read(package.manifest_path.as_std_path()).contains("[lints]\nworkspace = true\n"))
        .map(|package| package.manifest_path.to_string())
        .collect();
    assert_none("without `[lints] workspace = true`", &without);
}

#[test]
fn every_published_crate_says_what_it_is() {
    // An empty list of registries means `publish = false`.
    for package in packages().iter().filter(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty())) {
        assert!(package.description.is_some(), "{} has no description", package.name);
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{}", package.name);
        assert!(package.rust_version.is_some(), "{} has no rust-version", package.name);
    }
}

#[test]
fn sessions_know_no_wire_types_and_no_network() {
    let strangers = ["prost", "mezon-proto", "tokio", "hyper", "rustls", "tungstenite"];
    assert_none("in the tree of mezon-session", &present("mezon-session", &[], &strangers));
}

#[test]
fn the_state_machine_knows_no_runtime_and_no_socket() {
    let strangers = ["tokio", "tokio-tungstenite", "tungstenite", "hyper", "rustls"];
    let found = present("mezon-realtime", &["--no-default-features"], &strangers);
    assert_none("in the tree of mezon-realtime without features", &found);
}

#[test]
fn the_facade_stays_free_of_the_emulator_and_the_command() {
    let strangers = ["mezon-emulator", "rusqlite", "rcgen", "clap", "indicatif", "url", "reqwest"];
    assert_none("in the tree of mezon-light", &present("mezon-light", &[], &strangers));
}

fn package(name: &str) -> &'static Package {
    packages().iter().find(|package| package.name == name).unwrap()
}

/// The rooms among the dependencies of one kind.
fn ours(package: &Package, kind: DependencyKind) -> BTreeSet<&str> {
    let dependencies = package.dependencies.iter().filter(|dependency| dependency.kind == kind);
    dependencies.filter(|dependency| dependency.path.is_some()).map(|dependency| dependency.name.as_str()).collect()
}

/// Which of `strangers` a build of the crate alone would compile.
fn present(package: &str, features: &[&str], strangers: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}", "-p", package])
        .args(features)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listing = String::from_utf8(output.stdout).unwrap();
    let tree: BTreeSet<&str> = listing.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(tree.contains(package), "cargo tree printed no tree: {listing}");
    strangers.iter().filter(|name| tree.contains(*name)).map(ToString::to_string).collect()
}
