//! The others, each as its own documentation has it for production, before the same upstream.

use crate::client::{Ask, Bearer};
use crate::gateways::contestant::{Asking, Contestant, OfUser};
use crate::gateways::messages::{Era, What, ask};
use crate::gateways::token;
use crate::process::{Process, Start};
use crate::serving::READY;
use crate::stage::{free, helper};
use crate::{gateways::upstream, same_bytes};
use anyhow::{Context, Result};
use serde_json::{Map, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Processes of FastMCP's proxy: one for each core.
const WORKERS: &str = "2";

/// Users of mcp-proxy, each of whom is a server of its own there, with a child process.
const PROXIED: usize = 8;

/// A handler that answers ready bytes, those of one request after the other, and knows no user.
///
/// # Errors
/// It does not start.
pub(crate) async fn axum(folder: &Path, answers: Vec<(Era, What, Vec<u8>)>) -> Result<Contestant> {
    let mut arguments = vec![same_bytes::ARGUMENT.to_owned()];
    let mut kinds = Vec::new();
    for (number, (era, what, bytes)) in answers.into_iter().enumerate() {
        let file = folder.join(format!("answer-{number}.json"));
        std::fs::write(&file, bytes)?;
        arguments.push(file.display().to_string());
        kinds.push((era, what));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (process, address) = helper(&arguments, &folder.join("axum.log")).await?;
    let asking: Asking = Box::new(move |era, what| {
        let number = kinds.iter().position(|kind| *kind == (era, what)).unwrap_or_default();
        let base = ask(&same_bytes::path(number), era, what, "echo");
        Arc::new(move |_| base.clone())
    });
    Ok(Contestant { name: "axum, same bytes", process, address, users: 0, asking })
}

/// The upstream itself, asked directly.
pub(crate) fn directly(process: Process, address: SocketAddr, users: usize) -> Result<Contestant> {
    let asking = authorized(users, upstream::PATH)?;
    Ok(Contestant { name: "the upstream directly", process, address, users, asking })
}

/// rmcp's own server, which passes each user's credential on.
///
/// # Errors
/// It does not start.
pub(crate) async fn rmcp(folder: &Path, at: SocketAddr, users: usize) -> Result<Contestant> {
    let program = std::env::current_exe()?.with_file_name("valetkey-bench-rmcp");
    let mut process = Process::start(&program, &[&at.to_string()], &folder.join("rmcp.log"))?;
    let address = process.says(READY).await?.trim_start_matches(READY).parse()?;
    Ok(Contestant { name: "rmcp's server", process, address, users, asking: authorized(users, "/mcp")? })
}

/// FastMCP's proxy, which passes each user's credential on, under uvicorn with a process for each core.
///
/// # Errors
/// It does not start.
pub(crate) async fn fastmcp(folder: &Path, parts: &Path, at: SocketAddr, users: usize) -> Result<Contestant> {
    let address = free()?;
    let (url, port) = (format!("http://{at}{}", upstream::PATH), address.port().to_string());
    let scripts = parts.display().to_string();
    let process = Process::silent(&Start {
        program: &parts.join("fastmcp/bin/uvicorn"),
        arguments: &[
            "fastmcp_proxy:app",
            "--app-dir",
            &scripts,
            "--port",
            &port,
            "--workers",
            WORKERS,
            "--no-access-log",
            "--log-level",
            "warning",
        ],
        variables: &[("UPSTREAM", &url), ("FASTMCP_LOG_LEVEL", "WARNING"), ("HOME", &scripts)],
        folder,
        log: &folder.join("fastmcp.log"),
    })?;
    let made = Contestant { name: "FastMCP's proxy", process, address, users, asking: authorized(users, "/mcp")? };
    made.answers(Era::Legacy, What::Call).await?;
    Ok(made)
}

/// mcp-proxy, which has a server for each user, each with a child process that holds that user's credential.
///
/// # Errors
/// It does not start.
pub(crate) async fn proxy(folder: &Path, parts: &Path, at: SocketAddr) -> Result<Contestant> {
    let (address, program) = (free()?, parts.join("proxy/bin/mcp-proxy"));
    let (url, command) = (format!("http://{at}{}", upstream::PATH), program.display().to_string());
    let servers = (0..PROXIED).map(|user| {
        let bearer = format!("Bearer {}", token::of(user));
        let arguments =
            ["--log-level", "WARNING", "--transport", "streamablehttp", "-H", "Authorization", &bearer, &url];
        (server(user), json!({"command": command, "args": arguments}))
    });
    let config = json!({"mcpServers": servers.collect::<Map<_, _>>()});
    let file = folder.join("mcp-proxy.json");
    std::fs::write(&file, config.to_string())?;
    let (port, file) = (address.port().to_string(), file.display().to_string());
    let process = Process::silent(&Start {
        program: &program,
        arguments: &["--port", &port, "--stateless", "--log-level", "WARNING", "--named-server-config", &file],
        variables: &[("HOME", &folder.display().to_string())],
        folder,
        log: &folder.join("mcp-proxy.log"),
    })?;
    let asking: Asking = Box::new(|era, what| {
        let base = ask("/", era, what, "echo");
        Arc::new(move |user| base.clone().at(&format!("/servers/{}/mcp", server(user))))
    });
    let made = Contestant { name: "mcp-proxy", process, address, users: PROXIED, asking };
    made.answers(Era::Legacy, What::Call).await.context("mcp-proxy")?;
    Ok(made)
}

fn server(user: usize) -> String {
    format!("user-{user}")
}

/// Requests with the users' own credentials.
fn authorized(users: usize, path: &'static str) -> Result<Asking> {
    let bearers: Arc<Vec<Bearer>> =
        Arc::new((0..users).map(|user| Bearer::new(&token::of(user))).collect::<Result<_>>()?);
    Ok(Box::new(move |era, what| -> OfUser {
        let (bearers, base) = (bearers.clone(), ask(path, era, what, "echo"));
        Arc::new(move |user| with(&base, bearers.get(user)))
    }))
}

fn with(base: &Ask, bearer: Option<&Bearer>) -> Ask {
    bearer.map_or_else(|| base.clone(), |bearer| base.clone().with(bearer))
}
