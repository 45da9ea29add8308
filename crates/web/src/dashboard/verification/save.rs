//! The form by which an owner says who has to confirm a sign-in.

use super::seen;
use crate::dashboard::pages::SettingsForm;
use crate::dashboard::settings;
use crate::dashboard::visit::{Answer, Fields, Posted, Visit};
use valetkey_app::Error;
use valetkey_app::tenancy::environments;
use valetkey_domain::environment::VerifyMode;
use valetkey_domain::member::Right;
use valetkey_domain::{Ctx, Kind};

/// Saves it. Who may say that anybody counts may let a stranger's account in, so it is an owner's to say.
pub(crate) async fn save(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::ManageMembers)?;
    match saved_by(&visit, &ctx, &form).await {
        Ok(()) => Ok(visit.go("/settings", "verification-saved")),
        Err(error) => settings::refused(&visit, SettingsForm::Verification, form, &error).await,
    }
}

async fn saved_by(visit: &Visit, ctx: &Ctx, form: &Fields) -> Result<(), Error> {
    let mode = form.text("mode");
    let mode = VerifyMode::named(mode).ok_or_else(|| Error::invalid(format!("there is no such way as '{mode}'")))?;
    let environment = &visit.environment;
    if form.text("seen").trim() != seen(environment).trim() {
        return Err(Error::new(Kind::Aborted, environments::CHANGED));
    }
    let chosen = (Some(mode), Some(form.text("url")));
    environments::verify_users_of(&visit.web.app, ctx, chosen, Some(environment)).await
}
