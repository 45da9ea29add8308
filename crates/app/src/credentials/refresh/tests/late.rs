//! An answer that is saved only after its lease has run out, where another process may have begun a refresh since.

use super::{ROTATING, SECOND, minutes, refreshes, signed_in};
use crate::credentials::refresh::{self, Unusable};
use crate::credentials::schedule::schedule;
use crate::credentials::sealed::{self, Plain};
use crate::fixture::{Fixture, HOUR, Reply, until};
use crate::log::Log;
use std::time::Duration;
use valetkey_core::places::CredentialRow;
use valetkey_domain::account::{Reason, Status};
use valetkey_domain::{Secret, Timestamp};
use valetkey_storage::{Tx, accounts as rows};

/// One that is slow to be saved: when its answer comes, its lease is over and another process, which knows nothing of
/// it, has begun to send the same refresh token. Gives the end of that one's lease.
async fn overtaken(fixture: &Fixture) -> (tokio::task::JoinHandle<Result<(String, i64), Unusable>>, Timestamp) {
    fixture.clock.advance(minutes(60) + Duration::from_nanos(123));
    fixture.provider.will(Reply::Slowly(Duration::from_millis(300), SECOND.to_owned()));
    let (app, ctx, wired) = (fixture.app.clone(), fixture.ctx.clone(), fixture.wired());
    let account = fixture.now().await;
    let slow = fixture.app.core.tasks.spawn(async move {
        let opened = refresh::credential(&app, &ctx, &wired, &account, None).await?;
        Ok((opened.access_token.expose().to_owned(), opened.generation))
    });
    until(async || !refreshes(fixture).is_empty()).await;
    fixture.clock.advance(minutes(2));
    let (now, until) = (fixture.app.core.now(), fixture.app.core.now() + minutes(1));
    let mut tx = fixture.app.core.store.write().await.unwrap();
    assert!(rows::begin_refresh(&fixture.ctx, &mut tx, &fixture.account.id, 1, now, until).await.unwrap());
    tx.commit().await.unwrap();
    (slow, until)
}

/// What the other process does with its lease, once the slow one has tried to save its answer and must wait.
async fn once_it_waits(fixture: &Fixture, log: &Log, end: impl AsyncFn(&mut Tx) -> bool) {
    until(async || log.says("its end is waited for")).await;
    assert_eq!(fixture.now().await.credential.unwrap().generation, 1, "the slow one waits for the other's end");
    let mut tx = fixture.app.core.store.write().await.unwrap();
    assert!(end(&mut tx).await);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn attack_21_an_older_answer_does_not_replace_a_newer_one() {
    let (log, _heard) = Log::of_this_thread();
    let fixture = signed_in(ROTATING, HOUR).await;
    let (slow, _) = overtaken(&fixture).await;
    let account = fixture.now().await;
    let plain = Plain::tokens(Secret::from("at-newer"), Some(Secret::from("rt-newer")));
    let audience = account.credential.as_ref().unwrap().audience.clone();
    let home = CredentialRow::Account(&account, 2);
    let sealed = sealed::seal(&fixture.app, &fixture.ctx, home, &audience, &plain).await.unwrap();
    let expires_at = Some(fixture.app.core.now() + minutes(60));
    let schedule = schedule(&fixture.app, fixture.wired().renewal(), true, expires_at);
    let tokens = rows::Tokens { sealed, audience, scopes: vec![], expires_at, refreshable: true, schedule };
    let (ctx, id, now) = (&fixture.ctx, &fixture.account.id, fixture.app.core.now());
    let newer = async |tx: &mut Tx| rows::finish_refresh(ctx, tx, id, 1, &tokens, now).await.unwrap();
    once_it_waits(&fixture, &log, newer).await;
    assert_eq!(slow.await.unwrap().unwrap(), ("at-newer".to_owned(), 2));
    assert_eq!(fixture.token(None).await.unwrap(), ("at-newer".to_owned(), 2));
}

#[tokio::test]
async fn attack_22_a_late_answer_puts_an_account_back_that_was_ended_for_want_of_it() {
    let (log, _heard) = Log::of_this_thread();
    let fixture = signed_in(ROTATING, HOUR).await;
    let (slow, _) = overtaken(&fixture).await;
    let (ctx, id, now) = (&fixture.ctx, &fixture.account.id, fixture.app.core.now());
    let refused = async |tx: &mut Tx| rows::expire(ctx, tx, id, 1, Reason::RefreshAnswerLost, now).await.unwrap();
    once_it_waits(&fixture, &log, refused).await;
    assert_eq!(slow.await.unwrap().unwrap(), ("at-2".to_owned(), 2));
    assert_eq!(fixture.now().await.status, Status::Active);
    assert_eq!(fixture.token(None).await.unwrap(), ("at-2".to_owned(), 2));
}

#[tokio::test]
async fn attack_22_a_late_answer_is_saved_when_the_other_has_brought_none() {
    let (log, _heard) = Log::of_this_thread();
    let fixture = signed_in(ROTATING, HOUR).await;
    let (slow, until) = overtaken(&fixture).await;
    let (ctx, id, now) = (&fixture.ctx, &fixture.account.id, fixture.app.core.now());
    once_it_waits(&fixture, &log, async |tx: &mut Tx| rows::mark_answer_lost(ctx, tx, id, until, now).await.unwrap())
        .await;
    assert_eq!(slow.await.unwrap().unwrap(), ("at-2".to_owned(), 2));
}
