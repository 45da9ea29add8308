//! One process for each file: an advisory lock on a file beside the database, which names the holder.
//!
//! The system frees it when the process ends, however it ends; the file itself stays.

use super::files::refused;
use crate::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The lock, held as long as this lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a database, or says which process has it.
    pub(crate) fn take(database: &Path) -> Result<Self, Error> {
        let path = beside(database);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = open.map_err(|error| refused(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { path: database.into(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(refused(&path, &error)),
        }
        let named = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        named.map_err(|error| refused(&path, &error))?;
        Ok(Self { _file: file })
    }
}

/// What is kept until the last connection to the file has closed.
#[derive(Debug)]
pub(crate) struct FileGuard {
    _lock: Lock,
    /// The folder of a temporary database.
    _folder: Option<TempDir>,
}

impl FileGuard {
    pub(crate) const fn new(lock: Lock, folder: Option<TempDir>) -> Self {
        Self { _lock: lock, _folder: folder }
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    pid.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
}
