//! What the environment holds that nobody else may find there: taken out of it before anything else reads it.

use valetkey_domain::Secret;

/// The variable that holds the root key, when it comes from the environment.
pub(crate) const ROOT_KEY: &str = "VALETKEY_ROOT_KEY";

/// The variable that says where the database is.
const DATABASE: &str = "VALETKEY_DATABASE";

/// The variable that holds a credential to be tried, for `connector test --verify`.
const CREDENTIAL: &str = "VALETKEY_CREDENTIAL";

/// The secrets of the environment.
#[derive(Default)]
pub(crate) struct Secrets {
    /// The root key.
    pub(crate) root_key: Option<Secret<str>>,
    /// Where the database is: a URL has a password in it.
    pub(crate) database: Option<Secret<str>>,
    /// A credential to be tried.
    pub(crate) credential: Option<Secret<str>>,
}

impl Secrets {
    /// Takes them out of the environment, so that nothing which reads it later (an expression, a child process) finds
    /// them there. Called first in `main`, while its thread is the only one.
    pub(crate) fn take() -> Self {
        Self { root_key: take(ROOT_KEY), database: take(DATABASE), credential: take(CREDENTIAL) }
    }
}

#[expect(clippy::disallowed_methods, reason = "crates/server is where the environment is read")]
#[expect(unsafe_code, reason = "a variable cannot be removed otherwise")]
fn take(variable: &str) -> Option<Secret<str>> {
    let secret = std::env::var(variable).ok().map(Secret::from);
    // SAFETY: called first in `main`, while this thread is the only one, so nobody reads the environment meanwhile.
    unsafe { std::env::remove_var(variable) };
    secret
}
