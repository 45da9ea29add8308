//! `github_file`: a file or folder of a repository as a person reads it.
//!
//! Takes what repos/get-content, repos/get-readme or licenses/get-for-repo answered (saved as `content`). Of a file it
//! gives `{path, sha, size, url}` with `text`, or `base64` where its bytes are no UTF-8, or `note` where GitHub sent no
//! content; of a folder `{entries: [{name, path, type, size, sha}]}`.

use super::base64_text;
use super::scope::{Scope, member, saved};
use crate::{Failure, FailureKind, Setting};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// What a model is told where a file is too large to be sent along.
const TOO_LARGE: &str = "GitHub sends no content of a file over 1 MB here; its blob is not read by this tool.";

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    match saved(scope, "content") {
        Some(Value::Array(entries)) => {
            setting.work.spend(1 + entries.len())?;
            let kept = |entry: &Value| picked(entry, &["name", "path", "type", "size", "sha"]);
            Ok(json!({"entries": entries.iter().map(kept).collect::<Vec<_>>()}))
        }
        Some(file @ Value::Object(_)) => read(file, setting),
        _ => Err(Failure::new(FailureKind::Upstream, "GitHub answered neither a file nor a folder; try again")),
    }
}

fn read(file: &Value, setting: &Setting) -> Result<Value, Failure> {
    let mut shown = picked(file, &["path", "sha", "size", "type", "target", "submodule_git_url"]);
    if let Some(url) = file.get("html_url") {
        shown.insert("url".to_owned(), url.clone());
    }
    let Some(encoded) = member(file, "content") else { return Ok(Value::Object(shown)) };
    setting.work.spend(1 + encoded.len())?;
    if encoded.is_empty() && file.get("size").and_then(Value::as_u64).is_some_and(|size| size > 0) {
        shown.insert("note".to_owned(), TOO_LARGE.into());
        return Ok(Value::Object(shown));
    }
    let unreadable = || Failure::new(FailureKind::Upstream, "GitHub answered content that is no Base64; try again");
    let bytes = base64_text::bytes(encoded).ok_or_else(unreadable)?;
    setting.work.spend(bytes.len())?;
    match String::from_utf8(bytes) {
        Ok(text) => shown.insert("text".to_owned(), text.into()),
        Err(other) => shown.insert("base64".to_owned(), STANDARD.encode(other.as_bytes()).into()),
    };
    Ok(Value::Object(shown))
}

/// The members of these names that are there.
fn picked(from: &Value, names: &[&str]) -> Map<String, Value> {
    let found = names.iter().filter_map(|name| Some(((*name).to_owned(), from.get(name)?.clone())));
    found.filter(|(_, value)| !value.is_null()).collect()
}
