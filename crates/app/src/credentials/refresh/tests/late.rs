//! An answer that is saved only after its lease has run out, where another process may have begun a refresh since.

use super::{ROTATING, SECOND, minutes, refreshes, signed_in};
use crate::credentials::refresh::{self, Unusable};
use crate::credentials::schedule::schedule;
use crate::credentials::sealed::{self, Plain};
use crate::provider::{HOUR, Says, There};
use std::time::Duration;
use valetkey_core::places::CredentialRow;
use valetkey_domain::account::{Reason, Status};
use valetkey_domain::{Secret, Timestamp};
use valetkey_storage::{Tx, accounts as rows};

/// One that is slow to be saved: when its answer comes, its lease is over and another process, which knows nothing of
/// it, has begun to send the same refresh token. Gives the end of that one's lease.
async fn overtaken(there: &There) -> (tokio::task::JoinHandle<Result<(String, i64), Unusable>>, Timestamp) {
    there.clock.advance(minutes(60) + Duration::from_nanos(123));
    there.provider.will(Says::Slowly(Duration::from_millis(300), SECOND.to_owned()));
    let (app, ctx, wired) = (there.app.clone(), there.ctx.clone(), there.wired());
    let account = there.now().await;
    let slow = there.app.core.tasks.spawn(async move {
        let opened = refresh::credential(&app, &ctx, &wired, &account, None).await?;
        Ok((opened.access_token.expose().to_owned(), opened.generation))
    });
    while refreshes(there).is_empty() {
        tokio::task::yield_now().await;
    }
    there.clock.advance(minutes(2));
    let (now, until) = (there.app.core.now(), there.app.core.now() + minutes(1));
    let mut tx = there.app.core.store.write().await.unwrap();
    assert!(rows::begin_refresh(&there.ctx, &mut tx, &there.account.id, 1, now, until).await.unwrap());
    tx.commit().await.unwrap();
    (slow, until)
}

/// What the other process does with its lease, long after the slow one's answer has come.
async fn after_a_while(there: &There, end: impl AsyncFn(&mut Tx) -> bool) {
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(there.now().await.credential.unwrap().generation, 1, "the slow one waits for the other's end");
    let mut tx = there.app.core.store.write().await.unwrap();
    assert!(end(&mut tx).await);
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_an_older_answer_does_not_replace_a_newer_one() {
    let there = signed_in(ROTATING, HOUR).await;
    let (slow, _) = overtaken(&there).await;
    let account = there.now().await;
    let plain = Plain::tokens(Secret::from("at-newer"), Some(Secret::from("rt-newer")));
    let audience = account.credential.as_ref().unwrap().audience.clone();
    let home = CredentialRow::Account(&account, 2);
    let sealed = sealed::seal(&there.app, &there.ctx, home, &audience, &plain).await.unwrap();
    let expires_at = Some(there.app.core.now() + minutes(60));
    let schedule = schedule(&there.app, there.wired().renewal(), true, expires_at);
    let tokens = rows::Tokens { sealed, audience, scopes: vec![], expires_at, refreshable: true, schedule };
    let (ctx, id, now) = (&there.ctx, &there.account.id, there.app.core.now());
    let newer = async |tx: &mut Tx| rows::finish_refresh(ctx, tx, id, 1, &tokens, now).await.unwrap();
    after_a_while(&there, newer).await;
    assert_eq!(slow.await.unwrap().unwrap(), ("at-newer".to_owned(), 2));
    assert_eq!(there.token(None).await.unwrap(), ("at-newer".to_owned(), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_22_a_late_answer_puts_an_account_back_that_was_ended_for_want_of_it() {
    let there = signed_in(ROTATING, HOUR).await;
    let (slow, _) = overtaken(&there).await;
    let (ctx, id, now) = (&there.ctx, &there.account.id, there.app.core.now());
    let refused = async |tx: &mut Tx| rows::expire(ctx, tx, id, 1, Reason::RefreshAnswerLost, now).await.unwrap();
    after_a_while(&there, refused).await;
    assert_eq!(slow.await.unwrap().unwrap(), ("at-2".to_owned(), 2));
    assert_eq!(there.now().await.status, Status::Active);
    assert_eq!(there.token(None).await.unwrap(), ("at-2".to_owned(), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_22_a_late_answer_is_saved_when_the_other_has_brought_none() {
    let there = signed_in(ROTATING, HOUR).await;
    let (slow, until) = overtaken(&there).await;
    let (ctx, id, now) = (&there.ctx, &there.account.id, there.app.core.now());
    after_a_while(&there, async |tx: &mut Tx| rows::mark_lost(ctx, tx, id, until, now).await.unwrap()).await;
    assert_eq!(slow.await.unwrap().unwrap(), ("at-2".to_owned(), 2));
}
