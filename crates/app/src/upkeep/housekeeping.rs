//! What nobody comes back to is removed, so that a database grows with its accounts and not with their sign-ins.

use crate::calls;
use crate::consent::{REMEMBERED, discard};
use crate::entrance::sign_in;
use crate::events;
use crate::tenancy::environments;
use crate::upkeep::keys;
use crate::{App, Result};
use std::collections::BTreeSet;
use valetkey_core::context;
use valetkey_domain::Timestamp;
use valetkey_domain::ctx::Actor;
use valetkey_storage::{authorizations, clients};

/// Removes what has ended: links and consents, client secrets (both a day ago), and tokens for which no person spoke up
/// within their ten minutes, events of more than thirty days, keys that nothing names any more. Says how many rows went,
/// in short transactions.
///
/// # Errors
/// The database cannot be read or written.
pub async fn tidy(app: &App) -> Result<u64> {
    let mut gone = 0;
    for environment in environments::list(app).await? {
        let ctx = context::enter(&app.core, environment.id, Actor::System);
        let before = app.core.now() - REMEMBERED;
        // Before their consents go: they go with them.
        gone += discard::unanswered(app, &ctx).await?;
        let mut change = app.core.change(&ctx).await?;
        gone += authorizations::purge(&ctx, &mut change, before).await?;
        let secrets_of = clients::purge_secrets(&ctx, &mut change, before).await?;
        gone += u64::try_from(secrets_of.len()).unwrap_or(u64::MAX);
        let clients: BTreeSet<_> = secrets_of.iter().map(ToString::to_string).collect();
        change.record_each("client.secrets_removed", clients).await?.commit().await?;
        gone += events::forget(app, &ctx).await?;
        gone += calls::forget_parts(app, &ctx).await?;
    }
    gone += sign_in::tidy(app).await?;
    // What a rotation left when it was cut off.
    keys::resume(app).await?;
    gone += keys::retire(app).await?;
    Ok(gone + forget(app).await?)
}

/// Removes the journal's records that are older than the operator wants them kept, a part at a time: calls go on between.
async fn forget(app: &App) -> Result<u64> {
    let Some(kept) = app.core.settings.journal_kept else { return Ok(0) };
    let before = app.core.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
    let mut gone = 0;
    loop {
        match app.core.journal.remove_some(before).await? {
            0 => return Ok(gone),
            some => gone += some,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{self, Outcome, StopReason};
    use crate::fixture::{HOUR, fixture};
    use crate::tenancy::clients as use_case;
    use std::time::Duration;

    const ENDED: Duration = Duration::from_secs(24 * 3600 + 16 * 60);

    #[tokio::test]
    async fn what_ended_yesterday_is_gone_and_what_lives_stays() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        assert_eq!(fixture.sign_in(HOUR).await, Outcome::Connected);
        fixture.provider.signs_in("mallory@p");
        assert!(matches!(fixture.sign_in(HOUR).await, Outcome::OtherAccount { .. }));
        let client = use_case::create(app, ctx, "shop", vec![]).await.unwrap().client.id;
        let ending = use_case::rotate(app, ctx, &client, Some(app.core.now() + Duration::from_secs(60))).await.unwrap();
        assert_eq!(tidy(app).await.unwrap(), 0, "all of it still lives");
        fixture.clock.advance(Duration::from_secs(11 * 60));
        assert_eq!(tidy(app).await.unwrap(), 1, "the tokens that waited for a person's word");
        fixture.clock.advance(ENDED);
        let living = fixture.link().await;
        assert_eq!(tidy(app).await.unwrap(), 1, "the secret; a new link removes its account's old ones itself");
        fixture.clock.advance(ENDED);
        assert_eq!(tidy(app).await.unwrap(), 1, "the link that nobody opened");
        assert!(matches!(consent::open(app, &living).await.unwrap_err().why, StopReason::LinkUnknown));
        let secrets = clients::secrets(ctx, &mut app.core.store.read().await.unwrap(), &client).await.unwrap();
        assert!(secrets.len() == 1 && secrets[0].secret.id != ending.secret_id, "the secret without an end stays");
        assert!(fixture.now().await.credential.is_some());
    }
}
