//! The way from our button to the provider. A redirect would be shorter, but browsers hold every redirect that follows a
//! form against the form's policy, and a provider may redirect to hosts that nobody knows beforehand.

use super::page::Page;
use serde::Serialize;
use url::Url;

/// A page that is left at once.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Leave {
    /// The host that the browser goes on to.
    pub(crate) provider: String,
    /// The address there: for a browser that doesn't go by itself.
    pub(crate) address: Url,
}

impl Page for Leave {
    const TEMPLATE: &'static str = "leave.html";

    fn samples() -> Vec<(String, Self)> {
        let address = Url::parse("https://accounts.google.com/o/oauth2/v2/auth?client_id=a&state=b");
        let sample = |address| Self { provider: "accounts.google.com".into(), address };
        address.into_iter().map(|address| ("leave".to_owned(), sample(address))).collect()
    }

    fn goes_on_to(&self) -> Option<&Url> {
        Some(&self.address)
    }
}
