//! A credential in a request.

use crate::connections::Wired;
use crate::credentials::opened::Opened;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Request, Uri};
use url::form_urlencoded;
use valetkey_connectors::{Sent, Slot, Template};
use valetkey_domain::Secret;

/// A secret that is shorter says nothing where it is found.
const SHORTEST: usize = 4;

/// Puts a credential into a request, in the places of its connection's way to sign in. What stood there before goes.
/// Nothing that shows headers shows it.
///
/// # Errors
/// It is no header value.
pub(crate) fn present<B>(request: &mut Request<B>, wired: &Wired, credential: &Opened) -> Result<()> {
    for sends in wired.way().sends() {
        let Some(value) = written(&sends.value, wired, credential) else { continue };
        match &sends.slot {
            Slot::Header(name) => {
                let mut value = HeaderValue::try_from(value.expose())
                    .map_err(|_| Error::internal("the stored credential is no header value"))?;
                value.set_sensitive(true);
                request.headers_mut().insert(name.clone(), value);
            }
            Slot::Query(name) => *request.uri_mut() = with_pair(request.uri(), name, &value)?,
        }
    }
    Ok(())
}

/// Every secret of a credential as [`present`] sends it, to be looked for in what comes back.
pub(crate) fn sent(wired: &Wired, credential: &Opened) -> Vec<Secret<str>> {
    let hidden = |name: &str| wired.way().fields().iter().all(|field| field.name != name || field.secret);
    let mut all = vec![credential.access_token.copy()];
    for sends in wired.way().sends() {
        let templates: Vec<&Template> = match &sends.value {
            Sent::Text(text) => vec![text],
            Sent::Basic(username, password) => vec![username, password],
        };
        let names: Vec<&str> = templates.iter().flat_map(|template| template.names()).collect();
        all.extend(
            names.iter().filter(|name| hidden(name)).filter_map(|name| value_of(credential, name)).map(Secret::from),
        );
        if let (Sent::Basic(..), Some(header)) = (&sends.value, written(&sends.value, wired, credential)) {
            all.push(Secret::from(header.expose().trim_start_matches("Basic ")));
        }
    }
    all.retain(|secret| secret.expose().len() >= SHORTEST);
    all
}

fn value_of<'a>(credential: &'a Opened, name: &str) -> Option<&'a str> {
    let token = Some(&credential.access_token).filter(|token| name == "access_token" && !token.expose().is_empty());
    token.or_else(|| credential.typed.get(name)).map(Secret::expose)
}

/// What stands at a place; none where a field that it needs was left out and nothing stands in for it.
fn written(value: &Sent, wired: &Wired, credential: &Opened) -> Option<Secret<str>> {
    match value {
        Sent::Text(text) => text.fill(|name| value_or_default(wired, credential, name)).map(Secret::from),
        Sent::Basic(username, password) => {
            let value = |name: &str| Some(value_or_default(wired, credential, name).unwrap_or_default());
            let pair = Secret::from(format!("{}:{}", username.fill(value)?, password.fill(value)?));
            Some(Secret::from(format!("Basic {}", STANDARD.encode(pair.bytes()))))
        }
    }
}

fn value_or_default<'a>(wired: &'a Wired, credential: &'a Opened, name: &str) -> Option<&'a str> {
    let field = || wired.way().fields().iter().find(|field| field.name == name);
    value_of(credential, name).or_else(|| field()?.default.as_deref())
}

/// An address with one pair in its query, and no other of that name.
fn with_pair(uri: &Uri, name: &str, value: &Secret<str>) -> Result<Uri> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let others = pairs.filter(|pair| form_urlencoded::parse(pair.as_bytes()).next().is_none_or(|(key, _)| key != name));
    let mut query = others.collect::<Vec<_>>().join("&");
    if !query.is_empty() {
        query.push('&');
    }
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    query.push_str(&format!("{}={}", encode(name), encode(value.expose())));
    let mut parts = uri.clone().into_parts();
    let path_and_query = format!("{}?{query}", uri.path()).parse();
    parts.path_and_query = Some(path_and_query.map_err(|_| Error::internal("the credential makes no address"))?);
    Uri::from_parts(parts).map_err(|_| Error::internal("the credential makes no address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::typed::Typed;
    use std::sync::Arc;
    use valetkey_connectors::Catalog;

    /// A connection whose way to sign in is this.
    async fn wired(way: &str) -> Wired {
        let fixture = crate::fixture::fixture("{rotates: true}").await;
        let (before, after) = crate::fixture::FILE.split_once("auth:").unwrap();
        let (_, after) = after.split_once("default_scopes:").unwrap();
        let file = format!("{before}auth:\n  - {way}\ndefault_scopes:{after}");
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add("acme.yaml", &file).unwrap();
        Wired::with(Arc::clone(&catalog.connector("acme").unwrap()), fixture.connection)
    }

    fn opened(token: &str, typed: &[(&str, &str)]) -> Opened {
        let typed: Typed = typed.iter().map(|(name, value)| ((*name).to_owned(), Secret::from(*value))).collect();
        Opened { access_token: Secret::from(token), typed, generation: 1 }
    }

    async fn presented(way: &str, credential: &Opened) -> (String, Request<()>, Vec<String>) {
        let wired = wired(way).await;
        let mut request = Request::get("https://api.acme.example/x?a=1&key=theirs&a=2").body(()).unwrap();
        request.headers_mut().insert("authorization", "Bearer the caller's".parse().unwrap());
        present(&mut request, &wired, credential).unwrap();
        assert!(
            request.headers().values().all(|value| value.is_sensitive() || value.as_bytes().ends_with(b"caller's"))
        );
        let sent = sent(&wired, credential).iter().map(|secret| secret.expose().to_owned()).collect();
        (request.uri().to_string(), request, sent)
    }

    fn header<'a>(request: &'a Request<()>, name: &str) -> &'a str {
        request.headers()[name].to_str().unwrap()
    }

    #[tokio::test]
    async fn each_kind_stands_where_its_app_looks_for_it() {
        let key = opened("", &[("api_key", "k 1&/")]);
        let way = "{kind: api_key, fields: {api_key: {label: Key}}, send: {query.key: '{api_key}', header.X-Key: 'Token {api_key}'}}";
        let (uri, request, sent) = presented(way, &key).await;
        assert_eq!(uri, "https://api.acme.example/x?a=1&a=2&key=k+1%26%2F", "what the caller put there is gone");
        assert_eq!(header(&request, "x-key"), "Token k 1&/");
        assert!(sent.contains(&"k 1&/".to_owned()));

        let (_, request, sent) =
            presented("{kind: bearer, fields: {token: {label: Token}}}", &opened("", &[("token", "tok-1")])).await;
        assert_eq!(header(&request, "authorization"), "Bearer tok-1");
        assert_eq!(sent, ["tok-1"]);

        let basic = "{kind: basic, username: '{email}/token', password: '{api_token}', fields: {email: {label: E-mail, secret: false}, api_token: {label: Token}}}";
        let (_, request, sent) = presented(basic, &opened("", &[("email", "a@b.c"), ("api_token", "pass")])).await;
        assert_eq!(header(&request, "authorization"), "Basic YUBiLmMvdG9rZW46cGFzcw==");
        assert_eq!(sent, ["pass", "YUBiLmMvdG9rZW46cGFzcw=="], "an address isn't taken out of answers");

        let fixed = "{kind: basic, username: '{api_key}', password: X, fields: {api_key: {label: Key}}}";
        let (_, request, _) = presented(fixed, &opened("", &[("api_key", "k1")])).await;
        assert_eq!(header(&request, "authorization"), "Basic azE6WA==");

        let minted = "{kind: client_credentials, token_url: 'https://login.acme.example/token', send: {header.X-Access: '{access_token}'}}";
        let (_, request, _) = presented(minted, &opened("at-1", &[])).await;
        assert_eq!((header(&request, "x-access"), header(&request, "authorization")), ("at-1", "Bearer the caller's"));
    }

    #[tokio::test]
    async fn what_was_left_out_is_not_sent() {
        let way = "{kind: api_key, fields: {api_key: {label: Key}, app: {label: App, required: false}}, send: {header.X-Key: '{api_key}', header.X-App: '{app}'}}";
        let (_, request, _) = presented(way, &opened("", &[("api_key", "key-1")])).await;
        assert!(request.headers().contains_key("x-key") && !request.headers().contains_key("x-app"));
    }
}
