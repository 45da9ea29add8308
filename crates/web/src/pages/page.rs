//! What every page has.

use http::StatusCode;
use serde::Serialize;
use url::Url;

/// One kind of page.
pub(crate) trait Page: Serialize + Sized {
    /// Its template's name.
    const TEMPLATE: &'static str;

    /// Whether it is there in every language; what only the people who run the server see is in English.
    const TRANSLATED: bool = true;

    /// Examples with names, one for each way in which it can look different.
    fn samples() -> Vec<(String, Self)>;

    /// The HTTP status it comes with.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    /// Whether it loads the dashboard's script, without which it works too.
    fn has_script(&self) -> bool {
        false
    }

    /// Whether it has a form, which leads to ourselves.
    fn has_form(&self) -> bool {
        false
    }

    /// After how many seconds the browser asks for the same page again.
    fn again_in(&self) -> Option<u32> {
        None
    }

    /// The address that the browser goes on to by itself.
    fn goes_on_to(&self) -> Option<&Url> {
        None
    }
}
