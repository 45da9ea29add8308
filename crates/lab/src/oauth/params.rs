//! Parameters of OAuth requests: each at most once, none that the endpoint does not know, an empty one as absent.

use super::refusal::Refusal;
use crate::cite;
use std::collections::BTreeMap;

/// The parameters of one request.
#[derive(Debug)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a query or a form. `page` is the vendor's page that lists what the endpoint takes.
    pub(crate) fn read(encoded: &[u8], known: &[&str], page: &'static str) -> Result<Self, Refusal> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if !known.contains(&name.as_ref()) {
                let said = format!("Parameter not allowed for this message type: {name}");
                return Err(Refusal::new("invalid_request", page, said));
            }
            if params.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                let said = format!("OAuth 2 parameters can only have a single value: {name}");
                return Err(Refusal::new("invalid_request", cite::PARAMETER_ONCE, said));
            }
        }
        Ok(Self(params))
    }

    /// The value, if there is one and it is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of one that must be there.
    pub(crate) fn need(&self, name: &str, page: &'static str) -> Result<&str, Refusal> {
        let missing = || Refusal::new("invalid_request", page, format!("Missing required parameter: {name}"));
        self.get(name).ok_or_else(missing)
    }

    /// The value as one of these words, the first of which stands for an absent one.
    pub(crate) fn choice(
        &self,
        name: &str,
        words: &[&'static str],
        page: &'static str,
    ) -> Result<&'static str, Refusal> {
        let given = self.get(name).or_else(|| words.first().copied()).unwrap_or_default();
        let found = words.iter().copied().find(|word| *word == given);
        let said = || format!("Invalid parameter value for {name}: '{given}' is not one of {}", words.join(", "));
        found.ok_or_else(|| Refusal::new("invalid_request", page, said()))
    }
}
