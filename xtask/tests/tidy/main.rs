//! Rules about the repository itself that no compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod alone;
mod dependencies;
mod rooms;
mod sources;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The members of the workspace as Cargo sees them. Nothing is resolved, so nothing is downloaded.
static METADATA: LazyLock<Metadata> =
    LazyLock::new(|| MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap());

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn packages() -> &'static [Package] {
    &METADATA.packages
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails with one line for each finding.
#[track_caller]
fn assert_none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
