//! What a document says of the provider that it is of: its name, its address, how people sign in. It is only a beginning, for
//! the form that a developer looks at: nothing here decides where a credential goes.

use serde_json::{Value, json};
use url::Url;
use valetkey_domain::invisible::shown;
use valetkey_vendor::openapi::survey::Survey;

/// The most ways to sign in that are looked at, and that a provider has.
const MAX_LOOKED_AT: usize = 20;
const MAX_WAYS: usize = 5;
/// The most scopes that are taken over.
const MAX_SCOPES: usize = 100;

/// A provider to begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggested {
    /// Its name: letters, digits and blanks.
    pub name: String,
    /// Where its API is; empty if the document names no whole https address.
    pub url: String,
    /// How people sign in, as the API has it.
    pub patterns: Value,
}

pub(super) fn suggested(document: &Value, survey: &Survey) -> Result<Suggested, String> {
    let plain: String =
        survey.title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).take(100).collect();
    let is_address = |server: &&String| {
        !server.contains(['{', '}', '@', '?', '#'])
            && Url::parse(server).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
    };
    let schemes = document.pointer("/components/securitySchemes").and_then(Value::as_object);
    let mut patterns: Vec<Value> = Vec::new();
    for scheme in schemes.into_iter().flatten().take(MAX_LOOKED_AT).filter_map(|(_, scheme)| pattern(scheme)) {
        if patterns.len() < MAX_WAYS && patterns.iter().all(|known| known.get("type") != scheme.get("type")) {
            patterns.push(scheme);
        }
    }
    if patterns.is_empty() {
        patterns.push(json!({"type": "NO_AUTH", "display_name": "No sign-in"}));
    }
    Ok(Suggested {
        name: plain.split_whitespace().collect::<Vec<_>>().join(" "),
        url: survey.servers.iter().find(is_address).cloned().unwrap_or_default(),
        patterns: Value::Array(patterns),
    })
}

fn pattern(scheme: &Value) -> Option<Value> {
    let word = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
    let field = |name: &str, label: &str| json!({"field_name": name, "label": label, "input_type": "password", "required": true});
    match (word("type"), word("scheme").to_ascii_lowercase().as_str()) {
        ("http", "bearer") => {
            Some(json!({"type": "BEARER", "display_name": "Access token", "fields": [field("token", "Access token")]}))
        }
        ("http", "basic") => {
            let user = json!({"field_name": "username", "label": "User name", "required": true});
            Some(
                json!({"type": "BASIC", "display_name": "Name and password", "fields": [user, field("password", "Password")]}),
            )
        }
        ("apiKey", _) if word("in") == "header" => Some(json!({
            "type": "API_KEY", "display_name": "API key", "auth_header_key_override": shown(word("name"), 100),
            "fields": [field("api_key", "API key")],
        })),
        ("oauth2", _) => oauth(scheme),
        _ => None,
    }
}

fn oauth(scheme: &Value) -> Option<Value> {
    let flow = scheme.pointer("/flows/authorizationCode")?;
    let address = |key: &str| {
        let text = flow.get(key)?.as_str()?;
        Url::parse(text).is_ok_and(|url| url.scheme() == "https").then(|| shown(text, 2_000))
    };
    let scopes = flow.get("scopes").and_then(Value::as_object).into_iter().flatten().take(MAX_SCOPES);
    let scopes: Vec<Value> = scopes
        .map(|(scope, words)| {
            let words = shown(words.as_str().unwrap_or_default(), 200);
            json!({"scope": shown(scope, 200), "display_name": shown(scope, 200), "description": words})
        })
        .collect();
    Some(json!({"type": "OAUTH", "display_name": "Sign in", "oauth_config": {
        "authorize_uri": address("authorizationUrl")?, "token_uri": address("tokenUrl")?, "pkce_enabled": true,
        "available_scopes": scopes,
    }}))
}
