//! How a connector of a file signs in, in the words that custom providers are described in: what lists of providers show.

use crate::auth::{Auth, Field, Minted, OAuth2};
use crate::connector::Connector;
use crate::file::{AuthKind, Pkce, SentAs};
use serde_json::{Value, json};

impl Connector {
    /// Its ways to sign in as patterns of authentication.
    #[must_use]
    pub fn auth_patterns(&self) -> Value {
        self.ways.iter().map(|way| pattern(self, way)).collect()
    }

    /// Where its API is, with account fields as `{{name}}`.
    #[must_use]
    pub fn shown_proxy_url(&self) -> String {
        if let Some(remote) = &self.remote {
            return remote.shown();
        }
        self.proxy_url.replace('{', "{{").replace('}', "}}")
    }
}

fn pattern(connector: &Connector, way: &Auth) -> Value {
    let (kind, name) = match way.kind() {
        AuthKind::OAuth2 => ("OAUTH", "OAuth 2.0"),
        AuthKind::ApiKey => ("API_KEY", "API key"),
        AuthKind::Bearer => ("BEARER", "Bearer token"),
        AuthKind::Basic => ("BASIC", "Basic auth"),
        AuthKind::ClientCredentials => ("OAUTH_M2M", "Client credentials"),
        AuthKind::ServiceAccount => ("OAUTH_M2M", "Service account"),
        AuthKind::GoogleDwd => ("GOOGLE_DWD", "Domain wide delegation"),
        AuthKind::KeyPair => ("OAUTH_M2M", "Key pair"),
        AuthKind::None => ("NO_AUTH", "No authentication"),
    };
    let mut pattern = json!({ "type": kind, "display_name": name, "fields": fields(way.fields()) });
    if !connector.account_fields.is_empty() {
        set(&mut pattern, "account_fields", fields(&connector.account_fields));
    }
    if connector.remote.is_some() {
        set(&mut pattern, "is_mcp", json!(true));
    }
    let oauth = match way {
        Auth::OAuth2(oauth) => Some(code_flow(connector, oauth)),
        Auth::Minted(minted) => Some(token_endpoint(connector, minted)),
        Auth::Static(_) | Auth::None => None,
    };
    if let Some(oauth) = oauth {
        set(&mut pattern, "oauth_config", oauth);
    }
    pattern
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

fn fields(fields: &[Field]) -> Value {
    let one = |field: &Field| {
        let input = match (field.secret, field.options.is_empty()) {
            (true, _) => "password",
            (false, true) => "text",
            (false, false) => "select",
        };
        let mut shown =
            json!({ "field_name": field.name, "label": field.label, "input_type": input, "required": field.required });
        if let Some(hint) = &field.hint {
            set(&mut shown, "hint", json!(hint));
        }
        if !field.options.is_empty() {
            let option = |value: &String| json!({ "value": value, "display_name": value });
            set(&mut shown, "options", field.options.iter().map(option).collect::<Value>());
        }
        shown
    };
    fields.iter().map(one).collect()
}

fn code_flow(connector: &Connector, oauth: &OAuth2) -> Value {
    let mut shown = json!({
        "authorize_uri": oauth.authorize_url,
        "token_uri": oauth.token_url,
        "pkce_enabled": oauth.pkce == Pkce::S256,
        "available_scopes": scopes(connector),
    });
    if let Some(identity) = &oauth.identity {
        set(&mut shown, "user_info_uri", json!(identity.url));
    }
    shown
}

fn token_endpoint(connector: &Connector, minted: &Minted) -> Value {
    let mut shown = json!({ "available_scopes": scopes(connector) });
    if let Some(token_url) = &minted.token_url {
        set(&mut shown, "token_uri", json!(token_url));
    }
    if minted.assertion.as_ref().is_some_and(|assertion| assertion.sent_as == SentAs::Client) {
        set(&mut shown, "token_endpoint_auth_method", json!("private_key_jwt"));
    }
    shown
}

/// The scopes that a new connection asks for, and what else there are words for.
fn scopes(connector: &Connector) -> Value {
    let words = |scope: &str| connector.scope_words.get(scope).cloned().unwrap_or_default();
    let one =
        |scope: &String, required: bool| json!({ "scope": scope, "description": words(scope), "required": required });
    let others = connector.scope_words.keys().filter(|scope| !connector.default_scopes.contains(scope));
    let usual = connector.default_scopes.iter().map(|scope| one(scope, true));
    usual.chain(others.map(|scope| one(scope, false))).collect()
}

#[cfg(test)]
mod tests {
    use crate::{Catalog, Connector, CustomProvider};

    #[test]
    fn what_is_shown_of_a_shipped_connector_would_be_taken_of_a_custom_one() {
        let all = Catalog::shipped().unwrap();
        // What remote servers want beyond that, a query in the address or a key in one, a file alone can say.
        for connector in all.connectors().filter(|connector| connector.remote.is_none()) {
            let shown = connector.auth_patterns();
            let address = connector.shown_proxy_url();
            let described = CustomProvider {
                slug: "copy:1",
                display_name: &connector.display_name,
                proxy_url: &address,
                proxy_enabled: true,
                auth_patterns: &shown,
                tools_digest: "",
            };
            let copy = Connector::custom(described).unwrap_or_else(|problem| panic!("{}: {problem}", connector.slug));
            let kinds = |of: &Connector| of.ways.iter().map(|way| way.kind()).collect::<Vec<_>>();
            assert_eq!(kinds(&copy), kinds(&connector), "{}", connector.slug);
            assert_eq!(copy.default_scopes, connector.default_scopes, "{}", connector.slug);
        }
    }
}
