//! The token endpoint: a code or a refresh token against an access token.

use super::client::{self, Authenticated};
use super::id_token::{self, Subject};
use super::params::Params;
use super::refusal::Refusal;
use super::scopes::OPENID;
use super::{issue, pkce};
use crate::broken::broken;
use crate::fault::What;
use crate::json::put;
use crate::state::{Code, RefreshToken, State as LabState};
use crate::{Error, Lab, cite, random};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

const KNOWN: [&str; 8] =
    ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope"];

/// A refresh token dies when nobody uses it for six months.
const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 182);

/// A refusal, or a failure of the lab itself.
enum Stop {
    Refused(Refusal),
    Broken(Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// `POST /token`.
pub(crate) async fn answer(
    State(lab): State<Lab>,
    headers: HeaderMap,
    fault: Option<Extension<What>>,
    body: Bytes,
) -> Response {
    let fault = fault.map(|Extension(fault)| fault);
    let exchanged = lab.change(|state, now| {
        let mut grant_type = "none".to_owned();
        let result = exchange(state, lab.base_url(), now, (&headers, &body), fault.as_ref(), &mut grant_type);
        let outcome = match &result {
            Ok(_) => "ok",
            Err(Stop::Refused(refusal)) => refusal.code,
            Err(Stop::Broken(_)) => "broken",
        };
        *state.exchanges.entry(format!("{grant_type} {outcome}")).or_default() += 1;
        result
    });
    match exchanged.await {
        Ok(Ok(tokens)) => {
            ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(tokens)).into_response()
        }
        Ok(Err(Stop::Refused(refusal))) => refusal.json(),
        Ok(Err(Stop::Broken(error))) | Err(error) => broken(&error),
    }
}

fn exchange(
    state: &mut LabState,
    issuer: &str,
    now: Timestamp,
    (headers, body): (&HeaderMap, &[u8]),
    fault: Option<&What>,
    grant_type: &mut String,
) -> Result<Value, Stop> {
    check_form(headers)?;
    let params = Params::read(body, &KNOWN, cite::EXCHANGE)?;
    params.need("grant_type", cite::EXCHANGE)?.clone_into(grant_type);
    let client = client::authenticate(state, headers, &params, matches!(fault, Some(What::RawBasic {})))?;
    let exchange = Exchange { issuer, now, client, params, fault };
    match grant_type.as_str() {
        "authorization_code" => exchange.by_code(state),
        "refresh_token" => exchange.by_refresh_token(state),
        other => {
            let said = format!("Invalid grant_type: {other}");
            Err(Refusal::new("unsupported_grant_type", cite::TOKEN_ERRORS, said).into())
        }
    }
}

fn check_form(headers: &HeaderMap) -> Result<(), Refusal> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if sent.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded") {
        return Ok(());
    }
    let said = "The request's body must be application/x-www-form-urlencoded.";
    Err(Refusal::new("invalid_request", cite::TOKEN_REQUEST, said))
}

/// One request of a client that has authenticated.
struct Exchange<'a> {
    issuer: &'a str,
    now: Timestamp,
    client: Authenticated,
    params: Params,
    fault: Option<&'a What>,
}

impl Exchange<'_> {
    fn by_code(&self, state: &mut LabState) -> Result<Value, Stop> {
        let digest = random::digest(self.params.need("code", cite::EXCHANGE)?);
        let malformed = || Refusal::new("invalid_grant", cite::EXCHANGE, "Malformed auth code.");
        let mut code = state.codes.get(&digest).cloned().ok_or_else(malformed)?;
        if code.client != self.client.id {
            let said = "The code was issued to another client.";
            return Err(Refusal::new("invalid_grant", cite::CODE_ONCE, said).into());
        }
        if code.used {
            end_tokens_of(state, &digest);
            let said = "The code was used before; what was issued for it is revoked.";
            return Err(Refusal::new("invalid_grant", cite::CODE_ONCE, said).into());
        }
        self.check_code(&code)?;
        if let Some(known) = state.codes.get_mut(&digest) {
            known.used = true;
        }
        if let Some(What::ScopeWithheld { scopes }) = self.fault {
            withhold(state, &mut code, scopes);
        }
        self.tokens_for(state, code, digest)
    }

    fn check_code(&self, code: &Code) -> Result<(), Refusal> {
        if code.expires_at <= self.now {
            return Err(Refusal::new("invalid_grant", cite::CODE_ONCE, "The code has expired."));
        }
        if self.params.need("redirect_uri", cite::EXCHANGE)? != code.redirect_uri {
            let said = "redirect_uri is not the one of the authorization request.";
            return Err(Refusal::new("redirect_uri_mismatch", cite::REDIRECT_URI, said));
        }
        pkce::verify(code.challenge.as_ref(), self.params.get("code_verifier"))
    }

    fn tokens_for(&self, state: &mut LabState, code: Code, digest: String) -> Result<Value, Stop> {
        let Code { client, user, scopes, refresh, nonce, .. } = code;
        let basis = RefreshToken { client, user, scopes, last_used_at: self.now, code: digest };
        let nonce = if let Some(What::NonceChanged { nonce }) = self.fault { nonce } else { &nonce };
        let mut tokens = self.access_answer(state, &basis, nonce.as_deref())?;
        if refresh {
            put(&mut tokens, "refresh_token", issue::refresh_token(state, basis)?);
        }
        Ok(tokens)
    }

    fn by_refresh_token(&self, state: &mut LabState) -> Result<Value, Stop> {
        let digest = random::digest(self.params.need("refresh_token", cite::REFRESH)?);
        let dead = || Refusal::new("invalid_grant", cite::REFRESH_EXPIRY, "Token has been expired or revoked.");
        let known = state.refresh_tokens.get_mut(&digest).filter(|known| known.client == self.client.id);
        let known = known.ok_or_else(dead)?;
        if known.last_used_at + IDLE_LIFE <= self.now {
            state.refresh_tokens.remove(&digest);
            return Err(dead().into());
        }
        let narrowed = narrow(known, self.params.get("scope"))?;
        known.last_used_at = self.now;
        let basis = known.clone();
        let mut tokens = self.access_answer(state, &narrowed, None)?;
        if matches!(self.fault, Some(What::RefreshRotated {})) {
            state.refresh_tokens.remove(&digest);
            put(&mut tokens, "refresh_token", issue::refresh_token(state, basis)?);
        }
        Ok(tokens)
    }

    fn access_answer(&self, state: &mut LabState, basis: &RefreshToken, nonce: Option<&str>) -> Result<Value, Error> {
        state.sweep(self.now);
        let scope = basis.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let access_token = issue::access_token(state, self.now, basis)?;
        let user = state.user(&basis.user).filter(|_| basis.scopes.contains(OPENID));
        let id_token = user.and_then(|user| {
            let subject = Subject { issuer: self.issuer, user, basis, nonce, access_token: &access_token };
            id_token::sign(&subject, &self.client.secret, self.now)
        });
        let mut answer = json!({
            "access_token": access_token,
            "expires_in": issue::ACCESS_LIFE,
            "scope": scope,
            "token_type": "Bearer",
        });
        if let Some(What::ExpiresIn { value }) = self.fault {
            put(&mut answer, "expires_in", value.clone());
        }
        if let Some(id_token) = id_token {
            put(&mut answer, "id_token", id_token);
        }
        Ok(answer)
    }
}

/// As if the person had unticked these.
fn withhold(state: &mut LabState, code: &mut Code, scopes: &[String]) {
    let (client, user) = (&code.client, &code.user);
    code.scopes.retain(|scope| !scopes.contains(scope));
    if let Some(grant) = state.grants.iter_mut().find(|grant| grant.client == *client && grant.user == *user) {
        grant.scopes.retain(|scope| !scopes.contains(scope));
    }
}

/// The same with the scopes that a refresh asks for, where it asks for fewer.
fn narrow(basis: &RefreshToken, asked: Option<&str>) -> Result<RefreshToken, Refusal> {
    let Some(asked) = asked else { return Ok(basis.clone()) };
    let scopes: BTreeSet<String> = asked.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.is_subset(&basis.scopes) {
        let said = "A refresh must not ask for scopes that were not granted.";
        return Err(Refusal::new("invalid_scope", cite::REFRESH_SCOPE, said));
    }
    Ok(RefreshToken { scopes, ..basis.clone() })
}

fn end_tokens_of(state: &mut LabState, code: &str) {
    state.access_tokens.retain(|_, token| token.code != code);
    state.refresh_tokens.retain(|_, token| token.code != code);
}
