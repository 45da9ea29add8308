//! The data folder: what lies in it, and who may read it.

use crate::files;
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The settings' file in the data folder.
pub(crate) const SETTINGS_FILE: &str = "valetkey.toml";

/// Files of the data folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder, made readable by its owner alone if it is new.
    ///
    /// # Errors
    /// It cannot be made, or is not a folder.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot make the data folder {} (--data names another)", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// The folder as it is, there or not: for commands that only look.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Takes the folder for one server; it is free again when what this gives is dropped, or the process ends. An
    /// SQLite file has a lock of its own; a PostgreSQL database may have many servers, each with a folder of its own.
    ///
    /// # Errors
    /// Another server runs on it.
    pub(crate) fn claim(&self) -> Result<fs::File> {
        let path = self.0.join("serve.lock");
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = file.with_context(|| {
            format!("cannot open {}: make it and the data folder writable for this user", path.display())
        })?;
        match file.try_lock() {
            Ok(()) => {
                let named = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                named.with_context(|| format!("cannot write {}", path.display()))?;
                files::remove_unfinished(&self.0);
                Ok(file)
            }
            Err(fs::TryLockError::WouldBlock) => {
                let (holder, folder) = (std::io::read_to_string(file).unwrap_or_default(), self.0.display());
                bail!(
                    "the data folder {folder} is in use by another server (process {holder}): end it, or give this \
                     one another data folder with --data"
                )
            }
            Err(fs::TryLockError::Error(why)) => Err(why).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// The SQLite database.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("valetkey.sqlite")
    }

    /// The socket for the command line.
    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("valetkey.sock")
    }

    /// The root key, where it comes from nowhere else.
    pub(crate) fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }

    /// What this server knows of its database, outside of it.
    pub(crate) fn mark(&self) -> PathBuf {
        self.0.join("installation")
    }

    /// What the lab remembers.
    pub(crate) fn lab(&self) -> PathBuf {
        self.0.join("lab.json")
    }

    /// The demo's own client, kept so that `env` can print it.
    pub(crate) fn demo_client(&self) -> PathBuf {
        self.0.join("demo-client.json")
    }
}
