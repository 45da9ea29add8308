//! What nobody comes back to is removed, so that a database grows with its accounts and not with their sign-ins.

use crate::calls;
use crate::consent::{REMEMBERED, discard};
use crate::entrance::sign_in;
use crate::events;
use crate::parts::Parts;
use crate::tenancy::environments;
use crate::upkeep::keys;
use crate::{App, Result};
use std::collections::BTreeSet;
use valetkey_core::context;
use valetkey_domain::ctx::Actor;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::{authorizations, clients};

/// Removes what has ended: links and consents, client secrets (both a day ago), and tokens for which no person spoke up
/// within their ten minutes, events of more than thirty days, keys that nothing names any more. Says how many rows went,
/// in short transactions. What fails in one environment is left for the next time, and holds up no other.
///
/// # Errors
/// The first failure: the database cannot be read or written.
pub async fn tidy(app: &App) -> Result<u64> {
    let mut gone = Parts::default();
    for environment in environments::list(app).await? {
        let what = format!("tidying up {}", environment.id);
        let ctx = context::enter(&app.core, environment.id, Actor::System);
        let before = app.core.now() - REMEMBERED;
        // Before their consents go, for they go with them; what can't be revoked yet keeps its own.
        let discarded = discard::unanswered(app, &ctx).await;
        let ended = if discarded.is_ok() { purge(app, &ctx, before).await } else { Ok(0) };
        gone.note(&what, discarded);
        gone.note(&what, ended);
        gone.note(&what, events::forget(app, &ctx).await);
        gone.note(&what, calls::forget_parts(app, &ctx).await);
    }
    gone.note("removing sessions that ended", sign_in::tidy(app).await);
    // What a rotation left when it was cut off.
    gone.note("going on with a rotation", keys::resume(app).await.map(|()| 0));
    gone.note("removing keys that nothing names", keys::retire(app).await);
    gone.note("removing old records", forget(app).await);
    gone.end()
}

/// Removes links, consents and client secrets that ended before then.
async fn purge(app: &App, ctx: &Ctx, before: Timestamp) -> Result<u64> {
    let mut change = app.core.change(ctx).await?;
    let consents = authorizations::purge(ctx, &mut change, before).await?;
    let secrets_of = clients::purge_secrets(ctx, &mut change, before).await?;
    let secrets = u64::try_from(secrets_of.len()).unwrap_or(u64::MAX);
    let clients: BTreeSet<_> = secrets_of.iter().map(ToString::to_string).collect();
    change.record_each("client.secrets_removed", clients).await?.commit().await?;
    Ok(consents + secrets)
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
    async fn attack_74_what_cannot_be_tidied_up_holds_up_nothing_else() {
        let fixture = fixture("{rotates: true}").await;
        let app = &fixture.app;
        fixture.link().await;
        let rename = async |sql: &'static str| {
            let mut tx = app.core.store.write().await.unwrap();
            tx.run(sql, []).await.unwrap();
            tx.commit().await.unwrap();
        };
        fixture.clock.advance(ENDED);
        rename("ALTER TABLE events RENAME TO away").await;
        assert!(tidy(app).await.is_err(), "it is told");
        rename("ALTER TABLE away RENAME TO events").await;
        assert_eq!(tidy(app).await.unwrap(), 0, "the link went although the events could not");
        let mut broken = Parts::default();
        broken.note("a part", Err(crate::Error::invalid("one")));
        broken.note("a part", Err(crate::Error::invalid("two")));
        assert_eq!(broken.end().unwrap_err().message(), "one");
    }

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
