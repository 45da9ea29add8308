//! Tries a credential at the app, before it counts: one cheap request that the connector's file names.

use super::present::{present, sent};
use super::renewal::renewal;
use crate::connections::{self, Wired};
use crate::credentials::opened::Opened;
use crate::credentials::sealed::Plain;
use crate::{App, Error, Result};
use bytes::Bytes;
use http::{Request, Response};
use std::time::Duration;
use valetkey_connectors::FailureKind;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::{Ctx, Secret, Timestamp, json};
use valetkey_outbound::oauth::{ProviderWords, TokenError};
use valetkey_outbound::{Limits, Outbound};
use valetkey_storage::accounts::Subject;

/// What one answer may cost.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(20), max_bytes: 1024 * 1024 };

/// What came of it.
pub(crate) enum Trial {
    /// The app took it, or nothing says how it could be tried.
    Taken {
        /// With the first access token, where it brings such.
        plain: Plain,
        /// Whose it is, where the app says.
        subject: Option<Subject>,
        /// When that token ends.
        expires_at: Option<Timestamp>,
    },
    /// The app did not take it, and said this.
    Refused(ProviderWords),
    /// The app could not be asked; it says nothing about the credential.
    Unclear(ProviderWords),
}

/// Tries a credential. `account` is the one it will be of, with what it says of itself by then.
///
/// # Errors
/// A failure of ours.
pub(crate) async fn trial(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    plain: Plain,
) -> Result<Trial> {
    let (mut plain, mut expires_at) = (plain, None);
    if let Some(renewal) = renewal(app, wired, account, &plain).await? {
        let sent_at = app.core.now();
        match renewal.ask(&app.core.outbound.of(&ctx.environment)).await {
            Ok(tokens) => {
                plain.access_token = tokens.access_token;
                expires_at = tokens.expires_in.map(|life| sent_at + life);
            }
            Err(error) => return Ok(untokened(&error)),
        }
    }
    let credential = Opened { access_token: plain.access_token.copy(), typed: plain.typed.copy(), generation: 0 };
    let asked = ask(&app.core.outbound.of(&ctx.environment), wired, account, &credential, app.core.now()).await?;
    Ok(match asked {
        Answered::Taken(subject) => Trial::Taken { plain, subject, expires_at },
        Answered::Refused(said) => Trial::Refused(said),
        Answered::Unclear(said) => Trial::Unclear(said),
    })
}

/// What the app said to the request that tries a credential.
pub(super) enum Answered {
    /// It took it, or nothing says how it could be tried; whose it is, where it says that.
    Taken(Option<Subject>),
    /// It did not take it.
    Refused(ProviderWords),
    /// It could not be asked.
    Unclear(ProviderWords),
}

/// Makes that request, where the connector has one.
///
/// # Errors
/// A failure of ours.
pub(super) async fn ask(
    outbound: &Outbound,
    wired: &Wired,
    account: &ConnectedAccount,
    credential: &Opened,
    now: Timestamp,
) -> Result<Answered> {
    let Some(verify) = &wired.connector.verify else { return Ok(Answered::Taken(None)) };
    let Some(request) = request(wired, account, credential)? else { return Ok(Answered::Taken(None)) };
    let answer = match outbound.send(request, &LIMITS).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(connection = %wired.connection.name, %error, "a credential could not be tried");
            return Ok(Answered::Unclear(ProviderWords::default()));
        }
    };
    let Some(failure) = wired.connector.refusal(&answer, now) else {
        let body = json::parse(answer.body()).unwrap_or_default();
        return Ok(Answered::Taken(verify.read(&body).map(|(id, name)| Subject { id, name })));
    };
    let said = said(wired, credential, &answer);
    Ok(match failure.kind {
        FailureKind::RateLimited | FailureKind::Upstream | FailureKind::Timeout => Answered::Unclear(said),
        _ => Answered::Refused(said),
    })
}

/// The request with the credential; none where the account's own host can't be made.
fn request(wired: &Wired, account: &ConnectedAccount, credential: &Opened) -> Result<Option<Request<Bytes>>> {
    let (Some(verify), Ok(base)) = (&wired.connector.verify, wired.api_base(account)) else { return Ok(None) };
    let origin = base.clone().unwrap_or_else(|| wired.connector.origin().to_owned());
    let mut builder = Request::builder().method(verify.method.clone()).uri(format!("{origin}{}", verify.path));
    builder = builder.header(http::header::ACCEPT, "application/json");
    for (name, value) in &wired.connector.headers {
        builder = builder.header(name, value);
    }
    let mut request = builder.body(Bytes::new()).map_err(Error::internal)?;
    let audience = wired.audience(account);
    let given = connections::origin(&request.uri().to_string()).is_some_and(|origin| audience.contains(&origin));
    if !given || !wired.connector.allows(request.uri(), base.as_deref()) {
        return Err(Error::internal("the request that tries a credential leads where it may not go"));
    }
    present(&mut request, wired, credential)?;
    Ok(Some(request))
}

/// The app's own words, without the credential.
fn said(wired: &Wired, credential: &Opened, answer: &Response<Bytes>) -> ProviderWords {
    let secrets = sent(wired, credential);
    let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
    ProviderWords::of(None, wired.connector.words(answer).as_deref(), None, &secrets)
}

/// What a token endpoint that gave no token means for the credential.
fn untokened(error: &TokenError) -> Trial {
    let said = error.said().cloned().unwrap_or_default();
    match error {
        TokenError::InvalidGrant(_) | TokenError::Refused { .. } | TokenError::RefusedUnclear { .. } => {
            Trial::Refused(said)
        }
        _ => Trial::Unclear(said),
    }
}
