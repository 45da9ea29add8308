//! One refresh, from its intent to its outcome. It runs in a task of its own: once the refresh token has left, only
//! the commit of what came back keeps a rotating provider's account alive.

use super::abandoned;
use super::breaker::{Endpoint, Permit, Urgency, Verdict};
use super::decide::{self, Need, Step, lost_answer};
use super::ending::RefreshEnd;
use super::refusal;
use crate::connections::{self, Wired};
use crate::credentials::sealed::{self, Plain};
use crate::credentials::{revocations, revoke, schemes};
use crate::retry;
use crate::{App, Error, Result};
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_connectors::LostAnswer;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::journal;
use valetkey_core::places::CredentialRow;
use valetkey_domain::account::{ConnectedAccount, Credential, Reason, Refusal};
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Kind, Timestamp};
use valetkey_outbound::oauth::{TokenError, Tokens};
use valetkey_storage::accounts as rows;

/// Longer than two token requests can take together.
const LEASE: Duration = Duration::from_secs(75);

/// What one refresh needs to know.
#[derive(Clone)]
pub(super) struct Job {
    app: App,
    ctx: Ctx,
    wired: Wired,
    account: AccountId,
    need: Need,
}

/// A refresh whose intent is committed.
struct Begun {
    account: ConnectedAccount,
    credential: Credential,
    /// The end of its lease, which names it.
    until: Timestamp,
    /// Whether an earlier answer was lost: a refusal now means that the token had been spent then.
    lost: bool,
}

/// What is to be saved of a refresh.
enum Outcome {
    /// New tokens.
    Renewed(rows::Tokens),
    /// The account is over.
    Ended(Reason),
    /// The answer is lost; the refresh token may be spent.
    Lost(Failure),
    /// The provider refused or asked to wait: it is left alone for a while.
    Refused(Refusal, Failure),
    /// Nothing happened to the account.
    Unchanged(Failure),
}

/// What went wrong.
#[derive(Default)]
struct Failure {
    /// In our words: for the caller, and through it perhaps for a model.
    why: String,
    /// In the provider's, if it said anything: for the journal and the log.
    said: Option<String>,
}

impl Failure {
    fn of(error: &TokenError) -> Self {
        let said = error.said().filter(|said| !said.is_empty());
        Self { why: error.plain(), said: said.map(ToString::to_string) }
    }

    fn detail(&self) -> Map<String, Value> {
        let mut detail = detail("why", self.why.as_str());
        detail.extend(self.said.iter().map(|said| ("said".to_owned(), json!(said))));
        detail
    }
}

impl Outcome {
    /// It in one word, for metrics.
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Renewed(_) => "renewed",
            Self::Ended(_) => "ended",
            Self::Lost(_) => "lost",
            Self::Refused(..) => "refused",
            Self::Unchanged(_) => "unchanged",
        }
    }
}

impl Job {
    pub(super) fn new(app: &App, ctx: &Ctx, wired: &Wired, account: &AccountId, need: Need) -> Self {
        let (app, ctx, wired) = (app.clone(), ctx.clone(), wired.clone());
        Self { app, ctx, wired, account: account.clone(), need }
    }

    /// Refreshes, if that is still what is to be done.
    pub(super) async fn run(self) -> RefreshEnd {
        let ended = match self.begin().await {
            Ok(Ok((begun, permit))) => self.refresh(&begun, permit).await,
            Ok(Err(ended)) => Ok(ended),
            Err(error) => Err(error),
        };
        ended.unwrap_or_else(|error| {
            tracing::error!(account = %self.account, cause = ?error, "refreshing failed");
            // A quarantine passes.
            match error.kind() {
                Kind::FailedPrecondition if self.app.core.keyring.check_open().is_ok() => {
                    RefreshEnd::Unready(error.message().to_owned())
                }
                _ => RefreshEnd::Later(error.message().to_owned()),
            }
        })
    }

    /// Commits the intent; or says why there is nothing to refresh (any more).
    async fn begin(&self) -> Result<std::result::Result<(Begun, Permit), RefreshEnd>> {
        let (app, ctx) = (&self.app, &self.ctx);
        // Its key may have to be fetched, which no transaction waits for.
        let secret = connections::client_secret(app, &self.wired).await;
        let mut change = app.core.change(ctx).await?;
        // What is decided here must still be so when the lease is taken.
        change.alone(self.account.as_str()).await?;
        let Some((account, generation, lease)) = rows::lease(ctx, &mut change, &self.account).await? else {
            return Ok(Err(RefreshEnd::Settled));
        };
        let Ok(credential) = decide::credential_of(&account).cloned() else { return Ok(Err(RefreshEnd::Settled)) };
        let now = app.core.now();
        let left = refusal::remaining(account.refusal.as_ref(), self.wired.connection.revision, now);
        match decide::next(&credential, &lease, lost_answer(&self.wired), self.need, left.is_some(), now) {
            // Whoever asked reads the row again and finds that it is good, or who to wait for.
            Step::Use | Step::Wait | Step::Pause => return Ok(Err(RefreshEnd::Settled)),
            Step::Later(why) => return Ok(Err(RefreshEnd::Later(why))),
            Step::End(reason) => {
                rows::expire(ctx, &mut change, &self.account, generation, reason, app.core.now()).await?;
                let detail = detail("reason", reason.as_str());
                change.record("account.expired", self.account.as_str(), detail).await?.commit().await?;
                return Ok(Err(RefreshEnd::Settled));
            }
            // Without it nothing is asked, and nothing was intended. Of a connection that points elsewhere by now the account
            // ends, whatever its secret.
            Step::Refresh if self.wired.keeps(&account, &credential.audience) => drop(secret?),
            Step::Refresh => {}
        }
        let permit = match self.admit(&account) {
            Ok(permit) => permit,
            Err(why) => return Ok(Err(RefreshEnd::Later(why))),
        };
        let (now, until) = (app.core.now(), app.core.now() + LEASE);
        if !rows::begin_refresh(ctx, &mut change, &self.account, generation, now, until).await? {
            return Ok(Err(RefreshEnd::Settled));
        }
        let (account_id, begun) = (self.account.as_str(), detail("generation", generation));
        match lease.started_from {
            None => change.record("account.refresh_begun", account_id, begun).await?,
            Some(_) => {
                let lost = abandoned::record(change, account_id).await?;
                lost.record("account.refresh_begun", account_id, begun).await?
            }
        }
        .commit()
        .await?;
        reach(Failpoint::RefreshIntentCommitted);
        Ok(Ok((Begun { account, credential, until, lost: decide::answer_lost(&lease) }, permit)))
    }

    /// Leave to ask the token endpoint; or, in a sentence, that it is down.
    fn admit(&self, account: &ConnectedAccount) -> std::result::Result<Permit, String> {
        let token_url = self.wired.token_url_of(account).unwrap_or_default();
        let endpoint = Endpoint::new(&self.ctx.environment, &token_url);
        let urgency = if self.need.ahead.is_some() { Urgency::Ahead } else { Urgency::OnUse };
        self.app.refreshes.breakers.admit(&endpoint, self.app.core.now(), urgency).map_err(|wait| {
            let (name, seconds) = (&self.wired.connector.display_name, wait.as_secs().max(1));
            format!(
                "the sign-in service of {name} ({}) is down, so the user's access cannot be renewed right now; nothing \
                 is lost. Try again in {seconds} seconds",
                endpoint.address()
            )
        })
    }

    async fn refresh(&self, begun: &Begun, permit: Permit) -> Result<RefreshEnd> {
        let outcome = match self.exchange(begun, permit).await {
            Ok(outcome) => outcome,
            // Nothing was sent: give the lease back and tell the caller what is wrong here.
            Err(error) => {
                self.save(begun, &Outcome::Unchanged(Failure::default())).await?;
                return Err(error);
            }
        };
        self.save_surely(begun, &outcome).await?;
        self.app.core.metrics.refreshed(outcome.as_str());
        Ok(match outcome {
            Outcome::Renewed(_) | Outcome::Ended(_) => RefreshEnd::Settled,
            Outcome::Refused(refusal, _) => refusal::ended(&refusal, &self.wired.connector.display_name, refusal.at),
            Outcome::Lost(failure) | Outcome::Unchanged(failure) => RefreshEnd::Later(failure.why),
        })
    }

    /// Sends the refresh token, and once more where the provider accepts a repeat of what got lost.
    async fn exchange(&self, begun: &Begun, permit: Permit) -> Result<Outcome> {
        let (app, ctx) = (&self.app, &self.ctx);
        if !self.wired.keeps(&begun.account, &begun.credential.audience) {
            return Ok(Outcome::Ended(Reason::EndpointsChanged));
        }
        let row = CredentialRow::Account(&begun.account, begun.credential.generation);
        let plain = sealed::open(app, ctx, row, &begun.credential.audience, &begun.credential.sealed).await?;
        let renewal = schemes::renewal(app, &self.wired, &begun.account, &plain).await?;
        let Some(renewal) = renewal else { return Ok(Outcome::Ended(Reason::NoRefreshToken)) };
        let repeats = lost_answer(&self.wired) == LostAnswer::RetryNow;
        let outbound = app.core.outbound.of(&ctx.environment);
        let (mut sent_at, mut lost) = (app.core.now(), begun.lost);
        let mut answer = renewal.ask(&outbound).await;
        if repeats && matches!(answer, Err(TokenError::Lost(_))) {
            (sent_at, lost) = (app.core.now(), true);
            answer = renewal.ask(&outbound).await;
        }
        reach(Failpoint::RefreshAnswered);
        if let Some(verdict) = verdict(&answer) {
            permit.end(app.core.now(), verdict);
        }
        match answer {
            Ok(tokens) => self.renewed(begun, plain, tokens, sent_at).await.map(Outcome::Renewed),
            Err(error) => Ok(self.failed(&error, begun, lost, repeats)),
        }
    }

    /// What a refresh that brought no tokens means for the account. Only `invalid_grant` ends one.
    fn failed(&self, error: &TokenError, begun: &Begun, lost: bool, repeats: bool) -> Outcome {
        let failure = Failure::of(error);
        tracing::warn!(account = %self.account, why = failure.why, said = failure.said, "a refresh brought no tokens");
        let (before, revision) = (begun.account.refusal.as_ref(), self.wired.connection.revision);
        match error {
            TokenError::InvalidGrant(_) if lost => Outcome::Ended(Reason::RefreshAnswerLost),
            TokenError::InvalidGrant(_) => Outcome::Ended(Reason::InvalidGrant),
            TokenError::Lost(_) | TokenError::Nonsense(_) if !repeats => Outcome::Lost(failure),
            _ => match refusal::of(error, before, revision, self.app.core.now()) {
                Some(refusal) => Outcome::Refused(refusal, failure),
                None => Outcome::Unchanged(failure),
            },
        }
    }

    /// Seals what came; what did not come again stays as it was.
    async fn renewed(&self, begun: &Begun, old: Plain, new: Tokens, sent_at: Timestamp) -> Result<rows::Tokens> {
        let plain = Plain {
            access_token: new.access_token,
            refresh_token: new.refresh_token.or(old.refresh_token),
            typed: old.typed,
        };
        let row = CredentialRow::Account(&begun.account, begun.credential.generation + 1);
        let scopes = new.scopes.unwrap_or_else(|| begun.account.scopes.clone());
        let granted = (scopes, new.expires_in.map(|life| sent_at + life));
        sealed::tokens(&self.app, &self.ctx, &self.wired, row, &plain, granted).await
    }

    /// Saves the outcome, patiently: a full disk, a locked file or a database that is gone may come back, and the
    /// tokens are nowhere else. Meanwhile this process begins no other refresh of the account.
    ///
    /// Another process that does reach the database may, once the lease has run out, and sends the same refresh token.
    /// Whatever it brings is newer, so its end is waited for. If that is new tokens, they count; if the provider refused
    /// it and the account was ended as one whose answer was lost, then here the answer is.
    async fn save_surely(&self, begun: &Begun, outcome: &Outcome) -> Result<()> {
        retry::until_saved(&self.app, "a refresh", (), || self.save(begun, outcome)).await
    }

    async fn save(&self, begun: &Begun, outcome: &Outcome) -> Result<()> {
        let (app, ctx, id, from) = (&self.app, &self.ctx, &self.account, begun.credential.generation);
        let mut change = app.core.change_reserved(ctx).await?;
        change.alone(id.as_str()).await?;
        let (now, lease) = (app.core.now(), rows::lease(ctx, &mut change, id).await?);
        if lease.is_some_and(|(.., lease)| decide::is_anothers(&lease, begun.until, now)) {
            return Err(Error::new(Kind::Unavailable, "another process refreshes the account: its end is waited for"));
        }
        let saved = match outcome {
            Outcome::Renewed(tokens) => rows::finish_refresh(ctx, &mut change, id, from, tokens, now).await?,
            Outcome::Ended(reason) => rows::expire(ctx, &mut change, id, from, *reason, now).await?,
            Outcome::Lost(_) => rows::mark_answer_lost(ctx, &mut change, id, begun.until, now).await?,
            Outcome::Refused(refusal, _) => rows::refuse_refresh(ctx, &mut change, id, begun.until, refusal).await?,
            Outcome::Unchanged(_) => rows::end_refresh(ctx, &mut change, id, begun.until).await?,
        };
        // Otherwise a new consent, a disconnect or a later refresh came between: that one counts.
        if !saved {
            drop(change);
            return match outcome {
                Outcome::Renewed(tokens) => self.late(begun, tokens).await,
                _ => Ok(()),
            };
        }
        let (action, detail) = match outcome {
            Outcome::Renewed(_) => ("account.refreshed", detail("generation", from + 1)),
            Outcome::Ended(reason) => ("account.expired", detail("reason", reason.as_str())),
            Outcome::Lost(failure) => ("account.refresh_lost", failure.detail()),
            Outcome::Refused(_, failure) | Outcome::Unchanged(failure) => ("account.refresh_failed", failure.detail()),
        };
        let change = change.record(action, id.as_str(), detail).await?;
        reach(Failpoint::RefreshWritten);
        change.commit().await?;
        reach(Failpoint::RefreshCommitted);
        Ok(())
    }
}

impl Job {
    /// New tokens that came too late for the account: they end at the provider, unless it lives on the same grant.
    async fn late(&self, begun: &Begun, tokens: &rows::Tokens) -> Result<()> {
        let (app, ctx, id) = (&self.app, &self.ctx, &self.account);
        let row = CredentialRow::Account(&begun.account, begun.credential.generation + 1);
        let subject = begun.account.subject.as_deref();
        let ready =
            revoke::sealed_in(app, ctx, Some(&self.wired), row, &tokens.audience, &tokens.sealed, subject).await?;
        let mut change = app.core.change_reserved(ctx).await?;
        ready.insert(ctx, &mut change).await?;
        let detail = detail("at_provider", ready.at_provider().as_str());
        change.record("account.refreshed_late", id.as_str(), detail).await?.commit().await?;
        revocations::go_on(app, ctx, ready);
        Ok(())
    }
}

fn detail(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    journal::detail([(name, json!(value.into()))])
}

/// What an answer says about the endpoint; none if it says nothing.
const fn verdict(answer: &std::result::Result<Tokens, TokenError>) -> Option<Verdict> {
    match answer {
        Err(error) if error.is_outage() => Some(Verdict::Down),
        Err(TokenError::Unavailable(_) | TokenError::RateLimited { .. }) => None,
        _ => Some(Verdict::Works),
    }
}
