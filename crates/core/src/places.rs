//! Where each sealed value lies: the one table of [`Place`]s. A value is sealed with its place, so it opens in the row,
//! column and generation that it was made for, for the same user, towards the same origins, and nowhere else.
//!
//! A new column for something sealed gets its function here, and its query in `storage::sealed`, so that keys can be
//! changed and the doctor finds it.

use valetkey_domain::Ctx;
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::{ApprovalId, AuthorizationId, ConnectionId, SigningKeyId, WebhookId};
use valetkey_domain::name::Identifier;
use valetkey_storage::revocations::Revocation;
use valetkey_vault::{Holder, Place};

/// The row that holds a credential.
#[derive(Clone, Copy)]
pub enum CredentialRow<'a> {
    /// A connected account, and the generation of its tokens that this one is.
    Account(&'a ConnectedAccount, i64),
    /// A consent whose person has still to choose, and the account that it is for.
    Pending(&'a AuthorizationId, &'a ConnectedAccount),
}

/// The tokens of an account. `audience` are the origins to which they may go.
#[must_use]
pub fn credential<'a>(ctx: &'a Ctx, row: CredentialRow<'a>, audience: &'a [String]) -> Place<'a> {
    let (table, row, column, generation, account) = match row {
        CredentialRow::Account(account, generation) => {
            ("connected_accounts", account.id.as_str(), "credential", generation, account)
        }
        CredentialRow::Pending(id, account) => ("pending_credentials", id.as_str(), "sealed", 0, account),
    };
    let holder = holder(&account.connection, &account.owner);
    Place { environment: ctx.environment.as_str(), table, row, column, generation, audience, holder }
}

/// The PKCE verifier of a consent that was started. `audience` are the endpoints as they stood then.
#[must_use]
pub fn verifier<'a>(
    ctx: &'a Ctx,
    authorization: &'a AuthorizationId,
    account: &'a ConnectedAccount,
    audience: &'a [String],
) -> Place<'a> {
    Place {
        environment: ctx.environment.as_str(),
        table: "authorizations",
        row: authorization.as_str(),
        column: "verifier",
        generation: 0,
        audience,
        holder: holder(&account.connection, &account.owner),
    }
}

/// The secret of a connection's OAuth client. `audience` are the origins of the endpoints that it was given for.
#[must_use]
pub fn client_secret<'a>(connection: &'a Connection, audience: &'a [String]) -> Place<'a> {
    Place {
        environment: connection.environment.as_str(),
        table: "connections",
        row: connection.id.as_str(),
        column: "client_secret",
        generation: 0,
        audience,
        holder: Holder::default(),
    }
}

/// Part of an answer that its reader may still come back for: for whom it was read, with whose account.
#[must_use]
pub fn kept_answer<'a>(
    ctx: &'a Ctx,
    id: &'a str,
    part: i64,
    connection: &'a Connection,
    account: &'a ConnectedAccount,
) -> Place<'a> {
    Place {
        environment: ctx.environment.as_str(),
        table: "kept_answers",
        row: id,
        column: "sealed",
        generation: part,
        audience: &[],
        holder: holder(&connection.id, &account.owner),
    }
}

/// What is still to be revoked at a provider. Account and connection may be gone: all that the place says is in the row.
#[must_use]
pub fn revocation(revocation: &Revocation) -> Place<'_> {
    Place {
        environment: revocation.environment.as_str(),
        table: "revocations",
        row: revocation.id.as_str(),
        column: "sealed",
        generation: 0,
        audience: &revocation.audience,
        holder: holder(&revocation.connection, &revocation.owner),
    }
}

/// The secret that signs what a webhook is told. `audience` is the webhook's URL: where events go is what the secret was
/// made for. Both secrets of a webhook lie in the same place, for one becomes the other.
#[must_use]
pub fn webhook_secret<'a>(ctx: &'a Ctx, webhook: &'a WebhookId, audience: &'a [String]) -> Place<'a> {
    Place {
        environment: ctx.environment.as_str(),
        table: "webhooks",
        row: webhook.as_str(),
        column: "secret",
        generation: 0,
        audience,
        holder: Holder::default(),
    }
}

/// What a user is shown of a call that waits for their word.
#[must_use]
pub fn approval<'a>(ctx: &'a Ctx, id: &'a ApprovalId) -> Place<'a> {
    Place {
        environment: ctx.environment.as_str(),
        table: "approvals",
        row: id.as_str(),
        column: "shown",
        generation: 0,
        audience: &[],
        holder: Holder::default(),
    }
}

/// What an agent carries of a call that waits for its user. It lies in no row: it opens where it comes back to the server
/// (an instance, a session) that it was given by, for the same user.
#[must_use]
pub fn paused_call<'a>(ctx: &'a Ctx, server: &'a str, user: &'a Identifier) -> Place<'a> {
    Place {
        environment: ctx.environment.as_str(),
        table: "paused_calls",
        row: server,
        column: "state",
        generation: 0,
        audience: &[],
        holder: Holder { connection: "", identifier: user.as_str(), organization: "", user: "" },
    }
}

/// The private half of a key that signs our tokens.
#[must_use]
pub fn signing_key(id: &SigningKeyId) -> Place<'_> {
    let (table, column) = ("signing_keys", "private_sealed");
    Place { environment: "", table, row: id.as_str(), column, generation: 0, audience: &[], holder: Holder::default() }
}

/// Whose an account is: what is sealed for one user does not open when the row says another.
fn holder<'a>(connection: &'a ConnectionId, owner: &'a Owner) -> Holder<'a> {
    Holder {
        connection: connection.as_str(),
        identifier: owner.identifier.as_str(),
        organization: owner.organization.as_deref().unwrap_or_default(),
        user: owner.user.as_deref().unwrap_or_default(),
    }
}
