//! Every key of the format does something and is documented: two files that differ in nothing else are not the same
//! connector, or one of them is refused. A key that is not in the table fails the test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_connectors::Catalog;
use valetkey_connectors::file::{
    AuthFile, Description, ErrorRule, Errors, Field, File, IdentityFile, ManualRequest, OutputFile, Paginate,
    RateLimit, Refresh, RevokeFile, ScopeFile, StepFile, ToolFile, read,
};
use valetkey_connectors::lint::{self, Author, names};

const DOCUMENTED: &str = include_str!("../../../docs/CONNECTORS.md");

/// The keys that a part of a file may have: what reading one with a wrong key says.
fn keys<T: DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(json!({"no such key": 1})) else { panic!("it takes any key") };
    let said = error.to_string();
    let (_, known) = said.split_once("expected").unwrap();
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A file in which every key has something to say.
fn base() -> Value {
    serde_json::from_str(include_str!("keys/box.json")).unwrap()
}

/// All that comes of a file.
fn made(file: &Value) -> String {
    let text = file.to_string();
    let file = match read::read("box.yaml", &text) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let documented = names::read("box_later\t\t\tboth\n").unwrap();
    let problems = lint::check(&file, None, Author::Us);
    let waits = names::check(&file, &documented);
    let mut catalog = Catalog::shipped().unwrap();
    let added = catalog.add("box.yaml", &text).map_err(|error| error.to_string());
    format!("{added:?} {problems:?} {waits:?} {:?}", catalog.connector("box"))
}

/// The same file with another value at one place; null takes it away.
fn with(file: &Value, at: &str, value: &Value) -> Value {
    let (mut file, (parent, key)) = (file.clone(), at.rsplit_once('/').unwrap());
    let members = file.pointer_mut(parent).unwrap_or_else(|| panic!("{parent}")).as_object_mut().unwrap();
    match value {
        Value::Null => assert!(members.shift_remove(key).is_some(), "{at} is not there"),
        value => assert_ne!(members.insert(key.to_owned(), value.clone()).as_ref(), Some(value), "{at} is the same"),
    }
    file
}

/// The parts of the format, with the keys of each.
fn parts() -> [(&'static str, BTreeSet<String>); 16] {
    [
        ("File", keys::<File>()),
        ("Description", keys::<Description>()),
        ("AuthFile", keys::<AuthFile>()),
        ("Refresh", keys::<Refresh>()),
        ("RevokeFile", keys::<RevokeFile>()),
        ("IdentityFile", keys::<IdentityFile>()),
        ("RateLimit", keys::<RateLimit>()),
        ("Errors", keys::<Errors>()),
        ("ErrorRule", keys::<ErrorRule>()),
        ("ScopeFile", keys::<ScopeFile>()),
        ("ManualRequest", keys::<ManualRequest>()),
        ("OutputFile", keys::<OutputFile>()),
        ("Paginate", keys::<Paginate>()),
        ("ToolFile", keys::<ToolFile>()),
        ("Field", keys::<Field>()),
        ("StepFile", keys::<StepFile>()),
    ]
}

/// For each key of each part a place in the base where it stands, or may, and another value there.
fn others() -> BTreeMap<String, BTreeMap<String, Value>> {
    serde_json::from_str(include_str!("keys/others.json")).unwrap()
}

#[test]
fn every_key_of_the_format_does_something() {
    let base = base();
    let plain = made(&base);
    assert!(plain.starts_with("Ok(()) [] ["), "{plain:.600}");
    let others = others();
    for (part, keys) in parts() {
        let tried: BTreeSet<String> = others[part].keys().map(|at| at.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(tried, keys, "{part}: the keys that keys/others.json has, and those that the format has");
        for (at, value) in &others[part] {
            assert_ne!(made(&with(&base, at, value)), plain, "{at} = {value} changes nothing");
        }
    }
}

#[test]
fn every_key_of_the_format_is_documented() {
    // The example in the fences explains nothing.
    let prose: String = DOCUMENTED.split("```").step_by(2).collect();
    let spans = prose.split('`').skip(1).step_by(2);
    let words: BTreeSet<&str> =
        spans.flat_map(|span| span.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect();
    let all = parts().into_iter().flat_map(|(_, keys)| keys);
    let silent: Vec<String> = all.filter(|key| !words.contains(key.as_str())).collect();
    assert!(silent.is_empty(), "docs/CONNECTORS.md says nothing of {silent:?}");
}
