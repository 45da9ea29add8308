//! The OpenID provider at which an environment's users sign in for their agents. It is the operator's to name, in the settings
//! file: who may edit configs can neither point people at another one nor read its client's secret.

use crate::{App, Error, Result, SignOn};
use std::sync::Arc;
use valetkey_domain::environment::Environment;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::environments;

/// The provider, and the environment that it is of.
///
/// # Errors
/// `FAILED_PRECONDITION` if the settings name none.
pub(super) async fn provider(app: &App, ctx: &Ctx) -> Result<(Arc<SignOn>, Environment)> {
    let environment = environments::get(&mut app.core.store.glance().await?, &ctx.environment).await?;
    let environment = environment.ok_or_else(|| Error::not_found("environment", &ctx.environment))?;
    match app.core.settings.user_sign_in.get(&environment.name) {
        Some(on) => Ok((Arc::clone(on), environment)),
        None => {
            let name = &environment.name;
            let message = format!(
                "nothing says where the users of environment '{name}' sign in: [user_sign_in.{name}] in valetkey.toml does"
            );
            Err(Error::new(Kind::FailedPrecondition, message))
        }
    }
}
