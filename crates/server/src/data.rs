//! The data folder: who may read it, and the root key that lies in it unless it comes from elsewhere.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use valetkey_domain::Secret;
use valetkey_vault::RootKey;

/// The variable that holds the root key, when it comes from the environment.
pub(crate) const ROOT_KEY_VARIABLE: &str = "VALETKEY_ROOT_KEY";

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

    /// The SQLite database.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("valetkey.sqlite")
    }

    /// The socket for the command line.
    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("valetkey.sock")
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

/// Where a root key was found.
pub(crate) enum Found {
    /// Here it is.
    Key(RootKey),
    /// Nowhere; a fresh one would go to this file, if the database is empty.
    Nowhere(PathBuf),
}

/// Looks for the root key: the variable, the file that the settings name, the file in the data folder.
///
/// # Errors
/// A key is there but unreadable, or readable by others.
pub(crate) fn find_root_key(folder: &Folder, named: Option<&Path>, variable: Option<&Secret<str>>) -> Result<Found> {
    if let Some(text) = variable {
        let key = RootKey::from_text(text).with_context(|| format!("{ROOT_KEY_VARIABLE} holds no root key"))?;
        return Ok(Found::Key(key));
    }
    let path = named.map_or_else(|| folder.0.join("root.key"), Path::to_owned);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Secret::from(text.trim()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nowhere(path)),
        Err(why) => return Err(why).with_context(|| format!("cannot read the root key {}", path.display())),
    };
    let mode = fs::metadata(&path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("the root key {} can be read by others (mode {:o}): chmod 600 it", path.display(), mode & 0o777);
    }
    let key = RootKey::from_text(&text).with_context(|| format!("{} holds no root key", path.display()))?;
    Ok(Found::Key(key))
}

/// Makes a root key and keeps it in a file of its own, on the disk before anything is sealed under it.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn new_root_key(path: &Path) -> Result<RootKey> {
    let key = RootKey::generate()?;
    write_private(path, key.to_text().expose()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}

/// Writes a file that its owner alone may read: whole or not at all.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    match path.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
