//! Custom providers: apps that a developer describes, for the connections of one environment.

use super::given;
use super::reply::{Reply, all, message, moment, one, rows};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use valetkey_app::App;
use valetkey_app::connections::imports::{self, Candidate, Choice, Effects, MAX_BYTES, OfferState, Review, Taken};
use valetkey_app::connections::providers::{self, Entry, New, ProviderFilter, Update};
use valetkey_domain::Ctx;
use valetkey_domain::provider::Provider;
use valetkey_domain::tool::Effect;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Describe an app that no connector file is about
    Create {
        /// A file with the description as JSON, as the API's `provider` has it; - reads standard input
        #[arg(value_name = "FILE")]
        file: String,
        #[arg(skip)]
        said: Option<ProviderFile>,
    },
    /// Change a custom provider; what the file doesn't have stays
    Update {
        /// Its identifier, such as ACMEDESK:40817263
        identifier: String,
        /// A file with what changes, as JSON; - reads standard input
        #[arg(value_name = "FILE")]
        file: String,
        #[arg(skip)]
        said: Option<ProviderFile>,
    },
    /// All custom providers of the environment; `connector list` has those that come from files
    List,
    /// One custom provider, whole: what it prints with --json is what create and update take
    Get {
        /// Its identifier, such as ACMEDESK:40817263
        identifier: String,
    },
    /// Take tools from an OpenAPI document (3.0 or 3.1), in place of those that were imported before
    Import {
        /// Its identifier, such as ACMEDESK:40817263
        identifier: String,
        /// The document, as JSON or YAML; - reads standard input
        #[arg(value_name = "FILE")]
        file: String,
        /// Take only the tool of this name; may be given several times [default: all that can be taken]
        #[arg(long, value_name = "TOOL")]
        only: Vec<String>,
        /// Say what calling a tool does (read, write or destructive), where its method says it wrongly; may be given several
        /// times, and a newer document keeps it
        #[arg(long, value_name = "TOOL=EFFECT", value_parser = effect)]
        effect: Vec<(String, Effect)>,
        /// Show what the document would bring, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[arg(skip)]
        document: Option<String>,
    },
    /// The tools that a custom provider has by import
    Tools {
        /// Its identifier, such as ACMEDESK:40817263
        identifier: String,
    },
    /// Take all imported tools from a custom provider
    RemoveTools {
        /// Its identifier, such as ACMEDESK:40817263
        identifier: String,
    },
    /// Remove a custom provider that no connection is on
    Delete {
        /// Its identifier, such as ACMEDESK:40817263
        identifier: String,
    },
}

/// What a file says of a provider.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProviderFile {
    display_name: Option<String>,
    description: Option<String>,
    icon_src: Option<String>,
    proxy_url: Option<String>,
    proxy_enabled: Option<bool>,
    auth_patterns: Option<Value>,
    metadata: Option<BTreeMap<String, String>>,
    /// What `get` shows beside it, which nobody sets.
    #[serde(skip_serializing)]
    identifier: Option<String>,
    #[serde(skip_serializing)]
    created_at: Option<String>,
    #[serde(skip_serializing)]
    updated_at: Option<String>,
}

impl Verb {
    /// Reads the file that is named, where the command was given.
    ///
    /// # Errors
    /// It can't be read, or is no such description.
    pub(super) fn read_file(&mut self) -> Result<()> {
        if let Self::Import { file, document, .. } = self {
            *document = Some(given::text_of_at_most(file, u64::try_from(MAX_BYTES)?)?);
            return Ok(());
        }
        let (Self::Create { file, said } | Self::Update { file, said, .. }) = self else { return Ok(()) };
        let no_description = || format!("{file} does not describe a provider");
        let read: Value = serde_json::from_str(&given::text(file)?).with_context(no_description)?;
        // What `get --json` prints is a list of one.
        let read = match read {
            Value::Array(mut list) if list.len() == 1 => list.remove(0),
            other => other,
        };
        *said = Some(serde_json::from_value(read).with_context(no_description)?);
        Ok(())
    }
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Create { said, .. } => {
            let made = providers::create(app, ctx, new(said.unwrap_or_default())?).await?;
            Ok(one(whole(&made)))
        }
        Verb::Update { identifier, said, .. } => {
            let before = providers::get(app, ctx, &identifier).await?;
            let changed = providers::update(app, ctx, &identifier, update(before, said.unwrap_or_default())).await?;
            Ok(one(whole(&changed)))
        }
        Verb::List => {
            let listed = all!(|page| providers::list(app, ctx, ProviderFilter::Custom, None, &page));
            let custom = listed.iter().filter_map(|entry| match entry {
                Entry::Custom(provider) => Some(row(provider)),
                Entry::OfFile(_) => None,
            });
            Ok(rows(custom))
        }
        Verb::Get { identifier } => Ok(one(whole(&providers::get(app, ctx, &identifier).await?))),
        Verb::Import { identifier, only, effect, dry_run, document, .. } => {
            let (document, effects) = (document.unwrap_or_default(), Effects::from_iter(effect));
            let review = imports::review(app, ctx, &identifier, document.clone(), &effects).await?;
            if dry_run {
                return Ok(brought(&review, &only, "nothing was changed"));
            }
            let taken = if only.is_empty() { Taken::All } else { Taken::Named(only.clone()) };
            let choice = Choice { taken, effects, seen: Some(review.provider.revision) };
            let done = imports::save(app, ctx, &identifier, document, choice).await?;
            Ok(brought(&review, &only, &format!("the provider has {} tools", done.tools)))
        }
        Verb::Tools { identifier } => {
            let provider = providers::get(app, ctx, &identifier).await?;
            let kept = imports::kept(app, ctx, &provider).await?;
            let word = |tool: &Value, key: &str| tool.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            Ok(rows(kept.tools.iter().map(|(name, tool)| {
                json!({
                    "tool": name, "effect": word(tool, "effect"), "title": word(tool, "title"),
                    "request": imports::request_of(tool).unwrap_or_default(),
                })
            })))
        }
        Verb::RemoveTools { identifier } => {
            let done = imports::clear(app, ctx, &identifier).await?;
            Ok(message(format!("{} tools removed", done.gone.len())))
        }
        Verb::Delete { identifier } => {
            providers::delete(app, ctx, &identifier).await?;
            Ok(message("deleted"))
        }
    }
}

/// What a document brings to a provider, or would bring: each tool that is taken or goes, and what can't be had.
fn brought(review: &Review, only: &[String], done: &str) -> Reply {
    let offers = review.offers.iter().filter_map(|offer| {
        let Candidate { name, effect, request, title, left_out, .. } = &offer.candidate;
        let state = match (only.is_empty() || only.contains(name), offer.state) {
            (true, state) => state.word(),
            (false, OfferState::New) => return None,
            (false, _) => "gone",
        };
        let why = left_out.iter().map(|one| format!("left out: {one}")).collect::<Vec<_>>().join("; ");
        Some(line(name, state, effect.as_str(), request, title, &why))
    });
    let gone = review.gone.iter().map(|(name, title)| line(name, "gone", "", "", title, ""));
    let refused = review.refused.iter().map(|one| line("", "not taken", "", &one.at, "", &one.why));
    let source = format!("{} {}", review.source.title, review.source.version);
    let note = std::iter::once(format!("{}: {done}", source.trim())).chain(review.notes.iter().cloned());
    let note = note.collect::<Vec<_>>().join("; ");
    Reply { note: Some(note), ..rows(offers.chain(gone).chain(refused)) }
}

fn line(tool: &str, state: &str, effect: &str, request: &str, title: &str, why: &str) -> Value {
    json!({"tool": tool, "state": state, "effect": effect, "request": request, "title": title, "why": why})
}

/// `TOOL=EFFECT`.
fn effect(text: &str) -> Result<(String, Effect)> {
    let said = text.split_once('=').and_then(|(tool, word)| Some((tool.to_owned(), Effect::parse(word)?)));
    said.with_context(|| format!("'{text}' is no TOOL=EFFECT, where EFFECT is read, write or destructive"))
}

fn new(said: ProviderFile) -> Result<New> {
    let (name, url) = (said.display_name.unwrap_or_default(), said.proxy_url.unwrap_or_default());
    ensure!(!name.is_empty(), "the description has no display_name: what people call the app");
    ensure!(!url.is_empty(), "the description has no proxy_url: where the app's API is (https://...)");
    Ok(New {
        display_name: name,
        description: said.description.unwrap_or_default(),
        icon_src: said.icon_src.unwrap_or_default(),
        proxy_url: url,
        proxy_enabled: said.proxy_enabled.unwrap_or(true),
        auth_patterns: said.auth_patterns.unwrap_or(Value::Array(Vec::new())),
        metadata: said.metadata.unwrap_or_default(),
    })
}

fn update(before: Provider, said: ProviderFile) -> Update {
    Update {
        display_name: said.display_name.unwrap_or(before.display_name),
        description: said.description,
        icon_src: said.icon_src,
        proxy_url: said.proxy_url.unwrap_or(before.proxy_url),
        proxy_enabled: said.proxy_enabled,
        auth_patterns: said.auth_patterns,
        metadata: said.metadata.unwrap_or(before.metadata),
    }
}

fn row(provider: &Provider) -> Value {
    let kinds = provider.auth_patterns.as_array().into_iter().flatten();
    let kinds: Vec<&str> = kinds.filter_map(|pattern| pattern.get("type").and_then(Value::as_str)).collect();
    json!({
        "identifier": provider.identifier(), "name": provider.display_name, "auth": kinds.join(", "),
        "proxy_url": provider.proxy_url, "proxy": if provider.proxy_enabled { "on" } else { "off" },
        "updated_at": moment(provider.updated_at),
    })
}

/// All of it, by the names that the API has.
fn whole(provider: &Provider) -> Value {
    json!({
        "identifier": provider.identifier(), "display_name": provider.display_name,
        "description": provider.description, "icon_src": provider.icon_src, "proxy_url": provider.proxy_url,
        "proxy_enabled": provider.proxy_enabled, "auth_patterns": provider.auth_patterns,
        "metadata": provider.metadata, "created_at": moment(provider.created_at),
        "updated_at": moment(provider.updated_at),
    })
}
