//! Sign-ins that the app has still to confirm.

use super::*;
use crate::consent::{self, Life, LinkOptions};
use crate::fixture::{Fixture, HOUR, PUBLIC, fixture, until};
use crate::insight::audit;
use crate::upkeep::housekeeping;
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::account::Status;

/// Ann has signed in by a link that has her confirmed; the name that her browser brings to the app.
async fn signed_in(fixture: &Fixture) -> String {
    let wishes = LinkOptions { user_verify_url: Some("https://app.example/verify".into()), ..LinkOptions::default() };
    let owner = fixture.account.owner.clone();
    let link = consent::link_for(&fixture.app, &fixture.ctx, &fixture.connection, owner, Life::Chat, &wishes);
    let link = link.await.unwrap().1;
    let token = link.url.strip_prefix(&format!("{}/connect/", *PUBLIC)).unwrap().to_owned();
    fixture.provider.gives(HOUR);
    let state = fixture.start(&token, "browser").await;
    let id = fixture.back(&state, "browser").await.unwrap();
    let report = consent::outcome(&fixture.app, &id, Some(&Secret::from("browser"))).await.unwrap();
    assert_eq!(report.outcome, Outcome::Unconfirmed);
    let place = report.confirmed_at.unwrap();
    place.query_pairs().find(|(name, _)| name == "auth_request_id").unwrap().1.into_owned()
}

async fn told(fixture: &Fixture, action: &str) -> usize {
    let lines = audit::newest(&fixture.app, &fixture.ctx, None, 1_000).await.unwrap();
    lines.iter().filter(|line| line.action == action).count()
}

#[tokio::test]
async fn what_nobody_confirms_within_ten_minutes_is_revoked() {
    let fixture = fixture("{rotates: true}").await;
    let request = signed_in(&fixture).await;
    fixture.clock.advance(Duration::from_secs(9 * 60));
    housekeeping::tidy(&fixture.app).await.unwrap();
    assert!(fixture.provider.asked("/revoke").is_empty(), "it may still be confirmed");
    assert_eq!(fixture.now().await.status, Status::PendingVerification);
    fixture.clock.advance(Duration::from_secs(2 * 60));
    let late = confirm(&fixture.app, &fixture.ctx, &request, "ann").await.unwrap_err();
    assert_eq!(late.kind(), Kind::NotFound);
    housekeeping::tidy(&fixture.app).await.unwrap();
    until(async || fixture.provider.asked("/revoke") == [" token=rt-1"]).await;
    let now = fixture.now().await;
    assert_eq!((&now.status, now.credential.is_none()), (&Status::PendingAuth, true));
    assert_eq!(told(&fixture, "account.unconfirmed_ended").await, 1);
    housekeeping::tidy(&fixture.app).await.unwrap();
    assert_eq!(fixture.provider.asked("/revoke").len(), 1, "once");
}

#[tokio::test]
async fn another_users_word_is_refused_and_recorded_so_often_and_no_more() {
    let fixture = fixture("{rotates: true}").await;
    let request = signed_in(&fixture).await;
    for time in 1..=15 {
        let refused = confirm(&fixture.app, &fixture.ctx, &request, "mallory").await.unwrap_err();
        let wanted = if time <= REFUSALS { Kind::PermissionDenied } else { Kind::NotFound };
        assert_eq!(refused.kind(), wanted, "{time}");
    }
    assert_eq!(told(&fixture, "account.confirmation_refused").await, 10);
    assert_eq!(fixture.now().await.status, Status::PendingVerification);
    confirm(&fixture.app, &fixture.ctx, &request, "ann").await.unwrap();
    assert_eq!(fixture.now().await.status, Status::Active);
}
