//! The authorization request: where a person's browser is sent (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core
//! §3.1.2.1).

use url::Url;
use valetkey_domain::Secret;

/// The scope that makes a request one of OpenID Connect.
const OPENID: &str = "openid";

/// Parameters that are ours to set, and one that would let one token serve several connections.
const OWN: [&str; 9] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "include_granted_scopes",
];

/// One authorization request.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// The authorization endpoint; parameters in its query stay, but for those that are set here.
    pub authorize_url: &'a str,
    /// The OAuth client.
    pub client_id: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// What is asked for.
    pub scopes: &'a [String],
    /// What stands between two scopes.
    pub scope_separator: &'a str,
    /// The parameter that the scopes are asked for in.
    pub scope_param: &'a str,
    /// What binds the answer to the request.
    pub state: &'a Secret<str>,
    /// PKCE's challenge, where the provider takes part.
    pub challenge: Option<&'a str>,
    /// What binds an ID token to the request; it is sent where one is asked for ([`sends_nonce`]).
    pub nonce: &'a Secret<str>,
    /// What the provider is also told.
    pub also: Vec<(&'a str, &'a str)>,
}

/// An authorization endpoint that no browser is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the authorize_url is no web address (https://…)")]
pub struct NoWebAddress;

/// Whether an ID token is asked for, and so a nonce sent: many servers refuse `openid` without one, and some refuse
/// parameters that they don't expect.
#[must_use]
pub fn sends_nonce(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope.split_whitespace().any(|word| word == OPENID))
}

/// The address that the browser is sent to.
///
/// # Errors
/// The endpoint is no web address: nothing else is opened in a person's browser.
pub fn authorization_url(asked: &AuthorizationRequest<'_>) -> Result<Url, NoWebAddress> {
    let mut url = Url::parse(asked.authorize_url).ok().filter(is_web).ok_or(NoWebAddress)?;
    let is_others = |name: &str| !OWN.contains(&name);
    let kept: Vec<(String, String)> =
        url.query_pairs().filter(|(name, _)| is_others(name)).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    url.set_query(None);
    url.set_fragment(None);
    let scope = asked.scopes.join(asked.scope_separator);
    let nonce = sends_nonce(asked.scopes).then(|| ("nonce", asked.nonce.expose()));
    let mut query = url.query_pairs_mut();
    query
        .extend_pairs(kept)
        .append_pair("response_type", "code")
        .append_pair("client_id", asked.client_id)
        .append_pair("redirect_uri", asked.redirect_uri)
        .append_pair("state", asked.state.expose())
        .extend_pairs((!scope.is_empty()).then_some((asked.scope_param, &scope)))
        .extend_pairs(nonce);
    if let Some(challenge) = asked.challenge {
        query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
    }
    query.extend_pairs(asked.also.iter().filter(|(name, _)| is_others(name)));
    drop(query);
    Ok(url)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http") && url.has_host()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn url(authorize_url: &str, scopes: &[&str], also: Vec<(&str, &str)>) -> Result<Url, NoWebAddress> {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        authorization_url(&AuthorizationRequest {
            authorize_url,
            client_id: "id",
            redirect_uri: "http://localhost/cb",
            scopes: &scopes,
            scope_separator: " ",
            scope_param: "scope",
            state: &Secret::from("s"),
            challenge: Some("c"),
            nonce: &Secret::from("n"),
            also,
        })
    }

    #[test]
    fn scopes_are_asked_for_in_the_providers_own_parameter() {
        let scopes = ["chat:write".to_owned(), "search:read".to_owned()];
        let asked = AuthorizationRequest {
            authorize_url: "https://p.example/a",
            client_id: "id",
            redirect_uri: "http://localhost/cb",
            scopes: &scopes,
            scope_separator: ",",
            scope_param: "user_scope",
            state: &Secret::from("s"),
            challenge: None,
            nonce: &Secret::from("n"),
            also: Vec::new(),
        };
        let query = query(&authorization_url(&asked).unwrap());
        assert_eq!(query.get("user_scope").map(String::as_str), Some("chat:write,search:read"));
        assert!(!query.contains_key("scope"));
    }

    fn query(url: &Url) -> BTreeMap<String, String> {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let query: BTreeMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(query.len(), pairs.len(), "a parameter stands twice: {url}");
        query
    }

    #[test]
    fn a_nonce_is_sent_with_openid_and_only_then() {
        let nonce = |scopes: &[&str]| query(&url("https://p.example/a", scopes, vec![]).unwrap()).remove("nonce");
        assert_eq!(nonce(&["read", "openid"]).as_deref(), Some("n"));
        assert_eq!(nonce(&["email openid"]).as_deref(), Some("n"), "two in one setting");
        for without in [&["read"][..], &["openid2", "myopenid"], &[]] {
            assert_eq!(nonce(without), None, "{without:?}");
        }
    }

    #[test]
    fn what_is_ours_to_set_is_set_once_and_by_nobody_else() {
        let own = vec![("nonce", "x"), ("state", "x"), ("include_granted_scopes", "true"), ("prompt", "consent")];
        let made = url("https://p.example/a?tenant=t%201&client_id=x&scope=x&nonce=x#f", &["openid"], own).unwrap();
        let query = query(&made);
        for (name, value) in
            [("nonce", "n"), ("state", "s"), ("client_id", "id"), ("scope", "openid"), ("tenant", "t 1")]
        {
            assert_eq!(query[name], value, "{made}");
        }
        assert_eq!((query["prompt"].as_str(), query["code_challenge_method"].as_str()), ("consent", "S256"));
        assert!(!query.contains_key("include_granted_scopes") && made.fragment().is_none(), "{made}");
    }

    #[test]
    fn attack_17_a_browser_is_sent_to_web_addresses_alone() {
        for odd in ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "/a", "mailto:x@y", ""] {
            assert_eq!(url(odd, &[], vec![]), Err(NoWebAddress), "{odd}");
        }
    }
}
