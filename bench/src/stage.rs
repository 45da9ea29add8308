//! What has to stand before anything can be measured: a data folder in which a user has consented, the lab, a config
//! with ten tools, and that user's MCP server.

use crate::client::{Ask, Bearer, Connection, text};
use crate::process::Process;
use crate::{same_bytes, serving};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The demo's user, who has consented to its connections.
pub(crate) const USER: &str = "demo-user";

/// How long an answer is waited for, and how soon it is asked again.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_micros(500);

/// The config that is measured.
pub(crate) const CONFIG: &str = "bench";

/// The stage: everything but the server itself, which is measured from its start on.
pub(crate) struct Stage {
    folder: PathBuf,
    program: PathBuf,
    percent: usize,
    database: Option<String>,
    http: SocketAddr,
    tls: SocketAddr,
    /// Where the lab plays Google.
    pub(crate) lab_address: SocketAddr,
    /// The lab.
    pub(crate) lab: Process,
    /// The path of the user's MCP URL.
    pub(crate) mcp: String,
    /// The id of that server.
    pub(crate) instance: String,
    /// An API client's access token.
    pub(crate) token: Bearer,
    /// The user's access token at the lab.
    pub(crate) lab_token: Bearer,
    /// The id of one of the user's events there.
    pub(crate) event: String,
}

impl Stage {
    /// Runs the demo once in this folder, then starts the lab as a process of its own.
    ///
    /// # Errors
    /// Something of it did not work; the processes' words are in `*.log` of the folder.
    pub(crate) async fn set(folder: &Path, percent: usize, database: Option<String>, program: &Path) -> Result<Self> {
        let [http, tls] = [free()?, free()?];
        let lab_address = free_pair()?;
        let mut demo = start_on(program, folder, "demo", [http, tls, lab_address], database.as_deref())?;
        demo.says("Valetkey is running").await.context("the demo")?;
        demo.stop().await?;
        let allow = format!("[outbound]\nallow = [\"{lab_address}\"]\n");
        std::fs::write(data(folder).join("valetkey.toml"), allow)?;
        let mut lab = launch(program, folder, &["lab", "--lab-address", &lab_address.to_string()])?;
        lab.says("the provider lab").await?;
        let mut stage = Self {
            folder: folder.to_owned(),
            program: program.to_owned(),
            percent,
            database,
            http,
            tls,
            lab_address,
            lab,
            mcp: String::new(),
            instance: String::new(),
            token: Bearer::new("")?,
            lab_token: Bearer::new("")?,
            event: String::new(),
        };
        stage.fill().await?;
        Ok(stage)
    }

    /// Makes config and instance, and looks up what the figures need.
    async fn fill(&mut self) -> Result<()> {
        let server = self.server().await?;
        let mut http = Connection::open(self.http).await?;
        let client: Value = serde_json::from_slice(&std::fs::read(data(&self.folder).join("demo-client.json"))?)?;
        let (id, secret) = (text(&client, "/client_id")?, text(&client, "/client_secret")?);
        let fields = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        self.token = Bearer::new(&text(&http.json(&Ask::form("/oauth/token", &fields)).await?, "/access_token")?)?;
        let mappings = TOOLS.map(|(name, tools)| json!({"connection_name": name, "tools": tools}));
        let config = json!({"name": CONFIG, "connection_tool_mappings": mappings});
        http.ask(&Ask::post("/api/v1/mcp/configs", &config).with(&self.token)).await?;
        let instance = http.json(&ensure(USER).with(&self.token)).await?;
        self.instance = text(&instance, "/instance/id")?;
        let url = text(&instance, "/instance/url")?;
        self.mcp = format!("/mcp/v1/{}", url.rsplit('/').next().unwrap_or_default());
        let account = format!("/api/v1/connected_accounts/auth?connector=MY_CALENDAR&identifier={USER}");
        let account = http.json(&Ask::get(&account).with(&self.token)).await?;
        let at = "/connected_account/authorization_details/oauth_token/access_token";
        self.lab_token = Bearer::new(&text(&account, at)?)?;
        self.event = self.first_event().await?;
        server.stop().await
    }

    async fn first_event(&self) -> Result<String> {
        let ask = Ask::get("/calendar/v3/calendars/primary/events?maxResults=1").with(&self.lab_token);
        text(&Connection::open(self.lab_address).await?.json(&ask).await?, "/items/0/id")
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn server(&self) -> Result<Process> {
        let server = self.starting()?;
        self.answers(&Ask::get("/healthz")).await?;
        Ok(server)
    }

    /// Starts a second server on the same database, on a folder of its own with the same root key, and waits until the
    /// first has let it in.
    ///
    /// # Errors
    /// It does not start, or is not let in.
    pub(crate) async fn replica(&self) -> Result<(Process, SocketAddr)> {
        let folder = self.folder.join("replica");
        std::fs::create_dir_all(data(&folder))?;
        for file in ["root.key", "valetkey.toml"] {
            std::fs::copy(data(&self.folder).join(file), data(&folder).join(file))?;
        }
        let [http, tls] = [free()?, free()?];
        let server =
            start_on(&self.program, &folder, "serve", [http, tls, self.lab_address], self.database.as_deref())?;
        self.says_yes(http, &Ask::get("/readyz")).await?;
        Ok((server, http))
    }

    /// Whether the database is one that several servers can share.
    pub(crate) fn shared(&self) -> bool {
        self.database.is_some()
    }

    /// Starts the server without waiting for it.
    ///
    /// # Errors
    /// There is no binary beside this one.
    pub(crate) fn starting(&self) -> Result<Process> {
        let addresses = [self.http, self.tls, self.lab_address];
        start_on(&self.program, &self.folder, "serve", addresses, self.database.as_deref())
    }

    /// Asks again and again until there is an answer.
    ///
    /// # Errors
    /// None came in a minute.
    pub(crate) async fn answers(&self, ask: &Ask) -> Result<()> {
        let until = async {
            loop {
                if let Ok(mut connection) = Connection::open(self.http).await {
                    return connection.ask(ask).await.map(drop);
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        self.in_time(until).await?
    }

    /// Asks at this address until the answer is a success.
    async fn says_yes(&self, address: SocketAddr, ask: &Ask) -> Result<()> {
        let asked = || async { Connection::open(address).await?.ask(ask).await };
        let until = async {
            while asked().await.is_err() {
                tokio::time::sleep(AGAIN).await;
            }
        };
        self.in_time(until).await
    }

    async fn in_time<T>(&self, until: impl Future<Output = T>) -> Result<T> {
        let waited = tokio::time::timeout(PATIENCE, until).await;
        waited.with_context(|| format!("the server does not answer, see {}", self.folder.display()))
    }

    /// How many of these requests this run sends.
    pub(crate) fn share(&self, requests: usize) -> usize {
        (requests * self.percent / 100).max(1)
    }

    /// Where the server listens in clear text.
    pub(crate) fn address(&self) -> SocketAddr {
        self.http
    }

    /// Starts the handler that answers these bytes, and says where.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn same_bytes(&self, bytes: &[u8]) -> Result<(Process, SocketAddr)> {
        let file = self.folder.join("same-bytes.json");
        std::fs::write(&file, bytes)?;
        helper(&[same_bytes::ARGUMENT, &file.display().to_string()], &self.folder.join("same-bytes.log")).await
    }
}

/// What the config shows: ten tools of the two connections of the demo.
const TOOLS: [(&str, [&str; 5]); 2] = [
    (
        "MY_GMAIL",
        [
            "gmail_fetch_mails",
            "gmail_get_message_by_id",
            "gmail_send_message",
            "gmail_create_draft",
            "gmail_reply_to_thread",
        ],
    ),
    (
        "MY_CALENDAR",
        [
            "googlecalendar_list_events",
            "googlecalendar_get_event_by_id",
            "googlecalendar_create_event",
            "googlecalendar_update_event",
            "googlecalendar_list_calendars",
        ],
    ),
];

/// The request for a user's instance of the config.
pub(crate) fn ensure(user: &str) -> Ask {
    Ask::post("/api/v1/mcp/instances", &json!({"config_name": CONFIG, "user_identifier": user}))
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn start_on(
    program: &Path,
    folder: &Path,
    command: &str,
    addresses: [SocketAddr; 3],
    database: Option<&str>,
) -> Result<Process> {
    let [http, tls, lab] = addresses.map(|address| address.to_string());
    let mut arguments = vec![command, "--http", &http, "--tls", &tls, "--lab-address", &lab];
    arguments.extend(database.into_iter().flat_map(|url| ["--database", url]));
    launch(program, folder, &arguments)
}

/// The binary that lies beside this one.
///
/// # Errors
/// The system doesn't say where this one is.
pub(crate) fn program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("valetkey"))
}

/// Starts this program as one of its helpers, and says where that listens.
///
/// # Errors
/// It does not start.
pub(crate) async fn helper(arguments: &[&str], log: &Path) -> Result<(Process, SocketAddr)> {
    let mut process = Process::start(&std::env::current_exe()?, arguments, log)?;
    let line = process.says(serving::READY).await?;
    let address = line.trim_start_matches(serving::READY).parse()?;
    Ok((process, address))
}

fn launch(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Process> {
    let data = data(folder).display().to_string();
    let arguments: Vec<&str> = ["--data", &data].into_iter().chain(arguments.iter().copied()).collect();
    let log = arguments.get(2).map_or_else(|| folder.join("log"), |command| folder.join(format!("{command}.log")));
    Process::start(program, &arguments, &log)
}

/// An address that nobody listens at.
///
/// # Errors
/// There is none.
pub(crate) fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// An address whose next port is free too: the lab's controls take it.
///
/// # Errors
/// There are none.
pub(crate) fn free_pair() -> Result<SocketAddr> {
    let pairs = std::iter::repeat_with(free).take(50).filter_map(Result::ok);
    let next = |address: &SocketAddr| address.port().checked_add(1);
    let mut both = pairs
        .filter(|address| next(address).is_some_and(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()));
    both.next().context("no two neighbouring ports are free")
}
