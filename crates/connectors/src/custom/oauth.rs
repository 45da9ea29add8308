//! OAuth as a pattern says it.

use super::address::{Address, single_braces};
use super::pattern::{OauthConfig, Pattern};
use super::place::problem;
use crate::error::Problem;
use crate::host::placeholders;
use crate::parameter_name::fits;
use url::Url;
use valetkey_domain::invisible::is_invisible;

/// The vendor's endpoint where a Google service account's key becomes tokens.
const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";

/// What OpenID Connect calls it that a client signs with a key of its own.
pub(super) const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// How many scopes a pattern names at most.
const SCOPES: usize = 200;

impl OauthConfig {
    /// The scopes that a connection asks for unless it says otherwise.
    pub(super) fn required_scopes(&self) -> impl Iterator<Item = String> {
        self.available_scopes.iter().filter(|one| one.required).map(|one| one.scope.clone())
    }

    /// What each scope allows, in words for people.
    pub(super) fn scope_words(&self) -> impl Iterator<Item = (String, String)> {
        self.available_scopes.iter().filter_map(|one| {
            let words = [&one.description, &one.display_name].into_iter().find(|text| !text.trim().is_empty())?;
            Some((one.scope.clone(), words.clone()))
        })
    }

    /// What the token endpoint calls the way in which the client names itself there, in the words of connector files.
    fn client_auth(&self, at: &str, signs: bool) -> Result<&'static str, Problem> {
        match self.token_endpoint_auth_method.as_str() {
            "" | "client_secret_post" => Ok("post"),
            "client_secret_basic" => Ok("basic"),
            "none" => Ok("none"),
            PRIVATE_KEY_JWT if signs => Ok("none"),
            other => {
                let shown: String = other.chars().take(40).collect();
                let why = format!(
                    "`{shown}` is none of client_secret_post, client_secret_basic, private_key_jwt (OAUTH_M2M) and none"
                );
                Err(problem(format!("{at}.oauth_config.token_endpoint_auth_method"), why))
            }
        }
    }
}

/// What stands in a connector file for an app where people sign in. An MCP server's endpoints are found when somebody
/// connects, so that they may be missing.
///
/// # Errors
/// What is missing or no web address.
pub(super) fn code_flow(at: &str, pattern: &Pattern, address: &Address) -> Result<serde_json::Value, Problem> {
    let Some(oauth) = &pattern.oauth_config else {
        return Err(problem(format!("{at}.oauth_config"), "is missing: OAUTH has authorize_uri and token_uri there"));
    };
    check_scopes(at, oauth)?;
    let ends = [("authorize_uri", &oauth.authorize_uri), ("token_uri", &oauth.token_uri)];
    let found = pattern.is_mcp && ends.iter().all(|(_, text)| text.is_empty());
    if found && !address.names.is_empty() {
        let why = "is missing: where each account has a server of its own, nobody can be asked where people sign in";
        return Err(problem(format!("{at}.oauth_config.authorize_uri"), why));
    }
    for (member, text) in ends.into_iter().filter(|_| !found) {
        endpoint(at, member, text)?;
    }
    let mut written = serde_json::json!({
        "kind": "oauth2",
        "authorize_url": oauth.authorize_uri,
        "token_url": oauth.token_uri,
        "token_client_auth": oauth.client_auth(at, false)?,
        "pkce": if oauth.pkce_enabled == Some(false) { "none" } else { "S256" },
        "scope_param": if oauth.custom_scope_name.is_empty() { "scope" } else { &oauth.custom_scope_name },
    });
    if !oauth.user_info_uri.is_empty() {
        endpoint(at, "user_info_uri", &oauth.user_info_uri)?;
        // What the identity answers of most apps call it.
        let identity = serde_json::json!({
            "method": "GET", "url": oauth.user_info_uri,
            "id": ".sub // .id // .user_id", "name": ".email // .login // .name",
        });
        if let Some(members) = written.as_object_mut() {
            members.insert("identity".to_owned(), identity);
        }
    }
    Ok(written)
}

/// The token endpoint and what else is known of it, for access tokens that come without a person.
///
/// # Errors
/// What is missing or no web address.
pub(super) fn minted(at: &str, pattern: &Pattern, kind: &str) -> Result<serde_json::Value, Problem> {
    let given = pattern.oauth_config.clone().unwrap_or_default();
    check_scopes(at, &given)?;
    let google = kind == "google_dwd" && given.token_uri.is_empty();
    let token_url = if google { GOOGLE_TOKENS } else { &given.token_uri };
    endpoint(at, "token_uri", token_url)?;
    let client_auth = given.client_auth(at, kind == "key_pair")?;
    Ok(serde_json::json!({ "kind": kind, "token_url": token_url, "token_client_auth": client_auth }))
}

fn check_scopes(at: &str, oauth: &OauthConfig) -> Result<(), Problem> {
    let place = format!("{at}.oauth_config.available_scopes");
    if oauth.available_scopes.len() > SCOPES {
        return Err(problem(place, format!("has more than {SCOPES} scopes")));
    }
    for (index, one) in oauth.available_scopes.iter().enumerate() {
        // RFC 6749 §3.3: what stands between two scopes is in none of them.
        let plain = one.scope.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\');
        if one.scope.is_empty() || one.scope.len() > 400 || !plain {
            return Err(problem(format!("{place}[{index}].scope"), "is 1 to 400 printable characters without blanks"));
        }
        let words = [&one.display_name, &one.description];
        if words.into_iter().any(|text| text.chars().count() > 500 || text.chars().any(is_invisible)) {
            return Err(problem(format!("{place}[{index}]"), "its words are one line of at most 500 characters each"));
        }
    }
    let name = &oauth.custom_scope_name;
    let plain = name.chars().all(fits) && name.len() <= 60;
    let ours = ["client_id", "redirect_uri", "response_type", "state", "code_challenge", "nonce"];
    if !plain || ours.contains(&name.as_str()) {
        let why = "is the name of a parameter: letters, digits, '_' and '-', and none that the server sets";
        return Err(problem(format!("{at}.oauth_config.custom_scope_name"), why));
    }
    Ok(())
}

fn endpoint(at: &str, member: &str, text: &str) -> Result<(), Problem> {
    let place = format!("{at}.oauth_config.{member}");
    if text.is_empty() {
        return Err(problem(place, "is missing"));
    }
    // What else an address with account fields may be is said in `endpoint`.
    let (single, _) = single_braces(text).map_err(|why| problem(&place, why))?;
    let wrong = "is not an https address without a user name or a fragment (http:// only on this machine)";
    let Ok(url) = Url::parse(&placeholders(&single)) else { return Err(problem(place, wrong)) };
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && here);
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let clean = text.len() <= 2048 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if scheme && plain && clean { Ok(()) } else { Err(problem(place, wrong)) }
}
