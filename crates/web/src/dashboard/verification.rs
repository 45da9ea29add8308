//! Whether an app says, before a sign-in counts, that the person who signed in is its user.

pub(super) mod save;

use super::pages::Verification;
use super::visit::{Fields, Visit};
use valetkey_domain::environment::{Environment, VerifyMode};

/// How it is.
pub(super) fn saved(visit: &Visit) -> Verification {
    let environment = &visit.environment;
    Verification {
        mode: environment.user_verify_mode.unwrap_or(VerifyMode::None).as_str().to_owned(),
        url: environment.user_verify_url.clone().unwrap_or_default(),
        seen: seen(environment),
    }
}

/// How it was chosen in a form.
pub(super) fn typed(visit: &Visit, form: &Fields) -> Verification {
    Verification { mode: form.text("mode").to_owned(), url: form.text("url").to_owned(), ..saved(visit) }
}

/// Which state a form was made from.
fn seen(environment: &Environment) -> String {
    let mode = environment.user_verify_mode.map_or("", VerifyMode::as_str);
    format!("{mode} {}", environment.user_verify_url.as_deref().unwrap_or_default())
}
