//! Environments: everything else belongs to exactly one.

use crate::Timestamp;
use crate::brand::Brand;
use crate::id::EnvironmentId;

/// The isolation boundary. A first start makes one, `development`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// What the operator calls it; unique.
    pub name: String,
    /// What the app's users read as the app's name on the consent pages, if it was given one.
    pub display_name: Option<String>,
    /// Whether apps confirm who signed in; none if nobody chose, which is no.
    pub user_verify_mode: Option<VerifyMode>,
    /// Where people go to be confirmed, unless a link says otherwise.
    pub user_verify_url: Option<String>,
    /// How the app looks there.
    pub brand: Brand,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether an app says, before a sign-in counts, that the person who signed in is its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyMode {
    /// Whoever has a link can sign in with it.
    None,
    /// The app says so for each sign-in (`B2B` in the API).
    App,
    /// Only who is signed in to the dashboard can sign in with a link (`SCALEKIT_PLATFORM` in the API): for developers who
    /// try their own connections.
    Platform,
}

impl VerifyMode {
    /// The word in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::App => "b2b",
            Self::Platform => "scalekit_platform",
        }
    }

    /// The mode of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::None, Self::App, Self::Platform].into_iter().find(|mode| mode.as_str() == word)
    }
}

impl Environment {
    /// What people who consent read: the display name, else the name.
    #[must_use]
    pub fn label(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.name)
    }
}
