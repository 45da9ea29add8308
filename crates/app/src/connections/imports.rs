//! Tools of custom providers, made of an OpenAPI document ([`valetkey_connectors::import`]).
//!
//! What is imported is kept beside the provider, whose row names its hash: a call goes by the row as it is now, and what was
//! compiled is kept by what can't change under it, the provider's revision (docs/decisions/0044).

mod held;

pub(crate) use held::{Imported, Imports};
pub use valetkey_connectors::import::{Candidate, MAX_BYTES, MAX_TOOLS, Refused, Source, Suggested, request_of};

use super::wired::Wired;
use super::{custom, providers};
use crate::{App, Error, Result};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::import::{self, Kept};
use valetkey_connectors::{Tool, nearest};
use valetkey_core::journal;
use valetkey_core::memory::{needed, values_in};
use valetkey_domain::provider::Provider;
use valetkey_domain::tool::Effect;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::providers as rows;

/// How long room for a document is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what is kept of tools is there once they are compiled: as it is shown, and as it is checked.
const TIMES: usize = 3;

/// What a document has, beside what the provider has by now.
#[derive(Debug)]
pub struct Review {
    /// The provider.
    pub provider: Provider,
    /// The document.
    pub source: Source,
    /// The document before it, if there was one.
    pub before: Option<Source>,
    /// What can be had.
    pub offers: Vec<Offer>,
    /// Tools that the provider has and the document does not: by name, with their titles.
    pub gone: Vec<(String, String)>,
    /// What can't be had.
    pub refused: Vec<Refused>,
    /// What is to be known of the whole.
    pub notes: Vec<String>,
}

/// A tool that can be had.
#[derive(Debug)]
pub struct Offer {
    /// The tool.
    pub candidate: Candidate,
    /// How it stands to what the provider has.
    pub state: OfferState,
}

/// How a tool of a document stands to what the provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferState {
    /// The provider does not have it.
    New,
    /// It has it otherwise.
    Changed,
    /// It has it so.
    Same,
}

impl OfferState {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "as before",
        }
    }
}

/// What calling tools does, by their names, where somebody says it: a method need not say it rightly.
pub type Effects = BTreeMap<String, Effect>;

/// What somebody chose of a document.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Which tools are taken.
    pub taken: Taken,
    /// What calling them does.
    pub effects: Effects,
    /// The revision of the provider that it was chosen over, where somebody looked at it.
    pub seen: Option<i64>,
}

/// Which tools of a document are taken.
#[derive(Clone, Debug, Default)]
pub enum Taken {
    /// All.
    #[default]
    All,
    /// Those of these names.
    Named(Vec<String>),
}

/// What an import did, by the tools' own names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Tools that were not there before.
    pub added: Vec<String>,
    /// Tools that are otherwise now.
    pub changed: Vec<String>,
    /// Tools that are there no more.
    pub gone: Vec<String>,
    /// How many there are now.
    pub tools: usize,
}

/// What a document says of the provider that it is of, to begin a new one with.
///
/// # Errors
/// `INVALID_ARGUMENT`: it is no OpenAPI document, or too much of one. There is no room to read it.
pub async fn suggested(app: &App, ctx: &Ctx, document: String) -> Result<Suggested> {
    off_thread(app, ctx, document, |text| import::suggested(&text)).await
}

/// What a document would bring to a provider, if its tools have these effects.
///
/// # Errors
/// As for [`suggested`]; there is no such provider, or it is an MCP server, which lists its own tools; there is no tool of a
/// name that an effect is said of.
pub async fn review(app: &App, ctx: &Ctx, identifier: &str, document: String, effects: &Effects) -> Result<Review> {
    let provider = providers::get(app, ctx, identifier).await?;
    let (read, before) = read(app, ctx, &provider, document, effects).await?;
    let state = |candidate: &Candidate| match before.tools.get(&candidate.name) {
        None => OfferState::New,
        Some(known) if *known == candidate.file => OfferState::Same,
        Some(_) => OfferState::Changed,
    };
    let is_there = |name: &str| read.candidates.iter().any(|candidate| candidate.name == name);
    let title =
        |tool: &serde_json::Value| tool.get("title").and_then(|title| title.as_str()).unwrap_or_default().to_owned();
    let gone = before.tools.iter().filter(|(name, _)| !is_there(name)).map(|(name, tool)| (name.clone(), title(tool)));
    Ok(Review {
        provider,
        gone: gone.collect(),
        offers: read.candidates.into_iter().map(|candidate| Offer { state: state(&candidate), candidate }).collect(),
        source: read.source,
        before: (!before.tools.is_empty()).then_some(before.source),
        refused: read.refused,
        notes: read.notes,
    })
}

/// Takes tools of a document in place of those that the provider has.
///
/// # Errors
/// As for [`review`]; nothing is chosen, too much, or what the document doesn't have; somebody else changed the provider
/// meanwhile.
pub async fn save(app: &App, ctx: &Ctx, identifier: &str, document: String, choice: Choice) -> Result<Outcome> {
    let provider = providers::get(app, ctx, identifier).await?;
    if choice.seen.is_some_and(|seen| seen != provider.revision) {
        return Err(changed_meanwhile(&provider));
    }
    let (read, before) = read(app, ctx, &provider, document, &choice.effects).await?;
    let mut kept = Kept { source: read.source, ..Kept::default() };
    if let Taken::Named(names) = &choice.taken {
        let unknown = names.iter().find(|name| read.candidates.iter().all(|candidate| candidate.name != **name));
        unknown.map_or(Ok(()), |name| Err(no_such(name, &read.candidates)))?;
    }
    for candidate in read.candidates {
        let taken = match &choice.taken {
            Taken::All => true,
            Taken::Named(names) => names.contains(&candidate.name),
        };
        if taken {
            kept.tools.insert(candidate.name, candidate.file);
        }
    }
    if kept.tools.is_empty() {
        return Err(Error::invalid("no tool is chosen: choose those that the provider shall have"));
    }
    if kept.tools.len() > MAX_TOOLS {
        let count = kept.tools.len();
        return Err(Error::invalid(format!(
            "{count} tools are chosen, and a provider has {MAX_TOOLS} at most: choose fewer"
        )));
    }
    put(app, ctx, provider, (&before, &kept)).await
}

/// Takes all imported tools from a provider.
///
/// # Errors
/// There is no such provider, or somebody else changed it meanwhile.
pub async fn clear(app: &App, ctx: &Ctx, identifier: &str) -> Result<Outcome> {
    let provider = providers::get(app, ctx, identifier).await?;
    let before = kept_if_readable(app, ctx, &provider).await?;
    put(app, ctx, provider, (&before, &Kept::default())).await
}

/// The tools that a provider has by import, by their own names, and what they were made of.
///
/// # Errors
/// The database cannot be read, or is not as it was written.
pub async fn kept(app: &App, ctx: &Ctx, provider: &Provider) -> Result<Kept> {
    if provider.tools_digest.is_empty() {
        return Ok(Kept::default());
    }
    let text = rows::tools(ctx, &mut app.core.store.glance().await?, &provider.id).await?;
    // Who reads the two one after the other may have them of two states.
    Kept::read(&text.unwrap_or_default(), &provider.tools_digest).map_err(|why| {
        let message =
            format!("custom provider {}: {why}: try again, or import the document again", provider.identifier());
        Error::new(Kind::Aborted, message)
    })
}

/// The same, as if there were none where they are not as they were written: what is imported takes their place.
async fn kept_if_readable(app: &App, ctx: &Ctx, provider: &Provider) -> Result<Kept> {
    match kept(app, ctx, provider).await {
        Err(error) if error.kind() == Kind::Aborted => Ok(Kept::default()),
        kept => kept,
    }
}

/// All tools of a connection that are known without asking anybody: its connector's, or those that were imported.
///
/// # Errors
/// As for [`kept`]; a rule has become stricter since they were taken.
pub async fn known(app: &App, ctx: &Ctx, wired: &Wired) -> Result<Vec<Arc<Tool>>> {
    let imported = tools(app, ctx, wired).await?;
    Ok(wired.connector.tools.values().chain(&imported.tools).cloned().collect())
}

/// The tools that a connection's provider has by import, compiled.
///
/// # Errors
/// As for [`known`].
pub(crate) async fn tools(app: &App, ctx: &Ctx, wired: &Wired) -> Result<Arc<Imported>> {
    let (Some(provider), Some(prefix), true) = (&wired.connection.provider, wired.tool_prefix(), wired.has_imported())
    else {
        return Ok(Arc::default());
    };
    let compiling = compiled(app, ctx, wired, provider, prefix.clone());
    let key = (provider.id.clone(), provider.revision, prefix);
    app.imports.0.try_get_with(key, compiling).await.map_err(|error: Arc<Error>| {
        // Each who waited gets an error of its own with the same words.
        Error::new(error.kind(), error.message()).with_code(error.code()).because(error)
    })
}

async fn compiled(app: &App, ctx: &Ctx, wired: &Wired, provider: &Provider, prefix: String) -> Result<Arc<Imported>> {
    let kept = kept(app, ctx, provider).await?;
    let (text, _) = kept.written().map_err(Error::internal)?;
    let weight = needed(text.len(), values_in(text.as_bytes())) * TIMES;
    let _room = room(app, ctx, weight).await?;
    let connector = Arc::clone(&wired.connector);
    let compiling = app.core.tasks.spawn_blocking(move || import::tools(&kept, &connector, &prefix));
    let tools = compiling.await.map_err(Error::internal)?.map_err(|why| {
        let message = format!(
            "the tools of custom provider {} can't be used until they are imported again: {why}",
            provider.identifier()
        );
        Error::new(Kind::FailedPrecondition, message)
    })?;
    Ok(Arc::new(Imported { tools, weight }))
}

async fn read(
    app: &App,
    ctx: &Ctx,
    provider: &Provider,
    document: String,
    effects: &Effects,
) -> Result<(import::Read, Kept)> {
    let connector = custom::kept(provider)?;
    if connector.remote.is_some() {
        let message = format!("custom provider {} is an MCP server, and lists its tools itself", provider.identifier());
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let before = kept_if_readable(app, ctx, provider).await?;
    let reading = off_thread(app, ctx, document, move |text| {
        let read = import::read(&text, &connector, &before)?;
        Ok((read, before))
    });
    let (mut read, before) = reading.await?;
    for (name, effect) in effects {
        match read.candidates.iter_mut().find(|candidate| candidate.name == *name) {
            Some(candidate) => candidate.say(*effect),
            None => return Err(no_such(name, &read.candidates)),
        }
    }
    Ok((read, before))
}

fn no_such(name: &str, candidates: &[Candidate]) -> Error {
    let shown: String = name.chars().take(80).collect();
    let error = Error::invalid(format!("the document has no tool '{shown}' that can be taken"));
    error.meant(nearest(&shown, candidates.iter().map(|candidate| candidate.name.as_str())))
}

/// Does something with a document off the async threads, once there is room for what is made of it.
async fn off_thread<T: Send + 'static>(
    app: &App,
    ctx: &Ctx,
    document: String,
    work: impl FnOnce(String) -> std::result::Result<T, String> + Send + 'static,
) -> Result<T> {
    let share = room(app, ctx, import::memory_needed(document.len().min(MAX_BYTES))).await?;
    let working = app.core.tasks.spawn_blocking(move || {
        let done = work(document);
        drop(share);
        done
    });
    working.await.map_err(Error::internal)?.map_err(Error::invalid)
}

async fn room(app: &App, ctx: &Ctx, bytes: usize) -> Result<valetkey_core::MemoryShare> {
    app.core.memory.to_shape(&ctx.environment, bytes, PATIENCE).await.map_err(|full| {
        app.core.metrics.refused(full.limit);
        Error::new(Kind::ResourceExhausted, format!("{full}: wait for calls to end, then try again"))
    })
}

async fn put(app: &App, ctx: &Ctx, mut provider: Provider, (before, after): (&Kept, &Kept)) -> Result<Outcome> {
    let (text, digest) = after.written().map_err(Error::internal)?;
    let differs = |name: &String| before.tools.get(name).is_some_and(|known| after.tools.get(name) != Some(known));
    let outcome = Outcome {
        added: after.tools.keys().filter(|name| !before.tools.contains_key(*name)).cloned().collect(),
        changed: after.tools.keys().filter(|name| differs(name)).cloned().collect(),
        gone: before.tools.keys().filter(|name| !after.tools.contains_key(*name)).cloned().collect(),
        tools: after.tools.len(),
    };
    provider.tools_digest = digest;
    provider.updated_at = app.core.now();
    let mut change = app.core.change(ctx).await?;
    change.alone(provider.id.as_str()).await?;
    if !rows::update(ctx, &mut change, &provider).await? {
        return Err(changed_meanwhile(&provider));
    }
    rows::put_tools(ctx, &mut change, &provider.id, &text).await?;
    let mut detail = journal::detail([
        ("added", json!(outcome.added)),
        ("changed", json!(outcome.changed)),
        ("gone", json!(outcome.gone)),
        ("effects", json!(after.said())),
    ]);
    if !after.tools.is_empty() {
        detail.extend(Map::from_iter([("document".to_owned(), json!(after.source))]));
    }
    change.record("provider.tools_imported", provider.id.as_str(), detail).await?.commit().await?;
    Ok(outcome)
}

fn changed_meanwhile(provider: &Provider) -> Error {
    let message =
        format!("custom provider {} was changed meanwhile: look at the document once more", provider.identifier());
    Error::new(Kind::Aborted, message)
}

#[cfg(test)]
mod tests;
