//! Each key of a connector file by which people sign in is seen in what is sent for it, or in what becomes of the answer: a
//! whole sign-in, a renewal, a refused one, and the end, at a provider on a real socket.

use crate::accounts::{self, AccountRef};
use crate::consent;
use crate::fixture::{FILE, Fixture, fixture};
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_storage::Arg;

const TOKENS: &str = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read,write",
    "authed_user":{"access_token":"at-2","refresh_token":"rt-2","expires_in":3600,"scope":"read,write"}}"#;
const WITHOUT: &str =
    r#"{"access_token":"at-3","expires_in":3600,"authed_user":{"access_token":"at-4","expires_in":3600}}"#;

/// The file of the fixture with more of the keys in it.
fn base() -> String {
    let more = "{rotates: true, idle_ttl: 30d, ended: [dead]}\n    scope_separator: \" \"\n    pkce: S256";
    FILE.replace("REFRESH", more)
}

/// Everything that a file makes be sent, and what is known of the account after each step.
async fn seen(file: &str) -> String {
    let fixture = fixture(file).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let mut seen = String::new();
    fixture.provider.gives(TOKENS);
    let link = fixture.link().await;
    let url = consent::start(app, &link, &Secret::from("browser"), None).await.unwrap();
    seen += &format!("{url}\n");
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let back = fixture.back(&state, "browser").await.map(|_| ());
    seen += &format!("{}\n{}", back.is_ok(), account(&fixture).await);
    fixture.clock.advance(Duration::from_secs(2 * 3600));
    fixture.provider.gives(WITHOUT);
    seen += &format!("{:?}\n{}", fixture.token(None).await.ok(), account(&fixture).await);
    fixture.clock.advance(Duration::from_secs(2 * 3600));
    fixture.provider.will(crate::fixture::Reply::Answer(400, r#"{"error":"dead"}"#.to_owned()));
    seen += &format!("{:?}\n{}", fixture.token(None).await.ok(), account(&fixture).await);
    let ended = accounts::disconnect(app, ctx, &AccountRef::Id(fixture.account.id.clone())).await;
    seen += &format!("{:?}\n", ended.map(|(_, became)| became).ok());
    let address = fixture.connection.settings.token_url.as_ref().unwrap().replace("/token", "");
    let requests = fixture.provider.requests().join("\n\n");
    let host = address.trim_start_matches("http://");
    drawn((seen + &requests).replace(host, "PROVIDER"))
}

/// Without what is drawn anew each time.
fn drawn(text: String) -> String {
    ["state=", "code_challenge=", "code_verifier="].into_iter().fold(text, |text, name| {
        let (before, rest) = text.split_once(name).map_or((text.as_str(), None), |(before, rest)| (before, Some(rest)));
        let after =
            rest.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        after.map_or_else(|| before.to_owned(), |after| format!("{before}{name}…{after}"))
    })
}

async fn account(fixture: &Fixture) -> String {
    let (_, account) =
        accounts::get(&fixture.app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    let sql = "SELECT id, next_refresh_at FROM connected_accounts WHERE id = $1";
    let row = fixture.app.core.store.read().await.unwrap().one(sql, [Arg::from(&account.id)]).await.unwrap().unwrap();
    // The hour of the token less a margin by chance, or sooner.
    let soon = fixture.app.core.now() + Duration::from_secs(50 * 60);
    let due = row.timestamp("next_refresh_at").ok().map(|due| due < soon);
    let kept = account.credential.map(|kept| (kept.refreshable, kept.generation, kept.audience.len()));
    let name = account.subject.clone().map(|subject| format!("{subject:?}"));
    format!("{:?} {:?} {name:?} {kept:?} {:?}\n", account.status, account.scopes, due)
}

#[tokio::test]
async fn each_key_of_signing_in_is_seen_on_the_wire() {
    let base = base();
    let all = seen(&base).await;
    assert_eq!(all, seen(&base).await, "what is seen of a file is the same each time");
    let lines = [
        ("authorize_params", "access_type: offline", "access_type: online"),
        ("scope_separator", "scope_separator: \" \"", "scope_separator: \",\""),
        ("scope_param", "pkce: S256", "pkce: S256\n    scope_param: user_scope"),
        ("pkce", "pkce: S256", "pkce: none"),
        ("token_client_auth", "token_client_auth: post", "token_client_auth: basic"),
        ("token_body", "pkce: S256", "pkce: S256\n    token_body: json"),
        ("token_in", "pkce: S256", "pkce: S256\n    token_in: authed_user"),
        ("refresh", "refresh: {rotates: true, idle_ttl: 30d, ended: [dead]}\n", "\n"),
        ("refresh.idle_ttl", "idle_ttl: 30d, ", "idle_ttl: 1h, "),
        ("refresh.ended", "ended: [dead]", "ended: [gone]"),
        ("revoke", "revoke: {method: POST, url: \"https://acme.example/revoke\", token_in: form.token}\n", "\n"),
        ("revoke.method", "revoke: {method: POST", "revoke: {method: DELETE"),
        ("revoke.token_in", "token_in: form.token", "token_in: json.access_token"),
        ("identity.method", "identity: {method: GET", "identity: {method: POST"),
        ("identity.body", "identity: {method: GET", "identity: {body: {query: me}, method: POST"),
        ("identity.id", "id: .sub", "id: .email"),
        ("identity.scopes", "name: .email}", "name: .email, scopes: [openid]}"),
    ];
    for (key, from, to) in lines {
        assert!(base.contains(from), "{key}: the base has it");
        let changed = seen(&base.replace(from, to)).await;
        assert_ne!(changed, all, "{key}: it is not seen");
    }
}
