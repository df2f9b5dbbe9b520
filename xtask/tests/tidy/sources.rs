//! Rules for the text of source files and documents.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::{assert_none, packages, read, root};

/// Hand-written files hold one concept; one that grows past this holds two.
const LINE_LIMIT: usize = 500;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Files of the layers that read a clock, each with the reason. Whatever decides has the time as an argument.
const CLOCK_READERS: &[(&str, &str)] = &[
    ("crates/mezon-api/src/gateway/attempts.rs", "makes the requests, and waits between them"),
    ("crates/mezon-api/src/keeper.rs", "asks the decisions about a session, with the time"),
    ("crates/mezon-api/src/keeper/exchange.rs", "gets tokens, and notes when they came"),
    ("crates/mezon-api/src/timeouts.rs", "makes the deadline of a call that begins"),
    ("crates/mezon-api/src/upload/put.rs", "logs how long an upload took"),
    ("crates/mezon-client/src/connection/by_type.rs", "waits for an event until a deadline"),
    ("crates/mezon-client/src/delivery/dispatch.rs", "drives the machine of the delivery"),
    ("crates/mezon-realtime/src/driver/mod.rs", "drives the machine of the connection"),
    ("crates/mezon-realtime/src/driver/socket.rs", "measures a round trip"),
    ("crates/mezon-session/src/clock.rs", "is the clock"),
    ("crates/mezon-session/src/store/file.rs", "waits for the lock of another process"),
];

/// Programs, which may read what they like.
const PROGRAMS: [&str; 5] = ["alone/", "bench/", "crates/mezon-cli/", "crates/mezon-emulator/", "xtask/"];

#[test]
fn clocks_are_read_by_drivers_alone() {
    let reads = |text: &str| {
        // What tests use stands last, whatever it is called.
        let code = text.split("#[cfg(test)]").next().unwrap().lines();
        let reads =
            |line: &str| ["Instant::now()", "SystemTime::now()", ".elapsed()"].iter().any(|it| line.contains(it));
        code.filter(|line| !line.trim_start().starts_with("//")).any(reads)
    };
    let mut findings = Vec::new();
    for (name, text) in product_files() {
        if PROGRAMS.iter().any(|program| name.starts_with(program)) {
            continue;
        }
        match (CLOCK_READERS.iter().any(|(reader, _)| *reader == name), reads(&text)) {
            (false, true) => findings.push(format!("{name} reads a clock")),
            (true, false) => findings.push(format!("{name} needs no exception any more")),
            _ => {}
        }
    }
    assert_none("clocks: the time is an argument of what decides", &findings);
}

#[test]
fn hand_written_files_stay_short() {
    let mut findings = Vec::new();
    for (name, text) in product_files() {
        let lines = text.lines().count();
        match LONG_FILES.iter().find(|(long, _)| *long == name) {
            None if lines > LINE_LIMIT => findings.push(format!("{name} has {lines} lines")),
            Some(_) if lines <= LINE_LIMIT => findings.push(format!("{name} needs no exception any more")),
            _ => {}
        }
    }
    assert_none(&format!("more than {LINE_LIMIT} lines"), &findings);
}

#[test]
fn no_plain_address_beyond_loopback_is_compiled_in() {
    let mut findings = Vec::new();
    for (name, text) in product_files() {
        let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in code {
            if let Some(host) = plain_hosts(line).find(|host| !is_loopback(host)) {
                findings.push(format!("{name}:{}: plain connection to `{host}`", number + 1));
            }
            if let Some(address) = addresses(line).find(|address| address.is_private() || address.is_link_local()) {
                findings.push(format!("{name}:{}: private address {address}", number + 1));
            }
        }
    }
    assert_none("addresses in the product", &findings);
}

#[test]
fn examples_in_documents_are_compiled() {
    let mut findings = Vec::new();
    for path in files(&root(), &["rs", "md"]) {
        for (number, line) in read(&path).lines().enumerate() {
            if fence_words(line).any(|word| word == "ignore") {
                findings.push(format!("{}:{}", relative(&path), number + 1));
            }
        }
    }
    assert_none("examples marked `ignore`", &findings);
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut findings = Vec::new();
    let mut named = 0;
    for document in files(&root().join("docs"), &["md"]) {
        let text = read(&document);
        for (test, target) in named_tests(&text) {
            named += 1;
            let source = document.parent().unwrap().join(target);
            let code = fs::read_to_string(&source).unwrap_or_default();
            if !code.contains(&format!("fn {test}(")) {
                findings.push(format!("{}: {test} in {target}", relative(&document)));
            }
        }
    }
    assert!(named > 0, "the architecture names the tests that hold its invariants");
    assert_none("tests that documents name and nobody wrote", &findings);
}

#[test]
fn the_rules_see_what_they_should() {
    assert_eq!(named_tests("see [`a_b`](../x.rs), [other](y.md)").collect::<Vec<_>>(), [("a_b", "../x.rs")]);
    assert_eq!(plain_hosts("a http://example.com:80/x ws://[::1]:2").collect::<Vec<_>>(), ["example.com", "[::1]"]);
    assert_eq!(plain_hosts(r#"`http://` and format!("http://{host}") and "ws://""#).count(), 0);
    assert!(is_loopback("127.0.0.1") && is_loopback("localhost") && !is_loopback("localhost.example"));
    let private: Vec<Ipv4Addr> = addresses("version 1.2.3, host 10.1.2.3:80.").collect();
    assert_eq!(private, [Ipv4Addr::new(10, 1, 2, 3)]);
    assert_eq!(fence_words("/// ```rust,ignore").collect::<Vec<_>>(), ["rust", "ignore"]);
    assert_eq!(test_modules("#[cfg(test)]\nmod tests;\nmod other;\n").collect::<Vec<_>>(), ["tests"]);
    assert_eq!(without_tests("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), "fn a() {}\n\n");
}

/// Name and text of the hand-written files that go into the product: no tests, no generated code.
fn product_files() -> Vec<(String, String)> {
    let mut all: Vec<PathBuf> = Vec::new();
    for package in packages() {
        all.extend(files(&package.manifest_path.parent().unwrap().as_std_path().join("src"), &["rs"]));
    }
    let tests: BTreeSet<PathBuf> = all.iter().flat_map(|path| test_module_paths(path)).collect();
    let product = all.iter().filter(|path| !path.ancestors().any(|part| tests.contains(&part.with_extension(""))));
    product
        .map(|path| (relative(path), read(path)))
        .filter(|(_, text)| !text.starts_with("// @generated"))
        .map(|(name, text)| (name, without_tests(&text).to_owned()))
        .collect()
}

/// Where the modules are that a file declares for tests only, without the `.rs`.
fn test_module_paths(path: &Path) -> Vec<PathBuf> {
    let is_root = ["lib", "main", "mod"].iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name));
    let folder = if is_root { path.parent().unwrap().to_path_buf() } else { path.with_extension("") };
    test_modules(&read(path)).map(|name| folder.join(name)).collect()
}

fn test_modules(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[cfg(test)]").skip(1).filter_map(|rest| {
        let declaration = rest.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#["))?;
        declaration.strip_prefix("mod ")?.strip_suffix(';')
    })
}

/// The links of a document that name a test: [`its_name`](its_file.rs).
fn named_tests(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("[`").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("`](")?;
        let (target, _) = rest.split_once(')')?;
        Path::new(target).extension().is_some_and(|kind| kind == "rs").then_some((name, target))
    })
}

/// The text in front of a file's own test module, which stands last.
fn without_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(product, _)| product)
}

/// The hosts of the unencrypted addresses in a line. Placeholders and bare schemes are no hosts.
fn plain_hosts(line: &str) -> impl Iterator<Item = &str> {
    let after_scheme = line.split("http://").skip(1).chain(line.split("ws://").skip(1));
    after_scheme.filter_map(|rest| {
        let end = if rest.starts_with('[') {
            rest.find(']')? + 1
        } else {
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-').unwrap_or(rest.len())
        };
        rest.get(..end).filter(|host| !host.is_empty())
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn addresses(line: &str) -> impl Iterator<Item = Ipv4Addr> {
    line.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|word| word.trim_matches('.').parse().ok())
}

/// The words after the back ticks that open a fenced block, in a document or in a doc comment.
fn fence_words(line: &str) -> impl Iterator<Item = &str> {
    let text = line.trim_start().trim_start_matches(['/', '!']).trim_start();
    text.strip_prefix("```").into_iter().flat_map(|words| words.split([',', ' '])).filter(|word| !word.is_empty())
}

/// Every file below a folder with one of these extensions. Build output and hidden folders are left out.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                found.extend(files(&path, extensions));
            }
        } else if extensions.iter().any(|wanted| path.extension().is_some_and(|extension| extension == *wanted)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
