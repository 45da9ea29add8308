//! ContextForge as its repository has it for production: gunicorn with twice as many workers as cores and one, the program
//! loaded before they fork, PostgreSQL, Redis, and the settings of its compose file; what it limits by the minute is off,
//! as there.

use crate::client::{Ask, Bearer, Connection, text};
use crate::gateways::contestant::{Asking, Contestant, OfUser, until};
use crate::gateways::messages::{Era, What, ask};
use crate::gateways::{token, upstream};
use crate::process::{Process, Start};
use crate::stage::free;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// What its `run-gunicorn.sh` makes of two cores.
const WORKERS: &str = "5";

/// Who may do everything, and what signs the tokens.
const SECRET: &str = "a-secret-of-this-run-alone-0123456789abcdef";
const ADMIN: &str = "admin@example.com";

/// Settings that are the same in every run. The first group is its compose file's; the second lets it reach this machine.
const SETTINGS: &[(&str, &str)] = &[
    ("RATE_LIMITING_ENABLED", "false"),
    ("TOOL_RATE_LIMIT", "60000"),
    ("TOOL_CONCURRENT_LIMIT", "1000"),
    ("CACHE_TYPE", "redis"),
    ("REDIS_PARSER", "hiredis"),
    ("REDIS_MAX_CONNECTIONS", "50"),
    ("DB_POOL_CLASS", "queue"),
    ("DB_POOL_PRE_PING", "true"),
    // Its default. The compose file's 20 are for a PgBouncer; without one, 256 requests at a time wait for each other.
    ("DB_POOL_SIZE", "200"),
    ("DB_MAX_OVERFLOW", "10"),
    ("DB_POOL_TIMEOUT", "60"),
    ("AUTH_CACHE_USER_TTL", "300"),
    ("AUTH_CACHE_REVOCATION_TTL", "120"),
    ("AUTH_CACHE_TEAM_TTL", "300"),
    ("AUTH_CACHE_ROLE_TTL", "300"),
    ("AUTH_CACHE_TEAMS_TTL", "300"),
    ("REGISTRY_CACHE_TOOLS_TTL", "300"),
    ("REGISTRY_CACHE_SERVERS_TTL", "300"),
    ("REGISTRY_CACHE_GATEWAYS_TTL", "300"),
    ("HEALTH_CHECK_INTERVAL", "300"),
    ("HTTPX_MAX_CONNECTIONS", "500"),
    ("HTTPX_MAX_KEEPALIVE_CONNECTIONS", "300"),
    ("COMPRESSION_ENABLED", "false"),
    ("CORRELATION_ID_ENABLED", "false"),
    ("STRUCTURED_LOGGING_DATABASE_ENABLED", "false"),
    ("TEMPLATES_AUTO_RELOAD", "false"),
    ("LOG_LEVEL", "ERROR"),
    ("LOG_FORMAT", "text"),
    ("TRANSPORT_TYPE", "streamablehttp"),
    ("AUTH_REQUIRED", "true"),
    ("ENVIRONMENT", "production"),
    ("SSRF_ALLOW_LOCALHOST", "true"),
    ("SSRF_ALLOW_PRIVATE_NETWORKS", "true"),
    ("SSRF_DNS_FAIL_CLOSED", "false"),
    ("SECURE_COOKIES", "false"),
    ("ALLOWED_ORIGINS", "[]"),
    ("PLATFORM_ADMIN_EMAIL", ADMIN),
    ("PLATFORM_ADMIN_PASSWORD", "A-password-of-this-run-1!"),
    ("BASIC_AUTH_PASSWORD", "A-password-of-this-run-2!"),
    ("DEFAULT_USER_PASSWORD", "A-password-of-this-run-3!"),
    ("JWT_SECRET_KEY", SECRET),
    ("AUTH_ENCRYPTION_SECRET", "another-secret-of-this-run-0123456789abcdef"),
    ("PATH", "/usr/bin:/bin"),
];

/// Where it is, and what it stands on.
pub(crate) struct Place<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) parts: &'a Path,
    pub(crate) postgres: &'a str,
    pub(crate) redis: &'a str,
}

/// Starts it, registers the upstream and makes a server of its tool.
///
/// # Errors
/// It does not start, or takes the upstream not.
pub(crate) async fn start(place: &Place<'_>, at: SocketAddr, users: usize) -> Result<Contestant> {
    let address = free()?;
    let (home, bind, count) = (place.folder.display().to_string(), address.to_string(), users.to_string());
    let mut variables = SETTINGS.to_vec();
    variables.extend([
        ("DATABASE_URL", place.postgres),
        ("REDIS_URL", place.redis),
        ("HOME", &home),
        ("USERS", &count),
    ]);
    let settings = place.parts.join("contextforge_gunicorn.py").display().to_string();
    let process = Process::silent(&Start {
        program: &place.parts.join("contextforge/bin/gunicorn"),
        arguments: &[
            "-c",
            &settings,
            "--worker-class",
            "uvicorn.workers.UvicornWorker",
            "--workers",
            WORKERS,
            "--bind",
            &bind,
            "--access-logfile",
            "/dev/null",
            "--no-control-socket",
            "mcpgateway.main:app",
        ],
        variables: &variables,
        folder: place.folder,
        log: &place.folder.join("contextforge.log"),
    })?;
    until(address, &Ask::get("/health")).await.context("ContextForge does not answer")?;
    let tokens = everybody(place, &variables).await?;
    let (admin, tokens) = tokens.split_first().context("no tokens")?;
    let server = register(address, &Bearer::new(admin)?, at).await?;
    let asking = asking(format!("/servers/{server}/mcp"), tokens)?;
    let made = Contestant { name: "ContextForge", process, address, users, asking };
    made.answers(Era::Legacy, What::Call).await?;
    Ok(made)
}

/// Makes its users, and gives the administrator's token and theirs.
async fn everybody(place: &Place<'_>, variables: &[(&str, &str)]) -> Result<Vec<String>> {
    let mut command = tokio::process::Command::new(place.parts.join("contextforge/bin/python"));
    command.arg(place.parts.join("contextforge_users.py")).env_clear().envs(variables.iter().copied());
    let done = command.current_dir(place.folder).output().await?;
    ensure!(done.status.success(), "no users: {}", String::from_utf8_lossy(&done.stderr));
    let lines = String::from_utf8(done.stdout)?;
    Ok(lines.lines().filter_map(|line| line.strip_prefix("token ")).map(str::to_owned).collect())
}

/// Registers the upstream with a credential for that alone, and makes a server with its tool, of which this is the id.
async fn register(address: SocketAddr, admin: &Bearer, at: SocketAddr) -> Result<String> {
    let gateway = json!({
        "name": "upstream", "url": format!("http://{at}{}", upstream::PATH), "transport": "STREAMABLEHTTP",
        "auth_type": "bearer", "auth_token": token::of(0), "visibility": "public",
    });
    let mut http = Connection::open(address).await?;
    http.json(&Ask::post("/gateways", &gateway).with(admin)).await?;
    let tools = http.json(&Ask::get("/tools").with(admin)).await?;
    let tool = text(&tools, "/0/id").or_else(|_| text(&tools, "/tools/0/id"))?;
    let server = json!({"server": {"name": "bench", "associated_tools": [tool], "visibility": "public"}, "visibility": "public"});
    text(&http.json(&Ask::post("/servers", &server).with(admin)).await?, "/id")
}

/// A user's token for the gateway in `Authorization`, and the one for the upstream where its documentation wants it.
fn asking(path: String, tokens: &[String]) -> Result<Asking> {
    let bearers: Vec<(Bearer, Bearer)> = tokens
        .iter()
        .enumerate()
        .map(|(user, ours)| Ok((Bearer::new(ours)?, Bearer::new(&token::of(user))?)))
        .collect::<Result<_>>()?;
    let bearers = Arc::new(bearers);
    Ok(Box::new(move |era, what| -> OfUser {
        let (bearers, base) = (bearers.clone(), ask(&path, era, what, "upstream-echo"));
        Arc::new(move |user| match bearers.get(user) {
            Some((ours, theirs)) => base.clone().with(ours).with_in("x-upstream-authorization", theirs),
            None => base.clone(),
        })
    }))
}
