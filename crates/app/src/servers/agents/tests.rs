//! Agents whose user has to sign in: what lets them in, what does not, and what ends it.

use super::sign_in::let_in;
use super::*;
use crate::entrance::grants::{ACCESS_LIFE, Presented, REFRESH_LIFE};
use crate::entrance::openid::Answer;
use crate::entrance::{browsers, doors};
use crate::fixture::{Fixture, fixture};
use crate::servers::configs::{self, Edit};
use crate::servers::instances::{self, Ensure};
use crate::servers::toolset::{self, Served};
use crate::servers::{sessions, versions};
use crate::tenancy::environments;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::config::{McpConfig, Options};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_vault::random;

const CALLBACK_OF_AGENT: &str = "https://agent.example/cb";

/// A config that wants its users signed in, `ann`'s instance of it, and an agent with its PKCE verifier.
struct Agents {
    fixture: Fixture,
    instance: McpInstance,
    token: String,
    client: String,
    verifier: Secret<str>,
}

async fn agents() -> Agents {
    let fixture = fixture("{rotates: true}").await;
    let (instance, token) = fixture.instance().await;
    want(&fixture, true).await;
    let asked = json!({"client_name": "Desk", "redirect_uris": [CALLBACK_OF_AGENT]});
    let made = register(&fixture.app, &serde_json::from_value(asked).unwrap()).unwrap();
    let client = made["client_id"].as_str().unwrap().to_owned();
    Agents { fixture, instance, token, client, verifier: random::pkce().unwrap().0 }
}

async fn want(fixture: &Fixture, sign_in: bool) -> McpConfig {
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let config = configs::by_name(app, ctx, "config").await.unwrap();
    let options = Options { sign_in, ..config.options.clone() };
    configs::edit(app, ctx, config, Edit { options: Some(options), ..Edit::default() }).await.unwrap()
}

impl Agents {
    fn url(&self) -> String {
        self.fixture.app.core.settings.public(&format!("/mcp/v1/{}", self.token))
    }

    fn request(&self) -> AuthorizeRequest {
        AuthorizeRequest {
            response_type: Some("code".into()),
            client_id: Some(self.client.clone()),
            redirect_uri: Some(CALLBACK_OF_AGENT.into()),
            state: Some("their state".into()),
            code_challenge: Some(random::challenge(&self.verifier)),
            code_challenge_method: Some("S256".into()),
            resource: Some(self.url()),
        }
    }

    async fn code(&self) -> Secret<str> {
        let question = question(&self.fixture.app, &self.request()).await.unwrap();
        let_in(&self.fixture.app, &question, "ann").await.unwrap()
    }

    fn exchange(&self, code: &Secret<str>) -> TokenRequest {
        TokenRequest {
            grant_type: Some("authorization_code".into()),
            client_id: Some(self.client.clone()),
            code: Some(Secret::copy(code)),
            redirect_uri: Some(CALLBACK_OF_AGENT.into()),
            code_verifier: Some(Secret::copy(&self.verifier)),
            resource: Some(Secret::from(self.url())),
            refresh_token: None,
        }
    }

    async fn given(&self) -> GivenTokens {
        token(&self.fixture.app, &self.exchange(&self.code().await)).await.unwrap()
    }

    async fn refresh(&self, given: &GivenTokens) -> Result<GivenTokens, TokenError> {
        let request = TokenRequest {
            grant_type: Some("refresh_token".into()),
            client_id: Some(self.client.clone()),
            refresh_token: Some(Secret::copy(&given.refresh_token)),
            ..TokenRequest::default()
        };
        token(&self.fixture.app, &request).await
    }

    fn presented(&self, token: &Secret<str>) -> Presented {
        Presented { token: Some(Arc::new(Secret::copy(token))), at: self.fixture.app.now() }
    }

    async fn enter(&self, token: &Secret<str>) -> crate::Result<(Ctx, Served)> {
        toolset::open_with(&self.fixture.app, &self.token, &self.presented(token)).await
    }

    async fn records(&self, action: &str) -> usize {
        let sql = "SELECT count(*) AS n FROM journal WHERE action = $1";
        let mut tx = self.fixture.app.core.store.read().await.unwrap();
        let row = tx.one(sql, [valetkey_storage::Arg::from(action)]).await.unwrap().unwrap();
        usize::try_from(row.integer("n").unwrap()).unwrap()
    }
}

fn invalid_grant(refused: &Result<GivenTokens, TokenError>) -> bool {
    matches!(refused, Err(TokenError::InvalidGrant))
}

#[tokio::test]
async fn a_url_alone_opens_nothing_and_with_its_users_sign_in_it_does() {
    let agents = agents().await;
    let app = &agents.fixture.app;
    assert_eq!(toolset::open(app, &agents.token).await.err().unwrap().kind(), Kind::Unauthenticated);
    let document = protected_resource(app, &agents.token).await.unwrap();
    assert_eq!(document["resource"], agents.url());
    assert_eq!(document["authorization_servers"][0], server(app)["issuer"]);
    let asked = question(app, &agents.request()).await.unwrap();
    assert_eq!((asked.agent.name.as_str(), asked.agent.host.as_deref()), ("Desk", None));
    assert_eq!((asked.provider.as_str(), asked.answered.as_deref()), ("login.example", Some("agent.example")));
    let given = agents.given().await;
    assert_eq!(given.expires_in, ACCESS_LIFE);
    let (_, served) = agents.enter(&given.access_token).await.unwrap();
    assert!(served.grant.is_some() && !given.access_token.expose().contains(&agents.token));
    let again = agents.refresh(&given).await.unwrap();
    agents.enter(&again.access_token).await.unwrap();
    assert_ne!(again.access_token.expose(), given.access_token.expose());
    let recorded = ["grant.signed_in", "grant.token_given", "grant.token_renewed", "grant.refused"];
    for (action, times) in recorded.into_iter().zip([1, 1, 1, 0]) {
        assert_eq!(agents.records(action).await, times, "{action}");
    }
}

#[tokio::test]
async fn a_token_that_was_good_when_it_came_does_not_cut_its_call_off() {
    let agents = agents().await;
    let (app, given) = (&agents.fixture.app, agents.given().await);
    agents.fixture.clock.advance(ACCESS_LIFE - Duration::from_secs(1));
    let presented = agents.presented(&given.access_token);
    agents.fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(agents.enter(&given.access_token).await.err().unwrap().kind(), Kind::Unauthenticated);
    let (ctx, served) = toolset::open_with(app, &agents.token, &presented).await.unwrap();
    let tool = served.set.find("acme_list_things").unwrap();
    assert!(toolset::still(app, &ctx, &served, tool).await.unwrap());
    sessions::end(app, &agents.fixture.ctx, Some(&agents.instance.identifier)).await.unwrap();
    assert!(!toolset::still(app, &ctx, &served, tool).await.unwrap());
    assert!(toolset::open_with(app, &agents.token, &presented).await.is_err());
}

#[tokio::test]
async fn attack_82_a_call_that_began_before_sign_in_was_wanted_does_not_go_on() {
    let agents = agents().await;
    let app = &agents.fixture.app;
    want(&agents.fixture, false).await;
    let (ctx, served) = toolset::open(app, &agents.token).await.unwrap();
    let tool = served.set.find("acme_list_things").unwrap();
    assert!(toolset::still(app, &ctx, &served, tool).await.unwrap());
    want(&agents.fixture, true).await;
    assert!(!toolset::still(app, &ctx, &served, tool).await.unwrap());
}

#[tokio::test]
async fn attack_11_somebody_elses_sign_in_lets_nobody_in() {
    let agents = agents().await;
    let question = question(&agents.fixture.app, &agents.request()).await.unwrap();
    for name in ["bob", "Ann", "ann ", "", "ann\0"] {
        let stop = let_in(&agents.fixture.app, &question, name).await.unwrap_err();
        assert!(matches!(stop, Stop::SomebodyElse(who) if who == name));
    }
    assert_eq!((agents.records("grant.refused").await, agents.records("grant.signed_in").await), (5, 0));
}

#[tokio::test]
async fn attacks_13_15_and_32_what_is_asked_wrongly_reaches_no_provider_and_no_stranger() {
    let agents = agents().await;
    let app = &agents.fixture.app;
    let shown = async |request: AuthorizeRequest| match question(app, &request).await.unwrap_err() {
        Stop::Wrong(parameter) => parameter,
        other => panic!("{other:?}"),
    };
    let good = || agents.request();
    for redirect_uri in
        [None, Some("https://evil.example/cb"), Some("https://agent.example/cb?x"), Some("javascript:alert(1)")]
    {
        let redirect_uri = redirect_uri.map(ToOwned::to_owned);
        assert_eq!(shown(AuthorizeRequest { redirect_uri, ..good() }).await, "redirect_uri");
    }
    for client_id in [None, Some("nobody".to_owned())] {
        assert_eq!(shown(AuthorizeRequest { client_id, ..good() }).await, "client_id");
    }
    let elsewhere = format!("https://evil.example/mcp/v1/{}", agents.token);
    let forged = format!("{}x", agents.url());
    for resource in [None, Some(elsewhere), Some(forged), Some(app.core.settings.public("/mcp"))] {
        assert_eq!(shown(AuthorizeRequest { resource, ..good() }).await, "resource");
    }
    assert_eq!(shown(AuthorizeRequest { state: Some("s".repeat(1_025)), ..good() }).await, "state");
    let told = async |request: AuthorizeRequest| match question(app, &request).await.unwrap_err() {
        Stop::Back(url) => url,
        other => panic!("{other:?}"),
    };
    let plain = AuthorizeRequest { code_challenge_method: Some("plain".into()), ..good() };
    let unsaid = AuthorizeRequest { code_challenge_method: None, ..good() };
    let missing = AuthorizeRequest { code_challenge: None, ..good() };
    let short = AuthorizeRequest { code_challenge: Some("short".into()), ..good() };
    let implicit = AuthorizeRequest { response_type: Some("token".into()), ..good() };
    let refused = refuse(app, &good()).await.unwrap();
    let mut answers = vec![(refused, "access_denied")];
    for request in [plain, unsaid, missing, short] {
        answers.push((told(request).await, "invalid_request"));
    }
    answers.push((told(implicit).await, "unsupported_response_type"));
    for (url, error) in answers {
        let says = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert!(url.as_str().starts_with("https://agent.example/cb?") && says("code").is_none(), "{url}");
        assert_eq!(says("error").as_deref(), Some(error));
        assert_eq!(
            (says("state"), says("iss")),
            (Some("their state".into()), server(app)["issuer"].as_str().map(Into::into))
        );
    }
    // A config that wants nobody signed in has none of this.
    want(&agents.fixture, false).await;
    assert_eq!(shown(good()).await, "resource");
    assert_eq!(protected_resource(app, &agents.token).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn attacks_13_15_and_16_a_code_is_its_own_clients_once() {
    let agents = agents().await;
    let (app, code) = (&agents.fixture.app, agents.code().await);
    let good = || agents.exchange(&code);
    let other = register(app, &serde_json::from_value(json!({"redirect_uris": [CALLBACK_OF_AGENT]})).unwrap()).unwrap();
    let wrong = [
        TokenRequest { code_verifier: Some(random::pkce().unwrap().0), ..good() },
        TokenRequest { code_verifier: Some(Secret::from(random::challenge(&agents.verifier))), ..good() },
        TokenRequest { client_id: other["client_id"].as_str().map(Into::into), ..good() },
        TokenRequest { redirect_uri: Some("https://agent.example/other".into()), ..good() },
        TokenRequest { code: Some(Secret::from("e30.e30.e30")), ..good() },
    ];
    for request in wrong {
        assert!(invalid_grant(&token(app, &request).await), "{request:?}");
    }
    for request in [
        TokenRequest { code_verifier: None, ..good() },
        TokenRequest { client_id: None, ..good() },
        TokenRequest { grant_type: None, ..good() },
        TokenRequest { code: None, ..good() },
    ] {
        assert!(matches!(token(app, &request).await, Err(TokenError::InvalidRequest(_))), "{request:?}");
    }
    let elsewhere = TokenRequest { resource: Some(app.core.settings.public("/mcp/v1/vkm_other").into()), ..good() };
    assert!(matches!(token(app, &elsewhere).await, Err(TokenError::InvalidTarget)));
    let password = TokenRequest { grant_type: Some("password".into()), ..good() };
    assert!(matches!(token(app, &password).await, Err(TokenError::UnsupportedGrantType)));
    let given = token(app, &good()).await.unwrap();
    assert!(invalid_grant(&token(app, &good()).await));
    assert!(agents.enter(&given.access_token).await.is_err(), "who repeats a code ends what came of it");
    assert!(invalid_grant(&agents.refresh(&given).await));
    assert_eq!(agents.records("grant.reuse_detected").await, 1);
    let late = agents.code().await;
    agents.fixture.clock.advance(Duration::from_secs(60));
    assert!(invalid_grant(&token(app, &agents.exchange(&late)).await));
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_all_that_its_sign_in_led_to() {
    let agents = agents().await;
    let (first, untouched) = (agents.given().await, agents.given().await);
    let second = agents.refresh(&first).await.unwrap();
    agents.enter(&second.access_token).await.unwrap();
    assert!(invalid_grant(&agents.refresh(&first).await));
    for given in [&first, &second] {
        assert!(agents.enter(&given.access_token).await.is_err());
        assert!(invalid_grant(&agents.refresh(given).await));
    }
    assert_eq!(agents.records("grant.reuse_detected").await, 1);
    agents.enter(&untouched.access_token).await.unwrap();
    agents.fixture.clock.advance(REFRESH_LIFE);
    assert!(invalid_grant(&agents.refresh(&untouched).await), "it was not used for thirty days");
}

#[tokio::test]
async fn attack_26_a_token_is_of_one_url_and_of_one_kind() {
    let agents = agents().await;
    let (app, ctx, given) = (&agents.fixture.app, &agents.fixture.ctx, agents.given().await);
    let wanted = Ensure { config: "config".into(), identifier: "bob".into(), name: None };
    let theirs = instances::ensure(app, ctx, wanted).await.unwrap();
    let url = instances::url(app, ctx, &theirs).await.unwrap();
    let refused = |error: crate::Error| (error.kind(), error.message().to_owned());
    let bobs = url.expose().rsplit('/').next().unwrap();
    let presented = agents.presented(&given.access_token);
    let at_bobs = refused(toolset::open_with(app, bobs, &presented).await.err().unwrap());
    let none = refused(toolset::open(app, bobs).await.err().unwrap());
    assert_eq!(at_bobs, none, "attack 51");
    let code = agents.code().await;
    for wrong in [&given.refresh_token, &code, &Secret::from(agents.token.as_str()), &Secret::from("e30.e30.e30")] {
        assert_eq!(refused(agents.enter(wrong).await.err().unwrap()), none);
    }
    let as_code = TokenRequest { code: Some(Secret::copy(&given.refresh_token)), ..agents.exchange(&code) };
    assert!(invalid_grant(&token(app, &as_code).await));
    // Nor is it one of the API, or of a static URL.
    assert!(doors::client_token(app, given.access_token.expose()).await.is_err());
    let site = crate::entrance::sessions::StaticUrl::Config("config".into());
    assert!(toolset::open_session(app, &site, given.access_token.expose()).await.is_err());
}

#[tokio::test]
async fn attack_34_what_lets_an_agent_in_ends_with_the_url_the_instance_the_setting_and_the_users_sessions() {
    let agents = agents().await;
    let (app, ctx, id) = (&agents.fixture.app, &agents.fixture.ctx, &agents.instance.id);
    let other = configs::New { name: "other".into(), ..configs::New::default() };
    configs::create(app, ctx, other).await.unwrap();
    let ended = async |given: &GivenTokens, why: &str| {
        assert!(agents.enter(&given.access_token).await.is_err(), "{why}");
        assert!(invalid_grant(&agents.refresh(given).await), "{why}");
    };
    let given = agents.given().await;
    want(&agents.fixture, false).await;
    assert!(invalid_grant(&agents.refresh(&given).await));
    want(&agents.fixture, true).await;
    ended(&given, "it was off for a while").await;
    let given = agents.given().await;
    for config in ["other", "config"] {
        let change = instances::Change { name: None, config: Some(config.into()) };
        instances::update(app, ctx, id, change).await.unwrap();
    }
    ended(&given, "it was on another config").await;
    let given = agents.given().await;
    sessions::end(app, ctx, None).await.unwrap();
    ended(&given, "everyone's sessions were ended").await;
    let (given, code) = (agents.given().await, agents.code().await);
    instances::rotate_url(app, ctx, id).await.unwrap();
    ended(&given, "the URL was changed").await;
    assert!(invalid_grant(&token(app, &agents.exchange(&code)).await));
    let changed = instances::get(app, ctx, id).await.unwrap();
    let url = instances::url(app, ctx, &changed).await.unwrap();
    let agents = Agents { token: url.expose().rsplit('/').next().unwrap().to_owned(), ..agents };
    let given = agents.given().await;
    instances::delete(&agents.fixture.app, &agents.fixture.ctx, &agents.instance.id).await.unwrap();
    assert_eq!(agents.enter(&given.access_token).await.err().unwrap().kind(), Kind::NotFound);
    assert!(invalid_grant(&agents.refresh(&given).await));
}

/// Attacks 12 and 18: what a provider sends back counts in the browser that began, with what it kept, for ten minutes.
#[tokio::test]
async fn attacks_12_and_18_a_sign_in_is_of_one_browser_and_ends() {
    let agents = agents().await;
    let app = &agents.fixture.app;
    let (browser, other) = (browsers::mint().unwrap(), browsers::mint().unwrap());
    let (state, kept) = super::sign_in::begun(app, &browser, &agents.request()).unwrap();
    assert_eq!(kept_as(state.expose()).unwrap(), kept.name);
    let back = async |browser: Option<&Secret<str>>, kept: Option<&Secret<str>>, state: Option<&Secret<str>>| {
        let state = state.map(Secret::copy);
        let answer = Answer { code: None, error: Some("access_denied".into()), state, issuer: None };
        finish(app, browser, kept, answer).await.unwrap_err()
    };
    let taken = back(Some(&browser), Some(&kept.value), Some(&state)).await;
    assert!(matches!(taken, Stop::NotSignedIn), "{taken:?}");
    let evil = AuthorizeRequest { redirect_uri: Some("https://evil.example/cb".into()), ..agents.request() };
    let (_, theirs) = super::sign_in::begun(app, &browser, &evil).unwrap();
    for (browser, kept, state) in [
        (Some(&other), Some(&kept.value), Some(&state)),
        (None, Some(&kept.value), Some(&state)),
        (Some(&browser), Some(&theirs.value), Some(&state)),
        (Some(&browser), None, Some(&state)),
        (Some(&browser), Some(&kept.value), None),
        (Some(&browser), Some(&kept.value), Some(&Secret::from("é"))),
    ] {
        assert!(matches!(back(browser, kept, state).await, Stop::Stale));
    }
    agents.fixture.clock.advance(Duration::from_secs(600));
    assert!(matches!(back(Some(&browser), Some(&kept.value), Some(&state)).await, Stop::Stale));
    assert!(!state.expose().contains(browser.expose()));
}

#[tokio::test]
async fn sign_in_is_wanted_only_where_somebody_said_where_and_a_rollback_follows() {
    let agents = agents().await;
    let (app, ctx) = (&agents.fixture.app, &agents.fixture.ctx);
    let given = agents.given().await;
    let config = configs::by_name(app, ctx, "config").await.unwrap();
    versions::roll_back(app, ctx, &config.id, 1, None).await.unwrap();
    toolset::open(app, &agents.token).await.unwrap();
    versions::roll_back(app, ctx, &config.id, 2, None).await.unwrap();
    assert!(agents.enter(&given.access_token).await.is_err());
    let elsewhere = doors::operator(app, &environments::create(app, "elsewhere", None).await.unwrap().id);
    let options = Options { sign_in: true, ..Options::default() };
    let new = configs::New { name: "config".into(), options, ..configs::New::default() };
    let error = configs::create(app, &elsewhere, new).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    assert!(error.message().contains("[user_sign_in.elsewhere]"), "{}", error.message());
}
