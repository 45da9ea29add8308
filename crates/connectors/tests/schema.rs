//! The JSON Schema for editors says of the format what the format is: every key of it, no other, and the shipped files
//! fit.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

#[path = "keys/probe.rs"]
mod probe;

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

fn schema() -> Value {
    serde_json::from_str(valetkey_connectors::SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

/// The keys that a schema names, as the format's probe names them.
fn named(schema: &Value, at: &str, into: &mut BTreeSet<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        named(inner, &path, into);
        named(&inner["items"], &format!("{path}[]"), into);
        named(&inner["additionalProperties"], &format!("{path}.*"), into);
        into.insert(path);
    }
}

#[test]
fn the_schema_has_the_keys_of_the_format_and_no_other() {
    let mut all = BTreeSet::new();
    named(&schema(), "", &mut all);
    assert_eq!(
        all,
        probe::keys(),
        "catalogue/connector.schema.json and the format (crates/connectors/src/file) differ"
    );
}

#[test]
fn the_shipped_files_fit() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let file: Value = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
        count += 1;
    }
    assert!(count >= 4, "{count} files");
}

#[test]
fn what_an_editor_should_mark_does_not_fit() {
    let file: Value = serde_saphyr::from_str(valetkey_connectors::STARTER).unwrap();
    let validator = validator();
    assert!(validator.is_valid(&file));
    for (place, wrong) in [
        ("/upstream", json!("ftp")),
        ("/auth/0/token_client_auth", json!("header")),
        ("/tools/acmetasks_list_tasks/effect", json!("reads")),
        ("/tools/acmetasks_list_tasks/input/limit/minimum", json!("one")),
    ] {
        let mut broken = file.clone();
        *broken.pointer_mut(place).unwrap() = wrong;
        assert!(!validator.is_valid(&broken), "{place}");
    }
    let mut unknown = file;
    unknown["tools"]["acmetasks_list_tasks"]["titel"] = json!("x");
    assert!(!validator.is_valid(&unknown));
}
