//! The house's own rules, each a function over what it is given, so that each is also shown to fail on a breach planted
//! for it. They are: rooms (`rooms.rs`), circles of files (`circles.rs`), which crate names which (`packages.rs`), and
//! what is written in one place only (`owners.rs`); and that tests which THREATS names are there (`threats.rs`). Below them lies what reads Rust: `source.rs` first.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where what it stands on is missing"
)]

mod bound;
mod circles;
mod collect;
mod conditions;
mod mentions;
mod module;
mod owners;
mod packages;
mod resolve;
mod rooms;
mod source;
mod threats;
mod tokens;
mod walk;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders of all crates, by name.
fn rooms() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.chain([root().join("bench")]).filter(|path| path.join("src").is_dir()).collect();
    found.sort();
    found
}

/// A rule held over every crate but these; what it finds, with the crate's name before it.
fn over_all(but: &[&str], rule: impl Fn(&str, &[source::Source]) -> Vec<String>) -> Vec<String> {
    let named = rooms().into_iter().map(|room| (room.file_name().unwrap().to_str().unwrap().to_owned(), room));
    let looked_at = named.filter(|(name, _)| !but.contains(&name.as_str()));
    looked_at
        .flat_map(|(name, room)| {
            let found = rule(&name, &source::below(&room.join("src")));
            found.into_iter().map(move |breach| format!("{name}: {breach}")).collect::<Vec<_>>()
        })
        .collect()
}

/// Fails with what was found, readable.
fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn rooms_use_lower_rooms_only() {
    let sources = source::below(&root().join("crates/app/src"));
    none(&rooms::breaches(&sources, rooms::ROOMS));
    none(&rooms::gone(&sources, rooms::ROOMS));
}

#[test]
fn no_files_of_a_crate_use_each_other() {
    none(&over_all(&[], |_, sources| circles::breaches(sources)));
}

#[test]
fn sealed_places_are_made_in_one_file() {
    none(&over_all(&["vault"], |room, sources| owners::places(room, sources, owners::PLACES)));
}

#[test]
fn how_a_connector_signs_in_is_looked_into_in_two_places() {
    none(&over_all(&["connectors"], |room, sources| owners::schemes(room, sources, owners::SCHEMES)));
    none(&over_all(&["connectors"], |room, sources| owners::kinds(room, sources, owners::KINDS)));
}

#[test]
fn writes_without_a_record_have_a_reason() {
    none(&owners::unrecorded(&source::below(&root().join("crates/app/src")), owners::UNRECORDED));
}

#[test]
fn the_tests_that_threats_names_are_there() {
    let (crates, tests) = (root().join("crates"), root().join("tests"));
    let document = std::fs::read_to_string(root().join("docs/THREATS.md")).unwrap();
    none(&threats::undefined(&document, &threats::defined(&[&crates, &tests])));
}

#[test]
fn effects_outside_are_told() {
    none(&owners::effects(&source::below(&root().join("crates/app/src")), owners::EFFECTS));
}

/// What arms a failpoint exists in debug builds alone, and no profile for users makes one of those.
#[test]
fn no_release_can_be_told_where_to_die() {
    let root = root();
    let armer = "crates/server/src/failpoints.rs";
    assert!(read(&root.join(armer)).starts_with("#![cfg(debug_assertions)]"));
    for room in rooms() {
        for file in source::files(&room.join("src")) {
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
