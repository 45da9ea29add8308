//! The provider sends the browser back. Everything is checked before anything changes; then one change of status lets
//! exactly one exchange begin.

use super::exchange::Exchange;
use super::failed::Failed;
use super::link::Consent;
use super::stopped::{StopReason, Stopped};
use super::{issuer, member, save};
use crate::App;
use crate::entrance::browsers::is_of;
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_core::context;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_domain::authorization::{Outcome, Stage, Started};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{AuthorizationId, ConnectionId};
use valetkey_domain::{Ctx, Secret};
use valetkey_outbound::oauth::ProviderWords;
use valetkey_storage::authorizations as rows;

/// How long an exchange may take: a token request and a question for the identity, each with its own limit.
const EXCHANGE: Duration = Duration::from_secs(90);

/// What the provider put into the address it sent the browser to.
#[derive(Debug, Default)]
pub struct Callback {
    /// The authorization code.
    pub code: Option<Secret<str>>,
    /// Our `state`.
    pub state: Option<Secret<str>>,
    /// The provider's error code, instead of a code.
    pub error: Option<String>,
    /// What the provider says of its error.
    pub error_description: Option<String>,
    /// Where the provider says more of it.
    pub error_uri: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// The dashboard's session in the browser that brings it, if it has one.
    pub session: Option<Secret<str>>,
}

/// Takes the provider's answer at the address of `connection`, from the browser that holds this cookie. Returns when
/// the outcome is stored; a caller that is dropped before changes nothing. An answer that comes again from the same
/// browser (a reload) does nothing: [`outcome`](super::outcome) shows what is stored.
///
/// # Errors
/// The answer is nobody's, another connection's, another browser's, another issuer's, or too late.
pub async fn callback(
    app: &App,
    connection: &ConnectionId,
    answer: Callback,
    browser: Option<&Secret<str>>,
) -> Result<AuthorizationId, Stopped> {
    let consent = by_state(app, answer.state.as_ref()).await?;
    let id = consent.authorization.id.clone();
    if consent.authorization.connection != *connection {
        return Err(StopReason::OtherConnection.into());
    }
    let started = match begun(&consent.authorization.stage, browser)? {
        Some(started) => started.clone(),
        None => return Ok(id),
    };
    check_issuer(&consent, answer.iss.as_deref())?;
    if started.expires_at <= app.core.now() {
        end(app, &consent.ctx, &id, &started, &Outcome::Expired.into()).await?;
        return Err(Stopped::from(StopReason::TimedOut).about(consent.about));
    }
    member::check(app, &consent, answer.session.as_ref()).await?;
    let code = match answer {
        Callback { error: None, code: Some(code), .. } => code,
        refused => {
            let failed = refusal(&refused);
            log(&id, &failed);
            end(app, &consent.ctx, &id, &started, &failed).await?;
            return Ok(id);
        }
    };
    // From here on nothing may depend on the browser staying: the change of status and the exchange are one task.
    let task = app.core.tasks.spawn(take(Exchange::new(app, consent, started, code)).in_current_span());
    task.await.map_err(crate::Error::internal)??;
    Ok(id)
}

/// Exchanges the code, if no other callback was faster: what becomes of that one is read from the outcome.
async fn take(exchange: Exchange) -> crate::Result<()> {
    let Exchange { app, consent, started, .. } = &exchange;
    let mut tx = app.core.store.write().await?;
    let (now, until) = (app.core.now(), app.core.now() + EXCHANGE);
    let first = rows::exchange(&consent.ctx, &mut tx, &consent.authorization.id, &started.state, now, until).await?;
    tx.commit().await?;
    if !first {
        return Ok(());
    }
    reach(Failpoint::CallbackExchanging);
    let ended = exchange.run().await;
    save::save(&exchange, ended).await
}

async fn by_state(app: &App, state: Option<&Secret<str>>) -> Result<Consent, Stopped> {
    let state = state.ok_or(StopReason::StrayAnswer)?;
    context::time_is_known(&app.core)?;
    let hash = valetkey_vault::sha256(state.bytes());
    let known = valetkey_storage::doors::authorization_by_state(&mut app.core.store.glance().await?, &hash).await?;
    let (environment, id) = known.ok_or(StopReason::StrayAnswer)?;
    let ctx = context::enter(&app.core, environment, Actor::Link(id.clone()));
    Consent::load(app, ctx, &id).await
}

/// The start that an answer from this browser belongs to; none if that answer has been taken already.
fn begun<'a>(stage: &'a Stage, browser: Option<&Secret<str>>) -> Result<Option<&'a Started>, Stopped> {
    match stage {
        Stage::Linked => Err(StopReason::StrayAnswer.into()),
        Stage::Started(started) if is_of(&started.browser, browser) => Ok(Some(started)),
        Stage::Exchanging(started) if is_of(&started.browser, browser) => Ok(None),
        Stage::Started(_) | Stage::Exchanging(_) => Err(StopReason::OtherBrowser.into()),
        Stage::Done { browser: Some(hash), .. } if is_of(hash, browser) => Ok(None),
        Stage::Done { .. } => Err(StopReason::Replayed.into()),
    }
}

/// An issuer is promised by the connector; a connection that sends people elsewhere has another one.
fn check_issuer(consent: &Consent, given: Option<&str>) -> Result<(), Stopped> {
    let rules = consent.wired.oauth()?;
    if let Some(found) = consent.wired.found() {
        let right = given.map_or(!found.promises_issuer, |given| given == found.issuer);
        return if right { Ok(()) } else { Err(Stopped::from(StopReason::OtherIssuer).about(consent.about.clone())) };
    }
    let authorize_url = consent.wired.endpoints.authorize_url.as_ref().unwrap_or(&rules.authorize_url);
    let promised = rules.issuer.as_deref().filter(|_| *authorize_url == rules.authorize_url);
    if issuer::is_right(promised, authorize_url, given) {
        return Ok(());
    }
    Err(Stopped::from(StopReason::OtherIssuer).about(consent.about.clone()))
}

/// What an answer without a code means (RFC 6749 §4.1.2.1).
fn refusal(answer: &Callback) -> Failed {
    let Callback { error, error_description, error_uri, state, code, .. } = answer;
    let secrets: Vec<&str> = [state, code].into_iter().flatten().map(Secret::expose).collect();
    let said = ProviderWords::of(error.as_deref(), error_description.as_deref(), error_uri.as_deref(), &secrets);
    let outcome = match (error, said.code.as_deref()) {
        (_, Some("access_denied" | "user_denied" | "user_cancelled_login" | "user_cancelled_authorize")) => {
            Outcome::Declined
        }
        (_, Some(code)) => Outcome::Refused(code.to_owned()),
        (Some(_), None) => Outcome::Refused("unnamed_error".to_owned()),
        (None, None) => Outcome::Refused("no_code".to_owned()),
    };
    Failed::new(outcome, said)
}

/// For the operator, who can do something about a refusal.
fn log(id: &AuthorizationId, failed: &Failed) {
    if failed.outcome != Outcome::Declined {
        let detail = serde_json::Value::from(failed.detail());
        tracing::warn!(authorization = %id, said = %detail, "the provider sent the person back without a code");
    }
}

/// Ends a consent that never came to an exchange.
async fn end(app: &App, ctx: &Ctx, id: &AuthorizationId, started: &Started, failed: &Failed) -> crate::Result<()> {
    let mut tx = app.core.change(ctx).await?;
    if rows::end_started(ctx, &mut tx, id, &started.state, failed.ended(), app.core.now()).await? {
        tx.record("authorization.ended", id.as_str(), failed.detail()).await?.commit().await?;
        app.core.metrics.consented(failed.outcome.as_str());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_72_a_providers_error_text_cannot_pose_as_ours() {
        let refusal =
            |error: Option<&str>| refusal(&Callback { error: error.map(Into::into), ..Callback::default() }).outcome;
        assert_eq!(refusal(Some("access_denied")), Outcome::Declined);
        assert_eq!(refusal(Some("invalid_scope")), Outcome::Refused("invalid_scope".into()));
        assert_eq!(refusal(None), Outcome::Refused("no_code".into()));
        for odd in ["", "click https://evil.example", "<b>", "\u{1b}[31m", &"x".repeat(65)] {
            assert_eq!(refusal(Some(odd)), Outcome::Refused("unnamed_error".into()), "{odd:?}");
        }
    }
}
