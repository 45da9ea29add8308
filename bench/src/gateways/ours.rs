//! Valetkey before the upstream: a remote MCP server as a connection, an account with a token for each user, and an MCP
//! server for each.

use crate::client::{Ask, Bearer, Connection, text};
use crate::gateways::contestant::{Asking, Contestant, OfUser, until};
use crate::gateways::messages::{Era, What, ask};
use crate::gateways::token;
use crate::load::{Make, Side};
use crate::process::Process;
use crate::stage::{free, free_pair, program};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The upstream as a connector, and one that hangs. They are at two hosts, for a host has a share of its own.
const CONNECTORS: [(&str, &str); 2] = [("upstream", "127.0.0.1"), ("hanging", "localhost")];

/// How the table calls it.
const NAME: &str = "Valetkey";

/// Connections that make what is made in great numbers.
const CONNECTIONS: usize = 64;

/// The server with its folder, and what its API is asked with.
pub(crate) struct Ours {
    folder: PathBuf,
    http: SocketAddr,
    arguments: Vec<String>,
    bearer: Bearer,
}

/// Whose MCP servers: their paths by user.
pub(crate) type Paths = Arc<Vec<String>>;

impl Ours {
    /// A new server with connections to both upstreams.
    ///
    /// # Errors
    /// It does not start, or does not take them.
    pub(crate) async fn set(folder: &Path, upstreams: [SocketAddr; 2]) -> Result<(Self, Process)> {
        let [data, connectors] = ["data", "connectors"].map(|name| folder.join(name));
        std::fs::create_dir_all(&connectors)?;
        std::fs::create_dir_all(&data)?;
        let mut allowed = Vec::new();
        for ((name, host), address) in CONNECTORS.into_iter().zip(upstreams) {
            let at = format!("{host}:{}", address.port());
            let text = format!(
                "connector: {name}\ndisplay_name: {name}\nupstream: mcp\nurl: http://{at}/mcp\nauth: [{{kind: bearer, label: Token}}]\n"
            );
            std::fs::write(connectors.join(format!("{name}.yaml")), text)?;
            allowed.push(format!("\"{at}\""));
        }
        std::fs::write(data.join("valetkey.toml"), format!("[outbound]\nallow = [{}]\n", allowed.join(", ")))?;
        let (http, tls, lab) = (free()?, free()?, free_pair()?);
        let [at_http, at_tls, at_lab] = [http, tls, lab].map(|address| address.to_string());
        let [data, connectors] = [data, connectors].map(|path| path.display().to_string());
        let arguments = [
            "--data",
            &data,
            "serve",
            "--http",
            &at_http,
            "--tls",
            &at_tls,
            "--lab-address",
            &at_lab,
            "--connectors",
            &connectors,
        ];
        let arguments = arguments.map(str::to_owned).to_vec();
        let mut ours = Self { folder: folder.to_owned(), http, arguments, bearer: Bearer::new("")? };
        let server = ours.server().await?;
        for (name, _) in CONNECTORS {
            ours.command(&["connection", "create", name, "--name", &connection(name)]).await?;
        }
        ours.sign_in().await?;
        for (name, _) in CONNECTORS {
            let mappings = [json!({"connection_name": connection(name), "tools": []})];
            let config = json!({"name": name, "connection_tool_mappings": mappings});
            let made = Ask::post("/api/v1/mcp/configs", &config).with(&ours.bearer);
            Connection::open(http).await?.ask(&made).await?;
        }
        Ok((ours, server))
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It does not.
    pub(crate) async fn server(&self) -> Result<Process> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let server = Process::start(&program()?, &arguments, &self.folder.join("serve.log"))?;
        until(self.http, &Ask::get("/healthz")).await?;
        Ok(server)
    }

    async fn command(&self, words: &[&str]) -> Result<String> {
        let data = self.folder.join("data");
        let done = tokio::process::Command::new(program()?).arg("--data").arg(data).args(words).output().await?;
        ensure!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(String::from_utf8(done.stdout)?)
    }

    /// An access token of its shell's client, which lasts for a day.
    async fn sign_in(&mut self) -> Result<()> {
        let said = self.command(&["env"]).await?;
        let value = |name: &str| {
            let line =
                said.lines().find_map(|line| line.strip_prefix("export ")?.strip_prefix(name)?.strip_prefix('='));
            line.map(|value| value.trim_matches(['\'', '"']).to_owned()).with_context(|| format!("no {name}"))
        };
        let (id, secret) = (value("SCALEKIT_CLIENT_ID")?, value("SCALEKIT_CLIENT_SECRET")?);
        let fields = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        let answer = Connection::open(self.http).await?.json(&Ask::form("/oauth/token", &fields)).await?;
        self.bearer = Bearer::new(&text(&answer, "/access_token")?)?;
        Ok(())
    }

    /// An account with a token and an MCP server for each of so many users, at the upstream or at the one that hangs.
    ///
    /// # Errors
    /// One was not made.
    pub(crate) async fn users(&self, users: usize, hanging: bool) -> Result<Paths> {
        let [upstream, hangs] = CONNECTORS.map(|(name, _)| name);
        let name = if hanging { hangs } else { upstream };
        let mut connection_to = Connection::open(self.http).await?;
        let mut paths = Vec::with_capacity(users);
        for user in 0..users {
            let secret = json!({"static_auth": {"details": {"token": token::of(user)}}});
            let account = json!({
                "connector": connection(name),
                "identifier": identifier(user),
                "connected_account": {"authorization_details": secret},
            });
            connection_to.ask(&Ask::post("/api/v1/connected_accounts", &account).with(&self.bearer)).await?;
            let made = connection_to.json(&ensure_of(name, user).with(&self.bearer)).await?;
            let url = text(&made, "/instance/url")?;
            paths.push(format!("/mcp/v1/{}", url.rsplit('/').next().unwrap_or_default()));
        }
        Ok(Arc::new(paths))
    }

    /// As many MCP servers more as are missing to this number.
    ///
    /// # Errors
    /// One was not made.
    pub(crate) async fn fill(&self, server: &Process, from: usize, to: usize) -> Result<()> {
        let missing = to.saturating_sub(from);
        if missing == 0 {
            return Ok(());
        }
        let (bearer, [(name, _), _]) = (self.bearer.clone(), CONNECTORS);
        let make: Make = Arc::new(move |number| ensure_of(name, from + number).with(&bearer));
        let mut side = Side::open(self.http, CONNECTIONS, vec![server], make).await?;
        side.burst(missing).await.map(drop)
    }

    /// The server as one that is measured.
    pub(crate) fn contestant(&self, process: Process, paths: Paths) -> Contestant {
        let users = paths.len();
        Contestant { name: NAME, process, address: self.http, users, asking: asking(paths, "upstream_echo") }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.http
    }
}

/// Requests at the users' own URLs.
pub(crate) fn asking(paths: Paths, tool: &'static str) -> Asking {
    Box::new(move |era: Era, what: What| -> OfUser {
        let (paths, base) = (paths.clone(), ask("/", era, what, tool));
        Arc::new(move |user| base.clone().at(paths.get(user).map_or("/", String::as_str)))
    })
}

/// The answer's bytes of one user, for a handler that answers the same.
///
/// # Errors
/// There was none.
pub(crate) async fn bytes(ours: &Contestant, era: Era, what: What) -> Result<Vec<u8>> {
    let answer = Connection::open(ours.address).await?.ask(&ours.of_user(era, what)(0)).await?;
    let value: Value = serde_json::from_slice(&answer)?;
    ensure!(value.get("result").is_some(), "not a result: {value}");
    Ok(answer.to_vec())
}

fn connection(name: &str) -> String {
    name.to_uppercase()
}

fn identifier(user: usize) -> String {
    format!("user-{user}@example.com")
}

fn ensure_of(config: &str, user: usize) -> Ask {
    let wanted = json!({"config_name": config, "user_identifier": identifier(user)});
    Ask::post("/api/v1/mcp/instances", &wanted)
}
