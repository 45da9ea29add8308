//! Where tokens go that a consent brought: into the account, or, if somebody else signed in than before, to the side
//! until the person has chosen. Tokens, outcome and the journal's fact are saved in one transaction, or none of them.

use super::exchange::{Exchange, Granted};
use super::failed::Failed;
use super::{discard, previous_token};
use crate::credentials::sealed::{self, Plain};
use crate::retry;
use crate::{Error, Result};
use serde_json::{Map, json};
use std::time::Duration;
use valetkey_core::change::Recorded;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::places::CredentialRow;
use valetkey_core::{Change, TYPED, journal};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::authorization::Outcome;
use valetkey_domain::invisible::is_invisible;
use valetkey_domain::{Kind, Secret};
use valetkey_storage::accounts::Subject;
use valetkey_storage::pending_credentials::Pending;
use valetkey_storage::{accounts, approvals, authorizations, pending_credentials};

/// How long tokens wait for a person's word.
pub(super) const WAIT: Duration = Duration::from_secs(10 * 60);
/// How often it is looked again at an account whose tokens change between reading and writing.
const LOOKS: u32 = 5;

/// Saves how an exchange ended, as patiently as a refresh does. What was brought is dropped if the link was started again
/// meanwhile.
pub(super) async fn save(exchange: &Exchange, ended: std::result::Result<Granted, Failed>) -> Result<()> {
    match &ended {
        Ok(granted) => match save_granted(exchange, granted).await {
            Ok(Stored::Changed) => Err(changing(exchange)),
            Ok(Stored::Saved | Stored::Unneeded(_)) => Ok(()),
            Err(error) => {
                let subject = granted.subject.as_ref().map(|subject| subject.id.as_str());
                discard::unsaved(&exchange.app, &exchange.consent, subject, &granted.plain).await;
                Err(error)
            }
        },
        Err(failed) => surely(exchange, || refuse(exchange, failed)).await,
    }
}

/// What became of tokens that were to be saved.
#[derive(Clone, Copy, Debug)]
enum Stored {
    Saved,
    /// Somebody else changed the account's tokens between reading and writing: they are looked at again.
    Changed,
    /// Nobody needs them any more; the journal's word for why.
    Unneeded(&'static str),
}

/// Why nobody needs the tokens of an account that is gone.
const ACCOUNT_DELETED: &str = "account_deleted";

/// Saves what was brought, or has it revoked.
async fn save_granted(exchange: &Exchange, granted: &Granted) -> Result<Stored> {
    let mut stored = Stored::Changed;
    for _ in 0..LOOKS {
        let store = || store_tokens(exchange, granted);
        stored = retry::until_saved(&exchange.app, "a consent", Stored::Saved, store).await?;
        if !matches!(stored, Stored::Changed) {
            break;
        }
    }
    let why = match stored {
        Stored::Saved => return Ok(stored),
        Stored::Changed => "keeps_changing",
        Stored::Unneeded(why) => why,
    };
    if why == ACCOUNT_DELETED {
        let refused = Outcome::Refused(why.into()).into();
        surely(exchange, || refuse(exchange, &refused)).await?;
    }
    surely(exchange, || discard_tokens(exchange, granted, why)).await?;
    Ok(stored)
}

async fn surely<F: Future<Output = Result<()>>>(exchange: &Exchange, save: impl FnMut() -> F) -> Result<()> {
    retry::until_saved(&exchange.app, "a consent", (), save).await
}

fn changing(exchange: &Exchange) -> Error {
    let id = &exchange.consent.account.id;
    Error::new(Kind::Aborted, format!("connected account '{id}' keeps changing: open the link again"))
}

async fn refuse(exchange: &Exchange, failed: &Failed) -> Result<()> {
    let change = exchange.app.core.change_reserved(&exchange.consent.ctx).await?;
    if let Some(ended) = end(exchange, change, failed).await? {
        ended.commit().await?;
        exchange.app.core.metrics.consented(failed.outcome.as_str());
    }
    Ok(())
}

async fn store_tokens(exchange: &Exchange, granted: &Granted) -> Result<Stored> {
    let (app, ctx) = (&exchange.app, &exchange.consent.ctx);
    let id = &exchange.consent.account.id;
    let mut tx = app.core.store.read().await?;
    let Some((mut account, generation, lease)) = accounts::lease(ctx, &mut tx, id).await? else {
        return Ok(Stored::Unneeded(ACCOUNT_DELETED));
    };
    let before = accounts::subject(ctx, &mut tx, id).await?;
    drop(tx);
    // What is sealed is sealed for where the account leads from here on.
    account.api_config.extend(granted.api_config.clone());
    let waiting = CredentialRow::Pending(&exchange.consent.authorization.id, &account);
    let (outcome, row) = match other_account(&account, before.as_ref(), granted) {
        Some(other) => (other, waiting),
        None if exchange.consent.authorization.verify.is_some() => (Outcome::Unconfirmed, waiting),
        None => (connected(granted), CredentialRow::Account(&account, generation + 1)),
    };
    let previous_token = match row {
        _ if matches!(outcome, Outcome::OtherAccount { .. }) => None,
        _ => previous_token::refresh_token(exchange, granted, &account, before.as_ref(), &lease).await?,
    };
    // Sealed before the transaction begins: the key may have to be read or made.
    let tokens = seal(exchange, granted, previous_token.as_ref(), row).await?;
    let mut change = app.core.change_reserved(ctx).await?;
    let subject = granted.subject.as_ref();
    let stored = match row {
        CredentialRow::Account(..) => {
            if !granted.api_config.is_empty() {
                accounts::merge_api_config(ctx, &mut change, id, &granted.api_config, app.core.now()).await?;
            }
            approvals::signed_in(ctx, &mut change, id, Some(&exchange.started.browser)).await?;
            accounts::store_credential(ctx, &mut change, id, generation, &tokens, subject, app.core.now()).await?
        }
        CredentialRow::Pending(id, _) => {
            let (subject, expires_at) = (granted.subject.clone(), app.core.now() + WAIT);
            let api_config = granted.api_config.clone();
            let pending = Pending { tokens, subject, api_config, expires_at };
            pending_credentials::insert(ctx, &mut change, id, &pending).await?;
            true
        }
    };
    if !stored {
        return Ok(Stored::Changed);
    }
    if outcome == Outcome::Unconfirmed {
        accounts::await_confirmation(ctx, &mut change, id, app.core.now()).await?;
    }
    let Some(ended) = end(exchange, change, &outcome.clone().into()).await? else {
        return Ok(Stored::Unneeded("ended_meanwhile"));
    };
    let ended = connect(exchange, ended, &outcome, previous_token.is_some()).await?;
    reach(Failpoint::CallbackWritten);
    ended.commit().await?;
    reach(Failpoint::CallbackCommitted);
    app.core.metrics.consented(outcome.as_str());
    Ok(Stored::Saved)
}

async fn discard_tokens(exchange: &Exchange, granted: &Granted, why: &'static str) -> Result<()> {
    let subject = granted.subject.as_ref().map(|subject| subject.id.as_str());
    discard::granted(&exchange.app, &exchange.consent, subject, &granted.plain, why).await
}

/// The outcome that asks the person, if it may be somebody else than the one whose account it was.
fn other_account(account: &ConnectedAccount, before: Option<&Subject>, granted: &Granted) -> Option<Outcome> {
    let now = granted.subject.as_ref();
    let same = match (before, now) {
        (Some(before), Some(now)) => before.id == now.id,
        (Some(_), None) => false,
        // A first sign-in, or a connector that can't tell.
        (None, now) => account.credential.is_none() || now.is_none(),
    };
    (!same).then(|| {
        let (before, now) = labels(before, now);
        Outcome::OtherAccount { before, now }
    })
}

/// Two accounts as a person sees them side by side: by name, and by the provider's id too where the names would be read
/// as one.
fn labels(before: Option<&Subject>, now: Option<&Subject>) -> (String, String) {
    let alike = |a: &Subject, b: &Subject| read(a.label()) == read(b.label());
    let ids = before.zip(now).is_some_and(|(before, now)| alike(before, now));
    let label = |subject: Option<&Subject>| match subject {
        Some(Subject { id, name: Some(name) }) if ids => format!("{name} ({id})"),
        Some(subject) => subject.label().to_owned(),
        None => "unknown".to_owned(),
    };
    (label(before), label(now))
}

/// What a glance makes of a name: case, blanks and what is not seen at all don't count.
fn read(name: &str) -> String {
    let seen = |c: &char| !c.is_whitespace() && !c.is_control() && !is_invisible(*c);
    name.chars().filter(seen).flat_map(char::to_lowercase).collect()
}

fn connected(granted: &Granted) -> Outcome {
    match granted.withheld.as_slice() {
        [] => Outcome::Connected,
        withheld => Outcome::ConnectedWithout(withheld.to_vec()),
    }
}

async fn seal(
    exchange: &Exchange,
    granted: &Granted,
    previous_token: Option<&Secret<str>>,
    row: CredentialRow<'_>,
) -> Result<accounts::Tokens> {
    let (app, consent) = (&exchange.app, &exchange.consent);
    let again = |secret: &Secret<str>| Secret::from(secret.expose());
    let plain = Plain {
        access_token: again(&granted.plain.access_token),
        refresh_token: granted.plain.refresh_token.as_ref().or(previous_token).map(again),
        typed: granted.plain.typed.copy(),
    };
    sealed::tokens(app, &consent.ctx, &consent.wired, row, &plain, (granted.scopes.clone(), granted.expires_at)).await
}

/// Ends the consent; none if it is no longer this one's to end.
async fn end<'a>(exchange: &Exchange, mut change: Change<'a>, ended: &Failed) -> Result<Option<Recorded<'a>>> {
    let (app, consent, state) = (&exchange.app, &exchange.consent, &exchange.started.state);
    let id = &consent.authorization.id;
    if !authorizations::end_exchanging(&consent.ctx, &mut change, id, state, ended.ended(), app.core.now()).await? {
        return Ok(None);
    }
    change.record("authorization.ended", id.as_str(), ended.detail()).await.map(Some)
}

/// Records that the account is connected, if it is.
async fn connect<'a>(
    exchange: &Exchange,
    ended: Recorded<'a>,
    outcome: &Outcome,
    previous_token: bool,
) -> Result<Recorded<'a>> {
    let account = exchange.consent.account.id.as_str();
    match outcome {
        Outcome::Connected | Outcome::ConnectedWithout(_) => {}
        Outcome::Unconfirmed => return ended.record("account.unconfirmed", account, Map::new()).await,
        _ => return Ok(ended),
    }
    let mut detail = journal::detail([("authorization", json!(exchange.consent.authorization.id))]);
    if !exchange.consent.wired.is_oauth() {
        detail.insert(TYPED.to_owned(), json!(exchange.consent.wired.kind().as_str()));
    }
    if previous_token {
        detail.insert("refresh_token".to_owned(), json!("kept: none came, and it is the same person at the provider"));
    }
    ended.record("account.connected", account, detail).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(id: &str, name: Option<&str>) -> Subject {
        Subject { id: id.into(), name: name.map(Into::into) }
    }

    #[test]
    fn attack_65_two_accounts_never_read_alike() {
        let told = |a: &Subject, b: &Subject| labels(Some(a), Some(b));
        let ann = subject("1", Some("ann@p"));
        assert_eq!(told(&ann, &subject("2", Some("bob@p"))), ("ann@p".into(), "bob@p".into()));
        for alike in ["ann@p", "Ann@P", "ann@p ", "a\u{200b}nn@p"] {
            let (before, now) = told(&ann, &subject("2", Some(alike)));
            assert_eq!((before.as_str(), now), ("ann@p (1)", format!("{alike} (2)")));
        }
        assert_eq!(told(&subject("1", None), &subject("2", None)), ("1".into(), "2".into()));
        assert_eq!(told(&subject("ann@p", None), &ann), ("ann@p".into(), "ann@p (1)".into()));
        assert_eq!(labels(Some(&ann), None), ("ann@p".into(), "unknown".into()));
    }
}
