//! Attack 83: a client that may not read users' tokens, and what would have them sent somewhere.

use crate::connections::{self, Change, New};
use crate::provider::{HOUR, There, there};
use crate::tenancy::clients;
use valetkey_core::context;
use valetkey_domain::connection::Settings;
use valetkey_domain::ctx::Actor;
use valetkey_domain::{Ctx, Kind};

const RULE: &str = "{rotates: true}";

async fn client(there: &There, scopes: &[&str]) -> Ctx {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let issued = clients::create(&there.app, &there.ctx, "a client", scopes).await.unwrap();
    context::enter(&there.app.core, there.ctx.environment.clone(), Actor::Client(issued.client.id))
}

/// Each member that leads somewhere, moved away from `settings` by itself.
fn each_moved(settings: &Settings, base: &str) -> Vec<(&'static str, Settings)> {
    let (at, settings) = (Some(format!("{base}/evil")), settings.clone());
    vec![
        ("authorize_uri", Settings { authorize_url: at.clone(), ..settings.clone() }),
        ("token_uri", Settings { token_url: at.clone(), ..settings.clone() }),
        ("revoke_url", Settings { revoke_url: at.clone(), ..settings.clone() }),
        ("user_info_uri", Settings { identity_url: at.clone(), ..settings.clone() }),
        ("api_base_url", Settings { api_base_url: at, ..settings.clone() }),
        ("scopes", Settings { scopes: vec!["read".into(), "write".into(), "admin".into()], ..settings }),
    ]
}

fn settings(settings: Settings) -> Change {
    Change { settings: Some(settings), ..Change::default() }
}

#[tokio::test]
async fn attack_83_who_may_not_read_tokens_moves_nothing_that_decides_where_they_go() {
    let there = there(RULE).await;
    let lacking = client(&there, &["something:else"]).await;
    for (member, moved) in each_moved(&there.connection.settings, &there.elsewhere) {
        let by_update = connections::update(&there.app, &lacking, &there.connection, settings(moved.clone())).await;
        let new = New { name: None, connector: "acme".into(), settings: moved, client_secret: None };
        for refused in [by_update, connections::create(&there.app, &lacking, new).await] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), Kind::PermissionDenied, "{member}");
            let message = refused.message();
            assert!(message.contains(member) && message.contains("'accounts:secrets'"), "{member}: {message}");
        }
    }
    // Going back to the connector's own is a move too.
    let back = settings(Settings { client_id: Some("client".into()), ..Settings::default() });
    let refused = connections::update(&there.app, &lacking, &there.connection, back).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::PermissionDenied);
    // So is another OAuth client, whose owner the vendor tells things.
    let another = settings(Settings { client_id: Some("mine".into()), ..there.connection.settings.clone() });
    let refused = connections::update(&there.app, &lacking, &there.connection, another).await.unwrap_err();
    assert!(refused.message().contains("client_id") && refused.kind() == Kind::PermissionDenied, "{refused}");
    let now = connections::get(&there.app, &there.ctx, &there.connection.id).await.unwrap();
    assert_eq!((now.revision, &now.settings), (there.connection.revision, &there.connection.settings));
}

#[tokio::test]
async fn who_may_not_read_tokens_goes_on_with_what_leads_nowhere_else() {
    let there = there(RULE).await;
    let lacking = client(&there, &[]).await;
    let new = New {
        name: Some("PLAIN".into()),
        connector: "acme".into(),
        settings: Settings::default(),
        client_secret: None,
    };
    let made = connections::create(&there.app, &lacking, new).await.unwrap();
    // As SDKs do it: everything that was read is sent back, the connector's own endpoints and scopes among it.
    let read = connections::Wired::of(&there.app, made.clone()).unwrap();
    let mut scopes = read.scopes();
    scopes.reverse();
    let back = Settings {
        client_id: Some("client".into()),
        authorize_url: read.endpoints.authorize_url,
        token_url: read.endpoints.token_url,
        revoke_url: read.endpoints.revoke_url,
        identity_url: read.endpoints.identity_url,
        scopes,
        ..Settings::default()
    };
    let change = Change { client_secret: Some("hunter2".into()), ..settings(back) };
    let after = connections::update(&there.app, &lacking, &made, change).await.unwrap();
    assert_eq!(after.settings.client_id.as_deref(), Some("client"));
    let off = Change { enabled: Some(false), ..Change::default() };
    assert!(!connections::update(&there.app, &lacking, &after, off).await.unwrap().enabled);
}

#[tokio::test]
async fn who_may_read_tokens_and_the_operator_move_endpoints_and_the_secret_stays_behind() {
    let mut there = there(RULE).await;
    let reading = client(&there, &[clients::SECRETS_SCOPE]).await;
    for ctx in [reading, there.ctx.clone()] {
        for (member, moved) in each_moved(&there.connection.settings, &there.elsewhere) {
            let again = Change { client_secret: Some("hunter2".into()), ..Change::default() };
            let before = connections::update(&there.app, &ctx, &there.connection, again).await.unwrap();
            let after = connections::update(&there.app, &ctx, &before, settings(moved)).await.unwrap();
            assert_eq!(after.client_secret.is_none(), member != "scopes", "{member}");
            let back = settings(there.connection.settings.clone());
            there.connection = connections::update(&there.app, &ctx, &after, back).await.unwrap();
        }
    }
}

/// Behind our back, as somebody with the database could: the seals alone have to hold.
#[tokio::test]
async fn attack_59_secret_and_verifier_open_only_while_every_endpoint_stands() {
    let there = there(RULE).await;
    let wired = |settings| {
        let connection = valetkey_domain::connection::Connection { settings, ..there.connection.clone() };
        connections::Wired::with(there.connector.clone(), connection)
    };
    let stood = wired(there.connection.settings.clone()).verifier_audience();
    // Of a connection at the vendor's own: as it was sealed before the others counted, and when those of the file move.
    let vendors = wired(Settings::default()).secret_audience();
    assert_eq!(vendors, ["https://acme.example"]);
    let alone = each_moved(&Settings::default(), &there.elsewhere);
    for ((member, moved), (_, alone)) in each_moved(&there.connection.settings, &there.elsewhere).into_iter().zip(alone)
    {
        let opened = connections::client_secret(&there.app, &wired(moved.clone())).await;
        assert_eq!(opened.is_err(), member != "scopes", "{member}");
        assert_eq!(wired(alone).secret_audience() != vendors, member != "scopes", "{member}");
        assert_eq!(wired(moved).verifier_audience() != stood, member != "scopes", "{member}");
    }
}

#[tokio::test]
async fn attack_83_a_consent_in_flight_gives_no_token_to_an_identity_address_that_was_moved_meanwhile() {
    let there = there(RULE).await;
    there.provider.gives(HOUR);
    let state = there.start(&there.link().await, "browser").await;
    let base = there.connection.settings.token_url.clone().unwrap().replace("/token", "");
    // On the same host, so that origins alone would not tell.
    let moved = Settings { identity_url: Some(format!("{base}/evil")), ..there.connection.settings.clone() };
    let change = Change { client_secret: Some("client-hunter2".into()), ..settings(moved) };
    connections::update(&there.app, &there.ctx, &there.connection, change).await.unwrap();
    there.back(&state, "browser").await.unwrap();
    assert_eq!((there.provider.asked("/token").len(), there.provider.asked("/evil").len()), (0, 0));
}

#[tokio::test]
async fn what_is_not_the_vendors_own_is_named() {
    let there = there(RULE).await;
    let elsewhere = |settings: Settings| {
        let connection = valetkey_domain::connection::Connection { settings, ..there.connection.clone() };
        connections::Wired::with(there.connector.clone(), connection).elsewhere()
    };
    assert_eq!(elsewhere(Settings::default()), connections::Elsewhere::default());
    let lab = elsewhere(there.connection.settings.clone());
    let host = there.connection.settings.token_url.clone().unwrap().replace("http://", "").replace("/token", "");
    assert_eq!((lab.hosts, lab.on_this_machine), (vec![host], true));
    for (member, moved) in each_moved(&Settings::default(), "https://login.evil.example:8443") {
        let named = if member == "scopes" { vec![] } else { vec!["login.evil.example:8443".to_owned()] };
        let found = elsewhere(moved);
        assert_eq!((found.hosts, found.on_this_machine), (named, false), "{member}");
    }
}

#[tokio::test]
async fn how_basic_is_written_is_said_only_where_it_is_used() {
    let there = there(RULE).await;
    let raw = settings(Settings { basic_raw: Some(true), ..there.connection.settings.clone() });
    let refused = connections::update(&there.app, &there.ctx, &there.connection, raw).await.unwrap_err();
    assert!(refused.kind() == Kind::InvalidArgument && refused.message().contains("token_client_auth"), "{refused}");
}
