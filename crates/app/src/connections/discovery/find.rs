//! Reads what an app's server and its authorization server say of signing in. Nothing is changed anywhere.

use super::failed::failed;
use crate::connections::client_document;
use crate::connections::endpoints::origin;
use crate::connections::secret::client_secret;
use crate::connections::wired::Wired;
use crate::{App, Result};
use std::collections::BTreeSet;
use url::Url;
use valetkey_connectors::Discovery;
use valetkey_domain::connection::Found;
use valetkey_domain::{Ctx, Secret};
use valetkey_outbound::oauth::{self, AuthorizationServer, DiscoveryError, Resource};

/// The scope by which an authorization server gives refresh tokens.
const OFFLINE: &str = "offline_access";

/// What was found.
pub(super) enum Read {
    /// All that signing in needs, with the secret of a client that is kept.
    Whole(Found, Option<Secret<str>>),
    /// All but a client, which is to be registered.
    Unregistered(Unregistered),
}

/// An authorization server at which a client is to be registered.
pub(super) struct Unregistered {
    pub(super) found: Found,
    pub(super) registration_url: String,
    pub(super) client_auths: Vec<String>,
}

/// What is said of signing in on the connection, by its server at this address.
pub(super) async fn read(app: &App, ctx: &Ctx, wired: &Wired, at: &Url, discovery: Discovery) -> Result<Read> {
    let outbound = app.core.outbound.of(&ctx.environment);
    let told = |error: DiscoveryError| failed(wired, &error.to_string());
    let (resource, server) = oauth::discover(&outbound, at).await.map_err(told)?;
    let own = wired.connection.settings.client_id.is_some();
    let mut found = unregistered(app, at, resource, &server);
    if let Some(before) = wired.found().filter(|before| same_client(before, &found)) {
        found.client_id.clone_from(&before.client_id);
        found.client_auth.clone_from(&before.client_auth);
        let secret = secret_that_stays(app, wired, &found).await?;
        return Ok(Read::Whole(found, secret));
    }
    if own || discovery == Discovery::Endpoints {
        let secret = secret_that_stays(app, wired, &found).await?;
        found.client_auth = own_auth(&server, secret.is_some()).to_owned();
        return Ok(Read::Whole(found, secret));
    }
    if let Some(document) = client_document::address(app, &wired.connection.id).filter(|_| takes_document(&server)) {
        found.client_id = Some(document);
        return Ok(Read::Whole(found, None));
    }
    let none = || failed(wired, "the authorization server registers no clients: give the connection a client");
    let registration_url = server.registration_url.ok_or_else(none)?;
    Ok(Read::Unregistered(Unregistered { found, registration_url, client_auths: server.client_auths }))
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
