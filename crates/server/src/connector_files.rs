//! Where connector files of one's own are: a folder with `*.yaml` and `*.yml`, and the digests that they name in its
//! folder `digests`.

use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use valetkey_connectors::{Catalog, Change, Digests, Folder, OwnFiles};

/// The most that is read of a connector file: one byte more than one may have.
const FILE: u64 = 1024 * 1024 + 1;
/// The most that is read of a digest.
const DIGEST: u64 = 16 * 1024 * 1024;

/// The folder that a server has its own connector files in, and what is in service of them.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// The folder, if there is one.
    pub(crate) folder: Option<PathBuf>,
    files: OwnFiles,
}

/// What tells a folder's state from another: for each file its name, size, time and place on the disk.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Vec<(PathBuf, u64, i64, i64, u64)>);

impl Own {
    /// The catalogue with the files of a folder, all of which pass.
    ///
    /// # Errors
    /// The folder cannot be read; or everything that is wrong with its files.
    pub(crate) fn open(folder: Option<&Path>) -> Result<(Catalog, Self)> {
        let mut catalog = Catalog::shipped()?;
        let own = Self { folder: folder.map(Path::to_owned), files: catalog.own_files() };
        if let Some(folder) = folder {
            let taken = own.files.take(read(&[folder.to_owned()]).context("--connectors")?);
            let wrong: Vec<_> = taken.iter().filter_map(refused).collect();
            anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
        Ok((catalog, own))
    }

    /// How each file stands.
    pub(crate) fn standing(&self) -> Vec<Change> {
        self.files.standing()
    }
}

/// Follows a folder while a server runs.
pub(crate) struct Follower {
    folder: PathBuf,
    files: OwnFiles,
    /// As it was found last.
    seen: Option<Stamp>,
    /// As it was when it was last taken.
    taken: Option<Stamp>,
}

impl Follower {
    /// One of the folder, if there is one.
    pub(crate) fn of(own: Own) -> Option<Self> {
        Some(Self { folder: own.folder?, files: own.files, seen: None, taken: None })
    }

    /// Takes the folder as it is now, if two looks have found it so and it was not taken so before; says what differs.
    ///
    /// # Errors
    /// It cannot be read: then everything stays as it is.
    pub(crate) fn look(&mut self) -> Result<Vec<Change>> {
        let now = stamp(&self.folder)?;
        if self.seen.as_ref() != Some(&now) {
            self.seen = Some(now);
            return Ok(Vec::new());
        }
        if self.taken.as_ref() == Some(&now) {
            return Ok(Vec::new());
        }
        let changes = self.files.take(read(std::slice::from_ref(&self.folder))?);
        self.taken = Some(now);
        Ok(changes)
    }
}

fn refused(change: &Change) -> Option<String> {
    match change {
        Change::Refused { why, .. } => Some(why.to_string()),
        Change::Taken { .. } | Change::Gone { .. } => None,
    }
}

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
    ending(path, &["yaml", "yml"])
}

/// The files and folders named, with the digests that lie beside them.
///
/// # Errors
/// Something cannot be read.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Folder> {
    let (mut folder, mut beside) = (Folder::default(), BTreeSet::new());
    for path in paths {
        for file in at(path)? {
            folder.files.push((file.display().to_string(), text(&file, FILE)?));
        }
        beside.insert(digests_of(path));
    }
    for path in beside.iter().filter(|path| path.is_dir()) {
        folder.digests.extend(digests(path)?);
    }
    Ok(folder)
}

/// Where the digests are that the files at a path name.
pub(crate) fn digests_of(path: &Path) -> PathBuf {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    folder.join("digests")
}

fn digests(folder: &Path) -> Result<Digests> {
    let named = |path: PathBuf| Some((path.file_stem()?.to_str()?.to_owned(), path));
    let files = ending(folder, &["json"])?.into_iter().filter_map(named);
    files.map(|(name, path)| Ok((name, text(&path, DIGEST)?))).collect()
}

/// What tells whether a folder is as it was.
///
/// # Errors
/// It cannot be looked at.
fn stamp(folder: &Path) -> Result<Stamp> {
    let digests = digests_of(folder);
    let beside = if digests.is_dir() { ending(&digests, &["json"])? } else { Vec::new() };
    let seen = at(folder)?.into_iter().chain(beside).map(|path| {
        let file = std::fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok((path, file.len(), file.mtime(), file.mtime_nsec(), file.ino()))
    });
    Ok(Stamp(seen.collect::<Result<_>>()?))
}

fn ending(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)));
    files.sort();
    Ok(files)
}

/// A file's text, of which no more is read than it may have.
pub(crate) fn text(path: &Path, most: u64) -> Result<String> {
    let named = || format!("cannot read {}", path.display());
    let mut text = String::new();
    std::fs::File::open(path).with_context(named)?.take(most).read_to_string(&mut text).with_context(named)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_connectors::starter;

    fn kinds(changes: &[Change]) -> Vec<&'static str> {
        let word = |change: &Change| match change {
            Change::Taken { .. } => "taken",
            Change::Refused { .. } => "refused",
            Change::Gone { .. } => "gone",
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn a_folder_is_followed_once_it_has_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("box.yaml");
        std::fs::write(&path, starter("box")).unwrap();
        let (catalog, own) = Own::open(Some(folder.path())).unwrap();
        let mut follower = Follower::of(own.clone()).unwrap();
        let mut look = || kinds(&follower.look().unwrap());
        assert_eq!((look(), look(), look()), (vec![], vec![], vec![]), "it is as it was at the start");
        std::fs::write(&path, starter("box").replace("map: query.limit", "map: querry.limit")).unwrap();
        assert_eq!((look(), look(), look()), (vec![], vec!["refused"], vec![]));
        assert!(catalog.connector("box").is_some() && kinds(&own.standing()) == ["refused"]);
        std::fs::write(&path, starter("crates")).unwrap();
        assert_eq!(look(), [""; 0], "it may be half of what is being written");
        std::fs::write(folder.path().join("a.yml"), starter("box")).unwrap();
        assert_eq!((look(), look()), (vec![], vec!["taken", "taken"]));
        assert!(catalog.tool("crates_list_tasks").is_some() && catalog.tool("box_list_tasks").is_some());
        std::fs::remove_file(&path).unwrap();
        assert_eq!((look(), look()), (vec![], vec!["gone"]));
        drop(folder);
        assert!(follower.look().is_err());
        assert!(catalog.connector("box").is_some(), "what cannot be read any more stays in service");
    }

    #[test]
    fn a_start_names_everything_that_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), starter("gmail")).unwrap();
        std::fs::write(
            folder.path().join("b.yaml"),
            starter("box").replace("titel", "title").replace("effect: read", "effect: reed"),
        )
        .unwrap();
        let told = Own::open(Some(folder.path())).unwrap_err().to_string();
        assert!(told.contains("a.yaml") && told.contains("b.yaml") && told.lines().count() == 2, "{told}");
    }

    #[test]
    fn a_digest_is_found_beside_a_file_and_among_the_shipped() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let described = |id: &str, hash: &str| {
            let start =
                starter("mine").replace("https://api.acme.example/v2", "https://www.googleapis.com/calendar/v3");
            let start = start.replace("api.acme.example", "www.googleapis.com");
            let (before, after) = start.split_once("description: {").unwrap();
            let after = after.split_once('\n').unwrap().1;
            format!("{before}description: {{kind: discovery, id: \"{id}\", sha256: {hash}}}\n{after}")
        };
        let told = || Own::open(Some(folder.path())).map(|_| String::new()).unwrap_or_else(|why| why.to_string());
        write("mine.yaml", &described("mine:v1", "ab"));
        assert!(told().contains("digests/mine.v1.json"), "{}", told());
        // The shipped one is here, and says what it does not have.
        write("mine.yaml", &described("calendar:v3", "ab"));
        assert!(
            told().contains("made from another document") && told().contains("no operation `tasks.list`"),
            "{}",
            told()
        );
        std::fs::create_dir(folder.path().join("digests")).unwrap();
        write("digests/calendar.v3.json", "{}");
        assert!(told().contains("the digest `calendar:v3`"), "one that lies beside it goes first: {}", told());
    }
}
