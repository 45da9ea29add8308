//! Where root keys come from: the variable, the file that the settings name or that lies in the data folder, a KMS.
//!
//! The file and the variable hold one key or, while the root is being changed, several: one a line, the newest last.

mod transit;

pub(crate) use transit::Transit;

use crate::files::{read_private, write_private};
use crate::secrets::ROOT_KEY;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::sync::Arc;
use valetkey_core::keyring::{Keyring, Root, Roots};
use valetkey_domain::Secret;
use valetkey_storage::Store;
use valetkey_vault::RootKey;

/// Where this server's root keys come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file; made at the first start if nothing else gives a key.
    pub(crate) file: PathBuf,
    /// What the variable held.
    pub(crate) variable: Option<Arc<Secret<str>>>,
    /// The KMS.
    pub(crate) transit: Option<Transit>,
}

impl Source {
    /// The roots that are there. For a database that is empty, and where none is there, a key is made.
    ///
    /// # Errors
    /// A key is unreadable or can be read by others; or there is none, and the database is not empty.
    pub(crate) async fn roots(&self, store: &Store) -> Result<Roots> {
        if let Some(roots) = self.found()? {
            return Ok(roots);
        }
        let nowhere = || format!("there is no root key at {}", self.file.display());
        Keyring::may_start_afresh(store).await.with_context(nowhere)?;
        let key = RootKey::generate()?;
        self.keep(&[&key])?;
        Ok(Roots::from(key))
    }

    /// The roots that are there; none if there are none.
    ///
    /// # Errors
    /// A key is unreadable, or can be read by others.
    pub(crate) fn found(&self) -> Result<Option<Roots>> {
        let keys = self.keys()?.into_iter().map(Root::Key);
        let transit = self.transit.as_ref().map(Transit::open).transpose()?;
        let roots: Vec<Root> = keys.chain(transit.map(|transit| Root::Transit(Box::new(transit)))).collect();
        Ok((!roots.is_empty()).then(|| Roots::new(roots)))
    }

    /// The keys of the variable or else of the file, the newest last.
    ///
    /// # Errors
    /// One is unreadable, or can be read by others.
    pub(crate) fn keys(&self) -> Result<Vec<RootKey>> {
        if let Some(text) = &self.variable {
            return read(text).with_context(|| format!("{ROOT_KEY} holds no root key"));
        }
        if matches!(self.file.try_exists(), Ok(false)) {
            return Ok(vec![]);
        }
        let text = read_private("root key", &self.file)?;
        read(&text).with_context(|| format!("{} holds no root key", self.file.display()))
    }

    /// Makes a key and puts it behind those of the file, on the disk before anything is sealed under it.
    ///
    /// # Errors
    /// The keys do not come from a file, or it cannot be written.
    pub(crate) fn add(&self) -> Result<RootKey> {
        if self.variable.is_some() {
            bail!(
                "the root key is in {ROOT_KEY}: put a new one behind it there, with a blank between them, start the \
                 server again and repeat this"
            );
        }
        let (keys, key) = (self.keys()?, RootKey::generate()?);
        let all: Vec<&RootKey> = keys.iter().chain([&key]).collect();
        self.keep(&all)?;
        Ok(key)
    }

    /// Leaves the key of this fingerprint in the file and no other. Says whether any other was there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn leave_only(&self, version: &str) -> Result<bool> {
        let keys = self.keys()?;
        let (stays, go): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.version() == version);
        if self.variable.is_some() || stays.is_empty() || go.is_empty() {
            return Ok(false);
        }
        self.keep(&stays)?;
        Ok(true)
    }

    fn keep(&self, keys: &[&RootKey]) -> Result<()> {
        let text: String = keys.iter().map(|key| format!("{}\n", key.to_text().expose())).collect();
        let text = Secret::from(text);
        write_private(&self.file, text.expose()).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn read(text: &Secret<str>) -> Result<Vec<RootKey>> {
    let words = text.expose().split_whitespace();
    let keys = words.map(|word| Ok(RootKey::from_text(&word.into())?)).collect::<Result<Vec<_>>>()?;
    anyhow::ensure!(!keys.is_empty(), "it is empty");
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn source(folder: &tempfile::TempDir) -> Source {
        Source { file: folder.path().join("root.key"), variable: None, transit: None }
    }

    #[test]
    fn keys_are_added_behind_the_others_and_taken_away_again() {
        let folder = tempfile::tempdir().unwrap();
        let source = source(&folder);
        assert!(source.keys().unwrap().is_empty());
        let (one, two) = (source.add().unwrap(), source.add().unwrap());
        let versions = || source.keys().unwrap().iter().map(RootKey::version).collect::<Vec<_>>();
        assert_eq!(versions(), [one.version(), two.version()]);
        assert_eq!(source.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(source.leave_only(&two.version()).unwrap());
        assert_eq!(versions(), [two.version()]);
        assert!(!source.leave_only(&two.version()).unwrap());
        assert!(!source.leave_only(&one.version()).unwrap(), "the only one must stay");
    }

    #[test]
    fn a_variable_is_read_and_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
        let both = format!("{} {}", one.to_text().expose(), two.to_text().expose());
        let source = Source { variable: Some(Arc::new(Secret::from(both))), ..source(&folder) };
        assert_eq!(source.keys().unwrap().len(), 2);
        assert!(source.add().unwrap_err().to_string().contains(ROOT_KEY));
        assert!(!source.leave_only(&two.version()).unwrap());
        assert!(!source.file.exists());
    }
}
