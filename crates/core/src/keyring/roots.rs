//! The roots at hand: each can open the data keys that it wrapped; one of them, which the database names, wraps new ones.
//! More than one is there while the root is being changed.

use super::transit::Transit;
use crate::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use valetkey_domain::Kind;
use valetkey_vault::transit::root_of;
use valetkey_vault::{DataKey, RootKey, Wrapped};

/// One root.
#[derive(Debug)]
pub enum Root {
    /// A key in this process's memory.
    Key(RootKey),
    /// A key in a KMS.
    Transit(Box<Transit>),
}

impl Root {
    /// What names it: a fingerprint, or `transit:MOUNT/KEY`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Key(key) => key.version(),
            Self::Transit(transit) => transit.name(),
        }
    }

    /// The version under which it wraps now. For a KMS the number counts.
    pub(super) async fn newest(&self) -> Result<String> {
        match self {
            Self::Key(key) => Ok(key.version()),
            Self::Transit(transit) => transit.newest().await,
        }
    }

    async fn wrap(&self, key: &DataKey) -> Result<Wrapped> {
        match self {
            Self::Key(root) => Ok(root.wrap(key)?),
            Self::Transit(transit) => transit.wrap(key).await,
        }
    }

    async fn unwrap(&self, wrapped: &Wrapped) -> Result<DataKey> {
        match self {
            Self::Key(root) => root.unwrap(wrapped).map_err(refused),
            Self::Transit(transit) => transit.unwrap(wrapped).await,
        }
    }
}

/// The roots at hand. The first one wraps in a database that names none yet.
#[derive(Debug)]
pub struct Roots {
    held: RwLock<Vec<Arc<Root>>>,
    trouble: Mutex<Option<String>>,
}

impl From<RootKey> for Roots {
    fn from(key: RootKey) -> Self {
        Self::new(vec![Root::Key(key)])
    }
}

impl Roots {
    /// These.
    #[must_use]
    pub fn new(roots: Vec<Root>) -> Self {
        Self { held: RwLock::new(roots.into_iter().map(Arc::new).collect()), trouble: Mutex::default() }
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.all().iter().map(|root| root.name()).collect()
    }

    /// Takes one more, unless it is there.
    pub(super) fn learn(&self, root: Root) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.iter().all(|there| there.name() != root.name()) {
            held.push(Arc::new(root));
        }
    }

    /// The root of this name or version.
    ///
    /// # Errors
    /// It is not here; both are named.
    pub(super) fn named(&self, version: &str) -> Result<Arc<Root>> {
        let name = root_of(version);
        let found = self.all().into_iter().find(|root| root.name() == name);
        found.ok_or_else(|| {
            let given = self.names().join(", ");
            refused(valetkey_vault::Error::WrongRootKey { sealed_under: name.to_owned(), given })
        })
    }

    /// Wraps a data key under the root of this name.
    ///
    /// # Errors
    /// It is not here, or its KMS does not.
    pub(super) async fn wrap(&self, root: &str, key: &DataKey) -> Result<Wrapped> {
        let done = self.named(root)?.wrap(key).await;
        self.note(done)
    }

    /// Opens a data key.
    ///
    /// # Errors
    /// Its root is not here, its KMS does not, or it is damaged.
    pub(super) async fn unwrap(&self, wrapped: &Wrapped) -> Result<DataKey> {
        let done = self.named(&wrapped.root_version)?.unwrap(wrapped).await;
        self.note(done)
    }

    /// Why keys could not be had when last asked for; none if they could.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note<T>(&self, done: Result<T>) -> Result<T> {
        let why = done.as_ref().err().filter(|error| error.kind() != Kind::Internal);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = why.map(|error| error.message().to_owned());
        done
    }

    fn all(&self) -> Vec<Arc<Root>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The operator must be able to read which root key is wanted; everything else is for the log.
fn refused(error: valetkey_vault::Error) -> Error {
    match error.kind() {
        Kind::FailedPrecondition => Error::new(Kind::FailedPrecondition, error.to_string()).because(error),
        _ => error.into(),
    }
}
