//! Telling a provider that a token is no longer wanted (RFC 7009). Doing so again does no harm.

use super::client::{Client, ClientAuth};
use super::error::{Problem, TokenError};
use super::limits::LIMITS;
use super::provider_words::ProviderWords;
use super::revocation::{Revocation, TokenIn};
use super::{body, refusal};
use crate::Outbound;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use valetkey_domain::Secret;

/// What became of a token.
#[derive(Debug)]
pub enum Revoked {
    /// It is no longer good there, since now or since before.
    Revoked,
    /// There is nothing at that address that revokes such tokens.
    NotThere,
    /// It was refused in every way; trying again helps only after something was set right.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the provider says, if anything.
        said: ProviderWords,
    },
    /// The provider couldn't be asked, or didn't get to it. It is to be tried again.
    Unreachable {
        /// Why, in our words.
        problem: Problem,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked => f.write_str("the token is revoked at the provider"),
            Self::NotThere => f.write_str("the provider has nothing at its revocation URL that revokes such a token"),
            Self::Refused { status, said } => {
                let what = format!("the provider refused to revoke the token (status {status})");
                write!(f, "{}", Problem { what, said: said.clone() })
            }
            Self::Unreachable { problem, .. } => write!(f, "the token could not be revoked for now: {problem}"),
        }
    }
}

/// Revokes a token: as the provider is said to take it, and where that is refused, whatever the refusal says, once more
/// with the client named in its own way, and in the other one. (Google's endpoint takes the token alone; RFC 7009 wants
/// the client; what stands in a refusal differs.) `client` is one whose secret may go to the revocation's address.
pub async fn revoke(outbound: &Outbound, revocation: &Revocation<'_>, client: Option<&Client<'_>>) -> Revoked {
    let secrets: Vec<&str> = [Some(revocation.token), client.and_then(|client| client.client_secret)]
        .into_iter()
        .flatten()
        .map(Secret::expose)
        .collect();
    let (mut unmade, mut gone, mut refused) = (None, false, None);
    for named in ways(client) {
        let request = match revocation.request(named.as_ref()) {
            Ok(Some(request)) => request,
            Ok(None) => continue,
            Err(what) => {
                unmade = Some(what);
                continue;
            }
        };
        let attempt = match outbound.send_told(request, &LIMITS).await {
            Ok(answer) => read(&answer, revocation.done_in, &secrets),
            Err(error) => Attempt::Ended(unreachable(&error.into())),
        };
        match attempt {
            Attempt::Ended(ended) => return ended,
            Attempt::Refused(no) => refused = Some(no.after(refused)),
            // Whoever shows the token itself is told about the token.
            Attempt::Gone(_) if revocation.token_in == TokenIn::Bearer => return Revoked::Revoked,
            // With these statuses it may be about who asks, not about the token.
            Attempt::Gone(no) if matches!(no.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                refused = Some(no.after(refused));
            }
            Attempt::Gone(_) if named.is_some() => return Revoked::Revoked,
            Attempt::Gone(_) => gone = true,
        }
    }
    match (gone, refused) {
        (true, _) => Revoked::Revoked,
        (false, Some(no)) if no.not_there => Revoked::NotThere,
        (false, Some(no)) => Revoked::Refused { status: no.status.as_u16(), said: no.said },
        (false, None) => unreachable(&TokenError::Unavailable(unmade.unwrap_or_default())),
    }
}

/// How the client is named, one way after the other; not at all at first.
fn ways<'a>(client: Option<&Client<'a>>) -> Vec<Option<Client<'a>>> {
    let mut ways = vec![None];
    let Some(client) = client else { return ways };
    let auths: &[ClientAuth] = match (client.client_secret, client.auth) {
        (None, _) | (_, ClientAuth::None) => &[ClientAuth::None],
        (Some(_), ClientAuth::Basic) => &[ClientAuth::Basic, ClientAuth::Post],
        (Some(_), ClientAuth::Post) => &[ClientAuth::Post, ClientAuth::Basic],
    };
    ways.extend(auths.iter().map(|auth| Some(Client { auth: *auth, ..*client })));
    ways
}

/// What one request brought.
enum Attempt {
    /// There is no more to do.
    Ended(Revoked),
    /// The token is not good, it is said.
    Gone(Refusal),
    /// No.
    Refused(Refusal),
}

/// A refusal of one attempt.
struct Refusal {
    status: StatusCode,
    said: ProviderWords,
    /// Whether it says that there is nothing there to ask.
    not_there: bool,
}

impl Refusal {
    /// The more telling one of this and an earlier one: a refusal more than nothing there, words more than none, and
    /// the later one, which knew the client.
    fn after(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if self.not_there && !earlier.not_there => earlier,
            Some(earlier)
                if self.not_there == earlier.not_there && self.said.is_empty() && !earlier.said.is_empty() =>
            {
                earlier
            }
            _ => self,
        }
    }
}

fn read(answer: &Response<Bytes>, done_in: Option<&str>, secrets: &[&str]) -> Attempt {
    let (status, members) = (answer.status(), body::members(answer.body()));
    let is_done = |name| members.as_ref().and_then(|members| members.get(name)) == Some(&Value::Bool(true));
    let said = match refusal::read(answer, members.as_ref(), secrets) {
        None if done_in.is_none_or(is_done) => return Attempt::Ended(Revoked::Revoked),
        None => refusal::words(answer, members.as_ref(), secrets),
        Some(error @ (TokenError::RateLimited { .. } | TokenError::Lost(_)))
            if status != StatusCode::NOT_IMPLEMENTED =>
        {
            return Attempt::Ended(unreachable(&error));
        }
        Some(_) => refusal::words(answer, members.as_ref(), secrets),
    };
    let code = said.code.as_deref().unwrap_or_default();
    let not_there = code == "unsupported_token_type"
        || matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE | StatusCode::NOT_IMPLEMENTED
        );
    let is_gone = matches!(code, "invalid_token" | "token_revoked");
    let refusal = Refusal { status, said, not_there };
    if is_gone { Attempt::Gone(refusal) } else { Attempt::Refused(refusal) }
}

fn unreachable(error: &TokenError) -> Revoked {
    let retry_after = if let TokenError::RateLimited { retry_after, .. } = error { *retry_after } else { None };
    let said = error.said().cloned().unwrap_or_default();
    Revoked::Unreachable { problem: Problem { what: error.plain(), said }, retry_after }
}
