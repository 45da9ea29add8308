//! What ends here and must not live on at the provider: made ready to be revoked there, so that it can be saved in the
//! transaction that ends it here. `revocations` makes it.

use super::oauth::{self, StoredEndpoint};
use super::sealed::{self, Plain};
use crate::connections::{self, Wired};
use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use valetkey_connectors::{RevokedToken, TokenBody};
use valetkey_core::places::{self, CredentialRow};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::RevocationId;
use valetkey_domain::{Ctx, Kind, Sealed, Secret};
use valetkey_storage::Tx;
use valetkey_storage::revocations::{self as rows, Revocation};
use valetkey_vault::Purpose;

/// How long one try may take: three requests, each with its own limit, and the database.
pub(super) const LEASE: Duration = Duration::from_secs(2 * 60);

/// What became of tokens at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtProvider {
    /// They are revoked.
    Revoked,
    /// There were none.
    Nothing,
    /// The provider offers no revocation.
    NotOffered,
    /// They were left alone: another account here may live on the same grant, which a revocation would end as a whole.
    Shared,
    /// It did not work yet, or has not ended: it will be tried again.
    Later,
    /// They cannot be revoked from here; they may live on until the person withdraws them there.
    Failed,
}

impl AtProvider {
    /// The word in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Nothing => "nothing_to_revoke",
            Self::NotOffered => "not_offered",
            Self::Shared => "left_because_shared",
            Self::Later => "to_be_revoked",
            Self::Failed => "failed",
        }
    }

    /// The same as a sentence for whoever ended them.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Revoked => "its tokens are gone, here and at the vendor",
            Self::Nothing => "it had no tokens",
            Self::NotOffered => "its tokens are gone here; the vendor offers no revocation",
            Self::Shared => {
                "its tokens are gone here; at the vendor they are left, because another account may live on the same grant"
            }
            Self::Later => {
                "its tokens are gone here; the vendor has not revoked them yet: it is tried again, for a week, and the \
                 journal says what becomes of it"
            }
            Self::Failed => {
                "its tokens are gone here; they could not be revoked at the vendor: the user can withdraw them there"
            }
        }
    }
}

/// How a revocation is sent. It stands beside the sealed token and not in it: where that may go its audience says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Way {
    pub(super) url: String,
    pub(super) method: String,
    /// The field of the form, or the member of the object, that has the token.
    pub(super) field: String,
    /// Whether the request is JSON.
    #[serde(default)]
    pub(super) json: bool,
    /// The member of a good answer that is true where it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) done_in: Option<String>,
    /// The provider's token endpoint.
    pub(super) token_url: String,
    pub(super) client: Option<StoredEndpoint>,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) token: String,
    /// The OAuth client's, as it was when the tokens ended here: the connection may go first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
}

/// Tokens that end here.
pub(crate) struct Ending<'a> {
    /// Whose they are.
    pub(crate) account: &'a ConnectedAccount,
    /// Who that is at the provider, if it is known.
    pub(crate) subject: Option<&'a str>,
    /// The origins that they may go to.
    pub(crate) audience: &'a [String],
    /// They.
    pub(crate) plain: &'a Plain,
}

/// What is to be done at the provider about tokens that end here.
pub(crate) enum Ready {
    /// Nothing more, and why.
    Settled(AtProvider),
    /// To revoke them.
    Revoke(Box<Revocation>),
}

impl Ready {
    /// The word in the record of what ends them here.
    pub(crate) const fn at_provider(&self) -> AtProvider {
        match self {
            Self::Settled(word) => *word,
            Self::Revoke(_) => AtProvider::Later,
        }
    }

    /// Saves it in the transaction that ends the tokens here.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) async fn insert(&self, ctx: &Ctx, tx: &mut Tx) -> Result<()> {
        match self {
            Self::Settled(_) => Ok(()),
            Self::Revoke(revocation) => Ok(rows::insert(ctx, tx, revocation).await?),
        }
    }

    /// For many at once: whoever looks for what is due makes it.
    pub(crate) fn left_to_others(mut self) -> Self {
        if let Self::Revoke(revocation) = &mut self {
            (revocation.attempts, revocation.lease_until) = (0, None);
            revocation.next_at = revocation.created_at;
        }
        self
    }
}

/// Makes the tokens that an account holds ready. `wired` is none where the connector's file is no longer loaded: nobody
/// knows then where they are revoked.
///
/// # Errors
/// The key can't be had for now. Tokens that do not open can't be revoked, and keep nobody from ending the account.
pub(crate) async fn of_account(
    app: &App,
    ctx: &Ctx,
    wired: Option<&Wired>,
    account: &ConnectedAccount,
) -> Result<Ready> {
    let Some(credential) = &account.credential else { return Ok(Ready::Settled(AtProvider::Nothing)) };
    let row = CredentialRow::Account(account, credential.generation);
    sealed_in(app, ctx, wired, row, &credential.audience, &credential.sealed, account.subject.as_deref()).await
}

/// Makes tokens ready that are sealed in this row.
///
/// # Errors
/// As [`of_account`].
pub(crate) async fn sealed_in(
    app: &App,
    ctx: &Ctx,
    wired: Option<&Wired>,
    row: CredentialRow<'_>,
    audience: &[String],
    sealed: &Sealed,
    subject: Option<&str>,
) -> Result<Ready> {
    let (CredentialRow::Account(account, _) | CredentialRow::Pending(_, account)) = row;
    let Some(wired) = wired else {
        tracing::warn!(account = %account.id, "tokens cannot be revoked: the connector of their connection is not loaded");
        return Ok(Ready::Settled(AtProvider::Failed));
    };
    match sealed::open(app, ctx, row, audience, sealed).await {
        Ok(plain) => ready(app, ctx, wired, &Ending { account, subject, audience, plain: &plain }).await,
        Err(error) if error.kind() == Kind::Unavailable => Err(error),
        Err(error) => {
            tracing::warn!(account = %account.id, cause = ?error, "tokens cannot be revoked at the provider");
            Ok(Ready::Settled(AtProvider::Failed))
        }
    }
}

/// Makes tokens ready. Whoever saves it holds it, and makes it at once.
///
/// # Errors
/// The key can't be had.
pub(crate) async fn ready(app: &App, ctx: &Ctx, wired: &Wired, ending: &Ending<'_>) -> Result<Ready> {
    let (way, origin) = match way(wired, ending.audience) {
        Ok(way) => way,
        Err(word) => return Ok(Ready::Settled(word)),
    };
    let sent = sent(app, wired, ending.plain).await;
    let mut revocation = row(app, ctx, ending, vec![origin], members(&way)?);
    let text: Secret<[u8]> = serde_json::to_vec(&sent).map_err(Error::internal)?.into();
    let place = places::revocation(&revocation);
    let sealed = app.core.keyring.seal(&ctx.environment, Purpose::Credential, &place, text.expose()).await?;
    revocation.sealed = sealed;
    Ok(Ready::Revoke(Box::new(revocation)))
}

/// How tokens with this audience are revoked, and the origin that they go to; or why they can't be.
pub(super) fn way(wired: &Wired, audience: &[String]) -> std::result::Result<(Way, String), AtProvider> {
    let rule = wired.oauth().ok().and_then(|oauth| oauth.revoke.as_ref());
    let (Some(rule), Some(url)) = (rule, &wired.endpoints.revoke_url) else {
        return Err(AtProvider::NotOffered);
    };
    let origin = connections::origin(url).filter(|origin| audience.contains(origin));
    // The connection points elsewhere by now than when the tokens were given.
    let origin = origin.ok_or(AtProvider::Failed)?;
    let way = Way {
        url: url.clone(),
        method: rule.method.to_string(),
        field: rule.field.clone(),
        json: rule.body == TokenBody::Json,
        done_in: rule.done_in.clone(),
        token_url: wired.endpoints.token_url.clone().ok_or(AtProvider::NotOffered)?,
        client: oauth::Endpoint::of(wired).ok().map(|client| client.to_stored()),
    };
    Ok((way, origin))
}

/// What is sent to revoke these tokens.
pub(super) async fn sent(app: &App, wired: &Wired, plain: &Plain) -> Sent {
    // A refresh token's end is the end of the grant; an access token's may be of that token alone.
    let named = wired.oauth().ok().and_then(|oauth| oauth.revoke.as_ref()).map(|rule| rule.token);
    let refresh = plain.refresh_token.as_ref().filter(|_| named != Some(RevokedToken::Access));
    let token = refresh.unwrap_or(&plain.access_token);
    // Without it the provider can still be asked; it goes nowhere that it was not given for.
    let secret = connections::client_secret(app, wired).await.ok().flatten();
    Sent { token: token.expose().to_owned(), client_secret: secret.map(|secret| secret.expose().to_owned()) }
}

/// The row, with nothing sealed yet.
fn row(app: &App, ctx: &Ctx, ending: &Ending<'_>, audience: Vec<String>, endpoint: Map<String, Value>) -> Revocation {
    let (now, account) = (app.core.now(), ending.account);
    Revocation {
        id: RevocationId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        connection: account.connection.clone(),
        account: Some(account.id.clone()),
        owner: account.owner.clone(),
        subject: ending.subject.map(ToOwned::to_owned),
        sealed: Sealed(Vec::new()),
        audience,
        endpoint,
        created_at: now,
        attempts: 1,
        next_at: now + LEASE,
        last_error: None,
        lease_until: Some(now + LEASE),
    }
}

fn members(way: &Way) -> Result<Map<String, Value>> {
    match serde_json::to_value(way).map_err(Error::internal)? {
        Value::Object(members) => Ok(members),
        other => Err(Error::internal(std::io::Error::other(format!("a way is no object: {other}")))),
    }
}
