//! Signing in at the provider.

use super::{Line, account, each_shows, requests, without_address};
use crate::accounts::{self, AccountRef};
use crate::connections::{self, Wired};
use crate::consent;
use crate::fixture::{FILE, Reply, fixture};
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::connection::Settings;

const TOKENS: &str = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read,write",
    "authed_user":{"access_token":"at-2","refresh_token":"rt-2","expires_in":3600,"scope":"read,write"}}"#;
const WITHOUT: &str =
    r#"{"access_token":"at-3","expires_in":3600,"authed_user":{"access_token":"at-4","expires_in":3600}}"#;
const TWO_HOURS: Duration = Duration::from_secs(2 * 3600);

/// The file of the fixture with more of the keys in it.
fn base() -> String {
    let more = "{rotates: true, idle_ttl: 30d, ended: [dead]}\n    scope_separator: \" \"\n    pkce: S256";
    FILE.replace("REFRESH", more)
}

pub(super) const LINES: [Line; 28] = [
    ("auth[].authorize_url", "https://acme.example/authorize", "https://acme.example/enter"),
    ("auth[].token_url", "https://acme.example/token", "https://acme.example/tokens"),
    ("auth[].authorize_params", "access_type: offline", "access_type: online"),
    ("auth[].scope_separator", "scope_separator: \" \"", "scope_separator: \",\""),
    ("auth[].scope_param", "pkce: S256", "pkce: S256\n    scope_param: user_scope"),
    ("auth[].pkce", "pkce: S256", "pkce: none"),
    ("auth[].issuer", "pkce: S256", "pkce: S256\n    issuer: \"https://acme.example\""),
    ("auth[].token_client_auth", "token_client_auth: post", "token_client_auth: basic"),
    ("auth[].token_body", "pkce: S256", "pkce: S256\n    token_body: json"),
    ("auth[].token_in", "pkce: S256", "pkce: S256\n    token_in: authed_user"),
    ("auth[].refresh", "refresh: {rotates: true, idle_ttl: 30d, ended: [dead]}\n", "\n"),
    ("auth[].refresh.rotates", "rotates: true", "rotates: false"),
    ("auth[].refresh.lost_answer", "rotates: true", "rotates: true, lost_answer: never"),
    ("auth[].refresh.idle_ttl", "idle_ttl: 30d, ", "idle_ttl: 1h, "),
    ("auth[].refresh.ended", "ended: [dead]", "ended: [gone]"),
    ("auth[].revoke", "revoke: {method: POST, url: \"https://acme.example/revoke\", token_in: form.token}\n", "\n"),
    ("auth[].revoke.method", "revoke: {method: POST", "revoke: {method: DELETE"),
    ("auth[].revoke.url", "https://acme.example/revoke", "https://acme.example/end"),
    ("auth[].revoke.token_in", "token_in: form.token", "token_in: json.access_token"),
    ("auth[].revoke.token", "token_in: form.token", "token: access, token_in: form.token"),
    ("auth[].revoke.done_in", "token_in: form.token", "done_in: revoked, token_in: form.token"),
    (
        "auth[].identity",
        "    identity: {method: GET, url: \"https://api.acme.example/who\", id: .sub, name: .email}\n",
        "",
    ),
    ("auth[].identity.method", "identity: {method: GET", "identity: {method: POST"),
    ("auth[].identity.url", "https://api.acme.example/who", "https://api.acme.example/me"),
    ("auth[].identity.body", "identity: {method: GET", "identity: {body: {query: me}, method: POST"),
    ("auth[].identity.id", "id: .sub", "id: .email"),
    ("auth[].identity.name", "name: .email", "name: .sub"),
    ("auth[].identity.scopes", "name: .email}", "name: .email, scopes: [openid]}"),
];

/// Everything that a file makes be sent, and what is known of the account after each step.
async fn seen(file: String) -> String {
    let mut fixture = fixture(&file).await;
    // Nobody goes there but a browser.
    let settings = Settings { authorize_url: None, ..fixture.connection.settings.clone() };
    let client_secret = Some(Secret::from("client-hunter2"));
    let change = connections::Change { settings: Some(settings), client_secret, ..connections::Change::default() };
    fixture.connection = connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change).await.unwrap();
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, &fixture.account.id);
    // The other addresses of the fixture's connection are its own. One that has none goes to the file's.
    let mut vendors = fixture.connection.clone();
    vendors.settings = Settings { client_id: Some("client".into()), ..Settings::default() };
    let mut seen = format!("{:?}\n", Wired::with(fixture.connector.clone(), vendors).endpoints);
    fixture.provider.gives(TOKENS);
    let link = fixture.link().await;
    let url = consent::start(app, &link, &Secret::from("browser"), None).await.unwrap();
    seen += &format!("{url}\n");
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let back = fixture.back(&state, "browser").await.map(|_| ());
    seen += &format!("{}\n{}", back.is_ok(), account(&fixture, id).await);
    fixture.clock.advance(TWO_HOURS);
    fixture.provider.gives(WITHOUT);
    seen += &format!("{:?}\n{}", fixture.token(None).await.ok(), account(&fixture, id).await);
    fixture.clock.advance(TWO_HOURS);
    fixture.provider.will(Reply::Nothing);
    seen += &format!("{:?}\n{}", fixture.token(None).await.ok(), account(&fixture, id).await);
    fixture.provider.instead(&[WITHOUT]);
    seen += &format!("{:?}\n{}", fixture.token(None).await.ok(), account(&fixture, id).await);
    fixture.provider.instead(&[]);
    fixture.clock.advance(TWO_HOURS);
    fixture.provider.will(Reply::Answer(400, r#"{"error":"dead"}"#.to_owned()));
    seen += &format!("{:?}\n{}", fixture.token(None).await.ok(), account(&fixture, id).await);
    let ended = accounts::disconnect(app, ctx, &AccountRef::Id(id.clone())).await;
    seen += &format!("{:?}\n", ended.map(|(_, became)| became).ok());
    without_address(&fixture, &seen) + &requests(&fixture)
}

#[tokio::test]
async fn each_key_of_signing_in_is_seen_on_the_wire() {
    each_shows(&base(), &LINES, seen).await;
}
