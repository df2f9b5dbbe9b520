//! Every third-party crate is explained, and no explanation outlives its crate.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::DependencyKind;

use crate::{assert_none, packages, read, root};

/// What the last column says of a crate that only tests use.
const TESTS: &str = "tests";

#[test]
fn every_dependency_has_a_row_in_the_document_and_every_row_a_dependency() {
    let used = users();
    let document = read(&root().join("docs/dependencies.md"));
    let explained: BTreeMap<&str, &str> = document.lines().filter_map(row).collect();
    let mut findings = Vec::new();
    for (name, rooms) in &used {
        match explained.get(name.as_str()) {
            None => findings.push(format!("`{name}` has no row")),
            Some(written) if written != rooms => {
                findings.push(format!("`{name}`: the page says \"{written}\", the manifests say \"{rooms}\""));
            }
            Some(_) => {}
        }
    }
    findings.extend(explained.keys().filter(|name| !used.contains_key(**name)).map(|name| format!("`{name}` is gone")));
    assert_none("docs/dependencies.md", &findings);
}

#[test]
fn the_workspace_lists_no_dependency_that_no_crate_uses() {
    let manifest = read(&root().join("Cargo.toml"));
    let listed: BTreeSet<String> = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.starts_with("mezon-"))
        .collect();
    let used: BTreeSet<String> = users().into_keys().collect();
    let idle: Vec<&String> = listed.difference(&used).collect();
    let elsewhere: Vec<&String> = used.difference(&listed).collect();
    assert!(
        idle.is_empty() && elsewhere.is_empty(),
        "[workspace.dependencies] of Cargo.toml: no crate uses {idle:?}, missing are {elsewhere:?}"
    );
}

/// The third-party crates, each with the rooms that build on it: "api, realtime".
fn users() -> BTreeMap<String, String> {
    let mut users: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for package in packages() {
        let room = package.name.strip_prefix("mezon-").unwrap_or(&package.name);
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_none()) {
            let rooms = users.entry(dependency.name.clone()).or_default();
            if dependency.kind == DependencyKind::Normal {
                rooms.insert(room);
            }
        }
    }
    let written =
        |rooms: BTreeSet<&str>| if rooms.is_empty() { TESTS.to_owned() } else { Vec::from_iter(rooms).join(", ") };
    users.into_iter().map(|(name, rooms)| (name, written(rooms))).collect()
}

/// The crate and the last column of a table row such as ``| `bytes` | … | 0 | api, realtime |``.
fn row(line: &str) -> Option<(&str, &str)> {
    let (name, columns) = line.strip_prefix("| `")?.split_once('`')?;
    Some((name, columns.trim_end_matches(" |").rsplit(" | ").next()?))
}
