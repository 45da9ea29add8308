//! The doors: the only places where a caller's credential becomes a [`Ctx`]. Each credential names exactly one
//! environment, so that everything behind a door can be asked only for that one.
//!
//! What opens a door may be what was read within the last second ([`valetkey_storage::Store::recent`]); nobody is refused by
//! that, for what another process has just made is not in it.
//!
//! The doors of people with a link are in [`crate::consent`], which checks more than a credential.

use super::grants::{self, Presented};
use super::sessions::{self, StaticUrl};
use crate::tenancy::tokens::{self, Claims};
use crate::{App, Error, Result};
use valetkey_core::context;
use valetkey_core::keyring::DoorRow;
use valetkey_domain::config::Mapping;
use valetkey_domain::ctx::Actor;
use valetkey_domain::grant::Grant;
use valetkey_domain::id::{EnvironmentId, GrantId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::session::Session;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::clients::StoredClient;
use valetkey_storage::doors::{self as rows, SessionFound};

/// The API client that holds this access token.
///
/// # Errors
/// `UNAUTHENTICATED`, in the same words whatever is wrong with the token: expired, forged, of a client that was
/// deleted or whose tokens were withdrawn.
pub async fn client_token(app: &App, bearer: &str) -> Result<Ctx> {
    context::time_is_known(&app.core)?;
    let claims: Claims = app.core.keyring.verify(bearer, &tokens::expectation(app)).await.map_err(refuse)?;
    app.core.keyring.check_open()?;
    let opens =
        |StoredClient { client, .. }: &StoredClient| client.version == claims.ver && client.environment == claims.env;
    let found = rows::client(&mut app.core.store.recent(), &claims.client_id).await?;
    let StoredClient { client, mac } = match found.filter(opens) {
        Some(found) => found,
        None => {
            let found = rows::client(&mut app.core.store.glance().await?, &claims.client_id).await?;
            found.filter(opens).ok_or_else(|| refuse("no such client, or its tokens were withdrawn"))?
        }
    };
    if !app.core.keyring.wrote(DoorRow::Client(&client), mac.as_deref()).await? {
        return Err(refuse("somebody else wrote the client's row"));
    }
    Ok(context::enter(&app.core, client.environment, Actor::Client(client.id, client.version)))
}

/// The MCP instance whose URL ends in this token, and the version of its config, in one read.
///
/// # Errors
/// `NOT_FOUND`, in the same words for a forgery, a rotated URL and a deleted instance.
pub async fn instance_url(app: &App, token: &str) -> Result<(Ctx, McpInstance, i64)> {
    context::time_is_known(&app.core)?;
    let unknown = || Error::new(Kind::NotFound, "no such MCP server");
    let (environment, claim) = app.core.keyring.url_check(token).await?.ok_or_else(unknown)?;
    let opens = |found: &(McpInstance, i64)| found.0.environment == environment && claim.opens(&found.0);
    let found = rows::instance(&mut app.core.store.recent(), &claim.instance, &claim.key).await?;
    let (instance, version) = match found.filter(opens) {
        Some(found) => found,
        None => {
            let found = rows::instance(&mut app.core.store.glance().await?, &claim.instance, &claim.key).await?;
            found.filter(opens).ok_or_else(unknown)?
        }
    };
    app.core.keyring.check_open()?;
    let ctx = context::enter(&app.core, instance.environment.clone(), Actor::Instance(instance.id.clone()));
    Ok((ctx, instance, version))
}

/// The grant by which an agent comes in at the URL of an instance whose config wants its user signed in.
///
/// # Errors
/// `UNAUTHENTICATED`, in the same words for no token, one that is forged, has ended or is for another URL, and for one whose
/// grant has ended.
pub async fn granted(app: &App, ctx: &Ctx, instance: &McpInstance, presented: &Presented) -> Result<GrantId> {
    let token = presented.token.as_ref().ok_or_else(|| refuse_agent("no token"))?;
    let id = grants::read_access(app, instance, token, presented.at).await.map_err(refuse_agent)?;
    if !grant_stands(app, ctx, instance, &id).await? {
        return Err(refuse_agent("its grant has ended"));
    }
    Ok(id)
}

/// Whether a grant still opens this instance's URL.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn grant_stands(app: &App, ctx: &Ctx, instance: &McpInstance, id: &GrantId) -> Result<bool> {
    let now = app.core.now();
    let stands = |(environment, grant): &(EnvironmentId, Grant)| {
        let of_url = grant.instance == instance.id && grant.url_generation == instance.url_generation;
        *environment == ctx.environment && of_url && grant.lives(now)
    };
    let recent = rows::grant(&mut app.core.store.recent(), id).await?;
    if recent.as_ref().is_some_and(stands) {
        return Ok(true);
    }
    Ok(rows::grant(&mut app.core.store.glance().await?, id).await?.as_ref().is_some_and(stands))
}

/// The session that this token is for at a static MCP URL and, if it is one of a connection, that connection.
///
/// # Errors
/// `UNAUTHENTICATED`, in the same words for a token that is forged, has ended or is for another URL, and for one whose
/// config, connection, account, user's sessions, client or url key have ended.
pub async fn session(app: &App, site: &StaticUrl, bearer: &str) -> Result<(Ctx, Session, Option<Mapping>)> {
    context::time_is_known(&app.core)?;
    let session = sessions::read(app, site, bearer).await.map_err(refuse_session)?;
    app.core.keyring.check_open()?;
    let Some(connection) = session_stands(app, &session).await? else {
        return Err(refuse_session("what it names is gone, or it was withdrawn"));
    };
    let ctx = context::enter(&app.core, session.environment.clone(), Actor::Session(session.token.clone()));
    Ok((ctx, session, connection))
}

/// Whether all that a session stands on is still there; then with its connection, if it is one of a connection.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn session_stands(app: &App, session: &Session) -> Result<Option<Option<Mapping>>> {
    let recent = rows::session(&mut app.core.store.recent(), session).await?;
    let found = match recent.filter(|found| all_stands(session, found)) {
        Some(found) => Some(found),
        None => rows::session(&mut app.core.store.glance().await?, session).await?,
    };
    Ok(found.filter(|found| all_stands(session, found)).map(|found| found.connection))
}

fn all_stands(session: &Session, found: &SessionFound) -> bool {
    let accounts = u64::try_from(found.accounts).is_ok_and(|there| there == session.accounts.len() as u64);
    let client = session.client.as_ref().is_none_or(|(_, version)| found.client_version == Some(*version));
    accounts && client && found.ends == session.ends
}

/// The operator at the command line of this machine, in one environment.
#[must_use]
pub fn operator(app: &App, environment: &EnvironmentId) -> Ctx {
    context::operator(&app.core, environment)
}

fn refuse(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "the access token is not valid (any more): ask POST /oauth/token for a new one";
    Error::new(Kind::Unauthenticated, message).because(why)
}

fn refuse_session(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "the session token does not open this URL (any more): ask the app for a new one";
    Error::new(Kind::Unauthenticated, message).because(why)
}

fn refuse_agent(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "the user has to sign in for this agent (again)";
    Error::new(Kind::Unauthenticated, message).because(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts;
    use crate::fixture::{Fixture, fixture};
    use crate::servers::instances;
    use crate::tenancy::{clients, environments};
    use std::time::Duration;
    use valetkey_domain::Secret;
    use valetkey_domain::id::{AccountId, InstanceId};
    use valetkey_testkit::SeededRng;
    use valetkey_vault::{DataKey, Purpose, RootKey, url};

    async fn run(fixture: &Fixture, sql: &'static str) -> u64 {
        let mut tx = fixture.app.core.store.write().await.unwrap();
        let rows = tx.run(sql, []).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    #[tokio::test]
    async fn attack_69_a_deleted_clients_token_dies_at_once() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let issued = clients::create(app, ctx, "shop", vec![]).await.unwrap();
        let id = issued.client.id.clone();
        let first = tokens::token(app, id.as_str(), &issued.secret).await.unwrap().access_token;
        assert_eq!(client_token(app, first.expose()).await.unwrap().environment, ctx.environment);
        clients::expire(app, ctx, &id).await.unwrap();
        let withdrawn = client_token(app, first.expose()).await.unwrap_err();
        let second = tokens::token(app, id.as_str(), &issued.secret).await.unwrap().access_token;
        client_token(app, second.expose()).await.unwrap();
        clients::delete(app, ctx, &id).await.unwrap();
        let deleted = client_token(app, second.expose()).await.unwrap_err();
        let forged = client_token(app, "e30.e30.e30").await.unwrap_err();
        // Attack 51: who is refused learns nothing from how.
        for refused in [&withdrawn, &deleted] {
            assert_eq!((refused.kind(), refused.code()), (forged.kind(), forged.code()));
            assert_eq!(refused.message(), forged.message());
        }
        let gone = tokens::token(app, id.as_str(), &issued.secret).await.err().unwrap();
        let nobody = tokens::token(app, "nobody", &Secret::from("guess")).await.err().unwrap();
        assert_eq!((gone.kind(), gone.message()), (nobody.kind(), nobody.message()));
    }

    #[tokio::test]
    async fn a_token_ends_with_the_secret_that_it_was_given_for() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let issued = clients::create(app, ctx, "shop", vec![]).await.unwrap();
        let end = app.core.now() + Duration::from_secs(600);
        let short = clients::rotate(app, ctx, &issued.client.id, Some(end)).await.unwrap();
        let token = async |secret| tokens::token(app, issued.client.id.as_str(), secret).await.unwrap();
        let (lasting, ending) = (token(&issued.secret).await, token(&short.secret).await);
        assert_eq!((lasting.expires_in, ending.expires_in), (tokens::TOKEN_LIFE, Duration::from_secs(600)));
        fixture.clock.advance(Duration::from_secs(599));
        client_token(app, ending.access_token.expose()).await.unwrap();
        fixture.clock.advance(Duration::from_secs(1));
        assert_eq!(client_token(app, ending.access_token.expose()).await.unwrap_err().kind(), Kind::Unauthenticated);
        client_token(app, lasting.access_token.expose()).await.unwrap();
    }

    #[tokio::test]
    async fn attack_70_who_writes_the_database_can_plant_no_url() {
        let fixture = fixture("{rotates: true}").await;
        let (instance, token) = fixture.instance().await;
        assert_eq!(instance_url(&fixture.app, &token).await.unwrap().1.id, instance.id);
        let claim = url::read(&token).unwrap();
        // A row of one's own, and a MAC made with a key that only has the right name.
        let copied = "INSERT INTO mcp_instances (id, environment_id, config_id, identifier, name, search_text,
            url_generation, created_at, updated_at) SELECT 'inst_planted', environment_id, config_id, identifier,
            'planted', '', url_generation, created_at, updated_at FROM mcp_instances";
        assert_eq!(run(&fixture, copied).await, 1);
        let planted = InstanceId::parse("inst_planted").unwrap();
        let environment = &fixture.ctx.environment;
        let posing = DataKey::generate(claim.key.clone(), Some(environment), Purpose::Url, 1).unwrap();
        for id in [&planted, &instance.id] {
            let forged = url::mint(&posing, &McpInstance { id: id.clone(), ..instance.clone() }).unwrap();
            assert_eq!(instance_url(&fixture.app, forged.expose()).await.unwrap_err().kind(), Kind::NotFound);
        }
        // A url key of one's own, wrapped under a root key of one's own.
        let rng = SeededRng::new(99);
        let id = valetkey_domain::id::DataKeyId::new(fixture.app.core.clock.as_ref(), &rng);
        let own = DataKey::generate(id, Some(environment), Purpose::Url, 9).unwrap();
        let wrapped = RootKey::generate().unwrap().wrap(&own).unwrap();
        let row = valetkey_storage::data_keys::StoredKey {
            id: wrapped.id,
            environment: environment.to_string(),
            purpose: "url".into(),
            generation: 9,
            root_version: wrapped.root_version,
            wrapped: wrapped.bytes,
            created_at: fixture.app.core.now(),
        };
        let mut tx = fixture.app.core.store.write().await.unwrap();
        valetkey_storage::data_keys::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        fixture.clock.advance(Duration::from_secs(5));
        let forged = url::mint(&own, &instance).unwrap();
        assert!(instance_url(&fixture.app, forged.expose()).await.is_err());
    }

    #[tokio::test]
    async fn attack_70_who_writes_the_database_gives_nobody_anothers_server() {
        let fixture = fixture("{rotates: true}").await;
        let (_, token) = fixture.instance().await;
        instance_url(&fixture.app, &token).await.unwrap();
        assert_eq!(run(&fixture, "UPDATE mcp_instances SET identifier = 'bob'").await, 1);
        assert_eq!(instance_url(&fixture.app, &token).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(run(&fixture, "UPDATE mcp_instances SET identifier = 'ann'").await, 1);
        instance_url(&fixture.app, &token).await.unwrap();
    }

    #[tokio::test]
    async fn attack_6_and_51_a_strangers_guess_and_a_wrong_guess_look_the_same() {
        let fixture = fixture("{rotates: true}").await;
        let (instance, _) = fixture.instance().await;
        let theirs = environments::create(&fixture.app, "theirs", None).await.unwrap();
        let stranger = operator(&fixture.app, &theirs.id);
        let wrong = InstanceId::parse("inst_wrong").unwrap();
        let mut said = vec![];
        for id in [&instance.id, &wrong] {
            let error = instances::get(&fixture.app, &stranger, id).await.unwrap_err();
            said.push((error.kind(), error.code(), error.message().replace(id.as_str(), "ID")));
        }
        let account = AccountId::parse("ca_wrong").unwrap();
        for id in [&fixture.account.id, &account] {
            let error =
                accounts::get(&fixture.app, &stranger, &accounts::AccountRef::Id(id.clone())).await.unwrap_err();
            said.push((error.kind(), error.code(), error.message().replace(id.as_str(), "ID")));
        }
        assert!(said[0] == said[1] && said[2] == said[3], "{said:?}");
    }
}
