//! A remote MCP server as a file has it: one document of `catalogue/mcp/servers.yaml`, or a file of one's own with
//! `upstream: mcp`.

use super::compile::{Server, connector};
use super::placed::{Place, Remote, Transport};
use crate::auth::Auth;
use crate::compile::auth::{discovered, way};
use crate::connector::Connector;
use crate::error::{Error, Problem};
use crate::file::{AuthFile, AuthKind, read as text};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

/// The most tools that a file names.
const MOST_TOOLS: usize = 1_000;

/// A whole document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteFile {
    /// The connector's name, which its tools' names begin with.
    pub connector: String,
    /// The app's name, for people.
    pub display_name: String,
    /// `mcp`, where the file stands beside others.
    #[serde(default)]
    pub upstream: Option<Mcp>,
    /// The server's address.
    pub url: String,
    /// How it is spoken to.
    #[serde(default)]
    pub transport: Transport,
    /// On how many independent sources the address rests.
    pub sources: Option<u32>,
    /// The ways to sign in, the usual one first.
    pub auth: Vec<SignIn>,
    /// What is to be known of it.
    pub note: Option<String>,
    /// The names of its tools that are documented, as the server has them.
    #[serde(default)]
    pub tools: Vec<String>,
}

/// The word that says what such a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mcp {
    /// A remote MCP server.
    Mcp,
}

/// One way to sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Which way: `oauth2`, `bearer`, `api_key`, `basic` or `none`.
    pub kind: AuthKind,
    /// `api_key`: the header that it stands in.
    pub header: Option<String>,
    /// `api_key`: the parameter of the address that it stands in.
    pub query: Option<String>,
    /// `api_key`: what stands before it there.
    pub prefix: Option<String>,
    /// What the form calls what is typed; of `basic` the first half.
    pub label: Option<String>,
    /// `basic`: what the form calls the other half, which is empty where the server wants none.
    pub password: Option<String>,
    /// `oauth2`: whose client it is; where the server registers nobody, the app brings its own.
    #[serde(default)]
    pub client: Registration,
    /// `oauth2`: the endpoints, where they are known and not to be found by discovery.
    pub authorize_url: Option<String>,
    /// The token endpoint.
    pub token_url: Option<String>,
    /// `oauth2`: what is asked for, where the server does not say it.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// Where an OAuth client comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// It is registered when somebody signs in first, unless the connection has one.
    #[default]
    Found,
    /// The connection has to have one.
    Own,
}

/// Reads a document.
///
/// # Errors
/// It can't be read, with line and path.
pub(crate) fn read(file_name: &str, written: &str) -> Result<RemoteFile, Error> {
    text::read_as(file_name, written)
}

/// Reads what is said and compiles it.
///
/// # Errors
/// Something is wrong with it.
pub(crate) fn compiled(file_name: &str, file: RemoteFile) -> Result<Connector, Error> {
    let wrong = |problem| Error::Wrong { file: file_name.to_owned(), problems: vec![problem] };
    let ways = file.auth.iter().map(sign_in).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let scopes = file.auth.iter().flat_map(|way| way.scopes.clone()).collect();
    if ways.is_empty() || file.tools.len() > MOST_TOOLS {
        let why = format!("there is at least one way to sign in, and no more than {MOST_TOOLS} tools are named");
        return Err(wrong(Problem::new("auth", why)));
    }
    let url = Url::parse(&file.url).map_err(|why| wrong(Problem::new("url", why.to_string())))?;
    let remote = Remote {
        place: Place::Fixed(url),
        transport: file.transport,
        sources: file.sources,
        documented: file.tools,
        by_connection: false,
        note: file.note,
    };
    let server = Server { slug: file.connector, display_name: file.display_name, remote, ways, scopes };
    connector(server).map_err(wrong)
}

fn sign_in(written: &SignIn) -> Result<Auth, Problem> {
    let problem = |why: &str| Problem::new(format!("auth.{}", written.kind.as_str()), why);
    let label = |usual: &str| written.label.clone().unwrap_or_else(|| usual.to_owned());
    let rest = match written.kind {
        AuthKind::None => return Ok(Auth::None),
        AuthKind::OAuth2 if written.token_url.is_none() => return Ok(discovered(written.client == Registration::Own)),
        AuthKind::OAuth2 => json!({ "authorize_url": written.authorize_url, "token_url": written.token_url }),
        AuthKind::Bearer => json!({ "fields": { "token": { "label": label("API token") } } }),
        AuthKind::ApiKey => {
            let place = match (&written.header, &written.query) {
                (Some(header), None) => format!("header.{header}"),
                (None, Some(name)) => format!("query.{name}"),
                _ => return Err(problem("has either `header` or `query`: where the key stands")),
            };
            let value = format!("{}{{api_key}}", written.prefix.as_deref().unwrap_or_default());
            json!({ "fields": { "api_key": { "label": label("API key") } }, "send": { place: value } })
        }
        AuthKind::Basic => {
            let mut fields = Map::from_iter([("username".to_owned(), json!({ "label": label("User name") }))]);
            if let Some(password) = &written.password {
                fields.insert("password".to_owned(), json!({ "label": password }));
            }
            let half = if written.password.is_some() { "{password}" } else { "" };
            json!({ "fields": fields, "username": "{username}", "password": half })
        }
        _ => return Err(problem("is no way to sign in at a remote MCP server: oauth2, bearer, api_key, basic, none")),
    };
    let mut whole = json!({ "kind": written.kind.as_str() });
    if let (Some(members), Value::Object(rest)) = (whole.as_object_mut(), rest) {
        members.extend(rest);
    }
    let file: AuthFile = serde_json::from_value(whole).map_err(|why| problem(&why.to_string()))?;
    way(&file)
}
