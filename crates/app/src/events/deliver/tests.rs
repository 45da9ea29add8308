use super::failed::{GIVE_UP_AFTER, LONGEST, PAUSE};
use super::*;
use crate::accounts::{self, AccountRef};
use crate::connections;
use crate::entrance::doors;
use crate::events::webhooks::{self, Issued, Replay, WebhookSettings};
use crate::events::{self as use_case, Filter};
use crate::fixture::{self, Fixture, HOUR, Reply, fixture, until};
use crate::tenancy::environments;
use crate::{Page, consent};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::net::TcpListener;
use valetkey_domain::Kind;
use valetkey_domain::account::Owner;
use valetkey_domain::name::Identifier;
use valetkey_vault::webhook as signing;

const PATH: &str = "/api/hook";

/// A webhook that the fixture's provider receives, beside its own API.
async fn hooked(fixture: &Fixture) -> Issued {
    let url = fixture.connection.settings.api_base_url.clone().unwrap() + "/hook";
    webhooks::create(&fixture.app, &fixture.ctx, WebhookSettings { url: Some(url), ..WebhookSettings::default() })
        .await
        .unwrap()
}

/// Everything that was received, by kind and user.
fn received(fixture: &Fixture) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let bodies = fixture.provider.asked(PATH);
    let parsed = bodies.iter().map(|body| serde_json::from_str::<Value>(body.trim()).unwrap());
    parsed.map(|body| (text(&body["type"]), body["data"]["identifier"].as_str().unwrap().to_owned())).collect()
}

fn kinds(fixture: &Fixture) -> Vec<String> {
    received(fixture).into_iter().map(|(kind, _)| kind).collect()
}

/// Sends what is due, and waits until all that was begun has ended.
async fn settle(fixture: &Fixture) {
    deliver(&fixture.app, Duration::ZERO).await.unwrap();
    until(async || fixture.app.deliveries.at_work.is_idle()).await;
}

async fn link_for(fixture: &Fixture, user: &str) {
    let owner = Owner::of(Identifier::parse(user).unwrap());
    let (app, ctx, wishes) = (&fixture.app, &fixture.ctx, consent::LinkOptions::default());
    consent::link_for(app, ctx, &fixture.connection, owner, consent::Life::Chat, &wishes).await.unwrap();
}

#[tokio::test]
async fn what_happens_to_an_account_arrives_in_its_order_and_each_once() {
    let fixture = fixture("{rotates: true}").await;
    let hook = hooked(&fixture).await;
    assert_eq!(fixture.sign_in(HOUR).await, consent::Outcome::Connected);
    let which = || AccountRef::Id(fixture.account.id.clone());
    accounts::disconnect(&fixture.app, &fixture.ctx, &which()).await.unwrap();
    accounts::delete(&fixture.app, &fixture.ctx, &which()).await.unwrap();
    settle(&fixture).await;
    settle(&fixture).await;
    let told = ["magic_link_generated", "oauth_succeeded", "status_updated", "status_updated", "deleted"];
    assert_eq!(kinds(&fixture), told);
    let body: Value = serde_json::from_str(fixture.provider.asked(PATH)[2].trim()).unwrap();
    assert_eq!((&body["data"]["old_status"], &body["data"]["status"]), (&json!("PENDING_AUTH"), &json!("ACTIVE")));
    assert_eq!((&body["object"], &body["spec_version"]), (&json!("ConnectedAccount"), &json!("1")));
    let head = &fixture.provider.heads()[2];
    assert!(head.contains("webhook-signature: v1,") && head.contains("webhook-timestamp: "), "{head}");
    assert!(head.contains(&format!("webhook-id: {}", body["id"].as_str().unwrap())), "{head}");
    let (backlog, dead) = webhooks::backlog(&fixture.app, &fixture.ctx, &hook.webhook.id).await.unwrap();
    assert!(backlog.accounts.is_none() && dead.is_none(), "nothing is left to be told");
    let listed = use_case::list(&fixture.app, &fixture.ctx, Filter::default(), &Page { size: 99, after: None }).await;
    let listed: Vec<_> = listed.unwrap().items.into_iter().map(|event| event.kind).collect();
    let newest_first = |kind: &&str| format!("connected_account.{kind}");
    let all: Vec<_> = told.iter().rev().chain(&["created"]).map(newest_first).collect();
    assert_eq!(listed, all);
}

#[tokio::test]
async fn attack_74_receivers_of_other_environments_that_never_answer_hold_up_nothing() {
    let [silent, theirs] = [bound().await, bound().await];
    let [nowhere, told] = [&silent, &theirs].map(|one| one.local_addr().unwrap().to_string());
    let (app, ctx) = fixture::alone(&[&nowhere, &told]).await;
    for name in ["one", "two", "three", "four"] {
        let others = doors::operator(&app, &environments::create(&app, name, None).await.unwrap().id);
        happened(&app, &others, &nowhere, 10).await;
    }
    deliver(&app, Duration::ZERO).await.unwrap();
    happened(&app, &ctx, &told, 1).await;
    deliver(&app, Duration::ZERO).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), theirs.accept()).await.expect("it is told").unwrap();
}

async fn bound() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Something happened in an environment that so many webhooks at this address are to be told of.
async fn happened(app: &App, ctx: &Ctx, address: &str, hooks: usize) {
    let connection = fixture::connect(app, ctx, &format!("http://{address}")).await;
    for _ in 0..hooks {
        let settings = WebhookSettings { url: Some(format!("http://{address}/hook")), ..WebhookSettings::default() };
        webhooks::create(app, ctx, settings).await.unwrap();
    }
    accounts::ensure(app, ctx, &connection, Owner::of(Identifier::parse("ann").unwrap())).await.unwrap();
}

#[tokio::test]
async fn what_failed_comes_again_before_what_is_behind_it_and_holds_up_no_other_account() {
    let fixture = fixture("{rotates: true}").await;
    hooked(&fixture).await;
    fixture.provider.will_answer(Reply::Answer(500, String::new()));
    link_for(&fixture, "ann").await;
    settle(&fixture).await;
    accounts::disconnect(&fixture.app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    link_for(&fixture, "bob").await;
    settle(&fixture).await;
    let of = |kind: &str, user: &str| (kind.to_owned(), user.to_owned());
    let (ann, bobs) = (of("magic_link_generated", "ann"), [of("created", "bob"), of("magic_link_generated", "bob")]);
    assert_eq!(received(&fixture), [ann.clone(), bobs[0].clone(), bobs[1].clone()]);
    fixture.clock.advance(PAUSE);
    fixture.provider.will_answer(Reply::Nothing);
    settle(&fixture).await;
    assert_eq!(received(&fixture).len(), 4, "tried again, and it broke off");
    fixture.clock.advance(PAUSE);
    settle(&fixture).await;
    assert_eq!(received(&fixture).len(), 4, "the pause has doubled");
    fixture.clock.advance(PAUSE);
    settle(&fixture).await;
    assert_eq!(received(&fixture)[3..], [ann.clone(), ann, of("status_updated", "ann")]);
    let ids: BTreeSet<_> = fixture.provider.heads().iter().map(|head| id_of(head)).collect();
    assert_eq!(ids.len(), 4, "what comes again has its id again");
}

fn id_of(head: &str) -> String {
    head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap().to_owned()
}

#[tokio::test]
async fn after_three_days_an_event_is_given_up_and_can_be_sent_again_by_hand() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, &hooked(&fixture).await.webhook.id);
    fixture.provider.will_answer(Reply::Answer(503, String::new()));
    link_for(&fixture, "ann").await;
    settle(&fixture).await;
    fixture.clock.advance(GIVE_UP_AFTER);
    fixture.provider.will_answer(Reply::Answer(302, String::new()));
    accounts::disconnect(app, ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    settle(&fixture).await;
    assert_eq!(kinds(&fixture), ["magic_link_generated", "magic_link_generated", "status_updated"]);
    let dead = webhooks::dead(app, ctx, id, "", 9).await.unwrap();
    let [letter] = dead.as_slice() else { panic!("{dead:?}") };
    assert_eq!((letter.attempts, letter.kind.as_deref()), (2, Some("connected_account.magic_link_generated")));
    assert!(letter.last_error.contains("302") && letter.last_error.contains("not followed"), "{letter:?}");
    assert_eq!(webhooks::replay(app, ctx, id, &Replay::Dead).await.unwrap(), 1);
    fixture.provider.will_answer(Reply::Answer(500, String::new()));
    settle(&fixture).await;
    assert_eq!(webhooks::dead(app, ctx, id, "", 9).await.unwrap(), [], "its age does not count by hand");
    fixture.clock.advance(PAUSE);
    settle(&fixture).await;
    assert_eq!(kinds(&fixture).len(), 5);
    let event = letter.event.clone();
    assert_eq!(webhooks::replay(app, ctx, id, &Replay::Event(event)).await.unwrap(), 1);
    settle(&fixture).await;
    assert_eq!(kinds(&fixture).len(), 6, "also what arrived can be sent again");
    let none = Replay::Event("evt_none".to_owned().try_into().unwrap());
    assert_eq!(webhooks::replay(app, ctx, id, &none).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn another_secret_signs_beside_the_one_before_for_a_while() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx, made) = (&fixture.app, &fixture.ctx, hooked(&fixture).await);
    let id = &made.webhook.id;
    let rotated = webhooks::rotate(app, ctx, id, Duration::from_secs(60)).await.unwrap();
    assert_ne!(rotated.secret.expose(), made.secret.expose());
    let signatures = |at: usize| {
        let (head, body) = (fixture.provider.heads()[at].clone(), fixture.provider.asked(PATH)[at].clone());
        let line = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let sent: i64 = line("webhook-timestamp: ").parse().unwrap();
        let (evt, body) = (line("webhook-id: "), body.trim().to_owned());
        let own = |secret| signing::sign(secret, &evt, sent, body.as_bytes()).unwrap().to_lowercase();
        (line("webhook-signature: "), own(&rotated.secret), own(&made.secret))
    };
    link_for(&fixture, "ann").await;
    settle(&fixture).await;
    let (both, new, old) = signatures(0);
    assert_eq!(both, format!("{new} {old}"));
    fixture.clock.advance(Duration::from_secs(61));
    accounts::disconnect(app, ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    settle(&fixture).await;
    let (one, new, _) = signatures(1);
    assert_eq!(one, new);
    assert!(webhooks::rotate(app, ctx, id, Duration::from_secs(8 * 24 * 3600)).await.is_err());
}

#[tokio::test]
async fn who_is_gone_or_paused_is_sent_nothing_and_what_happened_waits() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, hooked(&fixture).await.webhook.id);
    fixture.provider.will_answer(Reply::Answer(410, String::new()));
    link_for(&fixture, "ann").await;
    settle(&fixture).await;
    assert!(webhooks::get(app, ctx, &id).await.unwrap().paused);
    fixture.clock.advance(LONGEST);
    link_for(&fixture, "bob").await;
    settle(&fixture).await;
    assert_eq!(kinds(&fixture).len(), 1);
    webhooks::update(app, ctx, &id, WebhookSettings { paused: Some(false), ..WebhookSettings::default() })
        .await
        .unwrap();
    settle(&fixture).await;
    assert_eq!(kinds(&fixture).len(), 4, "the link again, and bob's two");
}

#[tokio::test]
async fn attack_35_a_webhook_goes_where_the_guard_lets_it_and_nowhere_else() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    for url in [
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://169.254.169.254/latest",
        "http://example.org/hook",
        "https://user@example.org/",
        "ftp://example.org/",
        "/hook",
        "",
    ] {
        let wish = WebhookSettings { url: Some(url.into()), ..WebhookSettings::default() };
        let refused = webhooks::create(app, ctx, wish).await.err().unwrap();
        assert_eq!(refused.kind(), Kind::InvalidArgument, "{url}");
    }
    // Who can write the database moves the row, and its secret does not open for the new address.
    let made = hooked(&fixture).await;
    let mut tx = app.core.store.write().await.unwrap();
    let moved = Webhook { url: format!("{}/api/hook", fixture.other_origin), ..made.webhook.clone() };
    rows::update(ctx, &mut tx, &moved).await.unwrap();
    tx.commit().await.unwrap();
    link_for(&fixture, "ann").await;
    settle(&fixture).await;
    assert!(kinds(&fixture).is_empty());
    let (backlog, _) = webhooks::backlog(app, ctx, &made.webhook.id).await.unwrap();
    assert!(backlog.last_error.unwrap().contains("can no longer be opened"));
}

#[tokio::test]
async fn a_webhook_is_told_of_the_kinds_that_it_wants() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, hooked(&fixture).await.webhook.id);
    let kinds_of = |all: &[&str]| Some(all.iter().map(|kind| (*kind).to_owned()).collect());
    let misspelt = WebhookSettings { kinds: kinds_of(&["connected_account.delete"]), ..WebhookSettings::default() };
    assert!(webhooks::update(app, ctx, &id, misspelt).await.is_err());
    let deleted = WebhookSettings { kinds: kinds_of(&["connected_account.deleted"]), ..WebhookSettings::default() };
    webhooks::update(app, ctx, &id, deleted).await.unwrap();
    link_for(&fixture, "bob").await;
    let owner = Owner::of(Identifier::parse("bob").unwrap());
    let bob = accounts::find(app, ctx, &fixture.connection.id, &owner).await.unwrap().unwrap();
    accounts::delete(app, ctx, &AccountRef::Id(bob.id)).await.unwrap();
    settle(&fixture).await;
    assert_eq!(kinds(&fixture), ["deleted"]);
    for _ in 0..9 {
        hooked(&fixture).await;
    }
    let url = Some("https://app.example/hook".to_owned());
    let one_more =
        webhooks::create(app, ctx, WebhookSettings { url, ..WebhookSettings::default() }).await.err().unwrap();
    assert_eq!(one_more.kind(), Kind::FailedPrecondition);
    webhooks::delete(app, ctx, &id).await.unwrap();
    assert_eq!(webhooks::delete(app, ctx, &id).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_renewal_that_fails_for_good_is_told_with_the_status_that_follows() {
    let fixture = fixture("{rotates: true}").await;
    hooked(&fixture).await;
    fixture.sign_in(HOUR).await;
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.provider.gives(r#"{"access_token":"at-2","refresh_token":"rt-2","expires_in":3600}"#);
    fixture.token(None).await.unwrap();
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(fixture.token(None).await.is_err());
    settle(&fixture).await;
    assert_eq!(kinds(&fixture)[3..], ["token_refresh_succeeded", "token_refresh_failed", "status_updated"]);
    let body: Value = serde_json::from_str(fixture.provider.asked(PATH)[5].trim()).unwrap();
    let data = &body["data"];
    assert_eq!((&data["status"], &data["reason"]), (&json!("EXPIRED"), &json!("invalid_grant")));
    let other = connections::get(&fixture.app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    assert_eq!((&data["connector"], &data["provider"]), (&json!(other.name), &json!("ACME")));
}

#[tokio::test]
async fn a_receiver_that_is_down_is_tried_once_in_a_while_whoever_it_is_to_be_told_of() {
    const USERS: usize = 30;
    let fixture = fixture("{rotates: true}").await;
    let (app, hook) = (&fixture.app, hooked(&fixture).await.webhook.id);
    for _ in 0..12 {
        fixture.provider.will_answer(Reply::Answer(503, String::new()));
    }
    for user in 0..USERS {
        link_for(&fixture, &format!("user-{user}")).await;
    }
    settle(&fixture).await;
    let mut tried = received(&fixture).len();
    assert!((5..5 + AT_ONCE).contains(&tried), "{tried} of {USERS}");
    assert!(webhooks::rests_until(app, &hook).is_some());
    settle(&fixture).await;
    assert_eq!(received(&fixture).len(), tried, "it rests");
    while tried < 12 {
        fixture.clock.advance(Duration::from_secs(15 * 60));
        settle(&fixture).await;
        tried += 1;
        assert_eq!(received(&fixture).len(), tried, "one tries");
    }
    fixture.clock.advance(Duration::from_secs(15 * 60));
    until(async || {
        settle(&fixture).await;
        received(&fixture).len() == 12 + 2 * USERS
    })
    .await;
    assert_eq!(webhooks::rests_until(app, &hook), None);
}
