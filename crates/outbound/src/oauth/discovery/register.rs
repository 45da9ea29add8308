//! A client registered at an authorization server that takes everybody (RFC 7591).

use super::documents::{LIMITS, text};
use super::{AuthorizationServer, DiscoveryError};
use crate::Outbound;
use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};
use valetkey_domain::Secret;

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

/// Registers a client of this name that is answered at `redirect_uri`: a public one where the server takes such.
///
/// # Errors
/// The server registers nobody, or not us.
pub async fn register(
    outbound: &Outbound,
    server: &AuthorizationServer,
    name: &str,
    redirect_uri: &str,
) -> Result<Registered, DiscoveryError> {
    let Some(url) = &server.registration_url else {
        return Err(DiscoveryError::unusable(
            "the authorization server registers no clients: give the connection a client",
        ));
    };
    let auth = preferred(&server.client_auths);
    let asked = json!({
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": auth,
        "application_type": "web",
    });
    let request = Request::post(url.as_str())
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(Bytes::from(asked.to_string()))
        .map_err(|why| DiscoveryError::unusable(why.to_string()))?;
    let answer = outbound.send_told(request, &LIMITS).await?;
    let status = answer.status().as_u16();
    let body = valetkey_domain::json::parse(answer.body()).unwrap_or_default();
    let members = body.as_object().cloned().unwrap_or_default();
    if !answer.status().is_success() {
        let said = text(&members, "error_description").or_else(|| text(&members, "error")).unwrap_or_default();
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(DiscoveryError::unusable(format!(
            "the authorization server registered no client (status {status}) {said}"
        )));
    }
    read(&members, auth)
}

fn read(members: &Map<String, Value>, asked: &str) -> Result<Registered, DiscoveryError> {
    let client_id =
        text(members, "client_id").ok_or_else(|| DiscoveryError::unusable("the registered client has no id"))?;
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
