//! API clients: what an app's SDK signs in with. A secret is shown once, on the page that answers the form.

use super::pages::{NewSecret, SettingsForm};
use super::settings::{self, After};
use super::visit::{Answer, Posted};
use axum::extract::Path;
use std::collections::HashMap;
use valetkey_app::Error;
use valetkey_app::tenancy::clients::{self, Issued, SECRETS_SCOPE};
use valetkey_domain::id::ClientId;
use valetkey_domain::member::Right;

/// Makes a client.
pub(crate) async fn create(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let scopes = if form.has("reads_secrets") { vec![SECRETS_SCOPE.to_owned()] } else { Vec::new() };
    match clients::create(&visit.web.app, &ctx, form.text("name"), scopes).await {
        Ok(issued) => settings::page(&visit, shown(&issued)).await,
        Err(error) => settings::refused(&visit, SettingsForm::Client, form, &error).await,
    }
}

/// Another secret, an end of the old ones, an end of all.
pub(crate) async fn change(Path(named): Path<HashMap<String, String>>, Posted { visit, .. }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let id = ClientId::parse(named.get("id").map_or("", String::as_str));
    let id = id.map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
    let app = &visit.web.app;
    match named.get("change").map(String::as_str) {
        Some("rotate") => {
            let issued = clients::rotate(app, &ctx, &id, None).await.map_err(|error| visit.fail(&error))?;
            settings::page(&visit, shown(&issued)).await
        }
        Some("expire") => {
            clients::expire(app, &ctx, &id).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go("/settings", "secrets-expired"))
        }
        Some("delete") => {
            clients::delete(app, &ctx, &id).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go("/settings", "client-deleted"))
        }
        _ => Err(visit.web.missing(&visit.asked)),
    }
}

fn shown(issued: &Issued) -> After {
    let secret = NewSecret {
        client_id: issued.client.id.to_string(),
        name: issued.client.name.clone(),
        client_secret: issued.secret.expose().to_owned(),
    };
    After { secret: Some(secret), ..After::default() }
}
