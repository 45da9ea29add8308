//! Files that are there whole or not at all, and who may read them.
//!
//! What is written goes to a new file of a name that nobody can guess, in the same folder, and is moved to its place
//! when it is on the disk: no link is followed, nothing of an older file is kept, and a crash leaves the old one or the
//! new one.

use anyhow::{Context, Result, bail};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::NamedTempFile;
use valetkey_domain::Secret;

/// What the name of a file ends with that is not in its place yet.
const UNFINISHED: &str = ".part";

/// Reads a secret from a file that its owner alone may read.
///
/// # Errors
/// It is not there, or others can read it.
pub(crate) fn read_private(what: &str, path: &Path) -> Result<Secret<str>> {
    let mut file = File::open(path).with_context(|| format!("cannot read the {what} {}", path.display()))?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("the {what} {} can be read by others (mode {:o}): chmod 600 it", path.display(), mode & 0o777);
    }
    let text = Secret::from(io::read_to_string(&mut file).with_context(|| format!("cannot read {}", path.display()))?);
    Ok(Secret::from(text.expose().trim()))
}

/// Writes a file that its owner alone may read.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    write(path, text.as_bytes(), 0o600)
}

/// Writes a file with these permissions, in place of the one that is there.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = begin(path)?;
    // The process's umask takes from every new file what others might read.
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    settle(path)
}

/// A file for its owner alone, beside the place where it is to be; gone when it is dropped before it is moved there.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn begin(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(UNFINISHED)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder_of(path))
}

/// Moves a file to a place where nothing may be yet, not even a link.
///
/// # Errors
/// Something is there, or the folder cannot be written.
pub(crate) fn place_new(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    settle(path)
}

/// That the file has this name is on the disk too.
fn settle(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what writers that were killed have left unfinished in a folder of ours.
pub(crate) fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with('.') && name.ends_with(UNFINISHED);
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) && fs::remove_file(entry.path()).is_ok() {
            tracing::info!(file = %entry.path().display(), "removed what was left unfinished");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_of_what_was_there_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (folder.path().join("root.key"), folder.path().join("elsewhere"));
        // Left by an older version that was killed, or by somebody who waits for a secret.
        for stale in [path.clone(), path.with_extension("new")] {
            fs::write(&stale, "old").unwrap();
            fs::set_permissions(&stale, Permissions::from_mode(0o666)).unwrap();
        }
        write_private(&path, "secret").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("secret", 0o600));
        fs::remove_file(&path).unwrap();
        fs::write(&elsewhere, "another's").unwrap();
        symlink(&elsewhere, &path).unwrap();
        write_private(&path, "secret").unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file(), "the link is still there");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "another's");
        assert_eq!(names(folder.path()), ["elsewhere", "root.key", "root.new"], "something was left over");
    }

    #[test]
    fn a_new_file_takes_no_place_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        let mut file = begin(&path).unwrap();
        file.write_all(b"rows").unwrap();
        assert_eq!(mode(file.path()), 0o600);
        symlink(folder.path().join("nowhere"), &path).unwrap();
        assert_eq!(place_new(file, &path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names(folder.path()), ["backup"], "the unfinished one is still there");
        fs::remove_file(&path).unwrap();
        place_new(begin(&path).unwrap(), &path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn what_was_left_unfinished_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let left = begin(&folder.path().join("root.key")).unwrap().keep().unwrap().1;
        fs::write(folder.path().join("yours.part"), "").unwrap();
        remove_unfinished(folder.path());
        assert!(!left.exists());
        assert_eq!(names(folder.path()), ["yours.part"]);
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, b" word\n", 0o600).unwrap();
        assert_eq!(read_private("key", &path).unwrap().expose(), "word");
        write(&path, b"word", 0o640).unwrap();
        assert!(read_private("key", &path).unwrap_err().to_string().contains("chmod 600"));
    }
}
