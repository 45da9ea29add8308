//! What is typed where there is no sign-in at the provider: the form that a person gets, and what is sent of it when it is
//! tried.

use super::{Line, account, each_shows, requests};
use crate::consent::{self, Submitted};
use crate::fixture::{FILE, Fixture, Reply, fixture};
use crate::{accounts, connections};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::sync::LazyLock;
use valetkey_connectors::{Auth, AuthKind};
use valetkey_domain::Secret;
use valetkey_domain::account::Owner;
use valetkey_domain::connection::Settings;
use valetkey_domain::id::SigningKeyId;
use valetkey_domain::name::Identifier;
use valetkey_vault::jwt::SigningKey;

const WAYS: &str = r#"
  - kind: api_key
    fields:
      token: {label: Token, hint: In your settings, pattern: "[a-z]+-[0-9]"}
      region: {label: Region, secret: false, required: false, options: [eu, us]}
    send: {header.X-Token: "{token}", header.X-Region: "{region}"}
  - kind: basic
    username: "{user}/token"
    password: "{secret}"
    fields:
      user: {label: User, secret: false}
      secret: {label: Secret}
  - kind: key_pair
    fields:
      user: {label: User, secret: false}
      private_key: {label: Private key}
    assertion: {sent_as: token, claims: {iss: "{user}"}, life: 5m}
verify: {method: GET, path: /me, id: .sub, name: .email}
default_scopes:"#;

pub(super) const LINES: [Line; 19] = [
    (
        "auth[].fields",
        "      user: {label: User, secret: false}\n      secret: {label: Secret}\n",
        "      secret: {label: Secret}\n      user: {label: User, secret: false}\n",
    ),
    ("auth[].fields.*.label", "label: Token", "label: API token"),
    ("auth[].fields.*.hint", "hint: In your settings", "hint: In your profile"),
    ("auth[].fields.*.secret", "Region, secret: false", "Region, secret: true"),
    ("auth[].fields.*.pattern", "[a-z]+-[0-9]", "[0-9]+"),
    ("auth[].fields.*.required", "required: false", "required: true"),
    ("auth[].fields.*.options", "options: [eu, us]", "options: [eu]"),
    ("auth[].send", "header.X-Token", "header.X-Key"),
    ("auth[].username", "{user}/token", "{user}/key"),
    ("auth[].password", "password: \"{secret}\"", "password: \"{secret}!\""),
    ("auth[].assertion", "claims: {iss: \"{user}\"}, life: 5m}", "claims: {iss: \"{user}\", sub: acme}, life: 10m}"),
    (
        "auth[].assertion.sent_as",
        "    assertion: {sent_as: token,",
        "    token_url: \"https://acme.example/token\"\n    assertion: {sent_as: grant,",
    ),
    ("auth[].assertion.claims", "claims: {iss: \"{user}\"}", "claims: {iss: \"{user}\", sub: acme}"),
    ("auth[].assertion.life", "life: 5m", "life: 10m"),
    ("verify", "verify: {method: GET, path: /me, id: .sub, name: .email}\n", ""),
    ("verify.method", "verify: {method: GET", "verify: {method: POST"),
    ("verify.path", "path: /me", "path: /you"),
    ("verify.id", "id: .sub", "id: .email"),
    ("verify.name", "name: .email}\ndefault", "name: .sub}\ndefault"),
];

static KEY: LazyLock<String> = LazyLock::new(|| {
    let key = SigningKey::generate(SigningKeyId::parse("snk_typed").unwrap()).unwrap();
    let text = STANDARD.encode(key.private_der().expose());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
});

fn base() -> String {
    FILE.replace("REFRESH", "{rotates: true}").replace("\ndefault_scopes:", WAYS)
}

async fn seen(file: String) -> String {
    let fixture = fixture(&file).await;
    let mut seen = typed(&fixture, "api_key", &[("token", "key-1")]).await;
    seen += &typed(&fixture, "basic", &[("user", "ann"), ("secret", "hunter2")]).await;
    seen += &typed(&fixture, "key_pair", &[("user", "ann"), ("private_key", &KEY)]).await;
    seen + &signed(&requests(&fixture))
}

/// The form of one of the ways, and what is known of the account after this was typed into it.
async fn typed(fixture: &Fixture, way: &str, values: &[(&str, &str)]) -> String {
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let own = fixture.connection.settings.clone();
    let exchanged = |auth: &Auth| matches!(auth, Auth::Minted(minted) if minted.token_url.is_some());
    let signs = way == "key_pair" && exchanged(fixture.connector.way(Some(AuthKind::KeyPair)));
    let token_url = own.token_url.filter(|_| signs);
    let settings =
        Settings { way: Some(way.to_owned()), api_base_url: own.api_base_url, token_url, ..Settings::default() };
    let new = connections::New { name: None, connector: "acme".to_owned(), settings, client_secret: None };
    let connection = match connections::create(app, ctx, new).await {
        Ok(connection) => connection,
        Err(error) => return format!("{way}: {}\n", error.message()),
    };
    let owner = Owner::of(Identifier::parse("ann").unwrap());
    let made = accounts::ensure(app, ctx, &connection, owner).await.unwrap();
    let life = app.core.settings.chat_link_life;
    let link = consent::link(app, ctx, &connection, &made, life).await.unwrap();
    let token = link.url.rsplit('/').next().unwrap();
    let form = consent::open(app, token).await.unwrap().form.unwrap();
    fixture.provider.will_answer(Reply::Answer(200, r#"{"sub":"s-1","email":"ann@p"}"#.to_owned()));
    let sent = values.iter().map(|(name, value)| ((*name).to_owned(), Secret::from(*value))).collect();
    let submitted = consent::submit(app, token, &Secret::from("browser"), sent).await.unwrap();
    let taken = match submitted {
        Submitted::Ended(_) => "taken".to_owned(),
        Submitted::Again(form, _) => format!("{form:?}"),
    };
    format!("{way}: {form:?}\n{taken}\n{}", account(fixture, &made.id).await)
}

/// What was signed as what it says, without the number that is drawn anew each time, and without the signature.
fn signed(text: &str) -> String {
    let words =
        text.split_inclusive(char::is_whitespace).map(
            |word| match word.trim_end().split('.').collect::<Vec<_>>()[..] {
                [_, claims, _] if word.starts_with("eyJ") => {
                    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
                    claims.as_object_mut().unwrap().remove("jti").unwrap();
                    format!("{claims}\n")
                }
                _ => word.to_owned(),
            },
        );
    words.collect()
}

#[tokio::test]
async fn each_key_of_what_is_typed_is_seen_in_its_form_or_on_the_wire() {
    each_shows(&base(), &LINES, seen).await;
}
