//! Where connector files of one's own are.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The connector files at a path: itself, or those of a folder in the order of their names.
///
/// # Errors
/// Nothing is there, or it cannot be read.
pub(crate) fn at(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.exists() {
        bail!("there is no {}", path.display());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files: Vec<_> = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
    files.sort();
    Ok(files)
}
