//! A client registered at an authorization server that takes everybody (RFC 7591).

use super::DiscoveryError;
use super::documents::{LIMITS, text};
use crate::Outbound;
use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};
use valetkey_domain::Secret;
use valetkey_domain::invisible::shown;

/// A client that was registered.
#[derive(Debug)]
pub struct Registered {
    /// Its id.
    pub client_id: String,
    /// Its secret, if it was given one.
    pub client_secret: Option<Secret<str>>,
    /// How it says who it is at the token endpoint, by the name of RFC 7591.
    pub client_auth: String,
}

/// A client that is asked for.
#[derive(Clone, Debug)]
pub struct ClientAsked<'a> {
    /// Where clients are registered.
    pub registration_url: &'a str,
    /// How clients may say who they are at the token endpoint; empty if the server doesn't say.
    pub client_auths: &'a [String],
    /// Its name.
    pub name: &'a str,
    /// Where people are sent back to.
    pub redirect_uri: &'a str,
}

/// Registers a client: a public one where the server takes such. It is asked once, over a connection of its own: of one that
/// was closed meanwhile nobody could tell whether the server has made a client.
///
/// # Errors
/// The server registers nobody, or not us; whether it may have all the same, [`DiscoveryError::may_have_registered`] says.
pub async fn register(outbound: &Outbound, asked: &ClientAsked<'_>) -> Result<Registered, DiscoveryError> {
    let auth = preferred(asked.client_auths);
    let metadata = json!({
        "client_name": asked.name,
        "redirect_uris": [asked.redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": auth,
        "application_type": "web",
    });
    let request = Request::post(asked.registration_url)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(Bytes::from(metadata.to_string()))
        .map_err(|why| DiscoveryError::unusable(why.to_string()))?;
    let answer = outbound.send_once_told(request, &LIMITS).await?;
    let status = answer.status();
    let body = valetkey_domain::json::parse(answer.body()).unwrap_or_default();
    let members = body.as_object().cloned().unwrap_or_default();
    if status.is_success() {
        return read(&members, auth);
    }
    let said = text(&members, "error_description").or_else(|| text(&members, "error")).unwrap_or_default();
    let said = shown(&said, 200);
    let why = format!("the authorization server registered no client (status {}) {said}", status.as_u16());
    Err(if status.is_server_error() { DiscoveryError::Uncertain(why) } else { DiscoveryError::Unusable(why) })
}

fn read(members: &Map<String, Value>, asked: &str) -> Result<Registered, DiscoveryError> {
    let client_id = text(members, "client_id")
        .ok_or_else(|| DiscoveryError::Uncertain("the registered client has no id".to_owned()))?;
    let client_secret = text(members, "client_secret").map(|secret| Secret::from(secret.as_str()));
    let given = text(members, "token_endpoint_auth_method").unwrap_or_else(|| asked.to_owned());
    // Some give a secret and say nothing of it: then it is used as they take it by default.
    let client_auth = match (given.as_str(), &client_secret) {
        ("client_secret_post" | "client_secret_basic", Some(_)) => given,
        _ => "none".to_owned(),
    };
    Ok(Registered { client_id, client_secret, client_auth })
}

/// The way that costs least: no secret at all, else one in the form.
fn preferred(auths: &[String]) -> &'static str {
    let takes = |auth: &str| auths.iter().any(|one| one == auth);
    match () {
        () if auths.is_empty() || takes("none") => "none",
        () if takes("client_secret_post") => "client_secret_post",
        () => "client_secret_basic",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_what_the_server_made_of_it() {
        let of = |body: Value, asked| {
            let made = read(body.as_object().unwrap(), asked).unwrap();
            (made.client_secret.is_some(), made.client_auth)
        };
        assert_eq!(of(json!({"client_id": "a"}), "none"), (false, "none".to_owned()));
        let secret =
            json!({"client_id": "a", "client_secret": "s", "token_endpoint_auth_method": "client_secret_post"});
        assert_eq!(of(secret, "none"), (true, "client_secret_post".to_owned()));
        assert_eq!(
            of(json!({"client_id": "a", "client_secret": "s"}), "client_secret_basic"),
            (true, "client_secret_basic".to_owned())
        );
        assert_eq!(of(json!({"client_id": "a"}), "client_secret_post"), (false, "none".to_owned()));
        assert!(read(json!({}).as_object().unwrap(), "none").is_err());
        assert_eq!(preferred(&["client_secret_basic".into(), "client_secret_post".into()]), "client_secret_post");
    }
}
