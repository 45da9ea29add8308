//! The ways to sign in, from a file.

use crate::auth::{
    Assertion, Auth, Discovery, Field, Minted, OAuth2, RefreshRule, Sends, Sent, Slot, Static, Template,
};
use crate::error::Problem;
use crate::file::{
    AssertionFile, AuthFile, AuthKind, CredentialField, LostAnswer, Ordered, Pkce, RevokedToken, SentAs, TokenBody,
    TokenClientAuth,
};
use crate::sign_in::{Identity, Revoke};
use std::time::Duration;

/// How long an assertion is good that says nothing of it: long enough for clocks that differ.
const LIFE: Duration = Duration::from_secs(5 * 60);
/// The same where it is the access token itself: what vendors take at most.
const LIFE_OF_TOKENS: Duration = Duration::from_secs(60 * 60);

/// Compiles one way.
///
/// # Errors
/// The first thing that does not compile, with its place.
pub(crate) fn way(way: &AuthFile) -> Result<Auth, Problem> {
    let kind = way.kind;
    Ok(match kind {
        AuthKind::None => Auth::None,
        AuthKind::OAuth2 => Auth::OAuth2(Box::new(oauth(way)?)),
        AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic => {
            Auth::Static(Static { kind, fields: fields("auth.fields", &way.fields, true)?, sends: sends(way)? })
        }
        AuthKind::ClientCredentials | AuthKind::ServiceAccount | AuthKind::GoogleDwd => Auth::Minted(Minted {
            kind,
            fields: fields("auth.fields", &way.fields, true)?,
            sends: sends(way)?,
            token_url: Some(there("auth.token_url", way.token_url.as_ref())?),
            token_client_auth: way.token_client_auth,
            scope_separator: way.scope_separator.clone(),
            assertion: None,
        }),
        AuthKind::KeyPair => Auth::Minted(key_pair(way)?),
    })
}

fn key_pair(way: &AuthFile) -> Result<Minted, Problem> {
    let assertion = assertion(way.assertion.as_ref())?;
    let token_url = match assertion.sent_as {
        SentAs::Token => None,
        SentAs::Client | SentAs::Grant => Some(there("auth.token_url", way.token_url.as_ref())?),
    };
    Ok(Minted {
        kind: way.kind,
        fields: fields("auth.fields", &way.fields, true)?,
        sends: sends(way)?,
        token_url,
        token_client_auth: TokenClientAuth::None,
        scope_separator: way.scope_separator.clone(),
        assertion: Some(assertion),
    })
}

/// What a key pair signs: what the file says, else what a client says of itself (RFC 7523, section 3).
///
/// # Errors
/// A claim or a span that is none.
pub(crate) fn assertion(written: Option<&AssertionFile>) -> Result<Assertion, Problem> {
    let written = written.cloned().unwrap_or_default();
    let template = |name: &str, text: &str| {
        let parsed = Template::parse(text).map_err(|why| problem(&format!("auth.assertion.claims.{name}"), why))?;
        Ok((name.to_owned(), parsed))
    };
    let mut claims = written.claims.iter().map(|(name, text)| template(name, text)).collect::<Result<Vec<_>, _>>()?;
    if written.sent_as == SentAs::Client {
        for name in ["iss", "sub"] {
            if written.claims.get(name).is_none() {
                claims.push(template(name, "{client_id}")?);
            }
        }
    }
    let usual = if written.sent_as == SentAs::Token { LIFE_OF_TOKENS } else { LIFE };
    let life = written.life.as_deref().map(|text| span("auth.assertion.life", text)).transpose()?.unwrap_or(usual);
    Ok(Assertion { sent_as: written.sent_as, claims, life })
}

/// Compiles fields, which are secrets unless they say no if `secret` is so.
///
/// # Errors
/// A pattern does not compile.
pub(crate) fn fields(at: &str, written: &Ordered<CredentialField>, secret: bool) -> Result<Vec<Field>, Problem> {
    let compile = |(name, field): (&str, &CredentialField)| {
        Field::compile(name, field, secret).map_err(|why| problem(&format!("{at}.{name}.pattern"), why))
    };
    written.iter().map(compile).collect()
}

/// Where the credential of a way stands: what the file says, else what its kind is known for.
///
/// # Errors
/// A place or a text that is none.
pub(crate) fn sends(way: &AuthFile) -> Result<Vec<Sends>, Problem> {
    let template = |at: &str, text: &str| Template::parse(text).map_err(|why| problem(at, why));
    let authorization = || Slot::Header(http::header::AUTHORIZATION);
    let mut sends = Vec::new();
    for (place, text) in way.send.iter() {
        let at = format!("auth.send.{place}");
        let slot = slot(place).map_err(|why| problem(&at, why))?;
        sends.push(Sends { slot, value: Sent::Text(template(&at, text)?) });
    }
    if way.kind == AuthKind::Basic {
        let half = |at, text: &Option<String>, usual| template(at, text.as_deref().unwrap_or(usual));
        let username = half("auth.username", &way.username, "{username}")?;
        let password = half("auth.password", &way.password, "{password}")?;
        sends.push(Sends { slot: authorization(), value: Sent::Basic(username, password) });
    }
    if sends.is_empty() {
        let text = match way.kind {
            AuthKind::ApiKey | AuthKind::None | AuthKind::Basic => return Ok(sends),
            AuthKind::Bearer => "Bearer {token}",
            _ => "Bearer {access_token}",
        };
        sends.push(Sends { slot: authorization(), value: Sent::Text(template("auth.send", text)?) });
    }
    Ok(sends)
}

fn slot(place: &str) -> Result<Slot, String> {
    match place.split_once('.') {
        Some(("header", name)) => {
            let header = name.parse().map_err(|_| format!("`{name}` is no header name"))?;
            let framing = ["connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];
            if framing.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(format!("the header `{name}` holds no credential"));
            }
            Ok(Slot::Header(header))
        }
        Some(("query", name)) if !name.is_empty() => Ok(Slot::Query(name.to_owned())),
        _ => Err(format!("`{place}` is neither header.NAME nor query.name")),
    }
}

fn oauth(way: &AuthFile) -> Result<OAuth2, Problem> {
    Ok(OAuth2 {
        authorize_url: there("auth.authorize_url", way.authorize_url.as_ref())?,
        token_url: there("auth.token_url", way.token_url.as_ref())?,
        token_client_auth: way.token_client_auth,
        token_body: way.token_body,
        scope_separator: way.scope_separator.clone(),
        scope_param: way.scope_param.clone(),
        token_in: way.token_in.clone(),
        ended: way.refresh.ended.clone(),
        pkce: way.pkce,
        authorize_params: way.authorize_params.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect(),
        refresh: RefreshRule {
            lost_answer: way.refresh.lost_answer.unwrap_or(match way.refresh.rotates {
                Some(false) => LostAnswer::RetryNow,
                Some(true) | None => LostAnswer::RetryAtExpiry,
            }),
            idle_ttl: way.refresh.idle_ttl.as_deref().map(|text| span("auth.refresh.idle_ttl", text)).transpose()?,
        },
        revoke: compiled("auth.revoke", way.revoke.as_ref().map(Revoke::compile))?,
        identity: compiled("auth.identity", way.identity.as_ref().map(Identity::compile))?,
        issuer: way.issuer.clone(),
        sends: sends(way)?,
        discovery: None,
    })
}

/// Signing in by OAuth where all of it is found by discovery; the app's own client if `own`. What is not known of a server
/// is what the newest protocol says: a public client with a proof key, and refresh tokens that rotate.
pub(crate) fn discovered(own: bool) -> Auth {
    let authorization = Slot::Header(http::header::AUTHORIZATION);
    let bearer = Template::parse("Bearer {access_token}").into_iter();
    Auth::OAuth2(Box::new(OAuth2 {
        authorize_url: String::new(),
        token_url: String::new(),
        token_client_auth: TokenClientAuth::None,
        token_body: TokenBody::Form,
        scope_separator: " ".to_owned(),
        scope_param: "scope".to_owned(),
        token_in: None,
        ended: Vec::new(),
        pkce: Pkce::S256,
        authorize_params: Vec::new(),
        refresh: RefreshRule { lost_answer: LostAnswer::RetryAtExpiry, idle_ttl: None },
        revoke: Some(Revoke {
            method: http::Method::POST,
            url: String::new(),
            field: "token".to_owned(),
            body: TokenBody::Form,
            token: RevokedToken::Refresh,
            done_in: None,
        }),
        identity: None,
        issuer: None,
        sends: bearer.map(|text| Sends { slot: authorization.clone(), value: Sent::Text(text) }).collect(),
        discovery: Some(if own { Discovery::Endpoints } else { Discovery::Whole }),
    }))
}

fn there(at: &str, text: Option<&String>) -> Result<String, Problem> {
    text.cloned().ok_or_else(|| problem(at, "is missing: this way to sign in has one"))
}

fn compiled<T>(at: &str, compiled: Option<Result<T, String>>) -> Result<Option<T>, Problem> {
    compiled.transpose().map_err(|why| problem(at, why))
}

/// A span such as `180d`: one number and one unit. Not by humantime, which would come for this alone and
/// takes more than the format wants to mean: months of 30.44 days, and `M` beside `m`.
fn span(at: &str, text: &str) -> Result<Duration, Problem> {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let read = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(Duration::from_secs(number.checked_mul(*seconds)?))
    });
    read.ok_or_else(|| problem(at, format!("`{text}` is no span such as 180d, 12h, 30m or 90s")))
}

fn problem(at: &str, why: impl Into<String>) -> Problem {
    Problem::new(at, why)
}
