//! What a person typed into the form of a connection, or an app gave by API: the fields of a credential by name.

use std::collections::BTreeMap;
use valetkey_domain::Secret;

/// The fields of a credential by name. Nothing that shows it shows a value.
#[derive(Debug, Default)]
pub struct Typed(BTreeMap<String, Secret<str>>);

impl Typed {
    /// A field's value; none if it is missing or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret<str>> {
        self.0.get(name).filter(|value| !value.expose().is_empty())
    }

    /// All fields in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret<str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A second holder of the same.
    #[must_use]
    pub fn copy(&self) -> Self {
        self.iter().map(|(name, value)| (name.to_owned(), value.copy())).collect()
    }
}

impl FromIterator<(String, Secret<str>)> for Typed {
    fn from_iter<I: IntoIterator<Item = (String, Secret<str>)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
