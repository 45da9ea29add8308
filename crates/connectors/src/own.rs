//! Connector files of a user's own, as a folder has them. A change is taken file by file: what passes the check takes the
//! place of what the file said before; what does not leaves that in service, and is told.

use crate::connector::Connector;
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Texts of digests by the names of their files without `.json`: `calendar.v3`.
pub type Digests = BTreeMap<String, String>;

/// A folder, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Its connector files, each with what it is called in messages. Of two with one name the first has it.
    pub files: Vec<(String, String)>,
    /// The digests that lie beside them.
    pub digests: Digests,
}

/// What became of one file.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is in service as it is now.
    Taken {
        /// What it is called.
        file: String,
        /// The connector that it is.
        connector: String,
    },
    /// It is wrong.
    Refused {
        /// What it is called.
        file: String,
        /// What is wrong with it.
        why: Arc<Error>,
        /// The connector that stays in service as the file had it before, if it had one.
        kept: Option<String>,
    },
    /// It is gone, and its connector with it.
    Gone {
        /// What it was called.
        file: String,
        /// The connector that it was, if it was one.
        connector: Option<String>,
    },
}

/// One file.
#[derive(Clone, Debug)]
struct OwnFile {
    name: String,
    text: String,
    /// What is in service of it.
    connector: Option<Arc<Connector>>,
    /// Why what it says now is not.
    refused: Option<Arc<Error>>,
}

/// The files that are known, and what is in service of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    revision: u64,
    files: Vec<OwnFile>,
    digests: Digests,
}

impl Own {
    /// Another number whenever something else is in service.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    /// What is in service.
    pub(crate) fn connectors(&self) -> impl Iterator<Item = &Arc<Connector>> {
        self.files.iter().filter_map(|file| file.connector.as_ref())
    }

    /// How each file stands.
    pub(crate) fn standing(&self) -> Vec<Change> {
        self.files.iter().filter_map(OwnFile::standing).collect()
    }

    /// The same with one more file, which is known to be good and to have a name of its own.
    pub(crate) fn with(&self, name: &str, text: &str, connector: Connector) -> Self {
        let connector = Some(Arc::new(connector));
        let file = OwnFile { name: name.to_owned(), text: text.to_owned(), connector, refused: None };
        let files = self.files.iter().cloned().chain([file]).collect();
        Self { revision: self.revision + 1, files, digests: self.digests.clone() }
    }

    /// What becomes of all this when the folder is as it is now. `compile` makes a connector of a file.
    pub(crate) fn next(
        &self,
        folder: Folder,
        compile: impl Fn(&str, &str, &Digests) -> Result<Connector, Error>,
    ) -> (Self, Vec<Change>) {
        let fresh = self.digests != folder.digests;
        let read = folder.files.into_iter().map(|(name, text)| self.read(name, text, fresh, &folder.digests, &compile));
        let mut files: Vec<(OwnFile, Option<Arc<Connector>>)> = read.collect();
        // Who stays as it is keeps its name; the others get what is left, in their order.
        let standing = files.iter().filter(|(_, new)| new.is_none()).filter_map(|(file, _)| file.slug());
        let mut held: BTreeSet<String> = standing.collect();
        for (file, new) in &mut files {
            if let Some(new) = new.take() {
                file.replace(new, &mut held);
            }
        }
        let files: Vec<OwnFile> = files.into_iter().map(|(file, _)| file).collect();
        let changes = self.changes(&files);
        let same = self.served(&files);
        (Self { revision: self.revision + u64::from(!same), files, digests: folder.digests }, changes)
    }

    /// A file with what was in service of it, and the connector that it is now, where that has to be looked at.
    fn read(
        &self,
        name: String,
        text: String,
        fresh: bool,
        digests: &Digests,
        compile: impl Fn(&str, &str, &Digests) -> Result<Connector, Error>,
    ) -> (OwnFile, Option<Arc<Connector>>) {
        let before = self.file(&name);
        if let Some(before) = before.filter(|before| !fresh && before.text == text && before.refused.is_none()) {
            return (before.clone(), None);
        }
        let connector = before.and_then(|before| before.connector.clone());
        match compile(&name, &text, digests) {
            Ok(new) => (OwnFile { name, text, connector, refused: None }, Some(Arc::new(new))),
            Err(why) => (OwnFile { name, text, connector, refused: Some(Arc::new(why)) }, None),
        }
    }

    fn file(&self, name: &str) -> Option<&OwnFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// What differs from before, in words for those who look after it.
    fn changes(&self, files: &[OwnFile]) -> Vec<Change> {
        let differs = |file: &&OwnFile| self.file(&file.name).is_none_or(|before| !before.is(file));
        let now = files.iter().filter(differs).filter_map(OwnFile::standing);
        let gone = self.files.iter().filter(|before| files.iter().all(|file| file.name != before.name));
        let gone = gone.map(|before| Change::Gone { file: before.name.clone(), connector: before.slug() });
        now.chain(gone).collect()
    }

    /// Whether the same connectors are in service.
    fn served(&self, files: &[OwnFile]) -> bool {
        let now: Vec<_> = files.iter().filter_map(|file| file.connector.as_ref()).collect();
        let before: Vec<_> = self.connectors().collect();
        before.len() == now.len() && before.iter().zip(now).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl OwnFile {
    /// The name that it has in the catalogue, as names are compared.
    fn slug(&self) -> Option<String> {
        self.connector.as_ref().map(|connector| connector.slug.to_ascii_lowercase())
    }

    fn standing(&self) -> Option<Change> {
        let file = self.name.clone();
        match &self.refused {
            Some(why) => Some(Change::Refused { file, why: Arc::clone(why), kept: self.slug() }),
            None => self.slug().map(|connector| Change::Taken { file, connector }),
        }
    }

    /// Whether both say the same and stand the same.
    fn is(&self, other: &Self) -> bool {
        let words = |file: &Self| file.refused.as_ref().map(ToString::to_string);
        let served = |file: &Self| file.connector.as_ref().map(Arc::as_ptr);
        self.text == other.text && words(self) == words(other) && served(self) == served(other)
    }

    /// Puts the connector that it is now into service, if its name is to be had; else what was there before stays, if
    /// nobody has taken that name meanwhile.
    fn replace(&mut self, new: Arc<Connector>, held: &mut BTreeSet<String>) {
        let slug = new.slug.to_ascii_lowercase();
        if held.contains(&slug) {
            self.refused = Some(Arc::new(Error::Taken { file: self.name.clone(), slug }));
            self.connector = self.connector.take().filter(|kept| !held.contains(&kept.slug.to_ascii_lowercase()));
        } else {
            self.connector = Some(new);
        }
        held.extend(self.slug());
    }
}
