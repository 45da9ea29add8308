//! Accounts that end: whoever leaves, whatever dies, whatever the provider says.

use super::*;
use crate::connections;
use crate::consent::Outcome;
use crate::credentials::revocations;
use crate::fixture::{Dropped, Fixture, HOUR, Reply, fixture, polled, revoke_due, until};
use crate::insight::audit;
use valetkey_domain::Secret;
use valetkey_domain::account::Status;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_storage::revocations as revocation_rows;

const RULE: &str = "{rotates: false, lost_answer: retry_now}";

fn unavailable() -> Reply {
    Reply::Answer(503, String::new())
}

/// How often the journal tells this of the account.
async fn told(fixture: &Fixture, action: &str) -> usize {
    let lines = audit::newest(&fixture.app, &fixture.ctx, Some(fixture.account.id.as_str()), 1_000).await.unwrap();
    lines.iter().filter(|line| line.action == action).count()
}

async fn left(fixture: &Fixture) -> usize {
    let mut tx = fixture.app.core.store.read().await.unwrap();
    revocation_rows::of_account(&fixture.ctx, &mut tx, &fixture.account.id, 100).await.unwrap().len()
}

async fn ended(fixture: &Fixture, fate: ClosingKind) -> AtProvider {
    let which = AccountRef::Id(fixture.account.id.clone());
    match fate {
        ClosingKind::Disconnect => disconnect(&fixture.app, &fixture.ctx, &which).await.unwrap().1,
        ClosingKind::Delete => delete(&fixture.app, &fixture.ctx, &which).await.unwrap(),
    }
}

#[tokio::test]
async fn a_caller_that_leaves_leaves_no_account_active_whose_tokens_are_dead() {
    let fixture = fixture(RULE).await;
    let at_rest = fixture.app.core.tasks.len();
    let which = AccountRef::Id(fixture.account.id.clone());
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        // How far one poll comes is the database's business: it is gone through until a caller left in the middle.
        let (mut times, mut stopped, mut rounds) = (1, 0, 0);
        while stopped == 0 || times > 1 {
            assert_eq!(fixture.sign_in(HOUR).await, Outcome::Connected);
            let before = fixture.provider.asked("/revoke").len();
            let done = polled(disconnect(&fixture.app, &fixture.ctx, &which), times, dropped).await.is_some();
            until(async || fixture.app.core.tasks.len() == at_rest).await;
            let asked = fixture.provider.asked("/revoke").len() - before;
            let status = fixture.now().await.status;
            assert!(
                matches!((&status, asked), (Status::Active, 0) | (Status::Disconnected, 1)),
                "{status:?}, {asked} after {times} polls"
            );
            assert_eq!(left(&fixture).await, 0, "after {times} polls");
            stopped += usize::from(!done && status == Status::Disconnected);
            (times, rounds) = if done { (1, rounds + 1) } else { (times + 1, rounds) };
            assert!(rounds < 50, "no caller left in the middle");
        }
    }
}

#[tokio::test]
async fn what_the_provider_does_not_revoke_is_told_and_tried_again() {
    for fate in [ClosingKind::Disconnect, ClosingKind::Delete] {
        let fixture = fixture(RULE).await;
        fixture.sign_in(HOUR).await;
        fixture.provider.will_revoke(unavailable());
        fixture.provider.will_revoke(Reply::Nothing);
        assert_eq!(ended(&fixture, fate).await, AtProvider::Later);
        assert!(AtProvider::Later.sentence().contains("again"));
        assert_eq!((told(&fixture, "account.revocation_failed").await, left(&fixture).await), (1, 1));
        let asked = || fixture.provider.asked("/revoke").len();
        let tried = asked();
        revoke_due(&fixture.app).await;
        assert_eq!(asked(), tried, "it is not due yet");
        fixture.clock.advance(Duration::from_secs(11));
        revoke_due(&fixture.app).await;
        assert!(asked() > tried && left(&fixture).await == 1, "the connection was closed without an answer");
        fixture.clock.advance(Duration::from_secs(21));
        revoke_due(&fixture.app).await;
        assert_eq!(
            (told(&fixture, "account.revocation_failed").await, told(&fixture, "account.revoked").await),
            (1, 1)
        );
        assert_eq!(left(&fixture).await, 0);
    }
}

/// What is due in other environments is begun before this one's provider answers, which it may not do for an hour.
#[tokio::test]
async fn attack_74_nobody_waits_behind_a_provider_that_does_not_answer() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    fixture.provider.will_revoke(unavailable());
    assert_eq!(ended(&fixture, ClosingKind::Delete).await, AtProvider::Later);
    fixture.clock.advance(Duration::from_secs(11));
    fixture.provider.will_revoke(Reply::Slowly(Duration::from_secs(1), String::new()));
    let asked = fixture.provider.asked("/revoke").len();
    revocations::due(&fixture.app).await.unwrap();
    assert!(!fixture.app.revoking.is_idle(), "it was waited for");
    until(async || fixture.provider.asked("/revoke").len() > asked).await;
    // Looked at again meanwhile, it is not asked for twice.
    revocations::due(&fixture.app).await.unwrap();
    until(async || fixture.app.revoking.is_idle()).await;
    assert_eq!((fixture.provider.asked("/revoke").len(), left(&fixture).await), (asked + 1, 0));
}

#[tokio::test]
async fn after_a_week_it_is_given_up_and_told() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    for _ in 0..1_000 {
        fixture.provider.will_revoke(unavailable());
    }
    assert_eq!(ended(&fixture, ClosingKind::Delete).await, AtProvider::Later);
    let mut hours = 0;
    while left(&fixture).await > 0 {
        fixture.clock.advance(Duration::from_secs(3_600));
        revoke_due(&fixture.app).await;
        hours += 1;
        assert!(hours < 200, "it is never given up");
    }
    assert!((24 * 6..=24 * 7).contains(&hours), "{hours}");
    assert!(fixture.provider.asked("/revoke").len() < 200, "the pause grows");
    assert_eq!(told(&fixture, "account.revocation_given_up").await, 1);
}

#[tokio::test]
async fn what_a_process_that_died_was_at_is_revoked_by_the_next() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, &fixture.account.id);
    let ending = Ending::of(app, ctx, Some(&fixture.wired()), id).await.unwrap().unwrap();
    let change = app.core.change(ctx).await.unwrap();
    let ended = ending.write(ctx, change, ClosingKind::Delete).await.unwrap().unwrap();
    ended.record("account.deleted", id.as_str(), Map::new()).await.unwrap().commit().await.unwrap();
    // It dies here.
    revoke_due(app).await;
    assert!(fixture.provider.asked("/revoke").is_empty(), "it may still be at it");
    fixture.clock.advance(Duration::from_secs(3 * 60));
    revoke_due(app).await;
    assert_eq!(fixture.provider.asked("/revoke"), [" token=rt-1"]);
    assert_eq!((told(&fixture, "account.revoked").await, left(&fixture).await), (1, 0));
}

#[tokio::test]
async fn a_later_try_spares_a_grant_that_is_lived_on_again() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    fixture.provider.will_revoke(unavailable());
    assert_eq!(ended(&fixture, ClosingKind::Disconnect).await, AtProvider::Later);
    let tried = fixture.provider.asked("/revoke").len();
    fixture.sign_in(HOUR).await;
    fixture.clock.advance(Duration::from_secs(60));
    revoke_due(&fixture.app).await;
    assert_eq!(fixture.provider.asked("/revoke").len(), tried, "the new consent lives on the same grant");
    assert_eq!((told(&fixture, "account.not_revoked").await, left(&fixture).await), (1, 0));
    assert_eq!(ended(&fixture, ClosingKind::Disconnect).await, AtProvider::Revoked);
}

#[tokio::test]
async fn a_row_that_was_moved_or_points_elsewhere_sends_nothing() {
    for change in [
        "UPDATE revocations SET identifier = 'bob'",
        "UPDATE revocations SET audience = replace(audience, '127.0.0.1', 'localhost')",
        "UPDATE revocations SET endpoint = replace(endpoint, '/revoke', '@evil.example/revoke')",
    ] {
        let fixture = fixture(RULE).await;
        fixture.sign_in(HOUR).await;
        fixture.provider.will_revoke(unavailable());
        ended(&fixture, ClosingKind::Delete).await;
        let tried = fixture.provider.asked("").len();
        let mut tx = fixture.app.core.store.write().await.unwrap();
        assert_eq!(tx.run(change, []).await.unwrap(), 1);
        tx.commit().await.unwrap();
        fixture.clock.advance(Duration::from_secs(60));
        revoke_due(&fixture.app).await;
        assert_eq!(fixture.provider.asked("").len(), tried, "{change}");
    }
}

#[tokio::test]
async fn tokens_that_a_refresh_brings_too_late_are_revoked() {
    let fixture = fixture("{rotates: true, lost_answer: retry_now}").await;
    fixture.sign_in(HOUR).await;
    fixture.clock.advance(Duration::from_secs(3_600));
    let late = r#"{"access_token":"at-2","refresh_token":"rt-2"}"#.to_owned();
    fixture.provider.will(Reply::Slowly(Duration::from_millis(500), late));
    let asked = |fixture: &Fixture| fixture.provider.asked("/token").len();
    let ((), _) = tokio::join!(
        async {
            until(async || asked(&fixture) == 2).await;
            assert_eq!(ended(&fixture, ClosingKind::Disconnect).await, AtProvider::Revoked);
        },
        fixture.token(None)
    );
    until(async || fixture.provider.asked("/revoke") == [" token=rt-1", " token=rt-2"]).await;
    assert_eq!(told(&fixture, "account.refreshed_late").await, 1);
}

#[tokio::test]
async fn attack_59_the_client_secret_goes_to_no_revocation_endpoint_that_it_was_not_given_for() {
    let mut fixture = fixture(RULE).await;
    let (app, ctx) = (fixture.app.clone(), fixture.ctx.clone());
    let settings = Settings {
        revoke_url: Some(format!("{}/refuses", fixture.other_origin)),
        ..fixture.connection.settings.clone()
    };
    // Behind our back, as somebody with the database could: the seal alone has to hold.
    let edited = Connection { settings: settings.clone(), ..fixture.connection.clone() };
    assert!(connections::client_secret(&app, &Wired::with(fixture.connector.clone(), edited)).await.is_err());
    // By the front door, without the secret and with it.
    let moved = connections::Change { settings: Some(settings), ..connections::Change::default() };
    fixture.connection = connections::update(&app, &ctx, &fixture.connection, moved).await.unwrap();
    assert!(fixture.connection.client_secret.is_none());
    let given = connections::Change { client_secret: Some(Secret::from("hunter2")), ..connections::Change::default() };
    fixture.connection = connections::update(&app, &ctx, &fixture.connection, given).await.unwrap();
    fixture.sign_in(HOUR).await;
    assert_eq!(ended(&fixture, ClosingKind::Delete).await, AtProvider::Later);
    let asked = fixture.provider.asked("/refuses");
    assert!(asked.len() == 3 && asked[1].contains("client_secret=hunter2"), "{asked:?}");
}

/// A sibling whose connector is gone may live on the same grant or not: nobody will ever know.
#[tokio::test]
async fn beside_a_sibling_whose_connector_is_gone_it_is_given_up_at_once_and_said() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let settings = Settings { token_url: None, ..fixture.connection.settings.clone() };
    let new = connections::New {
        name: Some("SIBLING".into()),
        connector: "acme".into(),
        settings,
        client_secret: Some(Secret::from("hunter2")),
    };
    connections::create(app, ctx, new).await.unwrap();
    let given = crate::accounts::ImportedCredential::Tokens {
        access_token: Secret::from("at"),
        refresh_token: None,
        scopes: vec![],
    };
    let owner = fixture.account.owner.clone();
    crate::accounts::create(app, ctx, "SIBLING", owner, Some(given), Map::new()).await.unwrap();
    let mut tx = app.core.store.write().await.unwrap();
    assert_eq!(tx.run("UPDATE connections SET connector = 'gone' WHERE name = 'SIBLING'", []).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(ended(&fixture, ClosingKind::Disconnect).await, AtProvider::Shared);
    assert_eq!((left(&fixture).await, told(&fixture, "account.not_revoked").await), (0, 1));
    let lines = audit::newest(app, ctx, Some(fixture.account.id.as_str()), 10).await.unwrap();
    let why = lines.iter().find_map(|line| line.detail.get("why")).unwrap().to_string();
    assert!(why.contains("SIBLING") && why.contains("not loaded"), "{why}");
    assert!(fixture.provider.asked("/revoke").is_empty());
}
