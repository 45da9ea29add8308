//! A connection's OAuth client as a document that authorization servers fetch (OAuth client id metadata documents): its
//! address is the client's id, so nobody has to register it and no secret goes with it.

use crate::App;
use serde_json::{Value, json};
use valetkey_domain::id::ConnectionId;

use super::endpoints::on_this_machine;

/// What clients are called.
pub(super) const NAME: &str = "Valetkey";

/// The address of a connection's document; none where others can't fetch one from this server.
pub(super) fn address(app: &App, id: &ConnectionId) -> Option<String> {
    let public = &app.core.settings.public_url;
    let reachable = public.scheme() == "https" && !on_this_machine(public);
    reachable.then(|| app.core.settings.public(&format!("/sso/v1/oauth/{id}/client.json")))
}

/// The document of a connection's client, whether or not there is such a connection: it says nothing but where people are
/// sent back to. None where it could be fetched by nobody.
#[must_use]
pub fn client_document(app: &App, id: &ConnectionId) -> Option<Value> {
    let address = address(app, id)?;
    Some(json!({
        "client_id": address,
        "client_name": NAME,
        "client_uri": app.core.settings.public("/"),
        "redirect_uris": [super::redirect_uri(app, id)],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "web",
    }))
}
