//! A resource, and the authorization server that gives tokens for it.

use super::DiscoveryError;
use super::challenge::{self, Challenge};
use super::documents::{LIMITS, fetch, inserted, text, texts};
use crate::Outbound;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::{Map, Value};
use url::Url;
use valetkey_domain::invisible::shown;

/// How many authorization servers of one resource are looked at.
const MOST_SERVERS: usize = 3;
/// The header of a session's id.
const SESSION: &str = "mcp-session-id";
/// What is sent to hear the challenge: an opening that every server knows, and that changes nothing.
const OPENING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"valetkey","version":"0"}}}"#;
/// What is asked after it, where the opening is open to everybody; and where the server does not know this opening.
const LISTING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}"#;
const MODERN_LISTING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"valetkey","version":"0"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;
/// The scope by which an authorization server gives refresh tokens.
const OFFLINE: &str = "offline_access";

/// What a resource says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What tokens are asked for (RFC 8707).
    pub identifier: String,
    /// What is to be asked for; empty if it doesn't say.
    pub scopes: Vec<String>,
    servers: Vec<Url>,
}

/// What an authorization server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationServer {
    /// Its name.
    pub issuer: String,
    /// Where people sign in.
    pub authorize_url: String,
    /// Where tokens are had.
    pub token_url: String,
    /// Where they are revoked.
    pub revoke_url: Option<String>,
    /// Where clients are registered.
    pub registration_url: Option<String>,
    /// Where it is asked who a token is of (OpenID Connect).
    pub userinfo_url: Option<String>,
    /// How clients may say who they are at the token endpoint; empty if it doesn't say.
    pub client_auths: Vec<String>,
    /// Whether a client's id may be the address of a document about it.
    pub takes_metadata_documents: bool,
    /// Whether every answer of the authorization endpoint names the issuer (RFC 9207).
    pub promises_issuer: bool,
    /// Whether refresh tokens are had by asking for them.
    pub offline_scope: bool,
}

/// Finds out how people sign in at the resource at this address.
///
/// # Errors
/// It was not found out, and why.
pub async fn discover(outbound: &Outbound, at: &Url) -> Result<(Resource, AuthorizationServer), DiscoveryError> {
    let resource = resource(outbound, at).await?;
    let mut why = DiscoveryError::unusable("the server names no authorization server");
    for issuer in resource.servers.iter().take(MOST_SERVERS) {
        match authorization_server(outbound, issuer).await {
            Ok(server) => return Ok((resource, server)),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// The resource's own document: where its challenge says, else at the well-known addresses. One that has none is, as in the
/// protocol's first revisions, its own authorization server.
async fn resource(outbound: &Outbound, at: &Url) -> Result<Resource, DiscoveryError> {
    let challenge = challenged(outbound, at).await?;
    let named = challenge.metadata.as_deref().and_then(|url| Url::parse(url).ok());
    let mut origin = at.clone();
    origin.set_path("/");
    let well_known = [at, &origin].map(|of| inserted(of, "oauth-protected-resource"));
    let asked: Vec<String> =
        challenge.scope.iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect();
    for url in named.into_iter().chain(well_known) {
        let Some(document) = fetch(outbound, &url).await? else { continue };
        let Some(identifier) = own_name(&document, at) else {
            let said = text(&document, "resource").unwrap_or_default();
            let said = shown(&said, 200);
            return Err(DiscoveryError::unusable(format!(
                "the server's document speaks for another resource ('{said}')"
            )));
        };
        let scopes = if asked.is_empty() { texts(&document, "scopes_supported") } else { asked };
        let servers = texts(&document, "authorization_servers").iter().filter_map(|url| Url::parse(url).ok()).collect();
        return Ok(Resource { identifier, scopes, servers });
    }
    let identifier = at.as_str().trim_end_matches('/').to_owned();
    Ok(Resource { identifier, scopes: asked, servers: vec![origin] })
}

/// What the server says to who has no credential; nothing if it lets everybody in, or says nothing of it. Some let everybody
/// open them, and want a credential for what follows.
async fn challenged(outbound: &Outbound, at: &Url) -> Result<Challenge, DiscoveryError> {
    let opened = ask(outbound, at, OPENING, HeaderMap::new()).await?;
    if opened.status() == StatusCode::UNAUTHORIZED {
        return Ok(challenge::of(opened.headers()));
    }
    let mut also = HeaderMap::new();
    let listing = if opened.status().is_success() {
        also.extend(opened.headers().get(SESSION).map(|session| (HeaderName::from_static(SESSION), session.clone())));
        LISTING
    } else {
        also.insert("mcp-protocol-version", HeaderValue::from_static("2026-07-28"));
        also.insert("mcp-method", HeaderValue::from_static("tools/list"));
        MODERN_LISTING
    };
    let listed = ask(outbound, at, listing, also).await;
    let challenge = listed.ok().filter(|listed| listed.status() == StatusCode::UNAUTHORIZED);
    Ok(challenge.map(|listed| challenge::of(listed.headers())).unwrap_or_default())
}

async fn ask(
    outbound: &Outbound,
    at: &Url,
    message: &'static str,
    also: HeaderMap,
) -> Result<Response<Bytes>, DiscoveryError> {
    let mut request = Request::post(at.as_str())
        .header(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(Bytes::from_static(message.as_bytes()))
        .map_err(|why| DiscoveryError::unusable(why.to_string()))?;
    request.headers_mut().extend(also);
    Ok(outbound.send_told(request, &LIMITS).await?)
}

/// The resource that a document speaks for, if that is the one at this address or one that it lies under (RFC 9728 §3.3).
fn own_name(document: &Map<String, Value>, at: &Url) -> Option<String> {
    let named = text(document, "resource")?;
    let url = Url::parse(&named).ok()?;
    let path = url.path().trim_end_matches('/');
    let rest = at.path().strip_prefix(path)?;
    let above = rest.is_empty() || rest.starts_with('/');
    (url.origin() == at.origin() && above && url.fragment().is_none()).then_some(named)
}

/// What the authorization server of this name says of itself.
///
/// # Errors
/// It says nothing, or something that can't be used.
pub async fn issuer(outbound: &Outbound, named: &Url) -> Result<AuthorizationServer, DiscoveryError> {
    authorization_server(outbound, named).await
}

/// The document of an issuer, which has to be in its own name.
async fn authorization_server(outbound: &Outbound, issuer: &Url) -> Result<AuthorizationServer, DiscoveryError> {
    let mut appended = issuer.clone();
    appended.set_path(&format!("{}/.well-known/openid-configuration", issuer.path().trim_end_matches('/')));
    let places = [inserted(issuer, "oauth-authorization-server"), inserted(issuer, "openid-configuration"), appended];
    for url in &places {
        let Some(document) = fetch(outbound, url).await? else { continue };
        return read(&document, issuer);
    }
    let host = issuer.host_str().unwrap_or_default();
    Err(DiscoveryError::unusable(format!("the authorization server at '{host}' says nothing of itself")))
}

fn read(document: &Map<String, Value>, asked: &Url) -> Result<AuthorizationServer, DiscoveryError> {
    let host = asked.host_str().unwrap_or_default();
    let issuer = text(document, "issuer").unwrap_or_default();
    if issuer.trim_end_matches('/') != asked.as_str().trim_end_matches('/') {
        return Err(DiscoveryError::unusable(format!(
            "the document of the authorization server at '{host}' is another's"
        )));
    }
    let endpoint = |name: &str| {
        let url = text(document, name).and_then(|url| Url::parse(&url).ok())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let secure = url.scheme() == "https" || url.scheme() == "http" && url.origin() == asked.origin();
        (plain && secure).then(|| url.to_string())
    };
    let missing = |name: &str| DiscoveryError::unusable(format!("the authorization server at '{host}' has no {name}"));
    let methods = texts(document, "code_challenge_methods_supported");
    if !methods.is_empty() && !methods.iter().any(|method| method == "S256") {
        return Err(missing("proof keys by SHA-256 (PKCE)"));
    }
    let is = |name: &str| document.get(name) == Some(&Value::Bool(true));
    Ok(AuthorizationServer {
        issuer,
        authorize_url: endpoint("authorization_endpoint").ok_or_else(|| missing("authorization_endpoint"))?,
        token_url: endpoint("token_endpoint").ok_or_else(|| missing("token_endpoint"))?,
        revoke_url: endpoint("revocation_endpoint"),
        registration_url: endpoint("registration_endpoint"),
        userinfo_url: endpoint("userinfo_endpoint"),
        client_auths: texts(document, "token_endpoint_auth_methods_supported"),
        takes_metadata_documents: is("client_id_metadata_document_supported"),
        promises_issuer: is("authorization_response_iss_parameter_supported"),
        offline_scope: texts(document, "scopes_supported").iter().any(|scope| scope == OFFLINE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn attack_32_documents_speak_for_themselves_only() {
        let names = |resource: &str, at: &str| own_name(json!({ "resource": resource }).as_object().unwrap(), &url(at));
        for at in ["https://a.example/mcp", "https://a.example/mcp/x"] {
            assert!(names("https://a.example/mcp", at).is_some() && names("https://a.example/", at).is_some());
        }
        for other in [
            "https://b.example/mcp",
            "http://a.example/mcp",
            "https://a.example/mc",
            "https://a.example/mcp/y",
            "nonsense",
        ] {
            assert_eq!(names(other, "https://a.example/mcp"), None, "{other}");
        }
        let server = |change: Value| {
            let mut document = json!({"issuer": "https://as.example", "authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t"});
            document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            read(document.as_object().unwrap(), &url("https://as.example/"))
        };
        assert!(server(json!({})).is_ok());
        for change in [
            json!({"issuer": "https://evil.example"}),
            json!({"token_endpoint": "http://as.example/t"}),
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            json!({"code_challenge_methods_supported": ["plain"]}),
        ] {
            assert!(server(change.clone()).is_err(), "{change}");
        }
    }

    #[test]
    fn well_known_names_stand_between_host_and_path() {
        assert_eq!(inserted(&url("https://a.example/t/1?x=1"), "n").as_str(), "https://a.example/.well-known/n/t/1");
        assert_eq!(inserted(&url("https://a.example"), "n").as_str(), "https://a.example/.well-known/n");
    }
}
