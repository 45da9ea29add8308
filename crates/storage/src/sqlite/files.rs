//! The folder and the file, made readable for this user only.

use crate::Error;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The path of the database, and the temporary folder if no file was named.
pub(crate) fn locate(file: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), Error> {
    if let Some(path) = file {
        return Ok((path.to_owned(), None));
    }
    let folder = TempDir::with_prefix("valetkey-").map_err(|error| refused(&std::env::temp_dir(), &error))?;
    Ok((folder.path().join("valetkey.db"), Some(folder)))
}

/// Makes the folder (0700) and an empty file (0600) where they aren't there; SQLite gives its side files the same mode.
pub(crate) fn prepare(path: &Path) -> Result<(), Error> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| refused(folder, &error))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop).map_err(|error| refused(path, &error))
}

/// Says why the system did not let us.
pub(crate) fn refused(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Error::ReadOnly { path: path.into() },
        io::ErrorKind::StorageFull => Error::Full { database: path.display().to_string() },
        _ => Error::Location { path: path.into(), message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_and_file_are_private() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/valetkey.db");
        prepare(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&root.path().join("a")), 0o700);
        assert_eq!(mode(&root.path().join("a/b")), 0o700);
    }

    #[test]
    fn a_folder_in_place_of_the_file_is_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let text = prepare(root.path()).unwrap_err().to_string();
        assert!(text.contains(root.path().to_str().unwrap()), "{text}");
    }
}
