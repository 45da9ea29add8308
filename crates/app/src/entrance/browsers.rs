//! A person's browser, as far as a consent or a sign-in knows it: a secret in a cookie, and form tokens that only pages shown to
//! that browser hold. Nothing of either is stored here; an authorization keeps the secret's hash.

use crate::Result;
use valetkey_domain::Secret;
use valetkey_vault::{random, same, sha256};

/// The browser at which somebody signs in.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// What it calls itself.
    pub name: &'a str,
    /// Its secret, if it has one.
    pub secret: Option<&'a Secret<str>>,
    /// What it was given when its member signed in there before.
    pub mark: Option<&'a Secret<str>>,
}

impl<'a> Browser<'a> {
    /// One that nobody has seen before.
    #[must_use]
    pub fn stranger(name: &'a str) -> Self {
        Self { name, secret: None, mark: None }
    }
}

/// A secret for a browser that has none.
///
/// # Errors
/// The system has no randomness to give.
pub fn mint() -> Result<Secret<str>> {
    Ok(random::bearer("")?)
}

/// The token of one form (named by what it is about) on a page for this browser, in hexadecimal digits.
#[must_use]
pub fn form_token(browser: &Secret<str>, form: &str) -> String {
    hex::encode(token(browser, form))
}

/// Whether `given` came from that form on a page for this browser.
#[must_use]
pub fn owns_form(browser: &Secret<str>, form: &str, given: &str) -> bool {
    same(form_token(browser, form).as_bytes(), given.as_bytes())
}

/// Whether this is the cookie of the browser with that hash.
pub(crate) fn is_of(hash: &[u8; 32], browser: Option<&Secret<str>>) -> bool {
    browser.is_some_and(|cookie| same(&sha256(cookie.bytes()), hash))
}

/// The secret has 256 random bits, so a plain hash tells nothing about it; its length is fixed, so the form's name
/// can't run into it.
fn token(browser: &Secret<str>, form: &str) -> [u8; 32] {
    let text = Secret::from(format!("form token\0{}\0{form}", browser.expose()));
    sha256(text.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_browser_and_one_form() {
        let (one, other) = (mint().unwrap(), mint().unwrap());
        let token = form_token(&one, "link");
        assert!(owns_form(&one, "link", &token));
        assert!(!owns_form(&one, "another link", &token));
        assert!(!owns_form(&other, "link", &token));
        assert!(!owns_form(&one, "link", ""));
        assert!(!token.contains(one.expose()));
    }
}
