//! Making codes and tokens. The state keeps digests only.

use crate::state::{AccessToken, AuthRequest, Code, Grant, RefreshToken, State};
use crate::{Error, random};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// How long an access token is said to live, in seconds: Google's number.
pub(crate) const ACCESS_LIFE: i64 = 3599;
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Records that the user gave the client these scopes, and makes the code that stands for it. `shown` says whether
/// the person saw the consent page: only then does a refresh token come with the exchange.
pub(crate) fn code(
    state: &mut State,
    now: Timestamp,
    request: &AuthRequest,
    user: &str,
    given: BTreeSet<String>,
    shown: bool,
) -> Result<String, Error> {
    let text = random::secret("4/lab-")?;
    let earlier = state.grant(&request.client, user).map(|grant| grant.scopes.clone()).unwrap_or_default();
    record(state, request, user, &given);
    let scopes = if request.include_granted { given.union(&earlier).cloned().collect() } else { given };
    let code = Code {
        client: request.client.clone(),
        user: user.to_owned(),
        redirect_uri: request.redirect_uri.clone(),
        scopes,
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        refresh: request.offline && shown,
        expires_at: now + CODE_LIFE,
        used: false,
    };
    state.sweep(now);
    state.codes.insert(random::digest(&text), code);
    Ok(text)
}

fn record(state: &mut State, request: &AuthRequest, user: &str, given: &BTreeSet<String>) {
    let known = state.grants.iter_mut().find(|grant| grant.client == request.client && grant.user == user);
    if let Some(grant) = known {
        grant.scopes.extend(given.iter().cloned());
        grant.offline |= request.offline;
        return;
    }
    let (client, user) = (request.client.clone(), user.to_owned());
    state.grants.push(Grant { client, user, scopes: given.clone(), offline: request.offline });
}

/// Makes an access token.
pub(crate) fn access_token(state: &mut State, now: Timestamp, from: &RefreshToken) -> Result<String, Error> {
    let text = random::secret("ya29.lab-")?;
    let token = AccessToken {
        client: from.client.clone(),
        user: from.user.clone(),
        scopes: from.scopes.clone(),
        expires_at: now + SignedDuration::from_secs(ACCESS_LIFE),
        code: from.code.clone(),
    };
    state.access_tokens.insert(random::digest(&text), token);
    Ok(text)
}

/// Makes a refresh token.
pub(crate) fn refresh_token(state: &mut State, token: RefreshToken) -> Result<String, Error> {
    let text = random::secret("1//lab-")?;
    state.refresh_tokens.insert(random::digest(&text), token);
    Ok(text)
}
