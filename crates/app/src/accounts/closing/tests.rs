//! Accounts that end: whoever leaves, whatever dies, whatever the provider says.

use super::*;
use crate::connections;
use crate::consent::Outcome;
use crate::insight::audit;
use crate::provider::{Dropped, HOUR, Says, There, polled, there, until};
use valetkey_domain::Secret;
use valetkey_domain::account::Status;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_storage::revocations as revocation_rows;

const RULE: &str = "{rotates: false, lost_answer: retry_now}";

fn unavailable() -> Says {
    Says::Answer(503, String::new())
}

/// How often the journal tells this of the account.
async fn told(there: &There, action: &str) -> usize {
    let lines = audit::newest(&there.app, &there.ctx, Some(there.account.id.as_str()), 1_000).await.unwrap();
    lines.iter().filter(|line| line.action == action).count()
}

async fn left(there: &There) -> usize {
    let mut tx = there.app.core.store.read().await.unwrap();
    revocation_rows::of_account(&there.ctx, &mut tx, &there.account.id, 100).await.unwrap().len()
}

async fn ended(there: &There, fate: Fate) -> AtProvider {
    let which = Which::Id(there.account.id.clone());
    match fate {
        Fate::Disconnect => disconnect(&there.app, &there.ctx, &which).await.unwrap().1,
        Fate::Delete => delete(&there.app, &there.ctx, &which).await.unwrap(),
    }
}

#[tokio::test]
async fn a_caller_that_leaves_leaves_no_account_active_whose_tokens_are_dead() {
    let there = there(RULE).await;
    let at_rest = there.app.core.tasks.len();
    let which = Which::Id(there.account.id.clone());
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        let (mut times, mut stopped, mut done) = (1, 0, false);
        while !done {
            assert_eq!(there.sign_in(HOUR).await, Outcome::Connected);
            let before = there.provider.asked("/revoke").len();
            done = polled(disconnect(&there.app, &there.ctx, &which), times, dropped).await.is_some();
            until(async || there.app.core.tasks.len() == at_rest).await;
            let asked = there.provider.asked("/revoke").len() - before;
            let status = there.now().await.status;
            assert!(
                matches!((&status, asked), (Status::Active, 0) | (Status::Disconnected, 1)),
                "{status:?}, {asked} after {times} polls"
            );
            assert_eq!(left(&there).await, 0, "after {times} polls");
            stopped += usize::from(!done && status == Status::Disconnected);
            times += 1;
        }
        assert!(stopped > 0, "no caller left in the middle");
    }
}

#[tokio::test]
async fn what_the_provider_does_not_revoke_is_told_and_tried_again() {
    for fate in [Fate::Disconnect, Fate::Delete] {
        let there = there(RULE).await;
        there.sign_in(HOUR).await;
        there.provider.will_revoke(unavailable());
        there.provider.will_revoke(Says::Nothing);
        assert_eq!(ended(&there, fate).await, AtProvider::Later);
        assert!(AtProvider::Later.sentence().contains("again"));
        assert_eq!((told(&there, "account.revocation_failed").await, left(&there).await), (1, 1));
        let asked = || there.provider.asked("/revoke").len();
        let tried = asked();
        revocations::due(&there.app).await.unwrap();
        assert_eq!(asked(), tried, "it is not due yet");
        there.clock.advance(Duration::from_secs(11));
        revocations::due(&there.app).await.unwrap();
        assert!(asked() > tried && left(&there).await == 1, "the connection was closed without an answer");
        there.clock.advance(Duration::from_secs(21));
        revocations::due(&there.app).await.unwrap();
        assert_eq!((told(&there, "account.revocation_failed").await, told(&there, "account.revoked").await), (1, 1));
        assert_eq!(left(&there).await, 0);
    }
}

#[tokio::test]
async fn after_a_week_it_is_given_up_and_told() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    for _ in 0..1_000 {
        there.provider.will_revoke(unavailable());
    }
    assert_eq!(ended(&there, Fate::Delete).await, AtProvider::Later);
    let mut hours = 0;
    while left(&there).await > 0 {
        there.clock.advance(Duration::from_secs(3_600));
        revocations::due(&there.app).await.unwrap();
        hours += 1;
        assert!(hours < 200, "it is never given up");
    }
    assert!((24 * 6..=24 * 7).contains(&hours), "{hours}");
    assert!(there.provider.asked("/revoke").len() < 200, "the pause grows");
    assert_eq!(told(&there, "account.revocation_given_up").await, 1);
}

#[tokio::test]
async fn what_a_process_that_died_was_at_is_revoked_by_the_next() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    let (app, ctx, id) = (&there.app, &there.ctx, &there.account.id);
    let ending = Ending::of(app, ctx, Some(&there.wired()), id).await.unwrap().unwrap();
    let change = app.core.change(ctx).await.unwrap();
    let ended = ending.write(ctx, change, Fate::Delete).await.unwrap().unwrap();
    ended.record("account.deleted", id.as_str(), Map::new()).await.unwrap().commit().await.unwrap();
    // It dies here.
    revocations::due(app).await.unwrap();
    assert!(there.provider.asked("/revoke").is_empty(), "it may still be at it");
    there.clock.advance(Duration::from_secs(3 * 60));
    revocations::due(app).await.unwrap();
    assert_eq!(there.provider.asked("/revoke"), [" token=rt-1"]);
    assert_eq!((told(&there, "account.revoked").await, left(&there).await), (1, 0));
}

#[tokio::test]
async fn a_later_try_spares_a_grant_that_is_lived_on_again() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    there.provider.will_revoke(unavailable());
    assert_eq!(ended(&there, Fate::Disconnect).await, AtProvider::Later);
    let tried = there.provider.asked("/revoke").len();
    there.sign_in(HOUR).await;
    there.clock.advance(Duration::from_secs(60));
    revocations::due(&there.app).await.unwrap();
    assert_eq!(there.provider.asked("/revoke").len(), tried, "the new consent lives on the same grant");
    assert_eq!((told(&there, "account.not_revoked").await, left(&there).await), (1, 0));
    assert_eq!(ended(&there, Fate::Disconnect).await, AtProvider::Revoked);
}

#[tokio::test]
async fn a_row_that_was_moved_or_points_elsewhere_sends_nothing() {
    for change in [
        "UPDATE revocations SET identifier = 'bob'",
        "UPDATE revocations SET audience = replace(audience, '127.0.0.1', 'localhost')",
        "UPDATE revocations SET endpoint = replace(endpoint, '/revoke', '@evil.example/revoke')",
    ] {
        let there = there(RULE).await;
        there.sign_in(HOUR).await;
        there.provider.will_revoke(unavailable());
        ended(&there, Fate::Delete).await;
        let tried = there.provider.asked("").len();
        let mut tx = there.app.core.store.write().await.unwrap();
        assert_eq!(tx.run(change, []).await.unwrap(), 1);
        tx.commit().await.unwrap();
        there.clock.advance(Duration::from_secs(60));
        revocations::due(&there.app).await.unwrap();
        assert_eq!(there.provider.asked("").len(), tried, "{change}");
    }
}

#[tokio::test]
async fn tokens_that_a_refresh_brings_too_late_are_revoked() {
    let there = there("{rotates: true, lost_answer: retry_now}").await;
    there.sign_in(HOUR).await;
    there.clock.advance(Duration::from_secs(3_600));
    let late = r#"{"access_token":"at-2","refresh_token":"rt-2"}"#.to_owned();
    there.provider.will(Says::Slowly(Duration::from_millis(500), late));
    let asked = |there: &There| there.provider.asked("/token").len();
    let ((), _) = tokio::join!(
        async {
            until(async || asked(&there) == 2).await;
            assert_eq!(ended(&there, Fate::Disconnect).await, AtProvider::Revoked);
        },
        there.token(None)
    );
    until(async || there.provider.asked("/revoke") == [" token=rt-1", " token=rt-2"]).await;
    assert_eq!(told(&there, "account.refreshed_late").await, 1);
}

#[tokio::test]
async fn attack_59_the_client_secret_goes_to_no_revocation_endpoint_that_it_was_not_given_for() {
    let mut there = there(RULE).await;
    let (app, ctx) = (there.app.clone(), there.ctx.clone());
    let settings =
        Settings { revoke_url: Some(format!("{}/refuses", there.elsewhere)), ..there.connection.settings.clone() };
    // Behind our back, as somebody with the database could: the seal alone has to hold.
    let edited = Connection { settings: settings.clone(), ..there.connection.clone() };
    assert!(connections::client_secret(&app, &Wired::with(there.connector.clone(), edited)).await.is_err());
    // By the front door, without the secret and with it.
    let moved = connections::Change { settings: Some(settings), ..connections::Change::default() };
    there.connection = connections::update(&app, &ctx, &there.connection, moved).await.unwrap();
    assert!(there.connection.client_secret.is_none());
    let given = connections::Change { client_secret: Some(Secret::from("hunter2")), ..connections::Change::default() };
    there.connection = connections::update(&app, &ctx, &there.connection, given).await.unwrap();
    there.sign_in(HOUR).await;
    assert_eq!(ended(&there, Fate::Delete).await, AtProvider::Later);
    let asked = there.provider.asked("/refuses");
    assert!(asked.len() == 3 && asked[1].contains("client_secret=hunter2"), "{asked:?}");
}
