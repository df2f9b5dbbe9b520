//! The public API of the published crates: a baseline of each that is checked in, so that every change of it is a decision,
//! and no type of another crate in any of it beyond those that CONTRIBUTING.md names.
//!
//! rustdoc describes a crate as JSON only where unstable options are let in. That needs no other toolchain: the compiler that
//! builds everything else is told so, for rustdoc alone and by way of this very program, because dependencies would have to
//! be built anew if their build scripts saw it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use cargo_metadata::{MetadataCommand, Package, TargetKind};

use crate::toolchain;
use crate::workspace::{Workspace, cargo_path, run, say};

/// Where the baselines are, from the root of the workspace.
const BASELINES: &str = "xtask/api";

/// Crates whose types and traits may stand in every public signature.
const SHARED: [&str; 8] = ["alloc", "bytes", "core", "futures_core", "http", "serde", "serde_core", "std"];

/// Types that are in no crate, and may have functions of ours: `i64::from`.
const PRIMITIVE: [&str; 17] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16", "u32", "u64", "u128",
    "usize",
];

/// What else may stand in those of one crate, and why.
const EXCEPTIONS: &[Exception] = &[
    Exception { of: "mezon-proto", name: "prost", reason: "the messages of the protocol are prost's" },
    Exception { of: "mezon-api", name: "prost", reason: "a call takes any message of mezon-proto" },
    Exception { of: "mezon-model", name: "serde_json", reason: "JSON of any shape is kept as it came" },
    Exception { of: "mezon-tls", name: "rustls", reason: "HTTP and the socket share one configuration" },
];

struct Exception {
    of: &'static str,
    name: &'static str,
    reason: &'static str,
}

/// What `cargo xtask codegen` makes of `proto/`: it holds that to what is checked in there.
const GENERATED: [&str; 3] = ["mezon_proto::api", "mezon_proto::realtime", "mezon_proto::methods"];

/// Methods of a trait that is derived for a type: the line of the trait says all about them.
const DERIVED: [&str; 9] =
    ["clone(", "cmp(", "default(", "deserialize<", "eq(", "fmt(", "hash<", "partial_cmp(", "serialize<"];

/// Set for this program when Cargo runs it in place of rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

/// So many lines of a difference are shown.
const SHOWN: usize = 60;

/// Runs rustdoc with unstable options let in, when this program was started in its place.
pub(crate) fn as_rustdoc() -> Option<bool> {
    let rustdoc = env::var_os(AS_RUSTDOC)?;
    let done = Command::new(rustdoc).args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(done.is_ok_and(|status| status.success()))
}

/// Writes the baselines anew.
pub(crate) fn write() -> Result<(), String> {
    let workspace = Workspace::find()?;
    let folder = workspace.root.join(BASELINES);
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    for (name, items) in described(&workspace)? {
        let file = baseline(&workspace, &name);
        fs::write(&file, text(&items)).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        say(&format!("{}: {} items", file.display(), items.len()));
    }
    Ok(())
}

/// Fails when an API differs from its baseline, or has a type of another crate in it.
pub(crate) fn check(workspace: &Workspace) -> Result<(), String> {
    let (mut changed, mut foreign) = (Vec::new(), Vec::new());
    for (name, items) in described(workspace)? {
        foreign.extend(strangers(&name, &items));
        let file = baseline(workspace, &name);
        let known = fs::read_to_string(&file)
            .map_err(|error| format!("cannot read {}: {error}; `cargo xtask api` writes it", file.display()))?;
        changed.extend(difference(&name, &known, &items));
    }
    if !foreign.is_empty() {
        return Err(format!("types of other crates in public signatures:\n{}\n{}", shown(&foreign), exceptions()));
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public API is not the one of {BASELINES}:\n{}\nIf it is meant, say in CHANGELOG.md what a user will notice, run \
         `cargo xtask api`, and commit what it writes.",
        shown(&changed)
    ))
}

/// The published libraries, each with the items of its public API.
fn described(workspace: &Workspace) -> Result<Vec<(String, Vec<String>)>, String> {
    let libraries = libraries()?;
    let (mut doc, target) = toolchain::minimum_cargo(workspace)?;
    let program = env::current_exe().map_err(|error| format!("cannot tell where this program is: {error}"))?;
    // All members, so that dependencies are the ones that the other steps have built.
    doc.args(["doc", "--locked", "--workspace", "--lib", "--no-deps", "--all-features"]);
    doc.env("RUSTDOC", program).env(AS_RUSTDOC, "rustdoc");
    run(doc.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow"))?;
    libraries.into_iter().map(|name| Ok((name.clone(), items(&target.join("doc"), &name)?))).collect()
}

/// The names of the libraries that are published.
fn libraries() -> Result<Vec<String>, String> {
    let metadata = MetadataCommand::new().cargo_path(cargo_path()).no_deps().exec();
    let metadata = metadata.map_err(|error| format!("cannot read the workspace's metadata: {error}"))?;
    // An empty list of registries means `publish = false`.
    let is_published = |package: &Package| package.publish.as_ref().is_none_or(|registries| !registries.is_empty());
    let is_library = |package: &Package| package.targets.iter().any(|target| target.kind.contains(&TargetKind::Lib));
    let found = metadata.packages.iter().filter(|package| is_published(package) && is_library(package));
    Ok(found.map(|package| package.name.to_string()).collect())
}

/// One line for each public item, as rustdoc found them.
fn items(docs: &Path, name: &str) -> Result<Vec<String>, String> {
    let json = docs.join(name.replace('-', "_")).with_extension("json");
    let api = public_api::Builder::from_rustdoc_json(&json).omit_blanket_impls(true).build();
    let api = api.map_err(|error| format!("cannot read {}: {error}", json.display()))?;
    Ok(api.items().map(ToString::to_string).filter(|item| counts(item)).collect())
}

/// Whether an item is worth a line. Whether a type can be moved in memory or watched by `catch_unwind` is not: it follows
/// from its fields, and changes with them.
fn counts(item: &str) -> bool {
    const FOLLOWS: [&str; 5] = ["Freeze", "RefUnwindSafe", "StructuralPartialEq", "UnwindSafe", "Unpin"];
    let subject = item.rsplit_once(" for ").map_or(item, |(_, subject)| subject);
    let first = subject.find("mezon_").and_then(|start| subject.get(start..)).unwrap_or(subject);
    if GENERATED.iter().any(|module| first.starts_with(module)) {
        return false;
    }
    match item.split_once("pub fn ") {
        Some((_, function)) => {
            let name = function.split_inclusive(['(', '<']).next().and_then(|path| path.rsplit("::").next());
            !name.is_some_and(|name| DERIVED.contains(&name))
        }
        None => !(item.starts_with("impl") && FOLLOWS.iter().any(|of| item.contains(&format!("{of} for")))),
    }
}

fn baseline(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root.join(BASELINES).join(name).with_extension("txt")
}

fn text(items: &[String]) -> String {
    items.iter().flat_map(|item| [item.as_str(), "\n"]).collect()
}

/// What is new (`+`) and what is gone (`-`).
fn difference(name: &str, known: &str, items: &[String]) -> Vec<String> {
    let known: BTreeSet<&str> = known.lines().collect();
    let found: BTreeSet<&str> = items.iter().map(String::as_str).collect();
    let gone = known.difference(&found).map(|item| format!("{name}: - {item}"));
    gone.chain(found.difference(&known).map(|item| format!("{name}: + {item}"))).collect()
}

/// The items in which another crate is named that should not be.
fn strangers(name: &str, items: &[String]) -> Vec<String> {
    let is_excepted = |root: &str| EXCEPTIONS.iter().any(|known| known.of == name && known.name == root);
    let is_known = |root: &str| {
        root.starts_with("mezon_") || SHARED.contains(&root) || PRIMITIVE.contains(&root) || is_excepted(root)
    };
    let named = items.iter().filter_map(|item| Some((roots(item).find(|root| !is_known(root))?, item)));
    named.map(|(root, item)| format!("{name}: `{root}` in {item}")).collect()
}

/// The crates that an item names: where its paths begin.
fn roots(item: &str) -> impl Iterator<Item = &str> {
    let is_name = |byte: char| byte.is_alphanumeric() || byte == '_';
    item.match_indices("::").filter_map(move |(end, _)| {
        let before = item.get(..end)?;
        let start = before.rfind(|byte| !is_name(byte)).map_or(0, |at| at + 1);
        let (before, root) = before.split_at_checked(start)?;
        // A path goes on behind `::`, and begins with a small letter unless it is a type's own: `Self::Item`.
        let begins = !before.ends_with("::") && root.starts_with(|first: char| first.is_lowercase());
        begins.then_some(root)
    })
}

/// What is known, for whoever has to decide about the next.
fn exceptions() -> String {
    let lines = EXCEPTIONS.iter().map(|known| format!("  {} has `{}`: {}", known.of, known.name, known.reason));
    ["Known exceptions:".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

fn shown(findings: &[String]) -> String {
    let mut lines: Vec<String> = findings.iter().take(SHOWN).map(|finding| format!("  {finding}")).collect();
    if findings.len() > SHOWN {
        lines.push(format!("  and {} more", findings.len() - SHOWN));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_told() {
        let (old, new) = ("pub fn a::f(u8)\npub fn a::g()\n", items(&["pub fn a::f(u16)", "pub fn a::g()"]));
        assert_eq!(difference("a", old, &new), ["a: - pub fn a::f(u8)", "a: + pub fn a::f(u16)"]);
        assert!(difference("a", &text(&new), &new).is_empty());
    }

    #[test]
    fn types_of_other_crates_are_found_wherever_they_stand() {
        let fine = items(&[
            "pub fn mezon_tls::TlsConfig::get(&self) -> core::result::Result<bytes::bytes::Bytes, Self::Error>",
            "impl<T: serde_core::ser::Serialize> core::convert::From<T> for mezon_tls::X where T::Item: http::Uri",
        ]);
        assert_eq!(strangers("mezon-tls", &fine), Vec::<String>::new());
        for (item, root) in [
            ("pub fn mezon_tls::f() -> alloc::sync::Arc<rustls::client::ClientConfig>", "rustls"),
            ("impl core::convert::From<mezon_tls::X> for hyper::error::Error", "hyper"),
            ("pub fn mezon_tls::f(&tokio::net::TcpStream)", "tokio"),
        ] {
            assert_eq!(strangers("mezon-light", &items(&[item])), [format!("mezon-light: `{root}` in {item}")]);
        }
        let prost = items(&["pub fn mezon_api::f<M: prost::message::Message>(&M)"]);
        assert_eq!((strangers("mezon-api", &prost).len(), strangers("mezon-client", &prost).len()), (0, 1));
    }

    #[test]
    fn what_follows_from_something_else_is_left_out() {
        for item in [
            "impl core::marker::Unpin for mezon_tls::TlsConfig",
            "pub fn mezon_tls::TlsConfig::clone(&self) -> mezon_tls::TlsConfig",
            "pub fn mezon_model::Id::serialize<S>(&self, S) -> core::result::Result<(), ()>",
            "pub mezon_proto::api::Account::email: alloc::string::String",
            "impl mezon_proto::wire::Arm for mezon_proto::realtime::Ping",
        ] {
            assert!(!counts(item), "{item}");
        }
        for item in [
            "impl core::marker::Send for mezon_tls::TlsConfig",
            "impl core::clone::Clone for mezon_tls::TlsConfig",
            "pub fn mezon_tls::TlsConfig::builder() -> mezon_tls::TlsConfigBuilder",
            "pub fn mezon_tls::TlsConfig::format(&self)",
            "impl core::convert::From<mezon_proto::api::Role> for mezon_model::Role",
        ] {
            assert!(counts(item), "{item}");
        }
    }
}
