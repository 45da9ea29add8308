//! What every page has.

use http::StatusCode;
use serde::Serialize;
use url::Url;

/// A look that a browser takes by itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Again {
    /// After how many seconds.
    pub(crate) seconds: u32,
    /// The query to look with. It ends the looking: each such page is looked at for so long and no longer, for a look keeps
    /// somebody signed in.
    pub(crate) query: String,
}

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

    /// When and where the browser looks again by itself.
    fn again(&self) -> Option<&Again> {
        None
    }

    /// The address that the browser goes on to by itself.
    fn goes_on_to(&self) -> Option<&Url> {
        None
    }
}
