//! The tests that docs/THREATS.md names for its attacks are there.

use std::collections::BTreeSet;
use std::path::Path;

/// How many words a name has that can be nothing but a test's.
const WORDS: usize = 4;

/// The names of the document's tests that nobody defines.
pub(crate) fn undefined(document: &str, defined: &BTreeSet<String>) -> Vec<String> {
    let quoted = document.split('`').skip(1).step_by(2);
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let named = quoted.filter(|name| name.split('_').count() >= WORDS && name.chars().all(is_word));
    // Python's tests are named without what pytest knows them by.
    let missing = named.filter(|name| !defined.contains(*name) && !defined.contains(&format!("test_{name}")));
    missing.map(|name| format!("THREATS.md names `{name}`, which is no test")).collect()
}

/// The names of all functions in these folders' Rust and Python.
pub(crate) fn defined(folders: &[&Path]) -> BTreeSet<String> {
    let mut left: Vec<_> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    let mut names = BTreeSet::new();
    while let Some(at) = left.pop() {
        if at.is_dir() {
            left.extend(std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
        } else if at.extension().is_some_and(|kind| kind == "rs" || kind == "py") {
            names.extend(functions(&std::fs::read_to_string(&at).unwrap()));
        }
    }
    names
}

fn functions(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (_, rest) = line.trim_start().split_once("fn ").or_else(|| line.split_once("def "))?;
        let end = rest.find(['(', '<'])?;
        rest.get(..end).map(str::to_owned)
    };
    text.lines().filter_map(name).collect()
}

#[test]
fn a_name_that_nobody_defines_is_found() {
    let text = "async fn attack_1_a_test_of_rust() {\n    let no = 1;\ndef test_attack_2_a_test_of_python(demo):\n";
    let names: BTreeSet<String> = functions(text).into_iter().collect();
    let document =
        "`attack_1_a_test_of_rust`, `attack_2_a_test_of_python`,\n`attack_3_renamed_since_then`, `not_a_test`";
    let [missing] = &undefined(document, &names)[..] else { panic!("{names:?}") };
    assert!(missing.contains("attack_3_renamed_since_then"), "{missing}");
}
