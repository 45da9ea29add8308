//! Session tokens: what they say, and the static MCP URL that each is for. Nothing of a token is kept; whether it still
//! opens anything is read from what it names ([`doors::session`](super::doors::session)).

use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use valetkey_domain::id::{AccountId, ClientId, ConfigId, ConnectionId, DataKeyId, EnvironmentId, TokenId};
use valetkey_domain::name::Identifier;
use valetkey_domain::session::{Access, Opens, Session};
use valetkey_domain::{Kind, Secret, Timestamp};
use valetkey_vault::jwt;

/// The JWT type of session tokens, so that no other token of ours is taken for one, nor one of these for another.
const TYPE: &str = "mcp-session+jwt";

/// What a static MCP URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaticUrl {
    /// A config, by its UUID.
    Config(String),
    /// A connection, by its name in exact case.
    Connection(String),
}

impl StaticUrl {
    /// The URL, which is the `aud` of its tokens.
    #[must_use]
    pub fn url(&self, app: &App) -> String {
        let path = match self {
            Self::Config(uuid) => format!("/mcp/v3/servers/{uuid}"),
            // Of the characters of a name only the blank cannot stand in a path.
            Self::Connection(name) => format!("/mcp/v3/connections/{}", name.replace(' ', "%20")),
        };
        app.core.settings.public(&path)
    }
}

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The user.
    sub: Identifier,
    aud: String,
    /// Tells a reader what it is; what it is taken for is its `typ`.
    token_type: String,
    env: EnvironmentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    mcp_cfg: Option<ConfigId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mcp_cfg_ver: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conn_id: Option<ConnectionId>,
    ca_ids: Vec<AccountId>,
    access_level: String,
    ends: i64,
    url_key: DataKeyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ver: Option<i64>,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: TokenId,
}

/// The token of a session for the URL of a site.
///
/// # Errors
/// The signing key cannot be used.
pub(crate) fn sign(app: &App, session: &Session, site: &StaticUrl) -> Result<Secret<str>> {
    let now = app.core.now().as_second();
    let (config, version, connection) = match &session.opens {
        Opens::Config(config, version) => (Some(config.clone()), Some(*version), None),
        Opens::Connection(connection) => (None, None, Some(connection.clone())),
    };
    let claims = Claims {
        iss: app.core.settings.public(""),
        sub: session.identifier.clone(),
        aud: site.url(app),
        token_type: "mcp_session".to_owned(),
        env: session.environment.clone(),
        mcp_cfg: config,
        mcp_cfg_ver: version,
        conn_id: connection,
        ca_ids: session.accounts.clone(),
        access_level: session.access.as_str().to_owned(),
        ends: session.ends,
        url_key: session.url_key.clone(),
        client_id: session.client.as_ref().map(|(id, _)| id.clone()),
        ver: session.client.as_ref().map(|(_, version)| *version),
        iat: now,
        nbf: now,
        exp: session.expires_at.as_second(),
        jti: session.token.clone(),
    };
    Ok(app.core.keyring.sign(TYPE, &claims)?.into())
}

/// The session of a token that is for this site and valid now, as far as the token itself can say.
///
/// # Errors
/// `UNAUTHENTICATED`, whatever is wrong with it.
pub(crate) async fn read(app: &App, site: &StaticUrl, bearer: &str) -> Result<Session> {
    let (issuer, audience) = (app.core.settings.public(""), site.url(app));
    let expect = jwt::Expect { issuer, audience, typ: TYPE.into(), now: app.core.now() };
    let claims: Claims = app.core.keyring.verify(bearer, &expect).await?;
    session(claims).ok_or_else(|| Error::new(Kind::Unauthenticated, "the token says nothing that can be opened"))
}

fn session(claims: Claims) -> Option<Session> {
    let opens = match (claims.mcp_cfg, claims.mcp_cfg_ver, claims.conn_id) {
        (Some(config), Some(version), None) => Opens::Config(config, version),
        (None, None, Some(connection)) => Opens::Connection(connection),
        _ => return None,
    };
    Some(Session {
        token: claims.jti,
        environment: claims.env,
        identifier: claims.sub,
        opens,
        access: Access::parse(&claims.access_level).filter(|_| !claims.access_level.is_empty())?,
        accounts: claims.ca_ids,
        ends: claims.ends,
        client: claims.client_id.zip(claims.ver),
        url_key: claims.url_key,
        expires_at: Timestamp::from_second(claims.exp).ok()?,
    })
}
