//! The lab as its host holds it: opened, served on two listeners, told of clients.

use crate::file::StateFile;
use crate::pages::Pages;
use crate::state::{Client, State};
use crate::{Error, Person, digests, random, seed};
use jiff::SignedDuration;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;
use valetkey_domain::{Clock, Timestamp};
use valetkey_vendor::Digest;

/// A provider lab. Clones are handles on the same lab.
#[derive(Clone)]
pub struct Lab(Arc<Inner>);

struct Inner {
    state: Mutex<CountedState>,
    /// The number of the change that the file holds; its lock is held while the file is written.
    saved: Mutex<u64>,
    file: Option<StateFile>,
    clock: Arc<dyn Clock>,
    base_url: String,
    people: Vec<Person>,
    digests: Vec<Digest>,
    pages: Pages,
}

struct CountedState {
    state: State,
    /// How many changes there were since the start.
    changes: u64,
}

impl Lab {
    /// Opens a lab: its state comes from `file` if that is there, else from the seed for `people`. Without a file the
    /// state lives in memory only. `base_url` is the origin (`http://127.0.0.1:8090`) under which [`Lab::router`] will
    /// be served; `clock` is the host's, from which the lab's own is an offset.
    ///
    /// # Errors
    /// The file cannot be read or written or is of another form, the URL is no origin, or the system gives no
    /// random bytes.
    pub fn open(
        file: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        base_url: &str,
        people: &[Person],
    ) -> Result<Self, Error> {
        let file = file.map(StateFile);
        let known = file.as_ref().map(StateFile::load).transpose()?.flatten();
        let fresh = known.is_none();
        let state = known.map_or_else(|| seed::state(people, clock.now()), Ok)?;
        let lab = Self(Arc::new(Inner {
            state: Mutex::new(CountedState { state, changes: u64::from(fresh) }),
            saved: Mutex::new(0),
            file,
            clock,
            base_url: origin(base_url)?,
            people: people.to_vec(),
            digests: digests::packed()?,
            pages: Pages::new()?,
        }));
        lab.save()?;
        Ok(lab)
    }

    /// Registers an OAuth client, or gives a known one this secret and these redirect URIs. Its grants stay.
    ///
    /// # Errors
    /// The state could not be saved.
    pub async fn register_client(&self, id: &str, secret: &str, redirect_uris: Vec<String>) -> Result<(), Error> {
        let client = Client { secret_digest: random::digest(secret), redirect_uris };
        self.change(|state, _| state.clients.insert(id.to_owned(), client)).await?;
        Ok(())
    }

    /// The origin under which the provider is reached, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(crate) fn digests(&self) -> &[Digest] {
        &self.0.digests
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.0.pages
    }

    /// Looks at the state, at the lab's own time.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State, Timestamp) -> T) -> T {
        let counted = self.lock();
        let now = self.now(&counted.state);
        look(&counted.state, now)
    }

    /// Looks at the state and changes only what is not saved (visits, failures, counts of calls).
    pub(crate) fn note<T>(&self, change: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let mut counted = self.lock();
        let now = self.now(&counted.state);
        change(&mut counted.state, now)
    }

    /// Changes the state, and returns when the change is in the file.
    pub(crate) async fn change<T>(&self, change: impl FnOnce(&mut State, Timestamp) -> T) -> Result<T, Error> {
        let result = {
            let mut counted = self.lock();
            counted.changes += 1;
            let now = self.now(&counted.state);
            change(&mut counted.state, now)
        };
        let lab = self.clone();
        match tokio::task::spawn_blocking(move || lab.save()).await {
            Ok(saved) => saved.map(|()| result),
            Err(_) => Err(Error::Packed("saving the state panicked".into())),
        }
    }

    /// Begins again from the seed. Clients, faults and the clock's offset go too.
    pub(crate) async fn reset(&self) -> Result<(), Error> {
        let fresh = seed::state(&self.0.people, self.0.clock.now())?;
        self.change(|state, _| *state = fresh).await
    }

    /// Writes the newest state unless another writer has done so since: changes that wait together cost one write.
    fn save(&self) -> Result<(), Error> {
        let Some(file) = &self.0.file else { return Ok(()) };
        let wanted = self.lock().changes;
        let mut saved = self.0.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if *saved >= wanted {
            return Ok(());
        }
        let (number, bytes) = {
            let counted = self.lock();
            (counted.changes, serde_json::to_vec(&counted.state))
        };
        file.save(&bytes.map_err(|error| Error::Packed(error.to_string()))?)?;
        *saved = number;
        Ok(())
    }

    /// A panic while the lock is held is a defect of the lab, and a lab that goes on shows more of it than one
    /// that stops: so a poisoned lock is taken all the same.
    fn lock(&self) -> MutexGuard<'_, CountedState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self, state: &State) -> Timestamp {
        let now = self.0.clock.now();
        now.checked_add(SignedDuration::from_millis(state.clock_offset)).unwrap_or(now)
    }
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab").field("base_url", &self.0.base_url).finish_non_exhaustive()
    }
}

fn origin(text: &str) -> Result<String, Error> {
    let wrong = || Error::BaseUrl(text.to_owned());
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}
