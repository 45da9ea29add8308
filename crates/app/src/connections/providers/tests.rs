use super::*;
use crate::accounts::{self, AccountRef, ImportedCredential};
use crate::connections as all_connections;
use crate::fixture::{Fixture, fixture};
use crate::tenancy::{clients, environments};
use crate::{Page, entrance::doors};
use valetkey_core::context;
use valetkey_domain::Secret;
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::ctx::Actor;
use valetkey_domain::name::Identifier;

const RULE: &str = "{rotates: true}";

fn patterns() -> Value {
    json!([{
        "type": "API_KEY", "display_name": "Key", "unknown": { "kept": [1, 2.5, null, "\u{e9}"] },
        "fields": [
            { "field_name": "api_key", "input_type": "password", "required": true, "ours": true },
            { "field_name": "domain", "required": true },
        ],
    }])
}

fn new(name: &str) -> New {
    New {
        display_name: name.into(),
        description: "An app".into(),
        icon_src: "https://acme.com/icon.png".into(),
        proxy_url: "https://{{domain}}.acme.com/api".into(),
        proxy_enabled: true,
        auth_patterns: patterns(),
        metadata: BTreeMap::new(),
    }
}

/// An update that says again what stands.
fn same(provider: &Provider) -> Update {
    Update {
        display_name: provider.display_name.clone(),
        description: None,
        icon_src: None,
        proxy_url: provider.proxy_url.clone(),
        proxy_enabled: None,
        auth_patterns: None,
        metadata: provider.metadata.clone(),
    }
}

async fn connection(fixture: &Fixture, connector: &str, name: &str) -> Result<Connection> {
    let new = all_connections::New {
        name: Some(name.into()),
        connector: connector.into(),
        settings: Settings::default(),
        client_secret: None,
    };
    all_connections::create(&fixture.app, &fixture.ctx, new).await
}

/// An account on a connection, which brings its key and its domain.
async fn account(fixture: &Fixture, connection: &str) -> ConnectedAccount {
    let owner = Owner::of(Identifier::parse("eve").unwrap());
    let fields = json!({ "api_key": "key-1", "domain": "box" }).as_object().unwrap().clone();
    let given = Some(ImportedCredential::Fields(fields));
    accounts::create(&fixture.app, &fixture.ctx, connection, owner, given, Map::new()).await.unwrap().1
}

async fn now(fixture: &Fixture, account: &ConnectedAccount) -> ConnectedAccount {
    accounts::get(&fixture.app, &fixture.ctx, &AccountRef::Id(account.id.clone())).await.unwrap().1
}

async fn client(fixture: &Fixture, scopes: &[&str]) -> Ctx {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let issued = clients::create(&fixture.app, &fixture.ctx, "a client", scopes).await.unwrap();
    let actor = Actor::Client(issued.client.id, issued.client.version);
    context::enter(&fixture.app.core, fixture.ctx.environment.clone(), actor)
}

#[tokio::test]
async fn what_was_said_comes_back_and_connections_and_accounts_stand_on_it() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let made = create(app, ctx, new("Acme Desk")).await.unwrap();
    let identifier = made.identifier();
    let (name, number) = identifier.split_once(':').unwrap();
    assert_eq!((name, number.len(), number.parse::<u32>().is_ok()), ("ACMEDESK", 8, true));
    let found = get(app, ctx, &identifier.to_ascii_lowercase()).await.unwrap();
    assert_eq!((&found, &found.auth_patterns), (&made, &patterns()), "what means nothing here is kept");
    let connection = connection(&fixture, &identifier, "DESK").await.unwrap();
    assert_eq!(connection.settings.way.as_deref(), Some("api_key"), "however the provider's patterns change");
    let account = account(&fixture, "DESK").await;
    assert_eq!(account.status, Status::Active);
    let read = all_connections::by_name(app, ctx, "desk").await.unwrap();
    let wired = Wired::of(app, read).unwrap();
    assert_eq!(wired.api_base(&account), Ok(Some("https://box.acme.com/api".into())));
    assert_eq!(wired.audience(&account), ["https://box.acme.com"]);
    assert!(wired.is_complete() && wired.takes_proxied());
    assert_eq!(wired.mcp_url(&account), Ok(None));
}

#[tokio::test]
async fn another_environment_finds_no_provider_of_ours_and_has_names_of_its_own() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let made = create(app, ctx, new("Acme Desk")).await.unwrap();
    let elsewhere = environments::create(app, "elsewhere", None).await.unwrap();
    let theirs = doors::operator(app, &elsewhere.id);
    let identifier = made.identifier();
    for refused in [
        get(app, &theirs, &identifier).await.map(drop),
        update(app, &theirs, &identifier, same(&made)).await.map(drop),
        delete(app, &theirs, &identifier).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), Kind::NotFound);
    }
    let on_ours =
        all_connections::New { name: None, connector: identifier, settings: Settings::default(), client_secret: None };
    let refused = all_connections::create(app, &theirs, on_ours).await.unwrap_err();
    assert!(refused.message().contains("there is no connector"), "{refused}");
    create(app, &theirs, new("Acme Desk")).await.unwrap();
    let clash = create(app, ctx, new("ACME desk")).await.unwrap_err();
    assert!(clash.kind() == Kind::AlreadyExists && clash.message().contains(&made.identifier()), "{clash}");
}

#[tokio::test]
async fn attack_59_a_provider_that_moves_ends_what_was_granted_for_the_old_place() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let made = create(app, ctx, new("Acme Desk")).await.unwrap();
    let identifier = made.identifier();
    connection(&fixture, &identifier, "DESK").await.unwrap();
    let account = account(&fixture, "DESK").await;
    let words = Update { description: Some("Other words".into()), ..same(&made) };
    let changed = update(app, ctx, &identifier, words).await.unwrap();
    assert_eq!((changed.description.as_str(), changed.revision), ("Other words", 2));
    assert_eq!(now(&fixture, &account).await.status, Status::Active, "words move nothing");
    let moved = Update { proxy_url: "https://{{domain}}.evil.com/api".into(), ..same(&made) };
    update(app, ctx, &identifier, moved).await.unwrap();
    let after = now(&fixture, &account).await;
    assert_eq!(after.status, Status::Expired(Reason::EndpointsChanged));
    // Nor is it usable were its status put back: what it holds is sealed for the old origin.
    let wired = Wired::of(app, all_connections::by_name(app, ctx, "DESK").await.unwrap()).unwrap();
    assert!(!wired.keeps(&after, &["https://box.acme.com".to_owned()]));
}

#[tokio::test]
async fn attack_25_a_domain_more_is_no_release_of_ours() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let made = create(app, ctx, new("Acme Desk")).await.unwrap();
    connection(&fixture, &made.identifier(), "DESK").await.unwrap();
    let account = account(&fixture, "DESK").await;
    let of = |proxy_url: &str| {
        let provider = Provider { proxy_url: proxy_url.into(), ..made.clone() };
        let connection = Connection { provider: Some(Arc::new(provider)), ..fixture.connection.clone() };
        Wired::of(app, Connection { settings: Settings::default(), ..connection }).unwrap()
    };
    let then = of("https://{{domain}}.acme.com/api").audience(&account);
    assert!(of("https://{{domain}}.acme.com/other").keeps(&account, &then), "the same host");
    assert!(!of("https://{{domain}}.evil.com/api").keeps(&account, &then));
    assert!(!of("https://{{domain}}.acme.com:8443/api").keeps(&account, &then));
}

#[tokio::test]
async fn attack_83_who_may_not_read_tokens_neither_makes_nor_moves_a_provider() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let made = create(app, ctx, new("Acme Desk")).await.unwrap();
    let lacking = client(&fixture, &["something:else"]).await;
    let evil = "https://{{domain}}.evil.com".to_owned();
    let mut domains = patterns();
    domains[0]["allowed_proxy_domains"] = json!(["acme.com"]);
    let mut one_more = patterns();
    let (authorize, token) = ("https://evil.com/authorize", "https://evil.com/token");
    let oauth_config = json!({ "authorize_uri": authorize, "token_uri": token });
    let account_fields = json!([{ "field_name": "domain", "required": true }]);
    let oauth = json!({ "type": "OAUTH", "oauth_config": oauth_config, "account_fields": account_fields });
    one_more.as_array_mut().unwrap().push(oauth);
    let adds_a_way = || Update { auth_patterns: Some(one_more.clone()), ..same(&made) };
    let moves = [
        ("auth_patterns", adds_a_way()),
        ("proxy_url", Update { proxy_url: evil.clone(), ..same(&made) }),
        ("allowed_proxy_domains", Update { auth_patterns: Some(domains), ..same(&made) }),
    ];
    for (member, moved) in moves {
        let refused = update(app, &lacking, &made.identifier(), moved).await.unwrap_err();
        assert!(refused.kind() == Kind::PermissionDenied && refused.message().contains(member), "{member}: {refused}");
    }
    let refused = create(app, &lacking, New { proxy_url: evil, ..new("Another") }).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::PermissionDenied);
    let words = Update { description: Some("Other words".into()), ..same(&made) };
    update(app, &lacking, &made.identifier(), words).await.unwrap();
    let allowed = client(&fixture, &[clients::SECRETS_SCOPE]).await;
    create(app, &allowed, new("Another")).await.unwrap();
    connection(&fixture, &made.identifier(), "DESK").await.unwrap();
    let account = account(&fixture, "DESK").await;
    update(app, &allowed, &made.identifier(), adds_a_way()).await.unwrap();
    assert_eq!(now(&fixture, &account).await.status, Status::Active, "what was granted by another way stays");
}

#[tokio::test]
async fn endpoints_of_oauth_move_with_the_right_and_clear_what_was_given_for_them() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let oauth = |token: &str| {
        json!([{ "type": "OAUTH", "oauth_config": {
        "authorize_uri": "https://acme.com/authorize", "token_uri": token,
        "available_scopes": [{ "scope": "read", "required": true }],
    } }])
    };
    let new = New {
        proxy_url: "https://api.acme.com".into(),
        auth_patterns: oauth("https://acme.com/token"),
        ..new("Acme Desk")
    };
    let made = create(app, ctx, new).await.unwrap();
    let before = connection(&fixture, &made.identifier(), "DESK").await.unwrap();
    assert!(!Wired::of(app, before.clone()).unwrap().is_complete(), "it lacks its client");
    let settings = Settings { client_id: Some("client".into()), ..before.settings.clone() };
    let secret = Some(Secret::from("hunter2"));
    let change = all_connections::Change { settings: Some(settings), client_secret: secret, enabled: None };
    let ready = all_connections::update(app, ctx, &before, change).await.unwrap();
    let wired = Wired::of(app, ready).unwrap();
    assert!(wired.is_complete());
    assert_eq!(wired.scopes(), ["read"]);
    let moved = Update { auth_patterns: Some(oauth("https://evil.com/token")), ..same(&made) };
    let lacking = client(&fixture, &[]).await;
    let evil = Update { auth_patterns: moved.auth_patterns.clone(), ..same(&made) };
    let refused = update(app, &lacking, &made.identifier(), evil).await.unwrap_err();
    assert!(refused.message().contains("token_uri"), "{refused}");
    update(app, ctx, &made.identifier(), moved).await.unwrap();
    let after = all_connections::by_name(app, ctx, "DESK").await.unwrap();
    assert!(after.client_secret.is_none(), "the secret doesn't follow to another token endpoint");
}

#[tokio::test]
async fn one_in_use_stays_and_keeps_its_way_to_sign_in() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let made = create(app, ctx, new("Acme Desk")).await.unwrap();
    let identifier = made.identifier();
    let desk = connection(&fixture, &identifier, "DESK").await.unwrap();
    let bearer = json!([{ "type": "BEARER", "fields": [
        { "field_name": "token", "input_type": "password" }, { "field_name": "domain" },
    ] }]);
    let other = Update { auth_patterns: Some(bearer), ..same(&made) };
    for refused in [update(app, ctx, &identifier, other).await.map(drop), delete(app, ctx, &identifier).await] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), Kind::FailedPrecondition);
        assert!(refused.message().contains("'DESK'") && refused.message().contains(desk.id.as_str()), "{refused}");
    }
    accounts::delete_connection(app, ctx, &desk.id).await.unwrap();
    delete(app, ctx, &identifier).await.unwrap();
    assert_eq!(get(app, ctx, &identifier).await.unwrap_err().kind(), Kind::NotFound);
    assert!(connection(&fixture, &identifier, "DESK").await.is_err());
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let large = json!([{ "type": "NO_AUTH", "unknown": "x".repeat(PATTERNS) }]);
    for (wanted, why) in [
        (
            New { auth_patterns: json!([{ "type": "MAGIC", "fields": [{ "field_name": "domain" }] }]), ..new("A") },
            "provider.auth_patterns[0].type: `MAGIC`",
        ),
        (New { proxy_url: "https://{{nobody}}.acme.com".into(), ..new("A") }, "provider.proxy_url: `{{nobody}}`"),
        (New { auth_patterns: large, ..new("A") }, "provider.auth_patterns takes"),
        (New { icon_src: "https://a b".into(), ..new("A") }, "provider.icon_src"),
        (New { description: "a\u{0}".into(), ..new("A") }, "provider.description"),
        (New { description: "a\u{202e}b".into(), ..new("A") }, "provider.description"),
    ] {
        let refused = create(app, ctx, wanted).await.unwrap_err();
        assert!(refused.kind() == Kind::InvalidArgument && refused.message().contains(why), "{why}: {refused}");
    }
}

#[tokio::test]
async fn lists_lead_forth_and_back_over_files_and_custom_ones_once() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let mut expected: Vec<String> = app.core.catalog.connectors().map(|one| one.provider_key()).collect();
    expected.sort();
    let files = expected.len();
    for name in ["One", "Two", "Three"] {
        fixture.clock.advance(std::time::Duration::from_millis(5));
        expected.push(create(app, ctx, new(name)).await.unwrap().identifier());
    }
    let key = |entry: &Entry| match entry {
        Entry::OfFile(connector) => connector.provider_key(),
        Entry::Custom(provider) => provider.identifier(),
    };
    let page = |size, after| Page { size, after };
    for (shown, wanted) in [
        (ProviderFilter::All, &expected[..]),
        (ProviderFilter::OfFiles, &expected[..files]),
        (ProviderFilter::Custom, &expected[files..]),
    ] {
        let sizes = [1, 2, 7, files - 1, files, files + 1, files + 2, expected.len(), expected.len() + 1];
        for size in sizes.map(|size| u32::try_from(size).unwrap()) {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let listed = list(app, ctx, shown, None, &page(size, after)).await.unwrap();
                assert_eq!(listed.total, wanted.len() as u64, "{shown:?}");
                let keys: Vec<_> = listed.items.iter().map(key).collect();
                if let (Some(previous), false) = (&listed.previous, seen.is_empty()) {
                    let back = list(app, ctx, shown, None, &page(size, Some(previous.clone()))).await.unwrap();
                    let first: Vec<_> = back.items.iter().map(key).collect();
                    let seen: &Vec<String> = &seen;
                    assert!(
                        first.iter().any(|one| seen.last() == Some(one)),
                        "{shown:?} {size}: {first:?} before {keys:?}"
                    );
                }
                seen.extend(keys);
                after = listed.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, wanted, "{shown:?} in pages of {size}");
        }
        let garbage = list(app, ctx, shown, None, &page(5, Some("garbage".into()))).await.err().unwrap();
        assert_eq!(garbage.kind(), Kind::InvalidArgument);
    }
    for (shown, identifier, found) in [
        (ProviderFilter::OfFiles, expected[files].clone(), 1),
        (ProviderFilter::OfFiles, "gmail".to_owned(), 1),
        (ProviderFilter::Custom, "gmail".to_owned(), 0),
        (ProviderFilter::All, "NOBODY:1".to_owned(), 0),
    ] {
        let listed = list(app, ctx, shown, Some(&identifier), &page(5, None)).await.unwrap();
        assert_eq!(listed.items.len(), found, "{shown:?} {identifier}");
    }
}
