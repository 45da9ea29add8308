//! The operator's word that a row is right as it is.

use super::Audit;
use super::judge::{Judged, judge};
use crate::{App, Error, Result};
use serde_json::Map;
use valetkey_core::context;
use valetkey_domain::Ctx;
use valetkey_domain::Kind as ErrorKind;
use valetkey_domain::ctx::{Actor, Detached};
use valetkey_storage::changes::{self, CountedRow, Kind};

/// Takes a row that the doctor found as it is now: the operator has seen to it. The journal says so, and the row fits it.
///
/// # Errors
/// There is no such row, it was deleted once and must be deleted again, or it fits the journal already.
pub async fn accept(app: &App, id: &str) -> Result<()> {
    let mut audit = Audit::begin(app, &Detached).await?;
    let mut found = None;
    for kind in Kind::all() {
        found = found.or(changes::get(&mut audit.tx, kind, id).await?.map(|row| (kind, row)));
    }
    let (kind, row) = found.ok_or_else(|| Error::not_found("row", id))?;
    let known = audit.known(&row).await?;
    match judge(&row.state, &known, audit.trimmed) {
        Judged::Wrong(_) | Judged::Unrecorded if known.iter().any(|known| known.gone) => {
            return Err(refused(format!("{id} was deleted once: delete it again, it cannot be accepted")));
        }
        Judged::Fits | Judged::Forgotten => {
            return Err(refused(format!("{id} is as the journal says: there is nothing to accept")));
        }
        Judged::Wrong(_) | Judged::Unrecorded => {}
    }
    let environment = Audit::environment(&row)?;
    drop(audit);
    let newest = known.iter().map(|known| known.change).max().unwrap_or(0);
    take(app, &context::enter(&app.core, environment, Actor::Operator), kind, &row, newest).await
}

/// Writes that the row is right as it was looked at; not as somebody may have made it since.
async fn take(app: &App, ctx: &Ctx, kind: Kind, looked_at: &CountedRow, newest: i64) -> Result<()> {
    let id = looked_at.id.as_str();
    let mut tx = app.core.change(ctx).await?;
    changes::catch_up(&mut tx, kind, id, newest).await?;
    let mut tx = tx.record(accepted(kind), id, Map::new()).await?;
    let taken = changes::get(&mut tx, kind, id).await?;
    if taken.is_none_or(|taken| taken.state.text != looked_at.state.text) {
        return Err(refused(format!("{id} has just been changed: look at it again with `valetkey doctor`")));
    }
    tx.commit().await
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::FailedPrecondition, why)
}

const fn accepted(kind: Kind) -> &'static str {
    match kind {
        Kind::Environment => "environment.accepted",
        Kind::DataKey => "key.accepted",
        Kind::SigningKey => "signing_key.accepted",
        Kind::Client => "client.accepted",
        Kind::Connection => "connection.accepted",
        Kind::Account => "account.accepted",
        Kind::Config => "config.accepted",
        Kind::Instance => "instance.accepted",
        Kind::Member => "member.accepted",
        Kind::Webhook => "webhook.accepted",
        Kind::Organization => "organization.accepted",
        Kind::Provider => "provider.accepted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    #[tokio::test]
    async fn attack_5_a_row_that_is_changed_while_it_is_accepted_is_refused() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx, id) = (&fixture.app, &fixture.ctx, fixture.account.id.as_str());
        let looked_at =
            changes::get(&mut app.core.store.read().await.unwrap(), Kind::Account, id).await.unwrap().unwrap();
        let mut other = looked_at.clone();
        other.state.text.push('x');
        let why = take(app, ctx, Kind::Account, &other, 0).await.unwrap_err();
        assert!(why.message().contains("has just been changed"), "{why:?}");
        let after = changes::get(&mut app.core.store.read().await.unwrap(), Kind::Account, id).await.unwrap().unwrap();
        assert_eq!(after.state, looked_at.state, "nothing of it is kept");
        take(app, ctx, Kind::Account, &looked_at, 0).await.unwrap();
    }
}
