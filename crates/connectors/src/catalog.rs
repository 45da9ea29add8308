//! All connectors: those that are shipped, compiled when one is first asked for, and those that were added.

use crate::connector::{Connector, Tool};
use crate::error::{Error, Problem};
use crate::file::File;
use crate::file::read::{Either, either};
use crate::lint::{self, Author};
use crate::remote;
use crate::shipped::{SHIPPED, Shipped, original};
use crate::{alias, compile};
use std::sync::{Arc, OnceLock};
use valetkey_domain::nearest;
use valetkey_vendor::Digest;

/// The connectors of this server. A start only lists them.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    slug: String,
    connector: OnceLock<Option<Arc<Connector>>>,
    shipped: Option<Text>,
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
        let mut catalog = Self { entries: Vec::new() };
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
        let connector = if is_remote(text) {
            remote::compiled(file_name, remote::read(file_name, text)?)?
        } else {
            self.of_file(file_name, text)?
        };
        self.free(file_name, &connector.slug)?;
        let slug = connector.slug.clone();
        let entry = Entry { slug, connector: OnceLock::from(Some(Arc::new(connector))), shipped: None };
        self.entries.push(entry);
        Ok(())
    }

    /// The connector of a file that is no remote server's.
    fn of_file(&self, file_name: &str, text: &str) -> Result<Connector, Error> {
        match either(file_name, text)? {
            Either::Whole(file) => {
                self.free(file_name, &file.connector)?;
                checked(file_name, &file, &[], Author::User)
            }
            Either::Alias(alias) => {
                self.free(file_name, &alias.connector)?;
                let (shipped, original) = original(file_name, &alias.alias_of)?;
                // Its tools are ours, natives and all, and so is what is demanded of it.
                checked(file_name, &alias::whole(*alias, original), &digests_of(shipped)?, Author::Us)
            }
        }
    }

    /// The connector of this name.
    #[must_use]
    pub fn connector(&self, slug: &str) -> Option<Arc<Connector>> {
        self.entries.iter().find(|entry| entry.slug == slug)?.get()
    }

    /// The connector of a provider's name in the API, `GMAIL`.
    #[must_use]
    pub fn by_provider(&self, provider: &str) -> Option<Arc<Connector>> {
        self.entries.iter().find(|entry| entry.slug.eq_ignore_ascii_case(provider))?.get()
    }

    /// The tool of this name and its connector. Names begin with their connector's, so only that one is compiled.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<(Arc<Connector>, Arc<Tool>)> {
        let owns = |entry: &&Entry| name.strip_prefix(entry.slug.as_str()).is_some_and(|rest| rest.starts_with('_'));
        self.entries.iter().filter(owns).find_map(|entry| {
            let connector = entry.get()?;
            let tool = Arc::clone(connector.tools.get(name)?);
            Some((connector, tool))
        })
    }

    /// The remote server that a tool's name begins with, the longest where it begins with several, if it is the name of one
    /// of its tools at all.
    #[must_use]
    pub fn remote_of(&self, name: &str) -> Option<Arc<Connector>> {
        let owns = |entry: &&Entry| name.strip_prefix(entry.slug.as_str()).is_some_and(|rest| rest.starts_with('_'));
        let remote = { self.entries.iter().filter(owns) }.filter_map(Entry::get).filter(|one| one.remote.is_some());
        remote.max_by_key(|connector| connector.slug.len())
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
        nearest(slug, self.entries.iter().map(|entry| entry.slug.as_str())).map(str::to_owned)
    }

    /// All connectors; compiles those that were not asked for yet.
    pub fn connectors(&self) -> impl Iterator<Item = Arc<Connector>> + '_ {
        self.entries.iter().filter_map(Entry::get)
    }

    fn free(&self, file: &str, slug: &str) -> Result<(), Error> {
        // Provider names are compared without case, so slugs are too.
        if self.entries.iter().any(|entry| entry.slug.eq_ignore_ascii_case(slug)) {
            return Err(Error::Taken { file: file.to_owned(), slug: slug.to_owned() });
        }
        Ok(())
    }
}

impl Entry {
    fn shipped(slug: &str, text: Text) -> Self {
        Self { slug: slug.to_owned(), connector: OnceLock::new(), shipped: Some(text) }
    }

    /// A test compiles every shipped file, so that none is ever missing here.
    fn get(&self) -> Option<Arc<Connector>> {
        let made = || match self.shipped? {
            Text::File(shipped) => compiled(shipped).ok().map(Arc::new),
            Text::Remote(document) => {
                let file = remote::read(&self.slug, document).ok()?;
                remote::compiled(&self.slug, file).ok().map(Arc::new)
            }
        };
        self.connector.get_or_init(made).clone()
    }
}

/// Whether a file of a user's own is of a remote server: a line of its own says so.
fn is_remote(text: &str) -> bool {
    text.lines().any(|line| line.strip_prefix("upstream:").is_some_and(|kind| kind.trim() == "mcp"))
}

/// Compiles a shipped file. It passed the check when it was built, which is not repeated at every start.
pub(crate) fn compiled(shipped: &Shipped) -> Result<Connector, Error> {
    let wrong = |problem| Error::Wrong { file: shipped.file_name.to_owned(), problems: vec![problem] };
    compile::connector(&shipped.file()?, &digests_of(shipped)?).map_err(wrong)
}

fn digests_of(shipped: &Shipped) -> Result<Vec<Digest>, Error> {
    shipped.described().map_err(|error| {
        let problem = Problem { at: "description".to_owned(), why: error.to_string() };
        Error::Wrong { file: shipped.file_name.to_owned(), problems: vec![problem] }
    })
}

/// Checks a file and compiles it.
pub(crate) fn checked(file_name: &str, file: &File, digests: &[Digest], author: Author) -> Result<Connector, Error> {
    let problems = lint::check(file, digests, author);
    if !problems.is_empty() {
        return Err(Error::Wrong { file: file_name.to_owned(), problems });
    }
    let wrong = |problem| Error::Wrong { file: file_name.to_owned(), problems: vec![problem] };
    compile::connector(file, digests).map_err(wrong)
}
