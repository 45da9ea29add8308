//! The demo's first proof: the seed's steps, through the public doors alone, for a config and a user of its own.

use super::visitor::Visitor;
use crate::sdk_access::SdkAccess;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::cell::Cell;
use valetkey_domain::Timestamp;

/// The proof's own names, so that the seed's stay free.
const CONFIG: &str = "demo-proof";
const USER: &str = "demo-user";

/// What happened, a line each.
pub(super) struct Story(Vec<String>);

impl Story {
    /// The lines.
    pub(super) fn lines(&self) -> &[String] {
        &self.0
    }

    fn tell(&mut self, line: impl Into<String>) {
        self.0.push(line.into());
    }
}

/// Runs the proof against the server at `base`.
///
/// # Errors
/// The step that failed, with what the server said.
pub(super) async fn run(base: &str, client: &SdkAccess, now: Timestamp) -> Result<Story> {
    let mut story = Story(Vec::new());
    let mut person = Visitor::new();
    let api = Api { base, token: token(&person, base, client).await?, http: Visitor::new() };
    story.tell("an API client got a token at /oauth/token");
    config(&api, &mut story).await?;
    let instance = api.post("/api/v1/mcp/instances", &json!({"config_name": CONFIG, "user_identifier": USER})).await?;
    let (id, url) = (text(&instance, "/instance/id")?, text(&instance, "/instance/url")?);
    story.tell(format!("user {USER} has an MCP server of their own ({id})"));
    consent(&api, &mut person, &id, &mut story).await?;
    agent(&Visitor::new(), &url, now, &mut story).await?;
    Ok(story)
}

struct Api<'a> {
    base: &'a str,
    token: String,
    http: Visitor,
}

impl Api<'_> {
    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.http.post_json(&format!("{}{path}", self.base), Some(&self.token), body).await
    }
}

async fn token(http: &Visitor, base: &str, client: &SdkAccess) -> Result<String> {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client.client_id.as_str()),
        ("client_secret", client.client_secret.as_str()),
    ];
    text(&http.post_form(&format!("{base}/oauth/token"), &fields).await?, "/access_token")
}

async fn config(api: &Api<'_>, story: &mut Story) -> Result<()> {
    let wanted = json!({
        "name": CONFIG,
        "description": "Reads the latest mail and makes a reminder",
        "connection_tool_mappings": [
            {"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"]},
            {"connection_name": "MY_CALENDAR", "tools": ["googlecalendar_create_event"]},
        ],
    });
    match api.post("/api/v1/mcp/configs", &wanted).await {
        Ok(_) => story.tell(format!("MCP config {CONFIG} allows two tools, of Gmail and Calendar")),
        Err(why) if why.to_string().contains("409") => story.tell(format!("MCP config {CONFIG} is there already")),
        Err(why) => return Err(why),
    }
    Ok(())
}

/// The user signs in wherever that has not been done yet.
async fn consent(api: &Api<'_>, person: &mut Visitor, instance: &str, story: &mut Story) -> Result<()> {
    let path = format!("/api/v1/mcp/instances/{instance}:get_auth_state");
    let state = api.post(&format!("{path}?include_auth_links=true"), &Value::Null).await?;
    for connection in list(&state, "/connections") {
        let name = text(connection, "/connection_name")?;
        if text(connection, "/connected_account_status")? == "ACTIVE" {
            story.tell(format!("{name} is signed in already"));
            continue;
        }
        let ours = person.open(text(connection, "/authentication_link")?.parse()?).await?;
        let sign_in = person.submit(&ours, &ours.form_with("continue")?).await?;
        let consent = person.submit(&sign_in, &sign_in.form_with("account-1")?).await?;
        person.submit(&consent, &consent.form_with("allow")?).await?;
        story.tell(format!("{USER} signed in to {name} at the lab and consented"));
    }
    let after = api.post(&path, &Value::Null).await?;
    for connection in list(&after, "/connections") {
        let status = text(connection, "/connected_account_status")?;
        ensure!(status == "ACTIVE", "a connection is {status} after consent: {connection}");
    }
    Ok(())
}

/// An agent that was given nothing but the URL.
async fn agent(http: &Visitor, url: &str, now: Timestamp, story: &mut Story) -> Result<()> {
    let ids = Cell::new(0);
    let ask = async |method: &str, params: Value| -> Result<Value> {
        ids.set(ids.get() + 1);
        let body = json!({"jsonrpc": "2.0", "id": ids.get(), "method": method, "params": params});
        let answer = http.post_json(url, None, &body).await?;
        let result = answer.get("result").with_context(|| format!("{method}: {answer}"))?;
        ensure!(result.get("isError") != Some(&Value::Bool(true)), "{method}: {result}");
        Ok(result.clone())
    };
    let client = json!({"name": "valetkey-demo", "version": env!("CARGO_PKG_VERSION")});
    ask("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})).await?;
    http.post_json(url, None, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await?;
    let tools = ask("tools/list", json!({})).await?;
    let names = list(&tools, "/tools").map(|tool| text(tool, "/name")).collect::<Result<Vec<_>>>()?;
    story.tell(format!("an agent at that server's URL sees exactly: {}", names.join(", ")));
    let fetched = ask("tools/call", json!({"name": "gmail_fetch_mails", "arguments": {"max_results": 1}})).await?;
    let mail: Value = serde_json::from_str(&text(&fetched, "/content/0/text")?)?;
    let subject = mail.pointer("/messages/0/subject").and_then(Value::as_str).unwrap_or("(no subject)");
    story.tell(format!("it read the latest mail: \"{subject}\""));
    let start = now + std::time::Duration::from_secs(15 * 60);
    let arguments = json!({"summary": format!("Reminder: {subject}"), "start_datetime": start.to_string()});
    let made = ask("tools/call", json!({"name": "googlecalendar_create_event", "arguments": arguments})).await?;
    let event: Value = serde_json::from_str(&text(&made, "/content/0/text")?)?;
    let id = event.pointer("/id").or_else(|| event.pointer("/event/id")).and_then(Value::as_str);
    story.tell(format!("it put a reminder into the calendar, 15 minutes from now ({})", id.context("no event id")?));
    Ok(())
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("the answer has no {pointer}: {value}"))?.to_owned())
}
