//! For tests: remote servers that mean ill, or are merely large, at accounts that are signed in there; and the most memory
//! that was held while something went on.

use super::{KnownTools, tools};
use crate::connections::{self, Wired};
use crate::consent::{self, Submitted};
use crate::fixture::PUBLIC;
use crate::{App, accounts};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Secret};

pub(crate) const MIB: usize = 1024 * 1024;

/// What a server answers to a method beside the opening: the content type, and the body for a request of this id.
pub(crate) type Script = Arc<dyn Fn(&Value) -> (&'static str, Vec<u8>) + Send + Sync>;

/// The content type of an answer that never comes.
pub(crate) const NEVER: &str = "";

/// Starts a server of the modern era; gives its address.
pub(crate) async fn server(script: Script) -> String {
    server_behind(script, Arc::new(Gate::open(Semaphore::MAX_PERMITS))).await
}

/// What a server is opened through.
pub(crate) struct Gate {
    openings: Semaphore,
    arrived: AtomicUsize,
}

impl Gate {
    /// One that so many may pass.
    pub(crate) fn open(openings: usize) -> Self {
        Self { openings: Semaphore::new(openings), arrived: AtomicUsize::new(0) }
    }

    /// Lets one more pass.
    pub(crate) fn open_once(&self) {
        self.openings.add_permits(1);
    }

    /// How many have come to it, whether or not they have passed.
    pub(crate) fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    async fn pass(&self) {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        self.openings.acquire().await.unwrap().forget();
    }
}

/// The same, which is opened through a gate.
pub(crate) async fn server_behind(script: Script, gate: Arc<Gate>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    #[expect(clippy::disallowed_methods, reason = "a server of a test's own")]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, script.clone(), gate.clone()));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, script: Script, gate: Arc<Gate>) {
    let Some(asked) = read(&mut stream).await else { return };
    let (kind, body) = match asked["method"].as_str() {
        Some("server/discover") => {
            gate.pass().await;
            result(&asked, &json!({ "supportedVersions": ["2026-07-28"] }))
        }
        _ => script(&asked),
    };
    if kind == NEVER {
        std::future::pending::<()>().await;
    }
    // No length: it ends when it ends.
    let head = format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: {kind}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.ok();
    stream.write_all(&body).await.ok();
}

async fn read(stream: &mut TcpStream) -> Option<Value> {
    let mut text = Vec::new();
    loop {
        if let Some(at) = text.windows(4).position(|four| four == b"\r\n\r\n")
            && let Ok(asked) = serde_json::from_slice(&text[at + 4..])
        {
            return Some(asked);
        }
        let mut part = vec![0; 8_192];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => text.extend_from_slice(&part[..length]),
        }
    }
}

/// A result as JSON.
pub(crate) fn result(asked: &Value, result: &Value) -> (&'static str, Vec<u8>) {
    let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
    ("application/json", answer.to_string().into_bytes())
}

/// A list of one tool, which the server gives as long as it is well, and how often it was asked.
pub(crate) fn of_one_tool() -> (Script, Arc<Health>) {
    let health = Arc::new(Health::default());
    let its = health.clone();
    let script: Script = Arc::new(move |asked| {
        its.asked.fetch_add(1, Ordering::SeqCst);
        match its.ill.load(Ordering::SeqCst) {
            0 => result(asked, &json!({ "tools": [{ "name": "one", "inputSchema": { "type": "object" } }] })),
            Health::HANGS => (NEVER, Vec::new()),
            _ => ("application/json", b"nonsense".to_vec()),
        }
    });
    (script, health)
}

/// How a server is.
#[derive(Default)]
pub(crate) struct Health {
    asked: AtomicUsize,
    ill: AtomicUsize,
}

impl Health {
    pub(crate) const HANGS: usize = 1;
    pub(crate) const FAILS: usize = 2;

    pub(crate) fn becomes(&self, ill: usize) {
        self.ill.store(ill, Ordering::SeqCst);
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

/// How long the schemas of such a list are, at least.
pub(crate) const SCHEMA: usize = 5 * 1_400;

/// A list of five hundred tools in ten pages, each with a long schema.
pub(crate) fn listing() -> Script {
    Arc::new(move |asked| {
        let page = asked["params"]["cursor"].as_str().map_or(0, |page| page.parse().unwrap());
        let schema: serde_json::Map<_, _> = (0..5)
            .map(|n| (format!("argument_{n}"), json!({ "type": "string", "description": "x".repeat(1_400) })))
            .collect();
        let tool = |n: usize| json!({ "name": format!("t{page}_{n}"), "inputSchema": { "type": "object", "properties": schema } });
        let mut page_of = json!({ "tools": (0..50).map(tool).collect::<Vec<_>>() });
        if page < 9 {
            page_of["nextCursor"] = json!((page + 1).to_string());
        }
        result(asked, &page_of)
    })
}

/// A connection that leads to a server, by the way of a row of the catalogue that takes a token, and `ann`'s account there.
pub(crate) async fn connect(app: &App, ctx: &Ctx, slug: &str, address: &str) -> (Connection, ConnectedAccount) {
    let settings = Settings {
        way: Some("bearer".to_owned()),
        api_base_url: Some(format!("http://{address}")),
        ..Settings::default()
    };
    let new = connections::New { name: None, connector: slug.to_owned(), settings, client_secret: None };
    let connection = connections::create(app, ctx, new).await.unwrap();
    let owner = Owner::of(Identifier::parse("ann").unwrap());
    let account = accounts::ensure(app, ctx, &connection, owner.clone()).await.unwrap();
    let link = consent::link(app, ctx, &connection, &account, Duration::from_secs(900)).await.unwrap();
    let token = link.url.strip_prefix(&format!("{}/connect/", *PUBLIC)).unwrap();
    let sent = vec![("token".to_owned(), Secret::from("tok-0123456789abcdef"))];
    let submitted = consent::submit(app, token, &Secret::from("browser"), sent).await;
    assert!(matches!(submitted, Ok(Submitted::Ended(_))));
    let account = accounts::find(app, ctx, &connection.id, &owner).await.unwrap().unwrap();
    (connection, account)
}

/// Connectors whose users sign in by a token, which are spoken to over HTTP.
pub(crate) fn slugs() -> Vec<String> {
    let by_token = |row: &super::stand_in::Row| !row.sse && row.ways.iter().any(|way| way["kind"] == "bearer");
    super::stand_in::rows().into_iter().filter(by_token).map(|row| row.slug).collect()
}

/// Does something, and says what was the most memory that the process and an environment held meanwhile.
pub(crate) async fn most_held<T>(app: &App, work: impl Future<Output = T>) -> (T, usize, usize) {
    let mut work = std::pin::pin!(work);
    let (mut process, mut environment) = (0, 0);
    let done = loop {
        let used = app.core.memory.used();
        (process, environment) = (process.max(used.0), environment.max(used.1));
        tokio::select! {
            biased;
            done = &mut work => break done,
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    };
    (done, process, environment)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_78_lists_of_hundreds_of_tools_stay_within_the_budget_and_what_is_kept_is_weighed() {
    let mut addresses = Vec::new();
    for _ in 0..3 {
        addresses.push(server(listing()).await);
    }
    let (app, ctx) = crate::fixture::alone(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut connected = Vec::new();
    for (slug, address) in slugs().iter().zip(&addresses) {
        connected.push(connect(&app, &ctx, slug, address).await);
    }
    let listing = connected.iter().map(|(connection, account)| {
        let wired = Wired::of(&app, connection.clone()).unwrap();
        let (app, ctx) = (&app, &ctx);
        async move {
            tools(app, ctx, &wired, account).await.map(|known: Arc<KnownTools>| (known.tools.len(), known.weight()))
        }
    });
    let (listed, process, environment) = most_held(&app, futures::future::join_all(listing)).await;
    let bounds = &app.core.settings.bounds;
    for one in listed {
        let (count, weight) = one.unwrap();
        assert!(count == 500 && weight > count * SCHEMA, "{count} tools weigh {weight}");
    }
    assert!(process <= bounds.bytes_in_flight && environment <= bounds.bytes_in_flight_per_environment);
    assert!(process > 8 * MIB, "{process}");
    assert_eq!(app.core.memory.used(), (0, 0));
    app.upstreams.lists.run_pending_tasks().await;
    assert!(app.upstreams.lists.weighted_size() <= u64::try_from(super::MOST_BYTES).unwrap());
}
