//! A user's word for one call: asked for in the chat, given on a page of ours, used once.
//!
//! The word is bound to the server that was called, its user, the config and its version, the tool, the account and the
//! arguments, by a hash over all of them. It is given in the browser in which the account was signed in, and nowhere else:
//! who was only forwarded the link sees nothing of the call.

use super::links::Link;
use super::stopped::{StopReason, Stopped};
use crate::entrance::browsers::is_of;
use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_core::{context, journal, places};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::approval::{Approval, Stage};
use valetkey_domain::brand::Brand;
use valetkey_domain::connection::Connection;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{ApprovalId, ConfigId};
use valetkey_domain::invisible::is_invisible;
use valetkey_domain::name::Identifier;
use valetkey_domain::tool::{Effect, Tool};
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::accounts::{self, Subject};
use valetkey_storage::{approvals as rows, environments};
use valetkey_vault::{Purpose, sha256};

/// How long a word that was given may be used, and one that was refused stands.
const WORD: Duration = Duration::from_secs(10 * 60);
/// How many calls of one server may wait for a word at a time.
const WAITING: i64 = 20;
/// How many arguments are shown, and how many characters of each.
const ARGUMENTS: usize = 20;
const CHARACTERS: usize = 500;
/// No token of ours is longer; anything longer isn't worth hashing.
const LONGEST_TOKEN: usize = 100;

/// A call that needs its user's word.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// What it came through: an instance's id or a session token's.
    pub(crate) server: &'a str,
    /// Whose server that is.
    pub(crate) identifier: &'a Identifier,
    /// The config that wants the word, and its version.
    pub(crate) config: (&'a ConfigId, i64),
    pub(crate) tool: &'a Tool,
    /// What it does at most.
    pub(crate) effect: Effect,
    /// The kind of app, as people call it.
    pub(crate) connector: &'a str,
    pub(crate) connection: &'a Connection,
    pub(crate) account: &'a ConnectedAccount,
    pub(crate) arguments: &'a Map<String, Value>,
}

/// What the user has said of a call.
pub(crate) enum Word {
    /// Yes; and with this it is used.
    Given,
    /// No.
    Refused,
    /// Nothing yet; here they can.
    Wanted(Link),
}

/// What a user is shown of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownCall {
    /// The tool's title.
    pub title: String,
    /// Its name.
    pub tool: String,
    /// What it does to the user's data.
    pub effect: Effect,
    /// The kind of app, as people call it.
    pub connector: String,
    /// The connection's name.
    pub connection: String,
    /// Who the account is at the provider, if that is known.
    pub subject: Option<String>,
    /// The app's name for the user.
    pub identifier: String,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// How many arguments more there are.
    pub more: usize,
}

/// An argument as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its value, as text on one line.
    pub text: String,
    /// How many characters more it has.
    pub more: usize,
}

/// A page with a question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The call.
    pub shown: ShownCall,
    /// Who asks: what people call the environment.
    pub app: String,
    /// How the app looks.
    pub brand: Brand,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
}

/// The user's word for a call, used if it was given; else asked for.
///
/// # Errors
/// `RESOURCE_EXHAUSTED`: too many calls of this server wait for a word. Or the database cannot be written.
pub(crate) async fn word(app: &App, ctx: &Ctx, call: &Call<'_>) -> Result<Word> {
    let (bound, now) = (bound(ctx, call), app.core.now());
    let found = rows::of_call(ctx, &mut app.core.store.glance().await?, &bound, now).await?;
    match found {
        Some(found) if found.stage == Stage::Given => used(app, ctx, call, found).await,
        Some(found) => said(app, ctx, found).await,
        None => asked(app, ctx, call, bound).await,
    }
}

/// Whether the user has still to say something of a call that they were asked about, by what the word is bound to.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn undecided(app: &App, ctx: &Ctx, bound: &[u8; 32]) -> Result<bool> {
    let found = rows::of_call(ctx, &mut app.core.store.glance().await?, bound, app.core.now()).await?;
    Ok(found.is_some_and(|found| found.stage == Stage::Asked))
}

async fn used(app: &App, ctx: &Ctx, call: &Call<'_>, given: Approval) -> Result<Word> {
    let mut change = app.core.change(ctx).await?;
    if !rows::take(ctx, &mut change, &given.id, app.core.now()).await? {
        // Another call was first: this one needs a word of its own.
        drop(change);
        return asked(app, ctx, call, given.call).await;
    }
    change.record("approval.used", given.id.as_str(), told(call)).await?.commit().await?;
    Ok(Word::Given)
}

async fn said(app: &App, ctx: &Ctx, found: Approval) -> Result<Word> {
    if found.stage == Stage::Refused {
        return Ok(Word::Refused);
    }
    let token = app.core.keyring.approval_mint(&ctx.environment, &found.id).await?;
    Ok(Word::Wanted(Link { url: address(app, &token), expires_at: found.expires_at }))
}

async fn asked(app: &App, ctx: &Ctx, call: &Call<'_>, bound: [u8; 32]) -> Result<Word> {
    let now = app.core.now();
    let id = ApprovalId::new(app.core.clock.as_ref(), app.core.rng.as_ref());
    let subject = accounts::subject(ctx, &mut app.core.store.glance().await?, &call.account.id).await?;
    let shown = serde_json::to_vec(&shown(call, subject.as_ref())).map_err(Error::internal)?;
    let sealed = app.core.keyring.seal(&ctx.environment, Purpose::Flow, &places::approval(ctx, &id), &shown).await?;
    let token = app.core.keyring.approval_mint(&ctx.environment, &id).await?;
    let approval = Approval {
        id,
        server: call.server.to_owned(),
        call: bound,
        connection: call.connection.id.clone(),
        account: call.account.id.clone(),
        shown: sealed,
        stage: Stage::Asked,
        expires_at: now + app.core.settings.chat_link_life,
        created_at: now,
    };
    let mut change = app.core.change(ctx).await?;
    // Of many who ask at once one makes the question.
    change.alone(call.server).await?;
    if let Some(meanwhile) = rows::of_call(ctx, &mut change, &bound, now).await? {
        drop(change);
        return match meanwhile.stage {
            Stage::Given => Err(Error::new(Kind::Aborted, "the user's word has just come: call again")),
            _ => said(app, ctx, meanwhile).await,
        };
    }
    if rows::waiting(ctx, &mut change, call.server, now).await? >= WAITING {
        let message = format!("{WAITING} calls wait for the user's word already: have the user answer those first");
        return Err(Error::new(Kind::ResourceExhausted, message));
    }
    rows::insert(ctx, &mut change, &approval, &sha256(token.bytes())).await?;
    change.record("approval.asked", approval.id.as_str(), told(call)).await?.commit().await?;
    Ok(Word::Wanted(Link { url: address(app, &token), expires_at: approval.expires_at }))
}

/// The question behind a link, for the browser in which the account was signed in. Looking changes nothing.
///
/// # Errors
/// No such link, one that has expired or was answered, or another browser's.
pub async fn question(app: &App, token: &str, browser: Option<&Secret<str>>) -> std::result::Result<Question, Stopped> {
    let (ctx, approval) = found(app, token, browser).await?;
    let place = places::approval(&ctx, &approval.id);
    let opened = app.core.keyring.open(&ctx.environment, Purpose::Flow, &place, &approval.shown).await?;
    let shown: ShownCall = serde_json::from_slice(opened.expose()).map_err(Error::internal)?;
    let environment = environments::get(&mut app.core.store.glance().await?, &ctx.environment).await?;
    let environment = environment.ok_or(StopReason::LinkUnknown)?;
    let app = environment.label().to_owned();
    Ok(Question { shown, app, brand: environment.brand, expires_at: approval.expires_at })
}

/// The user's answer.
///
/// # Errors
/// As for [`question`].
pub async fn answer(app: &App, token: &str, browser: &Secret<str>, yes: bool) -> std::result::Result<(), Stopped> {
    let (ctx, approval) = found(app, token, Some(browser)).await?;
    let (now, stage) = (app.core.now(), if yes { Stage::Given } else { Stage::Refused });
    let mut change = app.core.change(&ctx).await?;
    if !rows::decide(&ctx, &mut change, &approval.id, stage, now, now + WORD).await? {
        return Err(StopReason::LinkUsed.into());
    }
    let action = if yes { "approval.given" } else { "approval.refused" };
    let detail = journal::detail([("account", json!(approval.account)), ("server", json!(approval.server))]);
    Ok(change.record(action, approval.id.as_str(), detail).await?.commit().await?)
}

/// The approval of a link that can be answered in this browser.
async fn found(app: &App, token: &str, browser: Option<&Secret<str>>) -> std::result::Result<(Ctx, Approval), Stopped> {
    if token.is_empty() || token.len() > LONGEST_TOKEN {
        return Err(StopReason::LinkUnknown.into());
    }
    context::time_is_known(&app.core)?;
    let hash = sha256(token.as_bytes());
    let known = valetkey_storage::doors::approval_by_link(&mut app.core.store.glance().await?, &hash).await?;
    let (environment, id) = known.ok_or(StopReason::LinkUnknown)?;
    let ctx = context::enter(&app.core, environment, Actor::Approval(id.clone()));
    let approval = rows::get(&ctx, &mut app.core.store.glance().await?, &id).await?.ok_or(StopReason::LinkUnknown)?;
    let signer = rows::signer(&ctx, &mut app.core.store.glance().await?, &approval.account).await?;
    if !signer.is_some_and(|hash| is_of(&hash, browser)) {
        return Err(StopReason::OtherPerson.into());
    }
    match approval.stage {
        _ if approval.expires_at <= app.core.now() => Err(StopReason::LinkExpired.into()),
        Stage::Asked => Ok((ctx, approval)),
        Stage::Given | Stage::Refused | Stage::Used => Err(StopReason::LinkUsed.into()),
    }
}

fn address(app: &App, token: &Secret<str>) -> String {
    app.core.settings.public(&format!("/connect/approve/{}", token.expose()))
}

/// What a record says.
fn told(call: &Call<'_>) -> Map<String, Value> {
    journal::detail([
        ("tool", json!(call.tool.name)),
        ("account", json!(call.account.id)),
        ("server", json!(call.server)),
        ("config", json!(call.config.0)),
        ("version", json!(call.config.1)),
    ])
}

/// All that a word is bound to, each part with its length.
pub(crate) fn bound(ctx: &Ctx, call: &Call<'_>) -> [u8; 32] {
    let mut arguments = Value::Object(call.arguments.clone());
    arguments.sort_all_objects();
    let (version, arguments) = (call.config.1.to_string(), arguments.to_string());
    let parts = [
        ctx.environment.as_str(),
        call.server,
        call.identifier.as_str(),
        call.config.0.as_str(),
        &version,
        &call.tool.name,
        call.connection.id.as_str(),
        call.account.id.as_str(),
        &arguments,
    ];
    let whole: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    sha256(whole.as_bytes())
}

fn shown(call: &Call<'_>, subject: Option<&Subject>) -> ShownCall {
    let line = |text: &str| visible(text, CHARACTERS).0;
    let arguments = call.arguments.iter().take(ARGUMENTS).map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (text, more) = visible(&text, CHARACTERS);
        Argument { name: line(name), text, more }
    });
    ShownCall {
        title: line(&call.tool.title),
        tool: line(&call.tool.name),
        effect: call.effect,
        connector: line(call.connector),
        connection: call.connection.name.to_string(),
        subject: subject.map(|subject| line(subject.label())),
        identifier: call.identifier.to_string(),
        arguments: arguments.collect(),
        more: call.arguments.len().saturating_sub(ARGUMENTS),
    }
}

/// A text of others on one line, of which nothing is hidden: an end of a line is a sign, and so is what is not seen. Beside
/// it, how many characters were left out at its end.
fn visible(text: &str, most: usize) -> (String, usize) {
    let sign = |c: char| match c {
        '\n' => '⏎',
        c if c.is_whitespace() && c != '\u{a0}' => ' ',
        c if is_invisible(c) => '\u{fffd}',
        c => c,
    };
    let kept = text.chars().take(most).map(sign).collect();
    (kept, text.chars().count().saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_argument_is_hidden() {
        assert_eq!(visible("a\nb\u{202e}c\td", 9), ("a⏎b\u{fffd}c d".into(), 0));
        assert_eq!(visible("abcdef", 4), ("abcd".into(), 2));
    }
}
