//! Rule 3, and what else cargo knows: which crate may name which, who owns a dangerous one, which licences come in, and
//! what must never be in a release.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
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
    // The protocol alone: `app` brings it together with `outbound`.
    ("upstream", &[]),
    ("connectors", &["vendor"]),
    ("lab", &["vendor"]),
    // The ground of the use cases. Surfaces get at it through `app` alone.
    ("core", &["storage", "vault", "connectors", "outbound"]),
    ("app", &["core", "storage", "vault", "connectors", "outbound", "upstream"]),
    ("api", &["app", "proto"]),
    ("mcp", &["app"]),
    ("web", &["app"]),
    ("testkit", &[]),
    // Measures from outside, so that what it shows is what a user gets.
    ("bench", &[]),
    // Searches the two rooms that read what strangers send over MCP.
    ("fuzz", &["mcp", "upstream"]),
    ("server", &["storage", "vault", "connectors", "outbound", "core", "app", "api", "mcp", "web", "lab"]),
];

/// Crates that only their owners may name.
const OWNED: &[(&str, &[&str])] = &[
    ("valetkey-core", &["app", "server"]),
    ("rusqlite", &["storage"]),
    ("sqlx", &["storage"]),
    ("reqwest", &["outbound"]),
    ("sse-stream", &["upstream"]),
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
    ("prometheus-client", &["storage", "outbound", "core", "app", "server"]),
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
    // Of libFuzzer, which no build but fuzz/run's has.
    "NCSA",
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

/// Each crate's normal dependencies, and its packages for builds and tests left out.
type Named = BTreeMap<String, BTreeSet<String>>;

fn named() -> Named {
    let packages = METADATA["packages"].as_array().unwrap().iter();
    let ours = packages.filter_map(|package| Some((package["name"].as_str()?.strip_prefix("valetkey-")?, package)));
    ours.map(|(room, package)| {
        let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
        (room.to_owned(), normal.map(|d| d["name"].as_str().unwrap().to_owned()).collect())
    })
    .collect()
}

/// A text for each arrow that isn't in the table, and each crate that has no line in it.
fn strange_arrows(named: &Named) -> Vec<String> {
    let table: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut found: Vec<String> =
        table.keys().filter(|room| !named.contains_key(**room)).map(|room| format!("{room} is not there")).collect();
    for (room, names) in named {
        let Some(may) = table.get(room.as_str()) else {
            found.push(format!("{room} has no arrows"));
            continue;
        };
        let ours = names.iter().filter_map(|name| name.strip_prefix("valetkey-"));
        let strange = ours.filter(|other| *other != "domain" && !may.contains(other));
        found.extend(strange.map(|other| format!("{room} names {other}")));
    }
    found
}

/// A text for each crate that names what another one owns.
fn strange_owners(named: &Named) -> Vec<String> {
    let owned =
        named.iter().flat_map(|(room, names)| OWNED.iter().map(move |(owned, owners)| (room, names, owned, owners)));
    owned
        .filter(|(room, names, owned, owners)| names.contains(**owned) && !owners.contains(&room.as_str()))
        .map(|(room, _, owned, _)| format!("{room} names {owned}"))
        .collect()
}

#[test]
fn crates_name_only_those_that_they_may() {
    assert_eq!(strange_arrows(&named()), Vec::<String>::new());
}

#[test]
fn dangerous_crates_have_one_owner() {
    assert_eq!(strange_owners(&named()), Vec::<String>::new());
    let domain = &named()["domain"];
    assert!(NOT_IN_DOMAIN.iter().all(|name| !domain.contains(*name)), "{domain:?}");
}

#[test]
fn a_crate_that_names_what_it_must_not_is_told() {
    for (room, other) in [
        ("api", "valetkey-core"),
        ("mcp", "valetkey-core"),
        ("web", "valetkey-core"),
        ("lab", "valetkey-core"),
        ("core", "valetkey-app"),
        ("storage", "valetkey-core"),
        ("app", "valetkey-web"),
        ("web", "valetkey-storage"),
    ] {
        let mut planted = named();
        planted.get_mut(room).unwrap().insert(other.to_owned());
        let told = format!("{room} names {}", other.strip_prefix("valetkey-").unwrap());
        assert_eq!(strange_arrows(&planted), [told], "{room}");
        assert_eq!(strange_owners(&planted).len(), usize::from(other == "valetkey-core"), "{room}");
    }
    for (room, other) in [("app", "reqwest"), ("core", "rusqlite"), ("web", "jsonwebtoken"), ("mcp", "tonic")] {
        let mut planted = named();
        planted.get_mut(room).unwrap().insert(other.to_owned());
        assert_eq!(strange_owners(&planted), [format!("{room} names {other}")]);
    }
    let mut planted = named();
    planted.insert("new".to_owned(), BTreeSet::new());
    planted.remove("vendor");
    assert_eq!(strange_arrows(&planted), ["vendor is not there", "new has no arrows"]);
}

#[test]
fn attack_71_no_release_can_have_its_time_or_randomness_steered() {
    let tree = cargo(&["tree", "--package", "valetkey-server", "--edges", "normal,build", "--prefix", "none"]);
    assert!(tree.contains("valetkey-app"), "the tree is the server's");
    assert!(!tree.contains("valetkey-testkit"), "the movable clock is in the release");
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

/// What a package says its licence is, or else the one that the file it names is called by in its first line.
fn licence(package: &Value) -> String {
    let text = |member: &str| package[member].as_str();
    if let Some(licence) = text("license") {
        return licence.to_owned();
    }
    let folder = Path::new(text("manifest_path").unwrap_or_default()).parent().unwrap();
    let file =
        text("license_file").and_then(|file| std::fs::read_to_string(folder.join(file)).ok()).unwrap_or_default();
    file.lines().next().unwrap_or_default().trim_end_matches(" License").to_owned()
}

#[test]
fn every_licence_may_be_shipped_with_apache_2() {
    for package in METADATA["packages"].as_array().unwrap() {
        let (name, licence) = (&package["name"], licence(package));
        // Every part that AND joins must have a choice that fits; older manifests write `A/B` for `A OR B`.
        let fits = |choice: &str| LICENCES.contains(&choice.trim_matches(['(', ')', ' ']));
        let parts = licence.replace('/', " OR ");
        let all = parts.split(" AND ").all(|part| part.split(" OR ").any(fits));
        assert!(all, "{name}: {licence}");
    }
}
