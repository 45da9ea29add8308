//! The golden cases of the catalogue, and what they are held against.

use std::path::{Path, PathBuf};
use valetkey_connectors::file::read;
use valetkey_connectors::golden::{self, Case, Mock};
use valetkey_vendor::Digest;

pub(crate) fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")
}

/// The vendor by the digests that a connector's file names: `calendar:v3` is in `digests/calendar.v3.json`.
pub(crate) fn mock(connector: &str) -> Mock {
    let name = format!("{connector}.yaml");
    let file = match read::either(&name, &std::fs::read_to_string(catalogue().join(&name)).unwrap()).unwrap() {
        read::Either::Whole(file) => file,
        read::Either::Alias(alias) => return mock(&alias.alias_of),
    };
    let ids = std::iter::once(file.description).chain(file.also_described).map(|one| one.id.unwrap());
    let text = |id: String| {
        let name = format!("{}.json", id.replace(':', "."));
        std::fs::read_to_string(catalogue().join("digests").join(name)).unwrap()
    };
    Mock::of(ids.map(|id| Digest::read(&text(id)).unwrap()).collect()).unwrap()
}

/// Where a tool's cases are. Those of an alias are the other's.
pub(crate) fn path(tool: &str) -> PathBuf {
    let tool = tool.replacen("githubpat_", "github_", 1);
    catalogue().join("golden").join(format!("{tool}.json"))
}

pub(crate) fn cases(tool: &str) -> Vec<Case> {
    let path = path(tool);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    golden::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
