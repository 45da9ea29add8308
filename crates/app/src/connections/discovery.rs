//! What nobody said of signing in on a connection, found out from the app's own server when somebody signs in first: where
//! its authorization server is, and the client that is registered there. What is found is part of the connection from then
//! on, and its endpoints of what credentials are sealed for.

use super::client_document::{self, NAME};
use super::endpoints::origin;
use super::secret::{client_secret, seal_secret};
use super::wired::Wired;
use crate::{App, Error, Result};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use url::Url;
use valetkey_connectors::Discovery;
use valetkey_core::journal;
use valetkey_domain::connection::Found;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_outbound::oauth::{self, AuthorizationServer, DiscoveryError, Resource};
use valetkey_storage::connections as rows;

/// How long all of it may take.
const TIME: Duration = Duration::from_secs(30);
/// How long what was found is taken for what is.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// The scope by which an authorization server gives refresh tokens.
const OFFLINE: &str = "offline_access";

/// The connection with all that signing in on it needs.
///
/// # Errors
/// `FAILED_PRECONDITION`: it could not be found out, and why.
pub(crate) async fn discovered(app: &App, ctx: &Ctx, wired: Wired) -> Result<Wired> {
    let (Some(discovery), Some(remote)) = (wired.discovery(), &wired.connector.remote) else { return Ok(wired) };
    let server = remote.address(wired.connection.settings.api_base_url.as_deref());
    let fresh = |found: &Found| found.server == server && found.at + FRESH > app.core.now();
    if wired.found().is_some_and(fresh) {
        return Ok(wired);
    }
    let at = Url::parse(&server).map_err(|_| failed(&wired, "its server's address is none"))?;
    let finding = find(app, ctx, &wired, &at, discovery);
    let found = tokio::time::timeout(TIME, finding).await;
    match found.unwrap_or_else(|_| Err(failed(&wired, "its server took too long to say how people sign in"))) {
        Ok((found, secret)) => save(app, ctx, wired, found, secret).await,
        // What was found before may still hold.
        Err(error) if wired.found().is_some_and(|found| found.server == server) => {
            tracing::warn!(connection = %wired.connection.name, error = &error as &dyn std::error::Error, "not found out anew");
            Ok(wired)
        }
        Err(error) => Err(error),
    }
}

async fn find(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    at: &Url,
    discovery: Discovery,
) -> Result<(Found, Option<Secret<str>>)> {
    let outbound = app.core.outbound.of(&ctx.environment);
    let told = |error: DiscoveryError| failed(wired, &error.to_string());
    let (resource, server) = oauth::discover(&outbound, at).await.map_err(told)?;
    let own = wired.connection.settings.client_id.is_some();
    let mut found = unregistered(app, at, resource, &server);
    if let Some(before) = wired.found().filter(|before| same_client(before, &found)) {
        found.client_id.clone_from(&before.client_id);
        found.client_auth.clone_from(&before.client_auth);
        return Ok((found.clone(), secret_that_stays(app, wired, &found).await?));
    }
    if own || discovery == Discovery::Endpoints {
        let secret = secret_that_stays(app, wired, &found).await?;
        found.client_auth = own_auth(&server, secret.is_some()).to_owned();
        return Ok((found, secret));
    }
    if let Some(document) = client_document::address(app, &wired.connection.id).filter(|_| takes_document(&server)) {
        found.client_id = Some(document);
        return Ok((found, None));
    }
    let redirect_uri = super::redirect_uri(app, &wired.connection.id);
    let client = oauth::register(&outbound, &server, NAME, &redirect_uri).await.map_err(told)?;
    found.client_id = Some(client.client_id);
    found.client_auth = client.client_auth;
    Ok((found, client.client_secret))
}

fn unregistered(app: &App, at: &Url, resource: Resource, server: &AuthorizationServer) -> Found {
    let mut scopes = resource.scopes;
    if server.offline_scope && !scopes.iter().any(|scope| scope == OFFLINE) {
        scopes.push(OFFLINE.to_owned());
    }
    Found {
        server: at.to_string(),
        resource: resource.identifier,
        issuer: server.issuer.clone(),
        promises_issuer: server.promises_issuer,
        authorize_url: server.authorize_url.clone(),
        token_url: server.token_url.clone(),
        revoke_url: server.revoke_url.clone(),
        scopes,
        client_id: None,
        client_auth: "none".to_owned(),
        at: app.core.now(),
    }
}

/// The secret of a client that is kept. An app's server says who its authorization server is, and may say another one
/// tomorrow: the secret goes where it was found to go at first, and to nobody who is named later.
async fn secret_that_stays(app: &App, wired: &Wired, found: &Found) -> Result<Option<Secret<str>>> {
    let secret = client_secret(app, wired).await?;
    let gets_it = |found: &Found| -> BTreeSet<String> {
        [Some(&found.token_url), found.revoke_url.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|url| origin(url))
            .collect()
    };
    let moved = wired.found().is_some_and(|before| !gets_it(found).is_subset(&gets_it(before)));
    if secret.is_some() && moved {
        let why = format!(
            "its server names another authorization server by now, {}, and the client's secret was not given for that one",
            found.issuer
        );
        return Err(failed(wired, &why));
    }
    Ok(secret)
}

/// Whether a client can be its document there: such a one is public.
fn takes_document(server: &AuthorizationServer) -> bool {
    let public = server.client_auths.is_empty() || server.client_auths.iter().any(|auth| auth == "none");
    server.takes_metadata_documents && public
}

/// Whether a client that was registered before is one of the same server.
fn same_client(before: &Found, now: &Found) -> bool {
    before.client_id.is_some() && before.issuer == now.issuer && before.token_url == now.token_url
}

/// How a client of the app's own says who it is.
fn own_auth(server: &AuthorizationServer, has_secret: bool) -> &'static str {
    let takes = |auth: &str| server.client_auths.is_empty() || server.client_auths.iter().any(|one| one == auth);
    match (has_secret, takes("client_secret_post")) {
        (false, _) => "none",
        (true, true) => "client_secret_post",
        (true, false) => "client_secret_basic",
    }
}

/// Makes what was found part of the connection. If somebody else was faster, theirs is.
async fn save(app: &App, ctx: &Ctx, wired: Wired, found: Found, secret: Option<Secret<str>>) -> Result<Wired> {
    let mut connection = wired.connection.clone();
    let detail = journal::detail([("issuer", json!(found.issuer)), ("registered", json!(found.client_id.is_some()))]);
    connection.settings.found = Some(found);
    connection.updated_at = app.core.now();
    let mut new = Wired::with(wired.connector.clone(), connection);
    if secret.is_some() || new.connection.settings.client_id.is_none() {
        new.connection.client_secret = None;
    }
    seal_secret(app, &mut new, secret.as_ref()).await?;
    let mut change = app.core.change(ctx).await?;
    let saved = rows::update(ctx, &mut change, &new.connection).await?;
    if saved {
        let id = new.connection.id.as_str();
        change.record("connection.discovered", id, detail).await?.commit().await?;
    } else {
        drop(change);
    }
    let now = super::get(app, ctx, &new.connection.id).await?;
    let now = Wired::with(wired.connector, now);
    if now.found().is_some() {
        Ok(now)
    } else {
        Err(Error::new(Kind::Aborted, "the connection was changed meanwhile: try again"))
    }
}

fn failed(wired: &Wired, why: &str) -> Error {
    let (app, name) = (&wired.connector.display_name, &wired.connection.name);
    let message = format!(
        "it could not be found out how people sign in at {app} (connection '{name}'): {why}. Try again in a moment; if it \
         lasts, give the connection the endpoints and a client of its own"
    );
    Error::new(Kind::FailedPrecondition, message)
}
