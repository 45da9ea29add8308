//! The JSON Schema for editors says of the format what the format is: every key of it, no other, and the shipped files
//! fit.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

#[path = "keys/probe.rs"]
mod probe;

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use valetkey_connectors::file::AliasFile;
use valetkey_connectors::remote::file::RemoteFile;

fn schema() -> Value {
    serde_json::from_str(valetkey_connectors::SCHEMA).unwrap()
}

fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")
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

/// The keys that one of the schema's forms of file names.
fn named_in(form: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    named(&schema()["$defs"][form], "", &mut all);
    all
}

#[test]
fn the_schema_has_the_keys_of_the_format_and_no_other() {
    let where_it_is = "catalogue/connector.schema.json and the format (crates/connectors/src) differ";
    assert_eq!(named_in("requests"), probe::keys(), "{where_it_is}");
    assert_eq!(named_in("remote"), probe::keys_of::<RemoteFile>(), "{where_it_is}");
    // An alias has what its form has; the other keys are shut for it.
    let shut = schema()["$defs"]["requests"]["then"]["properties"].as_object().unwrap().clone();
    let open = named_in("requests").into_iter().filter(|key| !shut.contains_key(key.split(['.', '[']).next().unwrap()));
    assert_eq!(open.collect::<BTreeSet<_>>(), probe::keys_of::<AliasFile>(), "{where_it_is}");
}

/// What the page shows of an alias and of a remote server, an editor takes too; and every remote server that is shipped,
/// once it says what it is.
#[test]
fn the_other_forms_of_file_fit() {
    let validator = validator();
    let page = include_str!("../../../docs/CONNECTORS.md");
    let shown = |begins: &str| {
        let block = page.split("```yaml\n").find(|block| block.starts_with(begins)).unwrap();
        serde_saphyr::from_str::<Value>(block.split("```").next().unwrap()).unwrap()
    };
    let (alias, remote) = (shown("connector: githubpat"), shown("connector: mine"));
    let servers = std::fs::read_to_string(catalogue().join("mcp/servers.yaml")).unwrap();
    let shipped = servers.split("\n---\n").filter(|document| document.starts_with("connector: ")).map(|document| {
        let mut file: Value = serde_saphyr::from_str(document).unwrap();
        file["upstream"] = json!("mcp");
        file
    });
    let all: Vec<Value> = shipped.chain([alias.clone(), remote.clone()]).collect();
    assert!(all.len() > 200, "{}", all.len());
    for file in &all {
        let wrong: Vec<String> =
            validator.iter_errors(file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
    }
    for (file, place, wrong) in [
        (&alias, "/hosts", json!(["github.com"])),
        (&remote, "/transport", json!("stdio")),
        (&remote, "/base_url", json!("https://mine.example")),
        (&remote, "/auth/0/kind", json!("client_credentials")),
        (&remote, "/auth/0/token_client_auth", json!("basic")),
    ] {
        let mut broken = file.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        broken.pointer_mut(parent).unwrap()[key] = wrong;
        assert!(!validator.is_valid(&broken), "{place}");
    }
}

#[test]
fn the_shipped_files_fit() {
    let validator = validator();
    let mut count = 0;
    for entry in std::fs::read_dir(catalogue()).unwrap() {
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
