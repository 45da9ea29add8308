//! Consent: a person lets the app use an account of theirs.
//!
//! ```text
//! link    the app gets an address whose token is derived under a key; only its hash is kept. While it has time left and
//!         nobody has begun with it, the same one is handed out again
//! open    a person (or a scanner, or a chat's preview) looks at our page: nothing happens
//! start   the page's button: bound to this browser, `state` and PKCE made, scopes chosen by the whitelists, off to the
//!         provider, ten minutes
//! callback the provider sends the browser back: state, browser, connection, issuer checked; one exchange, in a task
//!         of its own that nobody can cancel; tokens and outcome saved in one transaction
//! outcome what the same browser may read about it, as often as it likes
//! replace the word of a person who signed in as somebody else than before
//! submit  instead of start and callback, where a connection asks for a key: what was typed is tried at the app
//! approvals the person's word for one call, given in the browser in which the account was signed in
//! confirm the app's word that the person is its user, where the environment or the link wants it
//! member  who is signed in to the dashboard, where the environment wants that of whoever consents
//! ```
//!
//! A link may be started again until it has led to a sign-in: after a "no", a failure, the back button. Starting it
//! again forgets the earlier `state`: its provider page then leads nowhere. While the one who started may still finish,
//! that is for ten minutes or until it ended, another browser is refused and told to go on in the first one or to ask
//! for a new link, which is another one then: so at any time exactly one browser can finish what a link began, and what
//! it finishes is bound to it alone. The old credential serves until a new one is stored.
//!
//! Every stop is a [`Stopped`], and changes nothing. How a consent ended is an [`Outcome`].

pub mod approvals;
mod callback;
mod confirm;
pub(crate) mod discard;
mod exchange;
mod failed;
mod form;
pub(crate) mod interrupted;
mod issuer;
mod link;
mod links;
mod member;
mod outcome;
mod previous_token;
mod replace;
mod requested;
mod save;
mod scopes;
mod shown;
mod start;
mod stopped;
mod typed;
mod yours;

pub use callback::{Callback, callback};
pub use confirm::{Confirmed, confirm};
pub use form::{Form, FormField};
pub use link::{Opened, open};
pub use links::{Life, Link, LinkOptions, link, link_for, links_for};
pub use outcome::{ConsentReport, outcome};
pub use replace::replace;
pub(crate) use requested::requested_scopes;
pub use scopes::AskedScope;
pub(crate) use shown::ShownLinks;
pub use start::start;
pub use stopped::{About, StopReason, Stopped};
pub use typed::{Submitted, submit};
pub use valetkey_domain::authorization::Outcome;
pub use yours::{GivenAccount, YourConnection, Yours, withdraw, yours};

use std::time::Duration;

/// How long things are kept after their end: a reload of a page, and an operator who looks for yesterday's secret, still
/// find them.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests;
