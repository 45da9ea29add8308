//! Connector files of one's own: made and checked here, without a server.

use super::reply::{Reply, message, rows};
use crate::connector_files;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use valetkey_connectors::{Catalog, Error, SCHEMA, starter};

/// Writes a small file that passes, to begin with.
///
/// # Errors
/// The name is none that a connector may have, or the file is there already.
pub(super) fn new(slug: &str, folder: &Path) -> Result<Reply> {
    let text = starter(slug);
    // The name is judged by the check itself.
    Catalog::shipped()?.add(slug, &text).with_context(|| format!("`{slug}` cannot be a connector's name"))?;
    let path = folder.join(format!("{slug}.yaml"));
    let mut file = std::fs::File::create_new(&path).with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(message(format!(
        "{} is a whole connector of an app that is made up: change it, and look with: valetkey connector lint {}",
        path.display(),
        path.display()
    )))
}

/// The JSON Schema of connector files, for editors.
///
/// # Errors
/// It cannot be printed.
pub(super) fn schema() -> Result<Reply> {
    std::io::stdout().write_all(SCHEMA.as_bytes())?;
    Ok(Reply::default())
}

/// Checks files, and all files of folders, as a start would.
///
/// # Errors
/// A path cannot be read, or there is no file.
pub(super) fn lint(paths: &[PathBuf]) -> Result<Reply> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(connector_files::at(path)?);
    }
    ensure!(!files.is_empty(), "no .yaml or .yml is there");
    let mut catalog = Catalog::shipped()?;
    let (mut found, mut wrong) = (Vec::new(), 0);
    for path in &files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        match catalog.add(&name, &text) {
            Ok(()) => found.push(json!({"file": name, "at": "", "finding": "good"})),
            Err(error) => {
                wrong += 1;
                found.extend(findings(&name, &error));
            }
        }
    }
    let fault = (wrong > 0).then(|| format!("{wrong} of {} files would not be taken", files.len()));
    Ok(Reply { fault, ..rows(found) })
}

/// What is wrong, a line for each.
fn findings(name: &str, error: &Error) -> Vec<Value> {
    match error {
        Error::Wrong { problems, .. } => {
            problems.iter().map(|one| json!({"file": name, "at": one.at, "finding": one.why})).collect()
        }
        Error::Unreadable { why, .. } => vec![json!({"file": name, "at": "", "finding": why})],
        Error::Taken { .. } => vec![json!({"file": name, "at": "connector", "finding": error.to_string()})],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way that docs/CONNECTORS.md shows: a new file, changed, and told what is wrong with it.
    #[test]
    fn a_connector_is_built_from_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let made = new("intranet", folder.path()).unwrap();
        assert!(made.note.unwrap().contains("intranet.yaml"));
        assert!(new("intranet", folder.path()).is_err(), "nothing is written over");
        assert!(new("gmail", folder.path()).is_err() && new("In tranet", folder.path()).is_err());
        let path = folder.path().join("intranet.yaml");
        let good = lint(&[folder.path().to_owned()]).unwrap();
        assert!(good.fault.is_none() && good.rows[0]["finding"] == "good", "{:?}", good.rows);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("map: query.limit", "map: querry.limit")).unwrap();
        let wrong = lint(std::slice::from_ref(&path)).unwrap();
        assert_eq!(wrong.fault.as_deref(), Some("1 of 1 files would not be taken"));
        assert_eq!(wrong.rows[0]["at"], "tools.intranet_list_tasks");
        assert!(wrong.rows[0]["finding"].as_str().unwrap().contains("`querry.limit` is no target"), "{:?}", wrong.rows);
        std::fs::write(&path, text.replace("title: List tasks", "titel: List tasks")).unwrap();
        let unreadable = lint(&[path]).unwrap();
        let said = unreadable.rows[0]["finding"].as_str().unwrap();
        assert!(
            said.contains("line ") && said.contains("tools.intranet_list_tasks") && said.contains("titel"),
            "{said}"
        );
        assert!(lint(&[folder.path().join("none")]).is_err());
    }
}
