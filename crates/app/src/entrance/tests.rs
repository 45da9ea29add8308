//! Attack 70 at the doors: who writes the database, and has no key, lets nobody in and gives nobody more rights.

use crate::entrance::{browsers, doors, sign_in};
use crate::fixture::{Fixture, fixture};
use crate::tenancy::{clients, members, tokens};
use valetkey_core::rights;
use valetkey_domain::ctx::Actor;
use valetkey_domain::member::{Right, Role};
use valetkey_domain::{Kind, Secret};
use valetkey_storage::Arg;
use valetkey_vault::{password, sha256};

/// One statement of somebody with the database's password.
async fn writes<const N: usize>(fixture: &Fixture, sql: &'static str, args: [Arg; N]) {
    let mut tx = fixture.app.core.store.write().await.unwrap();
    assert_eq!(tx.run(sql, args).await.unwrap(), 1, "{sql}");
    tx.commit().await.unwrap();
}

fn hash(text: &str) -> Arg {
    Arg::from(&sha256(text.as_bytes()))
}

#[tokio::test]
async fn attack_70_a_planted_link_session_or_password_signs_nobody_in() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let way_in = sign_in::first_link(app).await.unwrap();
    let theirs = "UPDATE login_links SET hash = $1";
    writes(&fixture, theirs, [hash("mine")]).await;
    for refused in [
        sign_in::open_link(app, "mine").await.err(),
        sign_in::sign_in_by_link(app, "mine", &browsers::Browser::stranger("x")).await.err(),
    ] {
        assert_eq!(refused.unwrap().kind(), Kind::NotFound);
    }
    writes(&fixture, theirs, [hash(way_in.token.expose())]).await;
    let cookie =
        sign_in::sign_in_by_link(app, way_in.token.expose(), &browsers::Browser::stranger("x")).await.unwrap().cookie;
    let who = sign_in::signed_in(app, &cookie).await.unwrap();
    let session =
        "INSERT INTO member_sessions (id, member_id, hash, browser, created_at, last_seen_at, expires_at, mac)
        SELECT 'ses_planted', member_id, $1, browser, created_at, last_seen_at, expires_at, mac FROM member_sessions";
    writes(&fixture, session, [hash("cookie")]).await;
    assert_eq!(sign_in::signed_in(app, &"cookie".into()).await.unwrap_err().kind(), Kind::Unauthenticated);
    sign_in::signed_in(app, &cookie).await.unwrap();
    sign_in::set_password(app, &who, None, &Secret::from("correct horse battery")).await.unwrap();
    let mine = Secret::from("a password of my own");
    let planted = password::hash(&mine).unwrap();
    writes(&fixture, "UPDATE members SET password = $1", [Arg::from(planted)]).await;
    let wrong = sign_in::sign_in_by_password(app, members::FIRST, &mine, &browsers::Browser::stranger("x"))
        .await
        .err()
        .unwrap();
    assert_eq!((wrong.kind(), wrong.message()), (Kind::Unauthenticated, "name and password do not fit"));
    assert!(sign_in::signed_in(app, &cookie).await.is_err(), "nor goes a session on over such a row");
    let over = sign_in::set_password(app, &who, Some(&mine), &Secret::from("and another of my own")).await.unwrap_err();
    assert_eq!(over.kind(), Kind::FailedPrecondition, "a change would make the planted row ours: {over}");
}

#[tokio::test]
async fn attack_70_nobody_gets_another_role_or_anothers_session() {
    let fixture = fixture("{rotates: true}").await;
    let (app, operator) = (&fixture.app, members::operator(&fixture.app));
    let owner = members::ensure_owner(app).await.unwrap();
    let ann = members::create(app, &operator, "ann", Role::Support).await.unwrap();
    let way_in = sign_in::link(app, &operator, &ann).await.unwrap();
    let cookie =
        sign_in::sign_in_by_link(app, way_in.token.expose(), &browsers::Browser::stranger("x")).await.unwrap().cookie;
    let given = "UPDATE member_sessions SET member_id = $1";
    writes(&fixture, given, [Arg::from(owner.id.as_str())]).await;
    assert!(sign_in::signed_in(app, &cookie).await.is_err());
    writes(&fixture, given, [Arg::from(ann.id.as_str())]).await;
    sign_in::signed_in(app, &cookie).await.unwrap().enter(app, &fixture.ctx.environment, Right::HelpUsers).unwrap();
    let role = "UPDATE members SET role = $1 WHERE name = 'ann'";
    writes(&fixture, role, [Arg::from("owner")]).await;
    assert!(sign_in::signed_in(app, &cookie).await.is_err());
    let as_ann = valetkey_domain::Ctx { actor: Actor::Member(ann.id.clone()), ..fixture.ctx.clone() };
    assert!(!rights::directs_secrets(&app.core, &as_ann).await.unwrap());
    assert!(!clients::stands(app, &as_ann).await.unwrap());
    let blessed = members::set_role(app, &operator, &ann.id, Role::Developer).await.unwrap_err();
    assert!(blessed.kind() == Kind::FailedPrecondition && blessed.message().contains("delete"), "{blessed}");
    members::delete(app, &operator, &ann.id).await.unwrap();
    // A member of one's own, with the link that the owner has just got.
    let way_in = sign_in::link(app, &operator, &owner).await.unwrap();
    let member = "INSERT INTO members (id, name, name_folded, role, created_at, mac)
        SELECT 'mem_planted', 'eve', 'eve', role, created_at, mac FROM members";
    writes(&fixture, member, []).await;
    writes(&fixture, "UPDATE login_links SET member_id = 'mem_planted'", []).await;
    assert_eq!(sign_in::open_link(app, way_in.token.expose()).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn attack_70_a_planted_client_secret_or_scope_opens_nothing() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let issued = clients::create(app, ctx, "shop", vec![]).await.unwrap();
    let id = &issued.client.id;
    let token = tokens::token(app, id.as_str(), &issued.secret).await.unwrap().access_token;
    let as_shop = doors::client_token(app, token.expose()).await.unwrap();
    let secret =
        "INSERT INTO api_client_secrets (id, environment_id, client_id, hash, hint, created_at, expires_at, mac)
        SELECT 'sks_planted', environment_id, client_id, $1, hint, created_at, expires_at, mac FROM api_client_secrets";
    writes(&fixture, secret, [hash("my own")]).await;
    let refused = tokens::token(app, id.as_str(), &"my own".into()).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Unauthenticated);
    tokens::token(app, id.as_str(), &issued.secret).await.unwrap();
    // A secret that has ended is not made to last.
    clients::rotate(app, ctx, id, None).await.unwrap();
    clients::expire(app, ctx, id).await.unwrap();
    let lasts = "UPDATE api_client_secrets SET expires_at = NULL WHERE id = $1";
    writes(&fixture, lasts, [Arg::from(issued.secret_id.as_str())]).await;
    assert_eq!(tokens::token(app, id.as_str(), &issued.secret).await.err().unwrap().kind(), Kind::Unauthenticated);
    assert!(!clients::stands(app, &as_shop).await.unwrap());
    // Nor are tokens that were withdrawn taken again, nor users' tokens shown to who may not read them.
    writes(&fixture, "UPDATE api_clients SET version = 1", []).await;
    assert_eq!(doors::client_token(app, token.expose()).await.unwrap_err().kind(), Kind::Unauthenticated);
    let fresh = clients::create(app, ctx, "till", vec![]).await.unwrap();
    let token = tokens::token(app, fresh.client.id.as_str(), &fresh.secret).await.unwrap().access_token;
    let as_till = doors::client_token(app, token.expose()).await.unwrap();
    let reads = "UPDATE api_clients SET scopes = '[\"accounts:secrets\"]' WHERE name = 'till'";
    writes(&fixture, reads, []).await;
    assert!(!rights::reads_secrets(&app.core, &as_till).await.unwrap());
    assert!(doors::client_token(app, token.expose()).await.is_err());
    for blessed in [
        clients::rotate(app, ctx, &fresh.client.id, None).await.err(),
        clients::expire(app, ctx, &fresh.client.id).await.err(),
    ] {
        assert_eq!(blessed.unwrap().kind(), Kind::FailedPrecondition);
    }
}
