//! What is taken for the one, and what a copy may do.

use super::*;
use crate::accounts;
use crate::credentials::refresh;
use crate::entrance::doors;
use crate::events::webhooks;
use crate::fixture::{Fixture, HOUR, fixture};
use crate::upkeep::doctor;
use std::sync::Arc;
use valetkey_core::processes;
use valetkey_domain::Kind;
use valetkey_domain::ctx::Detached;

async fn start(fixture: &Fixture, mark: Option<&Mark>) -> Presence {
    let app = &fixture.app;
    Presence::start(&app.core.store, app.core.clock.as_ref(), app.core.rng.as_ref(), mark).await.unwrap()
}

fn mark(presence: &Presence) -> Mark {
    match presence.standing() {
        Standing::Admitted(mark) => mark.clone(),
        Standing::Quarantined { why, .. } => panic!("{why}"),
    }
}

fn why(presence: &Presence) -> (String, bool) {
    match presence.standing() {
        Standing::Admitted(mark) => panic!("admitted: {mark:?}"),
        Standing::Quarantined { why, newcomer } => (why.clone(), *newcomer),
    }
}

/// The mark that a server would have after its first start.
async fn first(fixture: &Fixture) -> Mark {
    let app = &fixture.app;
    let first = first_mark(&app.core.store, app.core.clock.as_ref(), app.core.rng.as_ref()).await.unwrap().unwrap();
    mark(&start(fixture, Some(&first)).await)
}

#[tokio::test]
async fn a_server_that_comes_back_is_admitted_and_counts_on() {
    let fixture = fixture("{rotates: true}").await;
    let one = first(&fixture).await;
    let again = mark(&start(&fixture, Some(&one)).await);
    assert_eq!((&again.installation, &again.place), (&one.installation, &one.place));
    assert!(again.epoch > one.epoch);
    // Killed before it could keep what it had counted.
    mark(&start(&fixture, Some(&one)).await);
    let (app, none) = (&fixture.app, None);
    assert_eq!(first_mark(&app.core.store, app.core.clock.as_ref(), app.core.rng.as_ref()).await.unwrap(), none);
}

#[tokio::test]
async fn what_disagrees_with_its_mark_is_in_quarantine_and_says_why() {
    let fixture = fixture("{rotates: true}").await;
    let one = first(&fixture).await;
    let elsewhere = Mark { place: "sqlite:1".into(), ..one.clone() };
    let ahead = Mark { epoch: one.epoch + 1000, ..one.clone() };
    let other = Mark { installation: InstallationId::parse("vk_other").unwrap(), ..one.clone() };
    for (mark, says) in [(&elsewhere, "copy or was moved"), (&ahead, "earlier state"), (&other, "vk_other")] {
        let (why, newcomer) = why(&start(&fixture, Some(mark)).await);
        assert!(why.contains(says) && !newcomer, "{why}");
    }
    let unborn = Mark { epoch: 0, ..other };
    for mark in [None, Some(&unborn)] {
        let (why, newcomer) = why(&start(&fixture, mark).await);
        assert!(why.contains(one.installation.as_str()) && newcomer, "{why}");
    }
}

#[tokio::test]
async fn what_callers_are_told_of_a_quarantine_is_the_same_for_each_and_the_operator_is_told_why() {
    let fixture = fixture("{rotates: true}").await;
    let (app, one) = (&fixture.app, first(&fixture).await);
    let (_, token) = fixture.instance().await;
    let elsewhere = Mark { place: "sqlite:1".into(), ..one.clone() };
    let ahead = Mark { epoch: one.epoch + 1000, ..one.clone() };
    let other = Mark { installation: InstallationId::parse("vk_other").unwrap(), ..one.clone() };
    let mut told = Vec::new();
    for mark in [Some(&elsewhere), Some(&ahead), Some(&other), None] {
        let presence = start(&fixture, mark).await;
        presence.govern(app);
        let refused = doors::instance_url(app, &token).await.unwrap_err();
        told.push(refused.to_string());
        let (why, _) = why(&presence);
        assert_eq!(std::error::Error::source(&refused).unwrap().to_string(), why);
        let seen = doctor::examine(app, app.core.clock.as_ref(), &(Arc::new(Detached) as _)).await;
        let seen: Vec<&str> = seen.iter().filter(|c| c.part == "installation").map(|c| c.found.as_str()).collect();
        assert!(seen.iter().any(|found| found.contains(&why)), "{seen:?} does not say: {why}");
    }
    assert!(told.iter().all(|message| *message == told[0]), "{told:?}");
    for secret in [one.installation.as_str(), one.place.as_str(), "vk_other", "sqlite:1"] {
        assert!(!told[0].contains(secret), "{secret}: {}", told[0]);
    }
}

#[tokio::test]
async fn a_newcomer_is_admitted_by_one_that_serves_and_in_a_copy_by_nobody() {
    let fixture = fixture("{rotates: true}").await;
    let one = first(&fixture).await;
    let mut serving = start(&fixture, Some(&one)).await;
    let mut newcomer = start(&fixture, None).await;
    assert_eq!(newcomer.beat(&fixture.app).await.unwrap(), None);
    assert_eq!(newcomer.beat(&fixture.app).await.unwrap(), None, "nobody serves here");
    assert!(fixture.app.core.keyring.check_open().is_err());
    serving.beat(&fixture.app).await.unwrap().unwrap();
    let mark = newcomer.beat(&fixture.app).await.unwrap().unwrap();
    assert_eq!(mark.installation, one.installation);
    fixture.app.core.keyring.check_open().unwrap();
    assert_eq!(processes::live(&fixture.app.core).await.unwrap().len(), 2);
    newcomer.leave(&fixture.app).await.unwrap();
    assert_eq!(processes::live(&fixture.app.core).await.unwrap().len(), 1);
}

#[tokio::test]
async fn attack_61_a_copy_refreshes_nothing_and_opens_no_url_until_the_operator_decides() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    fixture.sign_in(HOUR).await;
    let (_, token) = fixture.instance().await;
    first(&fixture).await;
    assert!(take_over(app, false, &Detached).await.unwrap_err().message().contains("not in quarantine"));
    start(&fixture, None).await.govern(app);
    let asked = fixture.provider.asked("/token").len();
    fixture.clock.advance(Duration::from_secs(3600));
    assert!(matches!(fixture.token(None).await, Err(refresh::Unusable::Later(why)) if why.contains("in quarantine")));
    assert_eq!(fixture.provider.asked("/token").len(), asked, "a refresh left the copy");
    let refused = doors::instance_url(app, &token).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::FailedPrecondition, "QUARANTINE"));
    assert!(refused.message().contains("valetkey restore --takeover"), "{refused}");
    assert!(app.core.keyring.check_open().is_err());

    take_over(app, false, &Detached).await.unwrap();
    app.core.keyring.check_open().unwrap();
    fixture.provider.gives(HOUR);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    // It may have been revoked since the backup was made.
    assert_eq!(doors::instance_url(app, &token).await.unwrap_err().kind(), Kind::NotFound);
    assert!(accounts::get(app, ctx, &accounts::AccountRef::Id(fixture.account.id.clone())).await.is_ok());
}

#[tokio::test]
async fn attack_61_urls_stay_only_where_the_operator_says_that_none_was_revoked() {
    let fixture = fixture("{rotates: true}").await;
    let (_, token) = fixture.instance().await;
    let one = first(&fixture).await;
    start(&fixture, None).await.govern(&fixture.app);
    let taken = take_over(&fixture.app, true, &Detached).await.unwrap();
    assert_ne!(taken.installation, one.installation);
    doors::instance_url(&fixture.app, &token).await.unwrap();
    mark(&start(&fixture, Some(&taken)).await);
    let (why, newcomer) = why(&start(&fixture, Some(&one)).await);
    assert!(why.contains(one.installation.as_str()) && !newcomer, "the original has become the other: {why}");
}

#[tokio::test]
async fn attack_61_a_copy_that_is_meant_to_be_one_keeps_no_credential() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    fixture.sign_in(HOUR).await;
    let (_, token) = fixture.instance().await;
    first(&fixture).await;
    let wish = webhooks::WebhookSettings {
        url: Some("https://app.example/hook".into()),
        ..webhooks::WebhookSettings::default()
    };
    webhooks::create(app, &fixture.ctx, wish).await.unwrap();
    let keys = app.core.keyring.jwks();
    start(&fixture, None).await.govern(app);
    as_copy(app, &Detached).await.unwrap();
    assert!(webhooks::list(app, &fixture.ctx).await.unwrap().is_empty(), "the original's receivers are not told twice");
    app.core.keyring.check_open().unwrap();
    let account = fixture.now().await;
    assert!(account.credential.is_none() && account.status.name() == "DISCONNECTED");
    let connection = crate::connections::get(app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    assert!(connection.client_secret.is_none());
    assert_eq!(doors::instance_url(app, &token).await.unwrap_err().kind(), Kind::NotFound);
    let fresh = app.core.keyring.jwks();
    assert_eq!(fresh["keys"].as_array().unwrap().len(), 1);
    assert_ne!(fresh["keys"][0]["kid"], keys["keys"][0]["kid"], "it would sign in the original's name");
}

#[tokio::test]
async fn a_database_that_others_serve_on_is_not_taken_over() {
    let fixture = fixture("{rotates: true}").await;
    let one = first(&fixture).await;
    let mut serving = start(&fixture, Some(&one)).await;
    serving.beat(&fixture.app).await.unwrap();
    let lost = Presence { standing: Standing::Quarantined { why: "lost".into(), newcomer: false }, ..serving };
    lost.govern(&fixture.app);
    let refused = take_over(&fixture.app, false, &Detached).await.unwrap_err();
    assert!(refused.message().contains("installation"), "{refused}");
}
