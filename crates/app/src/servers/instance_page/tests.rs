//! Who opens the page, what it shows, and where it leads.

use super::*;
use crate::calls::{self, CallResult, FailureReason};
use crate::connections::New;
use crate::fixture::{Fixture, HOUR, fixture};
use crate::servers::configs::{Edit, NewMapping};
use crate::servers::{instances, toolset};
use serde_json::Map;
use std::time::Duration;
use valetkey_storage::authorizations;

const LIST: &str = "acme_list_things";
const SEND: &str = "acme_send_thing";

/// `ann`, whose server reads on one connection and sends on another, and who is signed in on none; with the server's URL.
async fn two() -> (Fixture, McpInstance, String) {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let settings = fixture.connection.settings.clone();
    let new = |name: &str| New {
        name: Some(name.into()),
        connector: "acme".into(),
        settings: settings.clone(),
        client_secret: Some(valetkey_domain::Secret::from("client-hunter2")),
    };
    for name in ["SENDS", "OTHER"] {
        connections::create(app, ctx, new(name)).await.unwrap();
    }
    let (instance, token) = fixture.instance().await;
    let mapping = |connection: &str, tool: &str| NewMapping { connection: connection.into(), tools: vec![tool.into()] };
    let mappings = Some(vec![mapping("MY_ACME", LIST), mapping("SENDS", SEND)]);
    let config = configs::get(app, ctx, &instance.config).await.unwrap();
    configs::edit(app, ctx, config, Edit { mappings, ..Edit::default() }).await.unwrap();
    (fixture, instance, token)
}

/// The link that a call is answered with.
async fn answered(fixture: &Fixture, token: &str, tool: &str) -> String {
    let (ctx, served) = toolset::open(&fixture.app, token).await.unwrap();
    match calls::call(&fixture.app, &ctx, &served, tool, Map::new()).await.unwrap() {
        CallResult::Failed(failed) if failed.why == FailureReason::NotConnected => failed.link.unwrap().url,
        other => panic!("{other:?}"),
    }
}

fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

async fn why<T>(stopped: impl Future<Output = std::result::Result<T, Stopped>>) -> StopReason {
    stopped.await.map(drop).unwrap_err().why
}

#[tokio::test]
async fn where_several_sign_ins_are_missing_one_page_leads_to_each() {
    let (fixture, _, token) = two().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let link = answered(&fixture, &token, LIST).await;
    assert!(link.contains("/connect/i/"), "{link}");
    assert_eq!(answered(&fixture, &token, SEND).await, link, "and is the same for a while");
    let states = async || {
        let shown = open(app, last(&link)).await.unwrap();
        shown.connections.into_iter().map(|one| (one.connection.to_string(), one.status)).collect::<Vec<_>>()
    };
    let (ours, theirs) = ("MY_ACME".to_owned(), "SENDS".to_owned());
    assert_eq!(states().await, [(ours.clone(), Status::PendingAuth), (theirs.clone(), Status::PendingAuth)]);
    let made = async || {
        let mut tx = app.core.store.read().await.unwrap();
        authorizations::with_time_left(ctx, &mut tx, &fixture.account.id, app.now()).await.unwrap().len()
    };
    assert_eq!(made().await, 0, "looking makes nothing");
    let sign_in_link = sign_in(app, last(&link), "MY_ACME").await.unwrap().unwrap();
    for _ in 0..9 {
        assert_eq!(sign_in(app, last(&link), "MY_ACME").await.unwrap().unwrap().url, sign_in_link.url);
    }
    assert_eq!(made().await, 1, "attack 80: however often");
    fixture.provider.gives(HOUR);
    let state = fixture.start(last(&sign_in_link.url), "browser").await;
    fixture.back(&state, "browser").await.unwrap();
    assert_eq!(states().await, [(ours, Status::Active), (theirs, Status::PendingAuth)]);
    assert!(sign_in(app, last(&link), "MY_ACME").await.unwrap().is_none(), "there is nothing to do");
    let own = answered(&fixture, &token, SEND).await;
    assert!(own.contains("/connect/") && !own.contains("/connect/i/"), "for one its own link is shorter: {own}");
}

#[tokio::test]
async fn attack_6_a_link_to_the_page_is_forged_old_withdrawn_or_leads_elsewhere() {
    let (fixture, instance, token) = two().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let link = last(&answered(&fixture, &token, LIST).await).to_owned();
    for forged in ["", "x", &token, &link[1..], &link[..link.len() - 2], &"A".repeat(100_000)] {
        assert!(matches!(why(open(app, forged)).await, StopReason::LinkUnknown), "{forged:.40}");
        assert!(matches!(why(sign_in(app, forged, "MY_ACME")).await, StopReason::LinkUnknown));
    }
    // Connections of the environment that are not the server's, and names that lead nowhere.
    for other in ["OTHER", "", "my_acme"] {
        assert!(matches!(why(sign_in(app, &link, other)).await, StopReason::StrayAnswer), "{other}");
    }
    // The page's link is no server's URL.
    for posing in [link.clone(), format!("vkm_{link}")] {
        assert_eq!(toolset::open(app, &posing).await.err().unwrap().kind(), valetkey_domain::Kind::NotFound);
    }
    fixture.clock.advance(Duration::from_secs(15 * 60));
    assert!(matches!(why(open(app, &link)).await, StopReason::LinkExpired));
    let link = last(&answered(&fixture, &token, LIST).await).to_owned();
    open(app, &link).await.unwrap();
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    assert!(matches!(why(open(app, &link)).await, StopReason::LinkUnknown));
    assert!(matches!(why(sign_in(app, &link, "MY_ACME")).await, StopReason::LinkUnknown));
}
