//! Custom providers: apps that a developer describes by API, each for the connections of its environment alone.
//!
//! Where a provider leads decides who is given users' tokens, as a connection's endpoints do: making one and moving one take
//! the same right (docs/decisions/0025), and what was granted for the old place ends with it.

mod list;

pub use list::{Entry, ProviderFilter, list};

use super::custom;
use super::moves;
use super::wired::{Wired, endpoints_of};
use crate::{App, Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;
use valetkey_connectors::{Connector, nearest};
use valetkey_core::journal;
use valetkey_domain::account::Reason;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::id::ProviderId;
use valetkey_domain::invisible::is_invisible;
use valetkey_domain::provider::Provider;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::{Tx, accounts, connections, providers as rows};

/// The most bytes that the patterns of one provider take as JSON.
const PATTERNS: usize = 64 * 1024;
/// The most characters of a name.
const DISPLAY_NAME: usize = 200;
/// The most pairs of metadata.
const METADATA: usize = 20;
/// The most characters of a description.
const DESCRIPTION: usize = 4000;
/// How much of a name goes into the identifier: with its number it stays below the 50 characters that filters take.
const NAME: usize = 36;
/// How many connections are looked at in one go.
const BATCH: i64 = 100;

/// A provider to be made.
pub struct New {
    /// Its name, for people.
    pub display_name: String,
    /// What it is, for people.
    pub description: String,
    /// Where its icon is.
    pub icon_src: String,
    /// What paths of requests are put behind.
    pub proxy_url: String,
    /// Whether requests to its API may be made beside tools.
    pub proxy_enabled: bool,
    /// How people sign in.
    pub auth_patterns: Value,
    /// What the app keeps with it.
    pub metadata: BTreeMap<String, String>,
}

/// What to change of a provider; what is absent stays.
pub struct Update {
    /// Its name.
    pub display_name: String,
    /// Another description.
    pub description: Option<String>,
    /// Another icon.
    pub icon_src: Option<String>,
    /// Where it leads.
    pub proxy_url: String,
    /// Whether requests to its API may be made from now on.
    pub proxy_enabled: Option<bool>,
    /// Other patterns, whole.
    pub auth_patterns: Option<Value>,
    /// Its metadata, whole.
    pub metadata: BTreeMap<String, String>,
}

/// Makes a custom provider.
///
/// # Errors
/// Something that it says won't do, another has the same name (ignoring case), or the caller may not decide where tokens go.
pub async fn create(app: &App, ctx: &Ctx, new: New) -> Result<Provider> {
    let now = app.core.now();
    let provider = Provider {
        id: ProviderId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        slug: derived_slug(app, &new.display_name),
        display_name: new.display_name,
        description: new.description,
        icon_src: new.icon_src,
        proxy_url: new.proxy_url,
        proxy_enabled: new.proxy_enabled,
        auth_patterns: new.auth_patterns,
        metadata: new.metadata,
        tools_digest: String::new(),
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    check(&provider)?;
    custom::compiled(&provider)?;
    moves::check(app, ctx, &format!("custom provider '{}'", provider.display_name), &["proxy_url", "auth_patterns"])
        .await?;
    let mut change = app.core.change(ctx).await?;
    check_free(ctx, &mut change, &provider).await?;
    rows::insert(ctx, &mut change, &provider).await.map_err(taken_meanwhile)?;
    let detail = journal::detail([("identifier", json!(provider.identifier()))]);
    change.record("provider.created", provider.id.as_str(), detail).await?.commit().await?;
    Ok(provider)
}

/// The custom provider with this identifier, ignoring case.
///
/// # Errors
/// There is none in this environment; the nearest is suggested.
pub async fn get(app: &App, ctx: &Ctx, identifier: &str) -> Result<Provider> {
    let mut tx = app.core.store.read().await?;
    if let Some(found) = rows::by_slug(ctx, &mut tx, &identifier.to_ascii_lowercase()).await? {
        return Ok(found);
    }
    let known: Vec<String> = rows::slugs(ctx, &mut tx).await?.iter().map(|slug| slug.to_ascii_uppercase()).collect();
    let shown: String = identifier.chars().take(80).collect();
    let near = nearest(&shown.to_ascii_uppercase(), known.iter().map(String::as_str));
    Err(Error::not_found("custom provider", shown).meant(near))
}

/// Changes a custom provider. Where it leads elsewhere from then on, the accounts on its connections become EXPIRED, and
/// OAuth clients' secrets that were given for the old token endpoint are cleared.
///
/// # Errors
/// As for [`create`]; no such provider; a way to sign in is taken out that a connection has; somebody else changed it
/// meanwhile.
pub async fn update(app: &App, ctx: &Ctx, identifier: &str, wanted: Update) -> Result<Provider> {
    let before = get(app, ctx, identifier).await?;
    let mut after = Provider { updated_at: app.core.now(), ..before.clone() };
    after.display_name = wanted.display_name;
    after.description = wanted.description.unwrap_or(after.description);
    after.icon_src = wanted.icon_src.unwrap_or(after.icon_src);
    after.proxy_url = wanted.proxy_url;
    after.proxy_enabled = wanted.proxy_enabled.unwrap_or(after.proxy_enabled);
    after.auth_patterns = wanted.auth_patterns.unwrap_or(after.auth_patterns);
    after.metadata = wanted.metadata;
    check(&after)?;
    // One that won't do any more is what an update mends; then nothing is known of what it was.
    let (old, new) = (custom::compiled(&before).ok(), custom::compiled(&after)?);
    let moved = old.as_deref().map_or_else(|| vec!["proxy_url", "auth_patterns"], |old| between(old, &new));
    let mut decided = moved.clone();
    decided.extend(old.as_deref().filter(|old| adds_a_way(old, &new)).map(|_| "auth_patterns"));
    moves::check(app, ctx, &format!("custom provider {}", before.identifier()), &decided).await?;
    let mut change = app.core.change(ctx).await?;
    change.alone(before.id.as_str()).await?;
    check_free(ctx, &mut change, &after).await?;
    if !rows::update(ctx, &mut change, &after).await.map_err(taken_meanwhile)? {
        let message = format!("custom provider {} was changed meanwhile: try again", before.identifier());
        return Err(Error::new(Kind::Aborted, message));
    }
    after.revision += 1;
    let elsewhere = moved.iter().any(|what| *what != "scopes");
    let moved = if elsewhere { moved } else { Vec::new() };
    let detail = if moved.is_empty() { Map::new() } else { journal::detail([("moved", json!(moved))]) };
    let on_it = of_provider(ctx, &mut change, &after).await?;
    check_ways(&new, &on_it)?;
    let mut ended = Vec::new();
    for connection in on_it.into_iter().filter(|_| elsewhere) {
        ended.extend(end_grants(app, ctx, &mut change, (old.as_ref(), &new), connection).await?);
    }
    let mut change = change.record("provider.updated", after.id.as_str(), detail).await?;
    for (action, subject, detail) in ended {
        change = change.record(action, &subject, detail).await?;
    }
    change.commit().await?;
    Ok(after)
}

/// Removes a custom provider.
///
/// # Errors
/// There is none in this environment, or a connection is on it.
pub async fn delete(app: &App, ctx: &Ctx, identifier: &str) -> Result<()> {
    let Provider { id, slug, .. } = get(app, ctx, identifier).await?;
    let mut change = app.core.change(ctx).await?;
    change.alone(id.as_str()).await?;
    if let Some(connection) = connections::of_connector(ctx, &mut change, &slug, "", 1).await?.pop() {
        let message = format!(
            "connection '{}' ({}) is on custom provider {}: delete its connections first",
            connection.name,
            connection.id,
            slug.to_ascii_uppercase()
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    if !rows::delete(ctx, &mut change, &id).await? {
        return Err(Error::not_found("custom provider", slug.to_ascii_uppercase()));
    }
    let detail = journal::detail([("identifier", json!(slug.to_ascii_uppercase()))]);
    change.record("provider.deleted", id.as_str(), detail).await?.commit().await
}

/// That a provider is still there as it was read, for a connection that is made in this transaction. Whoever removes one
/// looks for connections under the same lock, so that one of the two sees the other.
pub(super) async fn stands(ctx: &Ctx, tx: &mut Tx, provider: &Provider) -> Result<()> {
    tx.alone(provider.id.as_str()).await?;
    let now = rows::by_slug(ctx, tx, &provider.slug).await?;
    if now.is_some_and(|now| now.revision == provider.revision) {
        return Ok(());
    }
    let message = format!("custom provider {} was changed or removed meanwhile: try again", provider.identifier());
    Err(Error::new(Kind::Aborted, message))
}

/// What decides where tokens go and differs, by the API's names.
fn between(old: &Connector, new: &Connector) -> Vec<&'static str> {
    let mut moved = Vec::new();
    if old.proxy_url != new.proxy_url {
        moved.push("proxy_url");
    }
    let domains = |connector: &Connector| connector.custom.as_ref().map(|custom| custom.allowed_domains.clone());
    if domains(old) != domains(new) {
        moved.push("allowed_proxy_domains");
    }
    for way in &new.ways {
        let Some(was) = old.ways.iter().find(|was| was.kind() == way.kind()) else { continue };
        let ends = [was, way].map(|way| endpoints_of(way, &Settings::default()));
        let pairs = ends[0].named().into_iter().zip(ends[1].named());
        moved.extend(pairs.filter(|(old, new)| old != new).map(|((name, _), _)| name));
    }
    if old.default_scopes != new.default_scopes {
        moved.push("scopes");
    }
    moved
}

/// Whether there is a way to sign in that there was not before: where it leads is decided as for a new provider, though
/// nothing was granted by it yet.
fn adds_a_way(old: &Connector, new: &Connector) -> bool {
    new.ways.iter().any(|way| old.ways.iter().all(|was| was.kind() != way.kind()))
}

/// All connections of a provider. A developer makes them one by one.
async fn of_provider(ctx: &Ctx, tx: &mut Tx, provider: &Provider) -> Result<Vec<Connection>> {
    let mut all: Vec<Connection> = Vec::new();
    loop {
        let after = all.last().map_or_else(String::new, |last| last.id.to_string());
        let more = connections::of_connector(ctx, tx, &provider.slug, &after, BATCH).await?;
        let last = more.len() < usize::try_from(BATCH).unwrap_or(0);
        all.extend(more);
        if last {
            return Ok(all);
        }
    }
}

/// What accounts hold is of the way that they were made by: a way that a connection has stays.
fn check_ways(new: &Connector, on_it: &[Connection]) -> Result<()> {
    for connection in on_it {
        let Some(way) = &connection.settings.way else { continue };
        if new.ways.iter().all(|one| one.kind().as_str() != way) {
            let message = format!(
                "connection '{}' ({}) signs in by '{way}', which the new auth_patterns don't have: delete it first, or keep \
                 that pattern",
                connection.name, connection.id
            );
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
    }
    Ok(())
}

/// A record to be made of a change: action, subject and detail.
type ToRecord = (&'static str, String, Map<String, Value>);

/// Ends what was granted on a connection for the place where its provider led before; gives what is to be recorded of it.
async fn end_grants(
    app: &App,
    ctx: &Ctx,
    tx: &mut Tx,
    (old, new): (Option<&Arc<Connector>>, &Arc<Connector>),
    mut connection: Connection,
) -> Result<Vec<ToRecord>> {
    let (now, mut ended) = (app.core.now(), Vec::new());
    let sealed_for = |connector: &Arc<Connector>| Wired::with(connector.clone(), connection.clone()).secret_audience();
    if connection.client_secret.is_some() && old.map(sealed_for) != Some(sealed_for(new)) {
        connection.client_secret = None;
        connection.updated_at = now;
        connections::update(ctx, tx, &connection).await?;
        let detail = journal::detail([("cleared", json!("client_secret"))]);
        ended.push(("connection.updated", connection.id.to_string(), detail));
    }
    for account in accounts::expire_for_endpoints(ctx, tx, &connection.id, now).await? {
        let detail = journal::detail([("reason", json!(Reason::EndpointsChanged.as_str()))]);
        ended.push(("account.expired", account.to_string(), detail));
    }
    Ok(ended)
}

/// What the rules of the wire say, for who has none, and what they can't say.
fn check(provider: &Provider) -> Result<()> {
    let name = provider.display_name.as_str();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') && !name.trim().is_empty();
    if !plain || name.len() > DISPLAY_NAME {
        let message = format!("provider.display_name is 1 to {DISPLAY_NAME} letters, digits and blanks, and not blank");
        return Err(Error::invalid(message));
    }
    let fits = |(key, value): (&String, &String)| {
        (3..=25).contains(&key.chars().count()) && (1..=256).contains(&value.chars().count())
    };
    if provider.metadata.len() > METADATA || !provider.metadata.iter().all(fits) {
        let message = format!(
            "provider.metadata has at most {METADATA} pairs, each a key of 3 to 25 characters and a value of 1 to 256"
        );
        return Err(Error::invalid(message));
    }
    let patterns = provider.auth_patterns.to_string().len();
    if patterns > PATTERNS {
        return Err(Error::invalid(format!("provider.auth_patterns takes {patterns} bytes, and may take {PATTERNS}")));
    }
    let odd = |c: char| is_invisible(c) && c != '\n' && c != '\t';
    if provider.description.chars().count() > DESCRIPTION || provider.description.chars().any(odd) {
        let message = format!("provider.description has at most {DESCRIPTION} characters, and none that nobody sees");
        return Err(Error::invalid(message));
    }
    let icon = provider.icon_src.as_str();
    let plain = !icon.chars().any(|c| c.is_control() || c.is_whitespace())
        && Url::parse(icon).is_ok_and(|url| url.scheme() == "https" && url.username().is_empty());
    if icon.is_empty() || plain {
        return Ok(());
    }
    Err(Error::invalid("provider.icon_src is not an https address without blanks and without a user name"))
}

/// Nobody else has the name.
async fn check_free(ctx: &Ctx, tx: &mut Tx, provider: &Provider) -> Result<()> {
    let same = rows::by_name(ctx, tx, &provider.display_name).await?;
    match same.filter(|other| other.id != provider.id) {
        None => Ok(()),
        Some(other) => {
            let message = format!(
                "there is a custom provider '{}' already ({}): names are compared ignoring case",
                other.display_name,
                other.identifier()
            );
            Err(Error::new(Kind::AlreadyExists, message))
        }
    }
}

/// What another transaction took between the look and the write.
fn taken_meanwhile(error: valetkey_storage::Error) -> Error {
    match error.kind() {
        Kind::AlreadyExists => {
            Error::new(Kind::AlreadyExists, "another custom provider has this name or identifier already: try again")
        }
        _ => error.into(),
    }
}

/// The name without what no identifier has, and a number: `googleworkspace:12345678`.
fn derived_slug(app: &App, display_name: &str) -> String {
    let plain = display_name.chars().filter(char::is_ascii_alphanumeric).take(NAME);
    let name: String = plain.map(|c| c.to_ascii_lowercase()).collect();
    format!("{name}:{:08}", app.core.rng.next_u128() % 100_000_000)
}

#[cfg(test)]
mod tests;
