//! The crate `alone` uses every item of the facade, and has nothing else: what an application needs is in the facade.

use std::collections::BTreeSet;

use crate::{assert_none, packages, read, root};

#[test]
fn every_item_of_the_facade_is_used_through_the_facade_alone() {
    let package = packages().iter().find(|package| package.name == "alone").unwrap();
    let dependencies: Vec<&str> = package.dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
    assert_eq!(dependencies, ["mezon-light"]);

    let used: BTreeSet<String> = sources("alone/src").iter().flat_map(|text| words(text)).collect();
    let facade = sources("crates/mezon-light/src");
    let items: BTreeSet<String> = facade.iter().flat_map(|text| exported(text)).collect();
    for known in ["LightSocket", "SessionStore", "authenticate", "send_dm", "clans"] {
        assert!(items.contains(known), "the facade has {known}, so this test has lost its way");
    }
    let unused: Vec<String> = items.difference(&used).cloned().collect();
    assert_none("items of mezon-light that `alone` does not use", &unused);
}

fn sources(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| read(&entry.unwrap().path())).collect()
}

/// The names in `pub use` lines, and those of public functions and of subjects. What is renamed counts by its new name.
fn exported(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let (mut names, mut rest) = (Vec::new(), code);
    while let Some((_, after)) = rest.split_once("pub use ") {
        let (list, after) = after.split_once(';').unwrap();
        let list = list.split_once('{').map_or(list, |(_, list)| list);
        names.extend(list.split(',').filter(|item| !item.ends_with('*')).filter_map(|item| words(item).pop()));
        rest = after;
    }
    for line in code.lines().map(str::trim_start) {
        let function = ["pub fn ", "pub async fn ", "pub const fn "].iter().find_map(|start| line.strip_prefix(start));
        // The subjects are declared as `clans -> Clans,`, and a macro makes the functions.
        let subject =
            line.split_once(" -> ").map(|(subject, _)| subject).filter(|subject| words(subject) == [*subject]);
        let declared = function.filter(|function| !function.starts_with('$')).or(subject);
        names.extend(declared.and_then(|it| words(it).into_iter().next()));
    }
    names
}

fn words(text: &str) -> Vec<String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_name(letter)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
