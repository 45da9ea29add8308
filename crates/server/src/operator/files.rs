//! Connector files of one's own: made and checked here, without a server.

use super::reply::{Reply, message, rows};
use crate::connector_files;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use valetkey_connectors::lint::names;
use valetkey_connectors::{Catalog, Change, Error, Folder, SCHEMA, check_file, starter};

/// Writes a small file that passes, to begin with.
///
/// # Errors
/// The name is none that a connector may have, or the file is there already.
pub(super) fn new(slug: &str, folder: &Path) -> Result<Reply> {
    let text = starter(slug);
    // The name is judged by the check itself.
    Catalog::shipped()?.add(slug, &text).with_context(|| format!("`{slug}` cannot be a connector's name"))?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{slug}.yaml"));
    let mut file = std::fs::File::create_new(&path).with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(message(format!(
        "{} is a whole connector of an app that is made up: change it, and look with: valetkey connector lint {}",
        path.display(),
        path.display()
    )))
}

/// The JSON Schema of connector files, for editors: nothing else is printed, so that it can go into a file.
pub(super) fn schema() -> Reply {
    message(SCHEMA.trim_end())
}

/// Checks files, and all files of folders, as a start would.
///
/// # Errors
/// A path cannot be read, or there is no file.
pub(super) fn lint(paths: &[PathBuf]) -> Result<Reply> {
    let folder = there(paths)?;
    let files = Catalog::shipped()?.own_files();
    files.take(folder);
    let looked = files.standing().into_iter().map(|file| match file {
        Change::Refused { file, why, .. } => (file, Err(why)),
        Change::Taken { file, .. } | Change::Gone { file, .. } => (file, Ok(())),
    });
    Ok(told(looked, "would not be taken"))
}

/// Checks files as the shipped ones are checked: against the digests that they name, with all that is demanded of us, and
/// against a table of the tools that a connector shall have.
///
/// # Errors
/// A path or the table cannot be read, or there is no file.
pub(super) fn check(paths: &[PathBuf], table: Option<&Path>) -> Result<Reply> {
    let folder = there(paths)?;
    let table = table.map(|path| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        names::read(&text).map_err(|why| anyhow!("{}: {why}", path.display()))
    });
    let table = table.transpose()?;
    let looked = folder.files.iter().map(|(file, text)| {
        (file.clone(), check_file(file, text, &folder.digests, table.as_deref()).map_err(Arc::new))
    });
    Ok(told(looked, "would not pass"))
}

/// The files that are meant, of which there is one at least.
fn there(paths: &[PathBuf]) -> Result<Folder> {
    let folder = connector_files::read(paths)?;
    ensure!(!folder.files.is_empty(), "no .yaml or .yml is there");
    Ok(folder)
}

/// What was found of each file.
fn told(looked: impl Iterator<Item = (String, Result<(), Arc<Error>>)>, otherwise: &str) -> Reply {
    let (mut found, mut wrong, mut all) = (Vec::new(), 0, 0);
    for (file, looked) in looked {
        all += 1;
        match looked {
            Ok(()) => found.push(json!({"file": file, "line": null, "at": "", "finding": "good"})),
            Err(error) => {
                wrong += 1;
                found.extend(findings(&file, &error));
            }
        }
    }
    let fault = (wrong > 0).then(|| format!("{wrong} of {all} files {otherwise}"));
    Reply { fault, ..rows(found) }
}

/// What is wrong, a line for each.
fn findings(name: &str, error: &Error) -> Vec<Value> {
    match error {
        Error::Wrong { problems, .. } => problems
            .iter()
            .map(|one| json!({"file": name, "line": one.line, "at": one.at, "finding": one.why}))
            .collect(),
        Error::Unreadable { why, line, .. } => vec![json!({"file": name, "line": line, "at": "", "finding": why})],
        Error::Taken { .. } => {
            vec![json!({"file": name, "line": null, "at": "connector", "finding": error.to_string()})]
        }
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
        assert_eq!(wrong.rows[0]["at"], "tools.intranet_list_tasks.input.limit.map");
        let line = text.lines().position(|line| line.contains("map: query.limit")).unwrap() + 1;
        assert_eq!(wrong.rows[0]["line"], line);
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
