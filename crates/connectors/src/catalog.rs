//! All connectors: those that are shipped, compiled when one is first asked for, and those that were added.

use crate::connector::{Connector, Tool};
use crate::error::Error;
use crate::lint::Author;
use crate::made::{compiled, of_file};
use crate::own::{Digests, Own};
use crate::own_files::OwnFiles;
use crate::remote;
use crate::shipped::{SHIPPED, Shipped};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use valetkey_domain::nearest;

/// The connectors of this server. A start only lists the shipped ones; those of a user's own may change while it runs.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
    own: Arc<RwLock<Arc<Own>>>,
}

#[derive(Debug)]
struct Entry {
    slug: String,
    connector: OnceLock<Option<Arc<Connector>>>,
    text: Text,
}

/// A shipped connector that is not compiled yet.
#[derive(Clone, Copy, Debug)]
enum Text {
    File(&'static Shipped),
    /// A document of the remote servers.
    Remote(&'static str),
}

impl Catalog {
    /// The shipped connectors, none of them compiled yet.
    ///
    /// # Errors
    /// Two of them have one name.
    pub fn shipped() -> Result<Self, Error> {
        let mut catalog = Self { entries: Vec::new(), own: Arc::default() };
        for shipped in SHIPPED {
            catalog.free(shipped.file_name, shipped.slug)?;
            catalog.entries.push(Entry::shipped(shipped.slug, Text::File(shipped)));
        }
        for (slug, document) in remote::documents() {
            catalog.free(slug, slug)?;
            catalog.entries.push(Entry::shipped(slug, Text::Remote(document)));
        }
        Ok(catalog)
    }

    /// Adds a connector file of a user's own. It passes the same check as the shipped ones, and may name no native. One
    /// that repeats a shipped connector is that one under its name.
    ///
    /// # Errors
    /// It cannot be read, something that it says is wrong, or its name is taken.
    pub fn add(&mut self, file_name: &str, text: &str) -> Result<(), Error> {
        let connector = of_file(file_name, text, &Digests::new(), Author::User)?;
        self.free(file_name, &connector.slug)?;
        let own = self.own().with(file_name, text, connector);
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(own);
        Ok(())
    }

    /// The hand that changes what is in service of a user's own files, for whoever puts the catalogue to use; who only
    /// reads it never has it.
    pub fn own_files(&mut self) -> OwnFiles {
        OwnFiles::new(Arc::clone(&self.own))
    }

    /// Another number whenever other connectors are in service: what was made of all of them is then made anew.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.own().revision()
    }

    fn own(&self) -> Arc<Own> {
        Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One of a user's own.
    fn own_where(&self, fits: impl Fn(&Connector) -> bool) -> Option<Arc<Connector>> {
        self.own().connectors().find(|connector| fits(connector)).cloned()
    }

    /// The connector of this name.
    #[must_use]
    pub fn connector(&self, slug: &str) -> Option<Arc<Connector>> {
        let shipped = self.entries.iter().find(|entry| entry.slug == slug);
        shipped.map_or_else(|| self.own_where(|connector| connector.slug == slug), Entry::get)
    }

    /// The connector of a provider's name in the API, `GMAIL`.
    #[must_use]
    pub fn by_provider(&self, provider: &str) -> Option<Arc<Connector>> {
        let shipped = self.entries.iter().find(|entry| entry.slug.eq_ignore_ascii_case(provider));
        shipped.map_or_else(|| self.own_where(|one| one.slug.eq_ignore_ascii_case(provider)), Entry::get)
    }

    /// The tool of this name and its connector. Names begin with their connector's, so only that one is compiled.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<(Arc<Connector>, Arc<Tool>)> {
        self.owners(name).into_iter().find_map(|connector| {
            let tool = Arc::clone(connector.tools.get(name)?);
            Some((connector, tool))
        })
    }

    /// The remote server that a tool's name begins with, the longest where it begins with several, if it is the name of one
    /// of its tools at all.
    #[must_use]
    pub fn remote_of(&self, name: &str) -> Option<Arc<Connector>> {
        let remote = self.owners(name).into_iter().filter(|one| one.remote.is_some());
        remote.max_by_key(|connector| connector.slug.len())
    }

    /// The connectors whose tools' names may begin like this.
    fn owners(&self, name: &str) -> Vec<Arc<Connector>> {
        let owns = |slug: &str| name.strip_prefix(slug).is_some_and(|rest| rest.starts_with('_'));
        let shipped = self.entries.iter().filter(|entry| owns(&entry.slug)).filter_map(Entry::get);
        shipped.chain(self.own().connectors().filter(|connector| owns(&connector.slug)).cloned()).collect()
    }

    /// The tool that a wrong name was probably meant to be.
    #[must_use]
    pub fn nearest_tool(&self, name: &str) -> Option<String> {
        let connectors: Vec<_> = self.connectors().collect();
        let names = connectors.iter().flat_map(|connector| connector.tools.keys());
        nearest(name, names.map(String::as_str)).map(str::to_owned)
    }

    /// The connector that a wrong name was probably meant to be.
    #[must_use]
    pub fn nearest_connector(&self, slug: &str) -> Option<String> {
        let own = self.own();
        let own = own.connectors().map(|connector| connector.slug.as_str());
        nearest(slug, self.entries.iter().map(|entry| entry.slug.as_str()).chain(own)).map(str::to_owned)
    }

    /// All connectors; compiles those that were not asked for yet.
    pub fn connectors(&self) -> impl Iterator<Item = Arc<Connector>> + '_ {
        let own: Vec<_> = self.own().connectors().cloned().collect();
        self.entries.iter().filter_map(Entry::get).chain(own)
    }

    /// Whether all shipped connectors were asked for by now.
    #[must_use]
    pub fn is_compiled(&self) -> bool {
        self.entries.iter().all(|entry| entry.connector.get().is_some())
    }

    fn free(&self, file: &str, slug: &str) -> Result<(), Error> {
        // Provider names are compared without case, so slugs are too.
        let own = self.own_where(|connector| connector.slug.eq_ignore_ascii_case(slug)).is_some();
        if own || self.entries.iter().any(|entry| entry.slug.eq_ignore_ascii_case(slug)) {
            return Err(Error::Taken { file: file.to_owned(), slug: slug.to_owned() });
        }
        Ok(())
    }
}

impl Entry {
    fn shipped(slug: &str, text: Text) -> Self {
        Self { slug: slug.to_owned(), connector: OnceLock::new(), text }
    }

    /// A test compiles every shipped file, so that none is ever missing here.
    fn get(&self) -> Option<Arc<Connector>> {
        let made = || match self.text {
            Text::File(shipped) => compiled(shipped).ok().map(Arc::new),
            Text::Remote(document) => {
                let file = remote::read(&self.slug, document).ok()?;
                remote::compiled(&self.slug, file).ok().map(Arc::new)
            }
        };
        self.connector.get_or_init(made).clone()
    }
}
