//! Whether an app says, before a sign-in counts, that the person who signed in is its user.

use super::pages::{SettingsForm, Verification};
use super::settings;
use super::visit::{Answer, Fields, Posted, Visit};
use valetkey_app::Error;
use valetkey_app::tenancy::environments;
use valetkey_domain::Kind;
use valetkey_domain::environment::{Environment, VerifyMode};
use valetkey_domain::member::Right;

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

/// Saves it. Who may say that anybody counts may let a stranger's account in, so it is an owner's to say.
pub(crate) async fn save(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::ManageMembers)?;
    match saved_by(&visit, &ctx, &form).await {
        Ok(()) => Ok(visit.go("/settings", "verification-saved")),
        Err(error) => settings::refused(&visit, SettingsForm::Verification, form, &error).await,
    }
}

async fn saved_by(visit: &Visit, ctx: &valetkey_domain::Ctx, form: &Fields) -> Result<(), Error> {
    let mode = form.text("mode");
    let mode = VerifyMode::named(mode).ok_or_else(|| Error::invalid(format!("there is no such way as '{mode}'")))?;
    let environment = &visit.environment;
    if form.text("seen").trim() != seen(environment).trim() {
        return Err(Error::new(Kind::Aborted, environments::CHANGED));
    }
    let chosen = (Some(mode), Some(form.text("url")));
    environments::verify_users_of(&visit.web.app, ctx, chosen, Some(environment)).await
}
