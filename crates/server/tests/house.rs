//! The house's own rules, held against what cargo says: which room may name which, who owns a dangerous crate, which
//! licences come in, and what must never be in a release.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where what it stands on is missing"
)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Every arrow between rooms. Each may name `domain` besides.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("proto", &[]),
    ("vendor", &[]),
    ("vault", &[]),
    ("storage", &[]),
    ("outbound", &[]),
    ("connectors", &["vendor"]),
    ("lab", &["vendor"]),
    ("app", &["storage", "vault", "connectors", "outbound"]),
    ("api", &["app", "proto"]),
    ("mcp", &["app"]),
    ("web", &["app"]),
    ("testkit", &[]),
    // Measures from outside, so that what it shows is what a user gets.
    ("bench", &[]),
    ("server", &["storage", "vault", "connectors", "outbound", "app", "api", "mcp", "web", "lab"]),
];

/// Crates that only their owners may name.
const OWNED: &[(&str, &[&str])] = &[
    ("rusqlite", &["storage"]),
    ("sqlx", &["storage"]),
    ("reqwest", &["outbound"]),
    ("rmcp", &["outbound"]),
    ("aws-lc-rs", &["vault"]),
    ("jsonwebtoken", &["vault"]),
    ("tonic", &["proto", "api"]),
    ("prost", &["proto", "api"]),
    ("jsonschema", &["connectors"]),
    // The exporter brings a gRPC client of its own; nobody else gets at it.
    ("opentelemetry", &["server"]),
    ("opentelemetry_sdk", &["server"]),
    ("opentelemetry-otlp", &["server"]),
    ("tracing-opentelemetry", &["server"]),
    ("prometheus-client", &["storage", "outbound", "app", "server"]),
];

/// Crates that `domain` does without: it has no I/O, no async, no wire.
const NOT_IN_DOMAIN: &[&str] = &["tokio", "sqlx", "axum", "tonic", "reqwest", "prost", "http", "hyper"];

/// Licences that Apache-2.0 code may be shipped with.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let text = cargo(&["metadata", "--format-version", "1", "--locked"]);
    serde_json::from_str(&text).expect("cargo metadata is JSON")
});

fn cargo(arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Each room's normal dependencies, and its packages for builds and tests left out.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let packages = METADATA["packages"].as_array().unwrap().iter();
    let ours = packages.filter_map(|package| Some((package["name"].as_str()?.strip_prefix("valetkey-")?, package)));
    ours.map(|(room, package)| {
        let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
        (room.to_owned(), normal.map(|d| d["name"].as_str().unwrap().to_owned()).collect())
    })
    .collect()
}

#[test]
fn rooms_name_only_the_rooms_that_they_may() {
    let rooms = rooms();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    assert_eq!(rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(), known, "a room without arrows");
    for (room, may) in ARROWS {
        for named in rooms[*room].iter().filter_map(|name| name.strip_prefix("valetkey-")) {
            assert!(named == "domain" || may.contains(&named), "{room} names {named}");
        }
    }
}

#[test]
fn dangerous_crates_have_one_owner() {
    for (room, names) in rooms() {
        for (owned, owners) in OWNED {
            assert!(!names.contains(*owned) || owners.contains(&room.as_str()), "{room} names {owned}");
        }
    }
    let domain = &rooms()["domain"];
    assert!(NOT_IN_DOMAIN.iter().all(|name| !domain.contains(*name)), "{domain:?}");
}

#[test]
fn attack_71_no_release_can_have_its_time_or_randomness_steered() {
    let tree = cargo(&["tree", "--package", "valetkey-server", "--edges", "normal,build", "--prefix", "none"]);
    assert!(tree.contains("valetkey-app"), "the tree is the server's");
    assert!(!tree.contains("valetkey-testkit"), "the movable clock is in the release");
}

/// What arms a failpoint exists in debug builds alone, and no profile for users makes one of those.
#[test]
fn no_release_can_be_told_where_to_die() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let armer = "crates/server/src/failpoints.rs";
    assert!(read(&root.join(armer)).starts_with("#![cfg(debug_assertions)]"));
    for room in std::fs::read_dir(root.join("crates")).unwrap() {
        for file in sources(&room.unwrap().path().join("src")) {
            let names_it = read(&file).contains("VALETKEY_FAILPOINT");
            assert!(!names_it || file.ends_with("server/src/failpoints.rs"), "{}", file.display());
        }
    }
    let manifest: toml::Table = read(&root.join("Cargo.toml")).parse().unwrap();
    for (name, profile) in manifest["profile"].as_table().unwrap() {
        assert!(name == "dev" || profile.get("debug-assertions").is_none(), "profile.{name}");
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("a file of the repository")
}

/// Every file of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

#[test]
fn one_library_for_tls_and_cryptography() {
    let tree = cargo(&[
        "tree",
        "--package",
        "valetkey-server",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--target",
        "all",
    ]);
    for other in ["ring v", "openssl v", "openssl-sys v", "native-tls v", "rsa v"] {
        assert!(!tree.lines().any(|line| line.starts_with(other)), "{other} is in the tree");
    }
}

#[test]
fn every_licence_may_be_shipped_with_apache_2() {
    for package in METADATA["packages"].as_array().unwrap() {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or_default());
        // Every part that AND joins must have a choice that fits; older manifests write `A/B` for `A OR B`.
        let fits = |choice: &str| LICENCES.contains(&choice.trim_matches(['(', ')', ' ']));
        let parts = licence.replace('/', " OR ");
        let all = parts.split(" AND ").all(|part| part.split(" OR ").any(fits));
        assert!(all, "{name}: {licence}");
    }
}
