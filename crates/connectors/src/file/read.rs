//! From text to a file, with bounds: a connector file is a few hundred lines, whatever YAML could make of it.

use super::{AliasFile, File};
use crate::Error;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{Options, alias_limits, budget, options};

/// The longest file, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// A connector file, whole or by another one.
#[derive(Debug)]
pub enum Either {
    /// It says everything itself.
    Whole(Box<File>),
    /// It repeats another one.
    Alias(Box<AliasFile>),
}

/// Reads the text of a connector file, which may be an alias.
///
/// # Errors
/// [`Error::Unreadable`] with line, column and path.
pub fn either(file_name: &str, text: &str) -> Result<Either, Error> {
    // Few files have the word, and the others are read once.
    let repeats = || read_as::<Peek>(file_name, text).is_ok_and(|peek| peek.alias_of.is_some());
    let whole = if text.contains("alias_of") && repeats() { None } else { Some(read(file_name, text)?) };
    match whole.filter(|file| file.alias_of.is_none()) {
        Some(file) => Ok(Either::Whole(Box::new(file))),
        None => read_as(file_name, text).map(|alias| Either::Alias(Box::new(alias))),
    }
}

/// Reads the text of a whole connector file.
///
/// # Errors
/// [`Error::Unreadable`] with line, column and path.
pub fn read(file_name: &str, text: &str) -> Result<File, Error> {
    read_as(file_name, text)
}

/// Whether it is an alias, whatever else it says.
#[derive(Deserialize)]
struct Peek {
    alias_of: Option<String>,
}

/// The same for another form of file.
pub(crate) fn read_as<T: DeserializeOwned>(file_name: &str, text: &str) -> Result<T, Error> {
    let unreadable = |why: String, line| Error::Unreadable { file: file_name.to_owned(), why, line };
    if text.len() > MAX_BYTES {
        let why = format!("{} bytes are too many for a connector file: {MAX_BYTES} at most", text.len());
        return Err(unreadable(why, None));
    }
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, bounds(), |deserializer| {
        T::deserialize(deserializer)
    });
    if let Ok(read) = read {
        return Ok(read);
    }
    // To know the path of everything costs as much again, so it is asked for where something is wrong.
    let mut path = String::new();
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, bounds(), |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    });
    let line = |error: &serde_saphyr::Error| error.location().map(|at| at.line());
    read.map_err(|error| unreadable(described(&error, &path), line(&error)))
}

/// No aliases at all: no honest connector file needs one, and they are how a small text becomes a large value.
fn bounds() -> Options {
    options! {
        budget: budget! { max_events: 200_000, max_aliases: 0, max_anchors: 0, max_depth: 32, max_documents: 1 },
        alias_limits: alias_limits! { max_total_replayed_events: 0, max_replay_stack_depth: 0 },
        with_snippet: false,
        reject_unsupported_tags: true,
    }
}

fn described(error: &serde_saphyr::Error, path: &str) -> String {
    let path = if path.is_empty() || path == "." { String::new() } else { format!("at {path}: ") };
    let why = error.without_snippet().to_string();
    let Some(at) = error.location() else { return format!("{path}{why}") };
    // It says the place at its end, too.
    let repeated = format!(" at line {}, column {}", at.line(), at.column());
    let why = why.strip_suffix(&repeated).unwrap_or(&why);
    format!("line {}, column {}, {path}{why}", at.line(), at.column())
}
