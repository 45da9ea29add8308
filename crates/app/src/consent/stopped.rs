//! Why a consent does not go on: what a page says then, and what the person can do.

use crate::Error;
use valetkey_domain::brand::Brand;
use valetkey_domain::name::{ConnectionName, Identifier};

/// What a consent is about, for the person who holds its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The kind of app, as people call it.
    pub connector: String,
    /// The connection's name.
    pub connection: ConnectionName,
    /// Who asks: what people call the environment.
    pub app: String,
    /// How that looks.
    pub brand: Brand,
    /// The app's name for the user.
    pub identifier: Identifier,
}

/// A consent that does not go on. Nothing was changed by it.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Stopped {
    /// Why.
    pub why: StopReason,
    /// What it is about; none where the caller has not shown a right to know.
    pub about: Option<Box<About>>,
}

/// The reasons, each with what to do.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// There is no such link.
    #[error("there is no such link: check that it is whole, or ask the app for a new one")]
    LinkUnknown,
    /// The link is too old.
    #[error("this link has expired: ask the app for a new one")]
    LinkExpired,
    /// The link has led to a sign-in.
    #[error("this link has done its work: ask the app for a new one if something has to change")]
    LinkUsed,
    /// The connection is switched off or lacks something; the text says what.
    #[error("{0}")]
    Unready(String),
    /// Nobody waits for this answer: no `state`, one that was never given, or one of a start that was repeated.
    #[error("nobody waits for this answer: open the link again")]
    StrayAnswer,
    /// The answer came before and was used.
    #[error("this answer was used before, and counts once: open the link again if the account isn't connected")]
    Replayed,
    /// The answer came to another connection's address.
    #[error("this answer belongs to another connection: open the link again")]
    OtherConnection,
    /// The answer came to a browser that did not start this.
    #[error("this sign-in was begun in another browser: go on there, or open the link in this one")]
    OtherBrowser,
    /// Another browser has started with the link and may still finish.
    #[error(
        "signing in with this link was begun in another browser: go on there, or ask the app for a new link and open it \
         here"
    )]
    StartedElsewhere,
    /// Only members of the dashboard may consent in this environment, and none is signed in in this browser.
    #[error("sign in to the dashboard in this browser first, then open the link again")]
    NotSignedIn,
    /// The answer came from another authorization server than was asked, or does not say from which.
    #[error("this answer doesn't come from the provider that was asked: open the link again")]
    OtherIssuer,
    /// The link is of another person's account, as far as this browser shows.
    #[error("this can only be answered in the browser in which the account was signed in")]
    OtherPerson,
    /// A link's form has had all its tries.
    #[error("too many tries with this link: ask the app for a new one")]
    TooManyTries,
    /// The provider's page was left open too long.
    #[error("signing in took too long: open the link again")]
    TimedOut,
    /// The exchange is still going on.
    #[error("the sign-in is being finished: reload in a few seconds")]
    Busy,
    /// A failure of ours.
    #[error(transparent)]
    Failed(Error),
}

impl From<StopReason> for Stopped {
    fn from(why: StopReason) -> Self {
        Self { why, about: None }
    }
}

impl<E: Into<Error>> From<E> for Stopped {
    fn from(error: E) -> Self {
        StopReason::Failed(error.into()).into()
    }
}

impl Stopped {
    /// The same for somebody who may know what it is about.
    pub(super) fn about(self, about: About) -> Self {
        Self { about: Some(Box::new(about)), ..self }
    }
}
