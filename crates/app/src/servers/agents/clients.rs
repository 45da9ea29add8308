//! Who an agent is: the address of a document about it (OAuth client id metadata documents), or what it said of itself when it
//! registered (RFC 7591). All are public clients: a secret that everybody can have says nothing.
//!
//! Who registers is kept nowhere: the id that it is given holds what it said (RFC 7591 appendix A.5.2). It could have said
//! anything, and so nothing is gained by an id that was made up.

use super::agent::Agent;
use super::redirects;
use crate::{App, Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_domain::invisible::shown;
use valetkey_domain::{Ctx, Kind};
use valetkey_outbound::oauth;

/// What the id of a client begins with that registered.
const PREFIX: &str = "vkc_";

/// The longest id, in bytes, and the longest name that is shown, in characters.
const LONGEST_ID: usize = 2_048;
const LONGEST_NAME: usize = 60;

/// How many addresses a client may name.
const MOST_REDIRECTS: usize = 20;
/// How long somebody waits until their agent's document is fetched.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client says of itself when it registers; what else it says does not count here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Registration {
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// Why a client was not registered, as RFC 7591 §3.2.2 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRegistered {
    /// The word for programs.
    pub error: &'static str,
    /// What is wrong and what to do.
    pub why: &'static str,
}

/// What is in the id of a client that registered.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisteredClient {
    n: String,
    r: Vec<String>,
}

/// Registers a client: the answer of the registration endpoint.
///
/// # Errors
/// It names no address, too many, or one where no answer may be sent to; or it wants what is not given here.
pub fn register(app: &App, asked: &Registration) -> std::result::Result<Value, NotRegistered> {
    let metadata = |why| NotRegistered { error: "invalid_client_metadata", why };
    let redirect = |why| NotRegistered { error: "invalid_redirect_uri", why };
    if asked.redirect_uris.is_empty() || asked.redirect_uris.len() > MOST_REDIRECTS {
        return Err(redirect("redirect_uris has to name one address at least, and twenty at most"));
    }
    if !asked.redirect_uris.iter().all(|text| redirects::read(text).is_some()) {
        return Err(redirect(
            "a redirect URI is https, http on localhost or 127.0.0.1, or a program's own scheme (com.example.app:/…)",
        ));
    }
    let given = |asked: &Option<Vec<String>>, one: &str| {
        asked.as_ref().is_none_or(|words| words.iter().any(|word| word == one))
    };
    if !given(&asked.grant_types, "authorization_code") || !given(&asked.response_types, "code") {
        return Err(metadata("tokens are given for authorization codes: grant_types has to name authorization_code"));
    }
    let said = RegisteredClient {
        n: shown(asked.client_name.as_deref().unwrap_or_default(), LONGEST_NAME),
        r: asked.redirect_uris.clone(),
    };
    let client_id = said.id().ok_or_else(|| metadata("that is too much: name fewer or shorter redirect URIs"))?;
    Ok(json!({
        "client_id": client_id,
        "client_id_issued_at": app.core.now().as_second(),
        "client_name": said.n,
        "redirect_uris": said.r,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }))
}

impl RegisteredClient {
    fn id(&self) -> Option<String> {
        let id = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).ok()?));
        (id.len() <= LONGEST_ID).then_some(id)
    }

    fn read(id: &str) -> Option<Self> {
        let said = BASE64_URL_SAFE_NO_PAD.decode(id.strip_prefix(PREFIX)?).ok()?;
        let said: Self = serde_json::from_slice(&said).ok()?;
        (said.r.len() <= MOST_REDIRECTS).then_some(said)
    }
}

/// The agent of this id.
///
/// # Errors
/// `NOT_FOUND`: there is none, or its document is not to be had or does not speak for itself.
pub(super) async fn find(app: &App, ctx: &Ctx, id: &str) -> Result<Agent> {
    if id.len() > LONGEST_ID {
        return Err(unknown("its id is too long"));
    }
    if let Some(RegisteredClient { n, r }) = RegisteredClient::read(id) {
        let redirect_uris = r.into_iter().filter(|text| redirects::read(text).is_some()).collect();
        return Ok(Agent { id: id.to_owned(), name: named(&n, "?"), host: None, redirect_uris });
    }
    let url = address(id).ok_or_else(|| unknown("its id is neither ours nor an address"))?;
    let fetching = async {
        let _turn = app.documents.turns.wait(ctx.environment.clone(), 1, PATIENCE).await.map_err(|_| {
            let full = "too many agents sign in for the first time at this moment: try again in a few seconds";
            Error::new(Kind::ResourceExhausted, full)
        })?;
        fetched(app, ctx, &url).await.map(Arc::new)
    };
    let found = app.documents.kept.try_get_with(id.to_owned(), fetching).await;
    // Each who waited gets an error of its own.
    found.map(|agent| agent.as_ref().clone()).map_err(|error: Arc<Error>| match error.kind() {
        Kind::ResourceExhausted => Error::new(error.kind(), error.message()),
        _ => unknown(error),
    })
}

/// An id that is the address of a document: https with a path, and written as the address is.
fn address(id: &str) -> Option<Url> {
    let url = Url::parse(id).ok().filter(|url| url.as_str() == id)?;
    let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    (url.scheme() == "https" && plain && url.path() != "/").then_some(url)
}

async fn fetched(app: &App, ctx: &Ctx, url: &Url) -> Result<Agent> {
    let document = oauth::client_document(&app.core.outbound.of(&ctx.environment), url).await.map_err(unknown)?;
    read(url, &document.ok_or_else(|| unknown("its document cannot be read"))?).ok_or_else(|| {
        unknown("its document speaks for another client, names no address for answers, or wants to be known by a key")
    })
}

/// The agent that a document at this address is about.
fn read(url: &Url, document: &Map<String, Value>) -> Option<Agent> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let public = matches!(text("token_endpoint_auth_method"), None | Some("none"));
    let uris = document.get("redirect_uris")?.as_array().filter(|uris| uris.len() <= MOST_REDIRECTS)?;
    let redirect_uris: Vec<String> = uris
        .iter()
        .filter_map(Value::as_str)
        .filter(|text| redirects::read(text).is_some())
        .map(ToOwned::to_owned)
        .collect();
    let speaks = text("client_id") == Some(url.as_str()) && public && !redirect_uris.is_empty();
    let host = url.host_str()?.to_owned();
    let name = named(text("client_name").unwrap_or_default(), &host);
    speaks.then(|| Agent { id: url.to_string(), name, host: Some(host), redirect_uris })
}

fn named(text: &str, otherwise: &str) -> String {
    let name = shown(text, LONGEST_NAME);
    if name.trim().is_empty() { otherwise.to_owned() } else { name }
}

fn unknown(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::NotFound, "no such client").because(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::alone;
    use crate::servers::agents::agent::{AT_ONCE, LONGEST};
    use futures::future::{FutureExt as _, join_all};
    use valetkey_domain::id::EnvironmentId;

    #[tokio::test]
    async fn attack_74_documents_of_one_environment_keep_no_other_waiting_and_a_crowd_is_told_the_truth() {
        let (app, ctx) = alone(&[]).await;
        let turns = &app.documents.turns;
        let turn = |of: &EnvironmentId| turns.wait(of.clone(), 1, PATIENCE);
        let _slow = join_all((0..AT_ONCE).map(|_| turn(&ctx.environment))).await;
        let id = "https://agent.example/one.json";
        let mut next = Box::pin(find(&app, &ctx, id));
        assert!((&mut next).now_or_never().is_none(), "it waits for its turn");
        let other = Ctx { environment: EnvironmentId::parse("env_other").unwrap(), ..ctx.clone() };
        let answer = find(&app, &other, "https://agent.example/two.json").await;
        assert_eq!(answer.unwrap_err().kind(), Kind::NotFound, "it was looked for, and nobody is there");
        let mut crowd: Vec<_> = (1..LONGEST).map(|_| Box::pin(turn(&ctx.environment))).collect();
        assert!(crowd.iter_mut().all(|one| one.now_or_never().is_none()));
        let refused = find(&app, &ctx, "https://agent.example/three.json").await.unwrap_err();
        assert_eq!(refused.kind(), Kind::ResourceExhausted);
    }
    use crate::fixture::fixture;

    fn asked(redirect_uris: &[&str]) -> Registration {
        let redirect_uris = redirect_uris.iter().map(ToString::to_string).collect();
        Registration { redirect_uris, client_name: Some("Agent\u{202e}".into()), ..Registration::default() }
    }

    #[tokio::test]
    async fn attack_30_registering_makes_nothing_and_gives_what_was_said() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let made = register(app, &asked(&["http://localhost:1/cb"])).unwrap();
        assert_eq!(made, register(app, &asked(&["http://localhost:1/cb"])).unwrap(), "however often it comes");
        assert!(made.get("client_secret").is_none());
        let agent = find(app, ctx, made["client_id"].as_str().unwrap()).await.unwrap();
        assert_eq!((agent.name.as_str(), agent.host.as_deref()), ("Agent", None));
        assert!(agent.takes("http://localhost:2/cb") && !agent.takes("https://evil.example/cb"));
        let many: Vec<_> = (0..21).map(|n| format!("https://agent.example/{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let long = format!("https://agent.example/{}", "a".repeat(900));
        for wrong in [&[][..], &["javascript:alert(1)"], &["http://agent.example/cb"], &many, &[&long, &long]] {
            assert!(register(app, &asked(wrong)).is_err(), "{wrong:?}");
        }
        let implicit =
            Registration { grant_types: Some(vec!["implicit".into()]), ..asked(&["https://agent.example/cb"]) };
        assert_eq!(register(app, &implicit).unwrap_err().error, "invalid_client_metadata");
    }

    #[tokio::test]
    async fn attacks_29_and_35_an_id_that_was_made_up_gives_no_more_than_registering_does() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let forged = RegisteredClient { n: "Agent".into(), r: vec!["javascript:alert(1)".into()] }.id().unwrap();
        assert!(!find(app, ctx, &forged).await.unwrap().takes("javascript:alert(1)"));
        let long = format!("https://agent.example/{}", "a".repeat(2_048));
        for none in [
            "",
            "agent",
            "vkc_",
            "vkc_e30",
            "http://agent.example/client.json",
            "https://agent.example",
            "https://agent.example/",
            "https://agent.example/a#b",
            "https://agent.example/a/../b",
            "https://u:p@agent.example/b",
            // Private places are not asked, whoever names them.
            "https://127.0.0.1:1/client.json",
            "https://[::ffff:10.0.0.1]/client.json",
            "https://169.254.169.254/client.json",
            "https://localhost/client.json",
            &long,
        ] {
            assert_eq!(find(app, ctx, none).await.unwrap_err().kind(), Kind::NotFound, "{none}");
        }
    }

    #[test]
    fn attack_29_a_document_speaks_for_its_own_address_alone() {
        let url = Url::parse("https://agent.example/client.json").unwrap();
        let of = |change: Value| {
            let mut document =
                json!({"client_id": url, "client_name": "Agent", "redirect_uris": ["https://agent.example/cb"]});
            document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            read(&url, document.as_object().unwrap())
        };
        let agent = of(json!({"token_endpoint_auth_method": "none"})).unwrap();
        assert_eq!((agent.name.as_str(), agent.host.as_deref()), ("Agent", Some("agent.example")));
        assert!(agent.takes("https://agent.example/cb"));
        assert_eq!(of(json!({"client_name": "\u{200b}"})).unwrap().name, "agent.example");
        for wrong in [
            json!({"client_id": "https://other.example/client.json"}),
            json!({"client_id": null}),
            json!({"redirect_uris": []}),
            json!({"redirect_uris": ["javascript:alert(1)"]}),
            json!({"redirect_uris": "https://agent.example/cb"}),
            json!({"redirect_uris": vec!["https://agent.example/cb"; 21]}),
            json!({"token_endpoint_auth_method": "private_key_jwt"}),
        ] {
            assert_eq!(of(wrong.clone()), None, "{wrong}");
        }
    }
}
