//! For tests: one process that plays every remote MCP server of the catalogue as its row says (`/slug/…`), and their
//! authorization servers at another origin. It reads the rows by itself, so that what we make of them is held against them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

const ROWS: &str = include_str!("../../../../catalogue/mcp/servers.yaml");

/// One row: its ways to sign in, each as its members.
#[derive(Clone, Default)]
pub(super) struct Row {
    pub(super) slug: String,
    pub(super) path: String,
    pub(super) sse: bool,
    pub(super) ways: Vec<HashMap<String, String>>,
}

/// The rows, read line by line.
pub(super) fn rows() -> Vec<Row> {
    ROWS.split("\n---\n").filter(|document| document.starts_with("connector: ")).map(row).collect()
}

fn row(document: &str) -> Row {
    let mut row = Row::default();
    for line in document.lines() {
        match line.split_once(": ") {
            Some(("connector", slug)) => row.slug = slug.to_owned(),
            Some(("transport", kind)) => row.sse = kind == "sse",
            Some(("url", url)) => {
                row.path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
            }
            _ => {}
        }
        if let Some(members) = line.strip_prefix("  - {").and_then(|rest| rest.strip_suffix('}')) {
            let pairs = members.split(", ").filter_map(|pair| pair.split_once(": "));
            row.ways.push(pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect());
        }
    }
    if row.path == "/" {
        row.path.clear();
    }
    row
}

/// The servers and their authorization servers.
pub(super) struct StandIn {
    pub(super) server: String,
    pub(super) issuer: String,
    rows: HashMap<String, Row>,
    streams: Mutex<HashMap<String, mpsc::UnboundedSender<String>>>,
    /// How many clients were registered.
    pub(super) registered: AtomicUsize,
    /// The sessions that were ended, each with whose server it was.
    pub(super) ended: Mutex<Vec<String>>,
    /// How many documents of the servers about themselves were read.
    pub(super) asked: AtomicUsize,
    /// What a registration waits for after it was counted, if anything.
    pub(super) held: Mutex<Option<Arc<Notify>>>,
    /// The status by which registrations are refused, if they are.
    pub(super) refuses: Mutex<Option<u16>>,
    /// Where its servers say that their authorization servers are, if elsewhere.
    pub(super) moved_to: Mutex<Option<String>>,
}

/// What was asked.
struct SeenRequest {
    method: String,
    target: String,
    head: String,
    body: String,
}

impl SeenRequest {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        found.and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }

    fn member(&self, name: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        value[name].as_str().map_or_else(|| value[name].to_string(), str::to_owned)
    }
}

impl StandIn {
    pub(super) async fn start() -> Arc<Self> {
        let (server, issuer) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = |of: &TcpListener| of.local_addr().unwrap().to_string();
        let rows = rows().into_iter().map(|row| (row.slug.clone(), row)).collect();
        let all = Arc::new(Self {
            server: address(&server),
            issuer: address(&issuer),
            rows,
            streams: Mutex::default(),
            registered: AtomicUsize::default(),
            ended: Mutex::default(),
            asked: AtomicUsize::default(),
            held: Mutex::default(),
            refuses: Mutex::default(),
            moved_to: Mutex::default(),
        });
        for listener in [server, issuer] {
            let serving = all.clone();
            #[expect(clippy::disallowed_methods, reason = "a server of a test's own")]
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serving.clone().serve(stream));
                }
            });
        }
        all
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let Some(asked) = read(&mut stream).await else { return };
        let path = asked.target.split('?').next().unwrap_or_default();
        let well_known = path
            .strip_prefix("/.well-known/oauth-authorization-server")
            .or(path.strip_prefix("/meta").filter(|rest| rest.starts_with('/')));
        let slug = well_known.unwrap_or(path).split('/').nth(1).unwrap_or_default();
        let Some(row) = self.rows.get(slug) else { return say(&mut stream, 404, "", "{}").await };
        let place = path.strip_prefix(&format!("/{slug}")).unwrap_or_default();
        match (asked.method.as_str(), place) {
            ("GET", "") if path.starts_with("/meta/") => say(&mut stream, 200, "", &self.resource(row)).await,
            ("GET", "") if well_known.is_some() => say(&mut stream, 200, "", &self.metadata(row)).await,
            ("POST", "/register") => self.register(&mut stream, row, &asked).await,
            ("POST", "/token") => self.token(&mut stream, row, &asked).await,
            _ if !signed_in(row, &asked) => {
                let challenge =
                    format!("www-authenticate: Bearer resource_metadata=\"http://{}/meta/{slug}\"\r\n", self.server);
                let oauth = row.ways.iter().any(|way| way["kind"] == "oauth2");
                say(&mut stream, 401, if oauth { &challenge } else { "" }, "{}").await;
            }
            ("GET", _) if row.sse => self.events(&mut stream, row).await,
            ("POST", "/messages") if row.sse => {
                if let Some(answer) = answer(row, &asked, false) {
                    self.streams.lock().unwrap()[slug].send(answer).unwrap();
                }
                say(&mut stream, 202, "", "").await;
            }
            ("POST", place) if place == row.path => speak(&mut stream, row, &asked).await,
            ("DELETE", place) if place == row.path => {
                let session = asked.header("mcp-session-id").unwrap_or("none");
                self.ended.lock().unwrap().push(format!("{slug} {session}"));
                say(&mut stream, 200, "", "").await;
            }
            _ => say(&mut stream, 405, "", "{}").await,
        }
    }

    fn resource(&self, row: &Row) -> String {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (server, slug, path) = (&self.server, &row.slug, &row.path);
        let issuer = self.moved_to.lock().unwrap().clone().unwrap_or_else(|| self.issuer.clone());
        format!(r#"{{"resource":"http://{server}/{slug}{path}","authorization_servers":["http://{issuer}/{slug}"]}}"#)
    }

    fn metadata(&self, row: &Row) -> String {
        let issuer = format!("http://{}/{}", self.issuer, row.slug);
        let auths = if row.slug.len().is_multiple_of(3) {
            r#"["client_secret_post"]"#
        } else {
            r#"["none","client_secret_basic"]"#
        };
        let registers = format!(r#","registration_endpoint":"{issuer}/register""#);
        let own = row.ways.iter().any(|way| way.get("client").is_some_and(|client| client == "own"));
        format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{issuer}/token","code_challenge_methods_supported":["S256"],"client_id_metadata_document_supported":true,"token_endpoint_auth_methods_supported":{auths}{}}}"#,
            if own { "" } else { &registers }
        )
    }

    async fn register(&self, stream: &mut TcpStream, row: &Row, asked: &SeenRequest) {
        self.registered.fetch_add(1, Ordering::Relaxed);
        let held = self.held.lock().unwrap().clone();
        if let Some(held) = held {
            held.notified().await;
        }
        let refused = *self.refuses.lock().unwrap();
        if let Some(status) = refused {
            return say(stream, status, "", r#"{"error":"invalid_client_metadata"}"#).await;
        }
        let (slug, auth) = (&row.slug, asked.member("token_endpoint_auth_method"));
        let secret = if auth == "none" { String::new() } else { r#","client_secret":"secret-1""#.to_owned() };
        let made = format!(r#"{{"client_id":"client-{slug}","token_endpoint_auth_method":"{auth}"{secret}}}"#);
        say(stream, 201, "", &made).await;
    }

    /// A token, for this resource, to who has the proof key and says who it is in the way of its server.
    async fn token(&self, stream: &mut TcpStream, row: &Row, asked: &SeenRequest) {
        let Row { slug, path, .. } = row;
        let resource: String =
            url::form_urlencoded::byte_serialize(format!("http://{}/{slug}{path}", self.server).as_bytes()).collect();
        let secret = slug.len() % 3 != 0 || asked.body.contains("client_secret=");
        let basic = asked.header("authorization").is_some_and(|value| value.starts_with("Basic "));
        let document = asked.body.contains("client_id=https") && asked.body.contains("client.json");
        let known = basic || document || asked.body.contains(&format!("client_id=client-{slug}"));
        let right = known
            && secret
            && asked.body.contains("code_verifier=")
            && asked.body.contains(&format!("resource={resource}"));
        if right {
            let tokens = format!(
                r#"{{"access_token":"at-{slug}","refresh_token":"rt-1","expires_in":3600,"token_type":"Bearer"}}"#
            );
            say(stream, 200, "", &tokens).await;
        } else {
            say(stream, 400, "", r#"{"error":"invalid_request"}"#).await;
        }
    }

    /// The first revision's stream: the address for requests, then the answers.
    async fn events(&self, stream: &mut TcpStream, row: &Row) {
        let (sender, mut answers) = mpsc::unbounded_channel();
        self.streams.lock().unwrap().insert(row.slug.clone(), sender);
        let head = format!(
            "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\nevent: endpoint\ndata: /{}/messages\n\n",
            row.slug
        );
        stream.write_all(head.as_bytes()).await.ok();
        while let Some(answer) = answers.recv().await {
            if stream.write_all(format!("event: message\ndata: {answer}\n\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Whether a request has the credential of one of the row's ways, in its place.
fn signed_in(row: &Row, asked: &SeenRequest) -> bool {
    let slug = &row.slug;
    let authorization = asked.header("authorization").unwrap_or_default();
    row.ways.iter().any(|way| match way["kind"].as_str() {
        "none" => true,
        "oauth2" => authorization == format!("Bearer at-{slug}"),
        "bearer" => authorization == format!("Bearer tok-{slug}"),
        "basic" => {
            let password = if way.contains_key("password") { "pass-1" } else { "" };
            let pair = format!("tok-{slug}:{password}");
            authorization
                == format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair))
        }
        _ => match (way.get("header"), way.get("query")) {
            (Some(header), _) => {
                let wanted = format!("{}tok-{slug}", way.get("prefix").map_or("", String::as_str));
                asked.header(header).is_some_and(|value| value == wanted)
            }
            (_, Some(name)) => asked.target.contains(&format!("{name}=tok-{slug}")),
            _ => false,
        },
    })
}

/// Streamable HTTP, of the modern era for half of the rows and of the legacy one, with sessions, for the others.
async fn speak(stream: &mut TcpStream, row: &Row, asked: &SeenRequest) {
    let modern = row.slug.len().is_multiple_of(2);
    let method = asked.member("method");
    let session = asked.header("mcp-session-id") == Some("session-1");
    let agrees = asked.header("mcp-method") == Some(method.as_str())
        && asked.header("mcp-protocol-version") == Some("2026-07-28");
    match method.as_str() {
        "initialize" if !modern => {
            let answer = answer(row, asked, false).unwrap();
            say(stream, 200, "mcp-session-id: session-1\r\ncontent-type: application/json\r\n", &answer).await;
        }
        "server/discover" if !modern => {
            say(stream, 400, "", r#"{"error":{"code":-32000,"message":"no session"}}"#).await;
        }
        _ if if modern { !agrees } else { !session } => say(stream, 400, "", "{}").await,
        _ => match answer(row, asked, modern) {
            Some(answer) if row.slug.len().is_multiple_of(5) => {
                let events = format!(": hello\n\nevent: message\ndata: {answer}\n\n");
                say(stream, 200, "content-type: text/event-stream\r\n", &events).await;
            }
            Some(answer) => say(stream, 200, "content-type: application/json\r\n", &answer).await,
            None => say(stream, 202, "", "").await,
        },
    }
}

/// What is answered to a message, if anything.
fn answer(row: &Row, asked: &SeenRequest, modern: bool) -> Option<String> {
    let kind = if modern { r#""resultType":"complete","# } else { "" };
    let result = match asked.member("method").as_str() {
        "initialize" => {
            r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"x","version":"1"}}"#
                .to_owned()
        }
        "server/discover" => format!(r#"{{{kind}"supportedVersions":["2026-07-28"],"capabilities":{{"tools":{{}}}}}}"#),
        "tools/list" => {
            format!(r#"{{{kind}"tools":[{{"name":"only_{}","inputSchema":{{"type":"object"}}}}]}}"#, row.slug.len())
        }
        _ => return None,
    };
    Some(format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, asked.member("id")))
}

async fn read(stream: &mut TcpStream) -> Option<SeenRequest> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let mut line = head.lines().next()?.split(' ');
                let (method, target) = (line.next()?.to_owned(), line.next()?.to_owned());
                return Some(SeenRequest { method, target, head: head.to_owned(), body: body.to_owned() });
            }
        }
        let mut part = vec![0; 8_192];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => text.push_str(&String::from_utf8_lossy(&part[..length])),
        }
    }
}

async fn say(stream: &mut TcpStream, status: u16, headers: &str, body: &str) {
    let kind = if headers.contains("content-type") { "" } else { "content-type: application/json\r\n" };
    let text = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\n{kind}{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.ok();
}
