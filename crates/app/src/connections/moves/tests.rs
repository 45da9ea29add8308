//! Attack 83: a client that may not read users' tokens, and what would have them sent somewhere.

use crate::connections::{self, Change, New};
use crate::fixture::{Fixture, HOUR, fixture};
use crate::tenancy::clients;
use valetkey_core::context;
use valetkey_domain::connection::Settings;
use valetkey_domain::ctx::Actor;
use valetkey_domain::{Ctx, Kind};

const RULE: &str = "{rotates: true}";

async fn client(fixture: &Fixture, scopes: &[&str]) -> Ctx {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let issued = clients::create(&fixture.app, &fixture.ctx, "a client", scopes).await.unwrap();
    let actor = Actor::Client(issued.client.id, issued.client.version);
    context::enter(&fixture.app.core, fixture.ctx.environment.clone(), actor)
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
    let fixture = fixture(RULE).await;
    let lacking = client(&fixture, &["something:else"]).await;
    for (member, moved) in each_moved(&fixture.connection.settings, &fixture.other_origin) {
        let by_update = connections::update(&fixture.app, &lacking, &fixture.connection, settings(moved.clone())).await;
        let new = New { name: None, connector: "acme".into(), settings: moved, client_secret: None };
        for refused in [by_update, connections::create(&fixture.app, &lacking, new).await] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), Kind::PermissionDenied, "{member}");
            let message = refused.message();
            assert!(message.contains(member) && message.contains("'accounts:secrets'"), "{member}: {message}");
        }
    }
    // Going back to the connector's own is a move too.
    let back = settings(Settings { client_id: Some("client".into()), ..Settings::default() });
    let refused = connections::update(&fixture.app, &lacking, &fixture.connection, back).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::PermissionDenied);
    // So is another OAuth client, whose owner the vendor tells things.
    let another = settings(Settings { client_id: Some("mine".into()), ..fixture.connection.settings.clone() });
    let refused = connections::update(&fixture.app, &lacking, &fixture.connection, another).await.unwrap_err();
    assert!(refused.message().contains("client_id") && refused.kind() == Kind::PermissionDenied, "{refused}");
    let now = connections::get(&fixture.app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    assert_eq!((now.revision, &now.settings), (fixture.connection.revision, &fixture.connection.settings));
}

#[tokio::test]
async fn who_may_not_read_tokens_goes_on_with_what_leads_nowhere_else() {
    let fixture = fixture(RULE).await;
    let lacking = client(&fixture, &[]).await;
    let new = New {
        name: Some("PLAIN".into()),
        connector: "acme".into(),
        settings: Settings::default(),
        client_secret: None,
    };
    let made = connections::create(&fixture.app, &lacking, new).await.unwrap();
    // As SDKs do it: everything that was read is sent back, the connector's own endpoints and scopes among it.
    let read = connections::Wired::of(&fixture.app, made.clone()).unwrap();
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
    let after = connections::update(&fixture.app, &lacking, &made, change).await.unwrap();
    assert_eq!(after.settings.client_id.as_deref(), Some("client"));
    let off = Change { enabled: Some(false), ..Change::default() };
    assert!(!connections::update(&fixture.app, &lacking, &after, off).await.unwrap().enabled);
}

#[tokio::test]
async fn who_may_read_tokens_and_the_operator_move_endpoints_and_the_secret_stays_behind() {
    let mut fixture = fixture(RULE).await;
    let reading = client(&fixture, &[clients::SECRETS_SCOPE]).await;
    for ctx in [reading, fixture.ctx.clone()] {
        for (member, moved) in each_moved(&fixture.connection.settings, &fixture.other_origin) {
            let again = Change { client_secret: Some("hunter2".into()), ..Change::default() };
            let before = connections::update(&fixture.app, &ctx, &fixture.connection, again).await.unwrap();
            let after = connections::update(&fixture.app, &ctx, &before, settings(moved)).await.unwrap();
            assert_eq!(after.client_secret.is_none(), member != "scopes", "{member}");
            let back = settings(fixture.connection.settings.clone());
            fixture.connection = connections::update(&fixture.app, &ctx, &after, back).await.unwrap();
        }
    }
}

/// Behind our back, as somebody with the database could: the seals alone have to hold.
#[tokio::test]
async fn attack_59_secret_and_verifier_open_only_while_every_endpoint_stands() {
    let fixture = fixture(RULE).await;
    let wired = |settings| {
        let connection = valetkey_domain::connection::Connection { settings, ..fixture.connection.clone() };
        connections::Wired::with(fixture.connector.clone(), connection)
    };
    let stood = wired(fixture.connection.settings.clone()).verifier_audience();
    // Of a connection at the vendor's own: as it was sealed before the others counted, and when those of the file move.
    let vendors = wired(Settings::default()).secret_audience();
    assert_eq!(vendors, ["https://acme.example"]);
    let alone = each_moved(&Settings::default(), &fixture.other_origin);
    for ((member, moved), (_, alone)) in
        each_moved(&fixture.connection.settings, &fixture.other_origin).into_iter().zip(alone)
    {
        let opened = connections::client_secret(&fixture.app, &wired(moved.clone())).await;
        assert_eq!(opened.is_err(), member != "scopes", "{member}");
        assert_eq!(wired(alone).secret_audience() != vendors, member != "scopes", "{member}");
        assert_eq!(wired(moved).verifier_audience() != stood, member != "scopes", "{member}");
    }
}

#[tokio::test]
async fn attack_83_a_consent_in_flight_gives_no_token_to_an_identity_address_that_was_moved_meanwhile() {
    let fixture = fixture(RULE).await;
    fixture.provider.gives(HOUR);
    let state = fixture.start(&fixture.link().await, "browser").await;
    let base = fixture.connection.settings.token_url.clone().unwrap().replace("/token", "");
    // On the same host, so that origins alone would not tell.
    let moved = Settings { identity_url: Some(format!("{base}/evil")), ..fixture.connection.settings.clone() };
    let change = Change { client_secret: Some("client-hunter2".into()), ..settings(moved) };
    connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change).await.unwrap();
    fixture.back(&state, "browser").await.unwrap();
    assert_eq!((fixture.provider.asked("/token").len(), fixture.provider.asked("/evil").len()), (0, 0));
}

#[tokio::test]
async fn what_is_not_the_vendors_own_is_named() {
    let fixture = fixture(RULE).await;
    let custom_hosts = |settings: Settings| {
        let connection = valetkey_domain::connection::Connection { settings, ..fixture.connection.clone() };
        connections::Wired::with(fixture.connector.clone(), connection).custom_hosts(&fixture.account)
    };
    assert_eq!(custom_hosts(Settings::default()), connections::CustomHosts::default());
    let lab = custom_hosts(fixture.connection.settings.clone());
    let host = fixture.connection.settings.token_url.clone().unwrap().replace("http://", "").replace("/token", "");
    assert_eq!((lab.hosts, lab.on_this_machine), (vec![host], true));
    for (member, moved) in each_moved(&Settings::default(), "https://login.evil.example:8443") {
        let named = if member == "scopes" { vec![] } else { vec!["login.evil.example:8443".to_owned()] };
        let found = custom_hosts(moved);
        assert_eq!((found.hosts, found.on_this_machine), (named, false), "{member}");
    }
}

#[tokio::test]
async fn how_basic_is_written_is_said_only_where_it_is_used() {
    let fixture = fixture(RULE).await;
    let raw = settings(Settings { basic_raw: Some(true), ..fixture.connection.settings.clone() });
    let refused = connections::update(&fixture.app, &fixture.ctx, &fixture.connection, raw).await.unwrap_err();
    assert!(refused.kind() == Kind::InvalidArgument && refused.message().contains("token_client_auth"), "{refused}");
}
